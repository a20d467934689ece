import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { context, metrics, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  configureTelemetry,
  createClient,
  getMeter,
  getTracer,
  instrument,
  isTelemetryEnabled,
  type LanguageModel,
  shutdownTelemetry,
  startTelemetry,
} from "../../mod.ts";
import { assertNothing } from "../support/endings.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import { chat, someUsage, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

/** Providers of the program's own, nowhere registered. */
function ownProviders() {
  const spans = new InMemorySpanExporter();
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
  const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    tracerProvider,
    meterProvider,
    attributes: (name: string) => spans.getFinishedSpans().find((span) => span.name === name)?.attributes ?? {},
    async names() {
      await tracerProvider.forceFlush();
      await meterProvider.forceFlush();
      return {
        spans: spans.getFinishedSpans().map(({ name }) => name).sort(),
        metrics: points.getMetrics().at(-1)?.scopeMetrics
          .flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name))
          .filter((name) => name.startsWith("llm_requests")) ?? [],
      };
    },
    async [Symbol.asyncDispose]() {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
    },
  };
}

const requestNames = {
  spans: ["http.request", "llm.openai.stream", "llm.request"],
  metrics: ["llm_requests_total", "llm_requests_failed_total"],
};

/** Telemetry is off, whatever the process's environment says. */
async function off(): Promise<AsyncDisposable> {
  return await startTelemetry({ env: {} });
}

Deno.test("while telemetry is off instrument() hands the model's own stream through", async () => {
  await using _off = await off();
  assertEquals(isTelemetryEnabled(), false);
  const events = (async function* () {})();
  let asked: unknown;
  const model: LanguageModel = {
    provider: "own",
    model: "m",
    stream(request) {
      asked = request;
      return events;
    },
  };
  const request = { messages: [] };
  assertStrictEquals(instrument(model).stream(request), events);
  assertStrictEquals(asked, request);
});

Deno.test("while telemetry is off run() leaves no trace", async () => {
  await using _off = await off();
  await using server = startVendor(chat());
  const { traceContext } = await createClient("gpt-4o-mini", { baseUrl: server.url }).run(question);
  assertEquals(traceContext, undefined);
});

Deno.test("a client made with telemetry: false records nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: false });
  assertEquals((await client.run(question)).traceContext, undefined);
  await client.sample(question, 2);
  await assertNothing(telemetry);
});

Deno.test("a client made while telemetry was off records once it is on", async () => {
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: server.url });
  await using telemetry = await memoryTelemetry();
  await client.run(question);
  assertEquals((await telemetry.spans()).map(({ name }) => name), ["llm.request", "llm.openai.stream", "http.request"]);
});

Deno.test("a client made while telemetry was on records nothing once it is shut down", async () => {
  await using server = startVendor(chat());
  await using _telemetry = await memoryTelemetry();
  const client = createClient("gpt-4o-mini", { baseUrl: server.url });
  await shutdownTelemetry();
  assertEquals((await client.run(question)).traceContext, undefined);
});

Deno.test("a client's own tracer and meter are used while telemetry is off", async () => {
  await using _off = await off();
  await using own = ownProviders();
  await using server = startVendor(chat({ usage: someUsage }));
  const tracer = own.tracerProvider.getTracer("mine");
  const meter = own.meterProvider.getMeter("mine");
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { tracer, meter } });
  assert((await client.run(question)).traceContext !== undefined);
  assertEquals(await own.names(), requestNames);
});

Deno.test("a client's own tracer is used instead of zero-config's, whose metrics go on", async () => {
  await using telemetry = await memoryTelemetry();
  await using own = ownProviders();
  await using server = startVendor(chat());
  const tracer = own.tracerProvider.getTracer("mine");
  await createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { tracer } }).run(question);
  assertEquals((await own.names()).spans, requestNames.spans);
  assertEquals(await telemetry.spans(), []);
  assertEquals((await telemetry.points("llm_requests_total")).map(({ value }) => value), [1]);
});

Deno.test("enabled: false stands over a client's own tracer", async () => {
  await using own = ownProviders();
  await using server = startVendor(chat());
  await using _off = await startTelemetry({ env: {}, enabled: false });
  const tracer = own.tracerProvider.getTracer("mine");
  await createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { tracer } }).run(question);
  assertEquals((await own.names()).spans, []);
});

Deno.test("OTEL_SDK_DISABLED=true stands over exporters given in code", async () => {
  const spanExporter = new InMemorySpanExporter();
  await using server = startVendor(chat());
  await using telemetry = await startTelemetry({ env: { OTEL_SDK_DISABLED: "TRUE" }, spanExporter });
  assertEquals(telemetry.state.rule, "off");
  assertEquals((await createClient("gpt-4o-mini", { baseUrl: server.url }).run(question)).traceContext, undefined);
  assertEquals(spanExporter.getFinishedSpans(), []);
});

Deno.test("providers that the program registered are used, and no other is made", async () => {
  await using own = ownProviders();
  await using server = startVendor(chat());
  trace.setGlobalTracerProvider(own.tracerProvider);
  metrics.setGlobalMeterProvider(own.meterProvider);
  try {
    configureTelemetry({ env: { OTEL_SDK_DISABLED: "false" } });
    await using telemetry = await startTelemetry();
    assertEquals(telemetry.state.rule, "user");
    await createClient("gpt-4o-mini", { baseUrl: server.url }).run(question);
    assertEquals(await own.names(), requestNames);
  } finally {
    trace.disable();
    metrics.disable();
    context.disable();
  }
});

Deno.test("content that a tracer of the user's own cuts as the environment says stays valid JSON", async () => {
  await using _off = await startTelemetry({ env: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "300" } });
  await using own = ownProviders();
  await using server = startVendor(chat());
  const telemetry = { tracer: own.tracerProvider.getTracer("mine"), captureContent: true };
  await createClient("gpt-4o-mini", { baseUrl: server.url, telemetry }).run("x".repeat(1_000));
  assertEquals((await own.names()).spans, requestNames.spans);
  const text = String(own.attributes("llm.request")["gen_ai.input.messages"]);
  assert(text.length <= 300 && text.length > 200);
  assertEquals(JSON.parse(text)[0].role, "user");
});

Deno.test("a client's tracer and meter that were had from here bring nobody else's", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const own = { tracer: getTracer("shop"), meter: getMeter("shop") };
  await createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: own }).run(question);
  assertEquals((await telemetry.spans()).length, 3);
  await shutdownTelemetry();
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: own });
  assertEquals((await client.run(question)).traceContext, undefined);
});
