/** Providers, context managers and attributes that throw; labels and limits that must hold: no call is changed by them. */
import {
  context,
  type ContextManager,
  metrics,
  ROOT_CONTEXT,
  type Span,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider } from "@opentelemetry/sdk-metrics";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  clientOf,
  type ClientOptions,
  createClient,
  getMeter,
  getTracer,
  instrument,
  type LanguageModel,
  recordEvaluation,
  ResponseError,
  startTelemetry,
} from "../../mod.ts";
import { createContextManager } from "../../src/otel/context_manager.ts";
import { asyncStorage } from "../../src/runtime.ts";
import { startCollector } from "../support/collector.ts";
import { memoryTelemetry, pointNamed, spanNamed } from "../support/telemetry.ts";
import { chat, chatThenStall, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

function broken(): never {
  throw new Error("broken");
}

/** Asks once; the answer must be what it is without telemetry. */
async function ask(options: ClientOptions = {}, attributes?: ClientOptions["attributes"]): Promise<void> {
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, ...options });
  const { response, finishReason } = await client.run(question, { attributes });
  assertEquals([response, finishReason, server.requests.length], ["Paris.", "stop", 1]);
}

/** What is registered until the end of the block. */
function registered(providers: {
  readonly tracers?: TracerProvider;
  readonly meters?: object;
  readonly manager?: ContextManager;
}): Disposable {
  const { tracers, meters, manager } = providers;
  if (tracers !== undefined) assert(trace.setGlobalTracerProvider(tracers));
  if (meters !== undefined) assert(metrics.setGlobalMeterProvider(meters as MeterProvider));
  if (manager !== undefined) assert(context.setGlobalContextManager(manager));
  return {
    [Symbol.dispose]() {
      trace.disable();
      metrics.disable();
      context.disable();
    },
  };
}

Deno.test("a registered provider whose getTracer throws changes no call", async () => {
  using _own = registered({ tracers: { getTracer: broken } });
  await using telemetry = await startTelemetry({ env: {} });
  assertEquals(telemetry.state.rule, "user");
  await ask();
});

Deno.test("a registered provider whose getMeter throws changes no call", async () => {
  using _own = registered({ meters: { getMeter: broken } });
  await using telemetry = await startTelemetry({ env: {} });
  assertEquals(telemetry.state.rule, "user");
  await ask();
});

Deno.test("a span whose spanContext() throws changes no call", async () => {
  await using _telemetry = await startTelemetry({ env: {} });
  const span = { spanContext: broken, setAttributes: broken, isRecording: () => true, end: broken } as unknown as Span;
  const tracer = { startSpan: () => span, startActiveSpan: broken } as unknown as Tracer;
  await ask({ telemetry: { tracer } });
});

const manager: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context, fn, thisArg, ...args) => fn.call(thisArg as never, ...args),
  bind: (_context, target) => target,
  enable: () => manager,
  disable: () => manager,
};

for (const wrong of ["active", "with"] as const) {
  Deno.test(`a context manager whose ${wrong}() throws changes no call`, async () => {
    using _own = registered({ manager: { ...manager, [wrong]: broken } });
    await using telemetry = await memoryTelemetry();
    await ask();
    assertEquals(spanNamed(await telemetry.spans(), "llm.request").status, "UNSET");
  });
}

/** One attribute is fine, the other cannot be read. */
const half = Object.defineProperty({ fine: 1 }, "broken", { get: broken, enumerable: true });

for (
  const [where, options, attributes] of [
    ["a request", {}, half],
    ["a client's telemetry", { telemetry: { attributes: half } }, undefined],
    ["a client", { attributes: half }, undefined],
    ["a client and a request", { attributes: { other: 1 } }, half],
    ["a request of a client with attributes that throw", { attributes: half }, { other: 1 }],
  ] as readonly (readonly [string, ClientOptions, ClientOptions["attributes"]])[]
) {
  Deno.test(`attributes of ${where} that throw when they are read cost only themselves`, async () => {
    await using telemetry = await memoryTelemetry();
    await ask(options, attributes);
    const { attributes: found } = spanNamed(await telemetry.spans(), "llm.request");
    assertEquals([found["fine"], "broken" in found], [1, false]);
  });
}

Deno.test("attributes of an evaluation that throw when they are read cost only themselves", async () => {
  await using telemetry = await memoryTelemetry();
  const target = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  recordEvaluation(target, { name: "relevance", score: 1, attributes: half });
  const { attributes } = spanNamed(await telemetry.spans(), "evaluation.relevance");
  assertEquals([attributes["fine"], attributes["evaluation.score"]], [1, 1]);
});

