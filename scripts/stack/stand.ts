/**
 * The three ways through the stack, on this machine: what is started with which file, and where it is reached.
 *
 * @module
 */
import { type Server, startServer } from "./child.ts";
import { commandOf, freeNetwork, hostsOf, pathOf, type Place, placed, readStack, stackFolder } from "./place.ts";
import type { Programs } from "./programs.ts";

/** One way from a program to Prometheus and to a store of traces. */
export interface Way {
  /** How metrics get to Prometheus. */
  readonly name: string;
  /** Where a program sends OTLP. */
  readonly otlp: string;
  /** Where queries are asked. */
  readonly prometheus: string;
  /** Where rules are evaluated. */
  readonly rules: string;
  readonly jaeger: string;
  /** Where the Collectors tell about themselves. */
  readonly collectors: readonly string[];
  /** Whether all traces are kept. */
  readonly everyTrace: boolean;
  /** Labels that this way adds to every series. */
  readonly extraLabels: readonly string[];
}

/** The running stack. */
export interface Stand extends AsyncDisposable {
  readonly ways: readonly Way[];
  readonly servers: readonly Server[];
}

interface Variant {
  readonly name: string;
  readonly compose: string;
  /** Service to the Collector file it runs with; the first one takes OTLP. */
  readonly collectors: Readonly<Record<string, string>>;
  readonly prometheus: string;
  /** Where Prometheus sends everything on to, if it does; there it is asked for then. */
  readonly archive?: string;
  readonly extraLabels: readonly string[];
  /** What the Compose file calls the store of traces; Jaeger is run in its place. */
  readonly traceStore: string;
  readonly everyTrace: boolean;
}

const variants: readonly Variant[] = [
  {
    name: "scrape",
    compose: "compose.full.yaml",
    collectors: { "otel-collector": "collector/full.yaml" },
    prometheus: "prometheus/full.yaml",
    extraLabels: [],
    traceStore: "jaeger",
    everyTrace: true,
  },
  {
    name: "OTLP receiver",
    compose: "compose.tempo.yaml",
    collectors: { "otel-collector": "collector/tempo.yaml" },
    prometheus: "prometheus/tempo.yaml",
    traceStore: "tempo",
    extraLabels: [],
    everyTrace: true,
  },
  {
    name: "remote write",
    compose: "compose.production.yaml",
    collectors: { "otel-gateway": "collector/gateway.yaml", "otel-worker": "collector/worker.yaml" },
    prometheus: "prometheus/production.yaml",
    archive: "prometheus/archive.yaml",
    extraLabels: ["cluster"],
    traceStore: "jaeger",
    everyTrace: false,
  },
];

/** Starts everything, with the files of the stack, and waits until all of it is ready. */
export async function startStand(programs: Programs): Promise<Stand> {
  await using started = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-stack-" });
  started.defer(() => Deno.remove(folder, { recursive: true }));
  const starting = variants.map((variant, index) => startVariant(variant, `${folder}/${index}`));
  // Where one fails the others are waited for all the same, so that all can be stopped.
  await Promise.allSettled(starting);
  const ways = await Promise.all(starting);
  const kept = started.move();
  return {
    ways: ways.map(({ way }) => way),
    servers: ways.flatMap(({ servers }) => servers),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };

  async function startVariant(variant: Variant, home: string): Promise<{ way: Way; servers: Server[] }> {
    const { name, collectors, prometheus, archive, traceStore, compose, everyTrace, extraLabels } = variant;
    const names = [...Object.keys(collectors), traceStore, "prometheus", "archive"];
    const hosts = hostsOf(freeNetwork(), names);
    const at = (service: string) => `http://${hosts.get(service)}`;
    const placeOf = (service: string): Place => ({
      hosts,
      paths: new Map([
        ["/etc/prometheus/rules", pathOf(new URL("prometheus/rules", stackFolder))],
        ["/etc/prometheus/prometheus.yaml", `${home}/${service}.yaml`],
        ["/prometheus", `${home}/${service}`],
        ["/tmp/jaeger", `${home}/traces`],
      ]),
    });
    const config = async (service: string, path: string): Promise<string> => {
      const file = `${home}/${service}.yaml`;
      await Deno.mkdir(home, { recursive: true });
      await Deno.writeTextFile(file, placed(await readStack(path), service, placeOf(service)));
      return file;
    };
    const start = async (spec: Parameters<typeof startServer>[0]) => started.use(await startServer(spec));
    const startPrometheus = async (service: string, path: string) => {
      await config(service, path);
      const command = await commandOf(compose, service, placeOf(service));
      return await start({
        name: `Prometheus ${path}`,
        program: programs.prometheus,
        args: [...command, `--web.listen-address=${hosts.get(service)}:9090`],
        ready: `${at(service)}:9090/-/ready`,
      });
    };

    const servers = [
      await start({
        name: `Jaeger (${name})`,
        program: programs.jaeger,
        args: [`--config=${await config(traceStore, "jaeger/badger.yaml")}`],
        ready: `${at(traceStore)}:13133/status`,
      }),
      ...archive === undefined ? [] : [await startPrometheus("archive", archive)],
      await startPrometheus("prometheus", prometheus),
    ];
    const running = await Promise.all(
      Object.entries(collectors).map(async ([service, path]) =>
        await start({
          name: `Collector ${path}`,
          program: programs.otelcol,
          args: [`--config=${await config(service, path)}`],
          ready: `${at(service)}:13133/`,
        })
      ),
    );
    return {
      servers: [...servers, ...running],
      way: {
        name,
        otlp: `${at(names[0] as string)}:4318`,
        prometheus: `${at(archive === undefined ? "prometheus" : "archive")}:9090`,
        rules: `${at("prometheus")}:9090`,
        jaeger: `${at(traceStore)}:16686`,
        collectors: Object.keys(collectors).map((service) => `${at(service)}:8888`),
        everyTrace,
        extraLabels,
      },
    };
  }
}

/** Jaeger by itself. */
export interface Alone extends AsyncDisposable, Pick<Way, "name" | "otlp" | "jaeger" | "everyTrace"> {}

/** Starts Jaeger with the stack's file, or without any: then it listens where the environment says and keeps nothing. */
export async function startAlone(jaeger: string, configured: boolean): Promise<Alone> {
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-jaeger-" });
  const hosts = hostsOf(freeNetwork(), ["jaeger"]);
  const host = hosts.get("jaeger") ?? "";
  const file = `${folder}/jaeger.yaml`;
  const place = { hosts, paths: new Map([["/tmp/jaeger", `${folder}/traces`]]) };
  await Deno.writeTextFile(file, placed(await readStack("jaeger/badger.yaml"), "jaeger", place));
  const server = await startServer({
    name: "Jaeger",
    program: jaeger,
    args: configured ? [`--config=${file}`] : [],
    env: { JAEGER_LISTEN_HOST: host },
    ready: `http://${host}:13133/status`,
  });
  return {
    name: "Jaeger alone",
    otlp: `http://${host}:4318`,
    jaeger: `http://${host}:16686`,
    everyTrace: true,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
