/**
 * What a program with an SDK of its own does, whichever line of the SDK that is and under whichever runtime: the cases
 * of tests/otel/user_providers_test.ts. The SDK comes in from outside.
 *
 * @module
 */
import type {
  ContextAPI,
  ContextManager,
  MeterProvider,
  MetricsAPI,
  SpanContext,
  TraceAPI,
  TracerProvider,
} from "@opentelemetry/api";
import {
  configureTelemetry,
  createClient,
  flushTelemetry,
  getMeter,
  getTracer,
  type MetricExporterLike,
  shutdownTelemetry,
  type SpanExporterLike,
  startTelemetry,
} from "@sik/llms";

/** What a program with an SDK of its own has made: values of either line fit. */
export interface UserSdk {
  /** The user's copy of the API. */
  readonly api: { readonly context: ContextAPI; readonly metrics: MetricsAPI; readonly trace: TraceAPI };
  readonly contextManager: ContextManager;
  /** Exports only when somebody flushes it. */
  readonly tracerProvider: TracerProvider;
  /** Exports only when somebody flushes it. */
  readonly meterProvider: MeterProvider;
  /** Where the tracer provider exports to. */
  readonly spanExporter: SpanExporterLike & { getFinishedSpans(): readonly FinishedSpan[] };
  /** Where the meter provider exports to. */
  readonly metricExporter: MetricExporterLike & { getMetrics(): readonly CollectedMetrics[] };
}

/** What is used of a finished span. */
interface FinishedSpan {
  readonly name: string;
  readonly parentSpanContext?: SpanContext | undefined;
  spanContext(): SpanContext;
}

/** What is used of exported metrics. */
interface CollectedMetrics {
  readonly scopeMetrics: readonly { readonly metrics: readonly { readonly descriptor: { readonly name: string } }[] }[];
}

/** Which parts the user registers. */
export type Registered = readonly ("traces" | "metrics" | "context")[];

/** What is used of Node's `process`, which every runtime here has. */
const { process } = globalThis as unknown as {
  readonly process: { readonly argv: readonly string[]; exit(): never };
};

/** Plays one case and prints what was found. */
export async function play(sdk: UserSdk): Promise<void> {
  const [name = "", argument] = process.argv.slice(2);
  const cases: Readonly<Record<string, (sdk: UserSdk, registered: Registered) => Promise<object>>> = {
    early,
    ignored,
    between,
    zeroConfig,
    refused,
    tooLate,
    handedIn,
  };
  console.log(JSON.stringify(await cases[name]?.(sdk, JSON.parse(argument || "[]"))));
  process.exit(); // What nobody flushed is not to be exported by the user's own timers.
}

function register({ api, contextManager, tracerProvider, meterProvider }: UserSdk, registered: Registered): void {
  if (registered.includes("context")) api.context.setGlobalContextManager(contextManager);
  if (registered.includes("traces")) api.trace.setGlobalTracerProvider(tracerProvider);
  if (registered.includes("metrics")) api.metrics.setGlobalMeterProvider(meterProvider);
}

/** How telemetry stands, and what the user's exporters have got after a flush by the library. */
async function found({ spanExporter, metricExporter }: UserSdk): Promise<object> {
  const { state } = await startTelemetry();
  const flushed = await flushTelemetry();
  const spans = spanExporter.getFinishedSpans().map((span) => ({
    name: span.name,
    spanId: span.spanContext().spanId,
    traceId: span.spanContext().traceId,
    parentSpanId: span.parentSpanContext?.spanId,
  }));
  const metrics = metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
  return { state, flushed, spans, metrics: [...new Set(metrics)].sort() };
}

/** Asks under a span that the user's copy of the API makes. */
async function ask({ api }: UserSdk): Promise<void> {
  const client = createClient("gpt-4o-mini");
  await api.trace.getTracer("the user").startActiveSpan("the user's own", async (span) => {
    await client.run("What is the capital of France?");
    span.end();
  });
}

/** Registered before anything else happens. */
async function early(sdk: UserSdk, registered: Registered): Promise<object> {
  register(sdk, registered);
  await ask(sdk);
  getTracer("through the library").startSpan("by the library's tracer").end();
  getMeter("through the library").createCounter("library_total").add(1);
  return await found(sdk);
}

/** Registered, and an exporter is asked for all the same. */
async function ignored(sdk: UserSdk, registered: Registered): Promise<object> {
  register(sdk, registered);
  const spanExporter = { export: () => console.error("NEVER"), shutdown: () => Promise.resolve() };
  configureTelemetry({ spanExporter });
  await ask(sdk);
  await ask(sdk);
  return await found(sdk);
}

/** Registered between two requests, and taken back by nobody. */
async function between(sdk: UserSdk, registered: Registered): Promise<object> {
  const client = createClient("gpt-4o-mini");
  await client.run("Who hears this?");
  register(sdk, registered);
  await ask(sdk);
  return await found(sdk);
}

/** Zero-config registers; the user makes spans and counts by another copy of the API. */
async function zeroConfig(sdk: UserSdk): Promise<object> {
  await startTelemetry();
  sdk.api.metrics.getMeter("the user").createCounter("trips_total").add(1);
  await ask(sdk);
  return await found(sdk);
}

/** The user registers after zero-config has, twice. */
async function tooLate(sdk: UserSdk, registered: Registered): Promise<object> {
  await startTelemetry();
  register(sdk, registered);
  register(sdk, registered);
  await ask(sdk);
  return await found(sdk);
}

/** Something registered by the user's copy keeps zero-config's providers out of the registry. */
async function refused(sdk: UserSdk, registered: Registered): Promise<object> {
  register(sdk, registered);
  await ask(sdk);
  getMeter("through the library").createCounter("library_total").add(1);
  const before = await found(sdk);
  register(sdk, ["traces"]);
  await ask(sdk);
  const after = await found(sdk);
  await shutdownTelemetry();
  return { before, after };
}

/** Zero-config is handed the user's exporters, of whatever line. */
async function handedIn(sdk: UserSdk): Promise<object> {
  configureTelemetry({ spanExporter: sdk.spanExporter, metricExporter: sdk.metricExporter });
  await startTelemetry();
  await ask(sdk);
  return await found(sdk);
}
