/**
 * Where a Collector, or Jaeger, which is one, listens, and whether those who come there find somebody.
 *
 * @module
 */
import { list, readYaml, record, type StackFiles, type Trouble, usersOf } from "./files.ts";

/** A part of a Collector that listens. */
export interface Listener {
  readonly who: string;
  readonly host: string;
  readonly port: number;
}

const kinds = ["receivers", "processors", "exporters", "extensions"] as const;
const collectorFile = /^(collector|jaeger)\/.+\.yaml$/;
const loopback = ["localhost", "127.0.0.1", "[::1]"];

/** Who listens where. An OTLP receiver that is told no address listens on localhost. */
export function listenersOf(config: Readonly<Record<string, unknown>>): Listener[] {
  const found: Listener[] = [];
  const walk = (value: unknown, who: string) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      const [, host, port] = key === "endpoint"
        ? /^(0\.0\.0\.0|\[::\]|\[::1\]|localhost|127\.0\.0\.1):(\d+)$/.exec(String(item)) ?? []
        : [];
      if (host !== undefined) found.push({ who, host, port: Number(port) });
      if ("host" in value && key === "port") found.push({ who, host: String(value.host), port: Number(item) });
      walk(item, `${who}.${key}`);
    }
  };
  for (const kind of kinds) walk(config[kind], kind);
  walk(record(record(record(config.service).telemetry).metrics).readers, "service.telemetry");
  for (const [name, receiver] of Object.entries(record(config.receivers))) {
    if (name.split("/")[0] !== "otlp") continue;
    for (const [protocol, settings] of Object.entries(record(record(receiver).protocols))) {
      const port = { grpc: 4317, http: 4318 }[protocol];
      if (port !== undefined && record(settings).endpoint === undefined) {
        found.push({ who: `receivers.${name}.protocols.${protocol}`, host: "localhost", port });
      }
    }
  }
  return found;
}

/** What is wrong with coming to one of a Collector's ports from another container; undefined where somebody answers. */
export function whyNobody(listeners: readonly Listener[], port: number): string | undefined {
  const there = listeners.filter((listener) => listener.port === port);
  if (there.length === 0) return "where nobody listens";
  const [first] = there;
  return there.every(({ host }) => loopback.includes(host))
    ? `where ${first?.who} listens for its own container alone, on ${first?.host}`
    : undefined;
}

/** The Collector's configuration that a service of a Compose file runs with, by service. */
export function collectorsIn(composePath: string, files: StackFiles): Map<string, Listener[]> {
  const found = new Map<string, Listener[]>();
  for (const [path, text] of files) {
    if (!collectorFile.test(path)) continue;
    for (const user of usersOf(path, files)) {
      const { image = "" } = user.service;
      // Elsewhere it is a part of what the image has in it.
      if (user.composePath !== composePath || !/opentelemetry-collector|jaeger/.test(image)) continue;
      found.set(user.name, [...found.get(user.name) ?? [], ...listenersOf(readYaml(text))]);
    }
  }
  return found;
}

/** Whatever a Compose file opens of a Collector leads to somebody. */
export function lintPublished(files: StackFiles): Trouble[] {
  return [...files].flatMap(([path, text]) => {
    if (!collectorFile.test(path)) return [];
    const listeners = listenersOf(readYaml(text));
    return usersOf(path, files).flatMap(({ composePath, name, service }) =>
      /opentelemetry-collector|jaeger/.test(service.image ?? "")
        ? service.ports.flatMap(({ target }) => {
          const why = whyNobody(listeners, target);
          return why === undefined ? [] : [{ path, message: `${composePath} opens ${name}'s port ${target}, ${why}` }];
        })
        : []
    );
  });
}

/** No two parts listen on one port. */
export function clashesOf(config: Readonly<Record<string, unknown>>): string[] {
  const taken = new Map<number, string>();
  return listenersOf(config).flatMap(({ who, port }) => {
    const other = taken.get(port);
    taken.set(port, who);
    return other === undefined ? [] : [`${who} and ${other} both listen on port ${port}`];
  });
}

/** What a list of targets has: hosts with their ports. */
export function targetsOf(config: unknown): { host: string; port: number }[] {
  const { static_configs, dns_sd_configs } = record(config);
  return [
    ...list(static_configs).flatMap((each) => list(record(each).targets)).map((target) => {
      const [host = "", port] = String(target).split(":");
      return { host, port: Number(port) };
    }),
    ...list(dns_sd_configs).flatMap((each) => {
      const { names, port } = record(each);
      return list(names).map((name) => ({ host: String(name), port: Number(port) }));
    }),
  ];
}
