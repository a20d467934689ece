/**
 * What switch_test.ts runs in processes of their own: `deno run switch_program.ts <case>` prints what it found as JSON.
 * Nothing here imports the SDK statically: whether it is loaded is a part of what is tested.
 *
 * @module
 */
import { metrics, trace, type Tracer } from "@opentelemetry/api";
import process from "node:process";
import {
  configureTelemetry,
  createClient,
  flushTelemetry,
  getMeter,
  getTracer,
  instrumentHandler,
  isTelemetryEnabled,
  shutdownTelemetry,
  startTelemetry,
  type TelemetryOptions,
} from "../../mod.ts";

const question = "What is the capital of France?";

/** The registry that all copies of OpenTelemetry's API share. */
const registry = () => (globalThis as unknown as Record<symbol, object>)[Symbol.for("opentelemetry.js.api.1")] ?? {};

/** A tracer of the SDK that keeps its spans. */
async function ownTracer(): Promise<{ readonly tracer: Tracer; readonly names: () => string[] }> {
  const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return {
    tracer: provider.getTracer("the client's own"),
    names: () => exporter.getFinishedSpans().map(({ name }) => name),
  };
}

/** The name of the error that `run` throws. */
async function errorOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

/** Asks once, and says how telemetry stood. */
async function ask(): Promise<object> {
  const before = isTelemetryEnabled();
  await createClient("gpt-4o-mini").run(question);
  const { state } = await startTelemetry();
  return { before, rule: state.rule, traces: state.traces, metrics: state.metrics };
}

/** Configures with options that came as JSON, then asks. */
async function configured(options: TelemetryOptions): Promise<object> {
  configureTelemetry(options);
  return await ask();
}

