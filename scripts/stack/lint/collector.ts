/**
 * Rules for configurations of the Collector, and of Jaeger, which is one.
 *
 * @module
 */
import { hostOf, list, readYaml, type StackFiles, type Trouble, usersOf } from "./files.ts";
import { clashesOf } from "./listeners.ts";

/** Parts that are gone, and what does their work now. */
const removed: Readonly<Record<string, string>> = {
  "exporters/jaeger": "removed in 0.86; Jaeger takes OTLP: otlp_grpc",
  "exporters/jaeger_thrift": "removed in 0.86; Jaeger takes OTLP: otlp_http",
  "exporters/logging": "removed in 0.111; the same is done by debug",
  "exporters/loki": "Loki takes OTLP: otlp_http",
  "exporters/opencensus": "use otlp_grpc",
  "receivers/opencensus": "use otlp",
  "processors/spanmetrics": "use the connector of that name",
  "processors/servicegraph": "use the connector of that name",
  "extensions/memory_ballast": "set GOMEMLIMIT",
};

/** Names that are still understood, with a warning, and the current ones. */
const renamed: Readonly<Record<string, string>> = {
  "exporters/otlp": "otlp_grpc",
  "exporters/otlphttp": "otlp_http",
  "exporters/loadbalancing": "load_balancing",
  "exporters/prometheusremotewrite": "prometheus_remote_write",
};

type Parts = Readonly<Record<string, unknown>>;

interface Config {
  readonly receivers?: Parts;
  readonly processors?: Parts;
  readonly exporters?: Parts;
  readonly connectors?: Parts;
  readonly extensions?: Parts;
  readonly service?: {
    readonly extensions?: readonly string[];
    readonly telemetry?: { readonly metrics?: { readonly address?: unknown; readonly readers?: unknown } };
    readonly pipelines?: Readonly<Record<string, Pipeline>>;
  };
}

interface Pipeline {
  readonly receivers?: readonly string[];
  readonly processors?: readonly string[];
  readonly exporters?: readonly string[];
}

const kinds = ["receivers", "processors", "exporters", "extensions"] as const;

/** A file that is laid over another one: what it lacks may be there. */
const overlays = ["collector/single.yaml"];

/** Everything that is wrong with the Collectors' files. */
export function lintCollectors(files: StackFiles): Trouble[] {
  const found = [...files].filter(([path]) => /^(collector|jaeger)\/.+\.yaml$/.test(path));
  return found.flatMap(([path, text]) => {
    const config: Config = readYaml(text);
    const whole = !overlays.includes(path);
    return [
      ...nameTroubles(config),
      ...whole ? [...useTroubles(config), ...orderTroubles(config, path), ...clashesOf(readYaml(text))] : [],
      ...hostTroubles(config, path, files),
    ].map((message) => ({ path, message }));
  });
}

function nameTroubles(config: Config): string[] {
  const names = kinds.flatMap((kind) => Object.keys(config[kind] ?? {}).map((name) => [kind, name] as const));
  const troubles = names.flatMap(([kind, name]) => {
    const part = `${kind}/${name.split("/")[0]}`;
    const why = removed[part];
    const now = renamed[part];
    if (why !== undefined) return [`${part} is gone: ${why}`];
    return now === undefined ? [] : [`${part} is called ${now} now`];
  });
  if (config.service?.telemetry?.metrics?.address !== undefined) {
    troubles.push("service.telemetry.metrics.address is gone: readers");
  }
  return troubles;
}

/** Whatever a pipeline names is set up, and whatever is set up is named. */
function useTroubles(config: Config): string[] {
  const { pipelines = {}, extensions = [] } = config.service ?? {};
  const used = {
    receivers: Object.values(pipelines).flatMap(({ receivers = [] }) => receivers),
    processors: Object.values(pipelines).flatMap(({ processors = [] }) => processors),
    exporters: Object.values(pipelines).flatMap(({ exporters = [] }) => exporters),
    extensions,
  };
  const connectors = Object.keys(config.connectors ?? {});
  return kinds.flatMap((kind) => {
    const known = Object.keys(config[kind] ?? {});
    return [
      ...[...new Set<string>(used[kind])].filter((name) => !known.includes(name) && !connectors.includes(name)).map((
        name,
      ) => `${kind} ${name} is used and not set up`),
      ...known.filter((name) => !used[kind].includes(name)).map((name) => `${kind} ${name} is set up and not used`),
    ];
  });
}

/** The memory limiter comes first and the batch last. Jaeger's own pipeline has no limiter. */
function orderTroubles({ service }: Config, path: string): string[] {
  return Object.entries(service?.pipelines ?? {}).flatMap(([name, { processors = [] }]) => {
    const limited = path.startsWith("jaeger/") || processors[0]?.startsWith("memory_limiter") === true;
    return [
      ...limited ? [] : [`the pipeline ${name} does not begin with memory_limiter`],
      ...processors.at(-1)?.startsWith("batch") === true ? [] : [`the pipeline ${name} does not end with batch`],
    ];
  });
}

/** Whom a file sends to is a service wherever the file is used. */
function hostTroubles(config: Config, path: string, files: StackFiles): string[] {
  const hosts = new Set<string>();
  const walk = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === "string" && (key === "endpoint" || key === "hostname")) hosts.add(hostOf(item));
      if (key === "server_urls") { for (const url of list(item)) hosts.add(hostOf(String(url))); }
      walk(item);
    }
  };
  walk(config.exporters);
  walk(config.extensions);
  const others = [...hosts].filter((host) => !["0.0.0.0", "localhost", "127.0.0.1"].includes(host));
  return usersOf(path, files).flatMap(({ composePath, compose }) =>
    others.filter((host) => !(host in compose.services)).map((host) => `sends to ${host}, which ${composePath} has not`)
  );
}