const named = (name: unknown) => Object.assign(new Error("stop"), { name });
for (
  const [reason, type] of [
    ["user 4711 said stop", "AbortError"],
    [named("user 4711 said stop"), "AbortError"],
    [named(""), "AbortError"],
    [named("x".repeat(65)), "AbortError"],
    [{ name: "Stopped" }, "Stopped"],
    [Object.defineProperty({}, "name", { get: broken }), "AbortError"],
    [undefined, "AbortError"],
    [new DOMException("late", "TimeoutError"), "TimeoutError"],
  ] as const
) {
  const shown = typeof reason === "string" ? "a text" : `a ${type}-like reason`;
  Deno.test(`an abort by ${shown} (${Deno.inspect(reason).split("\n")[0]!.slice(0, 40)}) is of the type ${type}`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(chatThenStall());
    const controller = new AbortController();
    const stream = createClient("gpt-4o-mini", { baseUrl: server.url }).stream(question, { signal: controller.signal });
    let thrown: unknown;
    try {
      for await (const _ of stream) controller.abort(reason);
    } catch (error) {
      thrown = error;
    }
    assertStrictEquals(thrown, controller.signal.reason);
    const spans = await telemetry.spans();
    const typeOf = (name: string) => spanNamed(spans, name).attributes["error.type"];
    assertEquals([typeOf("llm.request"), typeOf("llm.openai.stream")], [type, type]);
  });
}

Deno.test("content of the very first request respects OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, and stays JSON", async () => {
  const spanExporter = new InMemorySpanExporter();
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { captureContent: true } });
  const env = { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "120", OTEL_METRICS_EXPORTER: "none" };
  const starting = startTelemetry({ env, spanExporter });
  await client.run("Where? ".repeat(100)); // While the providers load.
  await using telemetry = await starting;
  await telemetry.flush();
  const input = spanExporter.getFinishedSpans().map(({ attributes }) => attributes["gen_ai.input.messages"])
    .find((value) => typeof value === "string") as string;
  assert(input.length <= 120, `${input.length}`);
  assert(Array.isArray(JSON.parse(input)));
});

Deno.test("instruments are made once where the provider gives a new meter each time", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8, exportTimeoutMillis: 1e4 });
  const provider = new MeterProvider({ readers: [reader] });
  const made: string[] = [];
  const getMeter = (name: string) => {
    const meter = provider.getMeter(name);
    const createCounter: typeof meter.createCounter = (counter, how) => {
      made.push(counter);
      return meter.createCounter(counter, how);
    };
    return Object.assign(Object.create(meter), { createCounter });
  };
  {
    using _own = registered({ meters: { getMeter } });
    await using _telemetry = await startTelemetry({ env: {} });
    for (let time = 0; time < 3; time++) await ask();
  }
  assertEquals(made.filter((name) => name === "llm_requests_total").length, 1);
  await provider.shutdown();
});

/** A model of somebody else's that says something and no more. */
const unfinished: LanguageModel = {
  provider: "test",
  model: "unfinished",
  async *stream() {
    yield { type: "text", delta: "Par" };
  },
};

Deno.test("a wrapped model that ends without its finish is a ResponseError on its span", async () => {
  await using telemetry = await memoryTelemetry();
  await assertRejects(() => clientOf(instrument(unfinished)).run(question), ResponseError);
  const { status, attributes } = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals([status, attributes["error.type"], attributes["llm.stream.outcome"]], [
    "ERROR",
    "ResponseError",
    "error",
  ]);
});

Deno.test("a wrapped model that ends without its finish is counted as failed", async () => {
  await using telemetry = await memoryTelemetry();
  await assertRejects(() => clientOf(instrument(unfinished)).run(question), ResponseError);
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_failed_total").value, 1);
});

Deno.test("empty keys on metrics, spans and nested values do not invalidate the export", async () => {
  await using collector = await startCollector();
  await using telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url });
  // deno-lint-ignore no-explicit-any -- the API's types allow no maps
  const nested: any = { "": 1, map: { "": 2, kept: 3 } };
  getTracer("users").startSpan("mine", { attributes: nested }).end();
  getMeter("users").createCounter("mine").add(1, { "": "gone", kept: "yes" });
  const { spans, metrics } = await telemetry.flush();
  assertEquals([spans.exported, metrics.exported], [1, 1]);
  assertEquals(collector.receiver.spans()[0]?.attributes, { map: { kept: 3 } });
  assertEquals(collector.receiver.metrics()[0]?.attributes, { kept: "yes" });
});

Deno.test("context.bind() keeps this, arguments and context", () => {
  const own = createContextManager(asyncStorage()!).enable();
  const inner = ROOT_CONTEXT.setValue(Symbol.for("tests"), 7);
  class Counter {
    at = 1;
    add = own.bind(inner, function (this: Counter, ...by: number[]) {
      return [this.at, ...by, own.active() === inner];
    });
  }
  assertEquals(new Counter().add(2, 3), [1, 2, 3, true]);
});