/** One value that switches zero-config on by being there, and counts what it is given. */
async function given(option: string): Promise<object> {
  const { InMemorySpanExporter, SimpleSpanProcessor } = await import("@opentelemetry/sdk-trace");
  const { AggregationTemporality, InMemoryMetricExporter, PeriodicExportingMetricReader } = await import(
    "@opentelemetry/sdk-metrics"
  );
  const spans = new InMemorySpanExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const options: Readonly<Record<string, () => TelemetryOptions>> = {
    spanExporter: () => ({ spanExporter: spans }),
    metricExporter: () => ({ metricExporter: points }),
    spanProcessors: () => ({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
    metricReaders: () => ({ metricReaders: [new PeriodicExportingMetricReader({ exporter: points })] }),
  };
  const found = await configured(options[option]?.() ?? {});
  await flushTelemetry();
  const held = { spans: spans.getFinishedSpans().length, exports: points.getMetrics().length };
  await shutdownTelemetry(); // The reader of somebody else has a timer of its own.
  return { ...found, ...held };
}

/** Every function there is, while telemetry is off: which timers and listeners does that take? */
async function everything(): Promise<object> {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  const timers: string[] = [];
  const hooked = <A extends unknown[], R>(name: string, real: (...args: A) => R) => (...args: A): R => {
    timers.push(name);
    return real(...args);
  };
  Object.assign(globalThis, {
    setTimeout: hooked("setTimeout", timeout),
    setInterval: hooked("setInterval", interval),
  });
  const listeners = () => process.listenerCount("beforeExit") + process.listenerCount("exit");
  const before = listeners();
  createClient("gpt-4o-mini");
  const { state } = await startTelemetry();
  getTracer().startActiveSpan("mine", (span) => span.end());
  getMeter().createCounter("mine").add(1);
  const flushed = await flushTelemetry();
  const found = {
    rule: state.rule,
    flushed,
    timers,
    listeners: listeners() - before,
    registry: Object.keys(registry()),
  };
  await shutdownTelemetry();
  return found;
}

const cases: Readonly<Record<string, (argument: string) => Promise<object>>> = {
  ask,
  everything,
  given,
  configured: (options) => configured(JSON.parse(options)),

  async ownTracer(options) {
    if (options !== "{}") configureTelemetry(JSON.parse(options)); // It begins loading by itself.
    const { tracer, names } = await ownTracer();
    const client = createClient("gpt-4o-mini", { telemetry: { tracer } });
    const { traceContext } = await client.run(question);
    return { spans: names(), traced: traceContext !== undefined, enabled: isTelemetryEnabled() };
  },

  async merging() {
    configureTelemetry({ serviceName: "first", resource: { "app.part": "desk" } });
    configureTelemetry({ serviceName: "second", protocol: "http/json" });
    configureTelemetry({ serviceName: undefined, processor: "simple" });
    return await ask();
  },

  async late() {
    configureTelemetry({ serviceName: "early" });
    const telemetry = await startTelemetry({ resource: { "app.part": "desk" } });
    const again = await startTelemetry();
    const same = await startTelemetry({ serviceName: "early", resource: { "app.part": "desk" }, sampler: undefined });
    return {
      same: same.state,
      more: await errorOf(() => startTelemetry({ resource: { "app.part": "desk", "app.floor": 2 } })),
      configure: await errorOf(() => configureTelemetry({ serviceName: "late" })),
      start: await errorOf(() => startTelemetry({ serviceName: "late" })),
      disable: await errorOf(() => configureTelemetry({ enabled: false })),
      again: again.state,
      first: telemetry.state,
    };
  },

  async ours() {
    const client = createClient("gpt-4o-mini", { telemetry: { tracer: getTracer("shop") } });
    const traced: boolean[] = [];
    for (let call = 0; call < 2; call++) traced.push((await client.run(question)).traceContext !== undefined);
    return { traced };
  },

  async laterThanHandler() {
    instrumentHandler(() => new Response(), { enabled: true });
    await new Promise((resolve) => setTimeout(resolve, 0)); // As where a module awaits its secrets.
    return { error: await errorOf(() => startTelemetry({ serviceName: "shop" })) };
  },

  async whileStopping() {
    await startTelemetry({ serviceName: "shop" });
    await createClient("gpt-4o-mini").run(question);
    const stopping = shutdownTelemetry();
    const error = await errorOf(() => startTelemetry({ serviceName: "shop" }));
    await stopping;
    const { state } = await startTelemetry({ serviceName: "shop" });
    return { error, rule: state.rule };
  },

  async handler(options) {
    const client = createClient("gpt-4o-mini"); // Before the handler, as at the top of a module.
    const { configure, ...given } = JSON.parse(options);
    if (configure !== undefined) await startTelemetry();
    const handler = instrumentHandler(async () => new Response((await client.run(question)).response), {
      ...given,
      ...configure === undefined ? {} : { configure: () => configure },
    });
    return { answer: await (await handler(new Request("http://localhost/"))).text() };
  },

  async lives() {
    const rules: string[] = [];
    const rule = async () => rules.push((await startTelemetry()).state.rule);
    const client = createClient("gpt-4o-mini");
    await client.run(question);
    const first = await shutdownTelemetry();
    const left = Object.keys(registry());
    rules.push(isTelemetryEnabled() ? "on" : "off");
    await client.run("Who hears this?");
    const none = await shutdownTelemetry();
    await rule();
    await client.run(question);
    const second = await shutdownTelemetry();
    configureTelemetry({ serviceName: "third life" });
    rules.push(isTelemetryEnabled() ? "on" : "off");
    await client.run(question);
    return { rules, left, flushed: [first, none, second].map(({ spans }) => spans.exported) };
  },

  async ownSpans() {
    const early = metrics.getMeter("my_app").createCounter("too_early");
    await using telemetry = await startTelemetry();
    const counter = metrics.getMeter("my_app").createCounter("trips_total");
    const second = getMeter("my_app").createCounter("stops_total");
    const client = createClient("gpt-4o-mini");
    await trace.getTracer("my_app").startActiveSpan("plan trip", async (span) => {
      early.add(1);
      counter.add(2);
      second.add(3);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await client.run(question);
      span.end();
    });
    return telemetry.state;
  },

  async privately() {
    configureTelemetry({ registerGlobally: false });
    const { state } = await startTelemetry();
    trace.getTracer("my_app").startSpan("the program's own").end();
    metrics.getMeter("my_app").createCounter("program_total").add(1);
    getTracer("my_app").startSpan("through the library").end();
    getMeter("my_app").createCounter("library_total").add(1);
    await createClient("gpt-4o-mini").run(question);
    return { rule: state.rule, registry: Object.keys(registry()) };
  },

  async registeredLate() {
    const tracer = getTracer("my_app"); // Got while nobody was there.
    tracer.startSpan("lost").end();
    const client = createClient("gpt-4o-mini");
    const before = isTelemetryEnabled();
    const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = await import("@opentelemetry/sdk-trace");
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
    tracer.startSpan("seen").end();
    await client.run(question);
    const { state } = await startTelemetry();
    return { before, state, spans: exporter.getFinishedSpans().map(({ name }) => name) };
  },
};

const [name = "", argument = ""] = Deno.args;
console.log(JSON.stringify(await cases[name]?.(argument)));
