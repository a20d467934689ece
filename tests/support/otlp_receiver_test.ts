import { assert, assertEquals, assertRejects, assertStringIncludes, fail } from "@std/assert";
import { SpanKind, SpanStatusCode, TraceFlags, ValueType } from "@opentelemetry/api";
import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { type OtlpReceiver, startReceiver } from "./otlp_receiver.ts";

const resource = resourceFromAttributes({ "service.name": "tests", pid: 7 });
const linked = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: TraceFlags.SAMPLED,
};

/** Two spans with everything that a span can have. */
function someSpans(): ReadableSpan[] {
  // Not the SDK's exporter in memory: it answers by a timer, which a test that is over at once would leave behind.
  const spans: ReadableSpan[] = [];
  const done = () => Promise.resolve();
  const gather = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: done,
    shutdown: done,
  };
  const provider = new TracerProvider({ resource, spanProcessors: [gather] });
  const tracer = provider.getTracer("scope", "1.2.3");
  const root = tracer.startSpan("root", {
    kind: SpanKind.CLIENT,
    startTime: [1_700_000_000, 123_456_789],
    links: [{ context: linked, attributes: { why: "test" } }],
  });
  root.setAttributes({
    text: "é😀",
    yes: true,
    int: 42,
    negative: -5,
    large: Number.MAX_SAFE_INTEGER,
    double: 0.5,
    list: ["a", "b"],
  });
  root.addEvent("happened", { at: 1 }, [1_700_000_000, 200_000_000]);
  root.setStatus({ code: SpanStatusCode.ERROR, message: "broken" });
  root.end([1_700_000_001, 5]);
  tracer.startSpan("empty", { root: true }).end();
  return spans;
}

/** A counter, an up-down counter, a gauge and a histogram. */
async function someMetrics(temporality: AggregationTemporality): Promise<ResourceMetrics> {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter("scope", "1.2.3");
  meter.createCounter("counter", { unit: "{token}", description: "counts" }).add(2.5, { model: "m" });
  meter.createUpDownCounter("updown", { valueType: ValueType.INT }).add(-3);
  meter.createGauge("gauge").record(7);
  const histogram = meter.createHistogram("histogram", { unit: "s", advice: { explicitBucketBoundaries: [1, 2] } });
  for (const value of [0.5, 1.5, 9]) histogram.record(value, { model: "m" });
  await provider.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  assert(metrics !== undefined);
  return metrics;
}

const json = "application/json";
const protobuf = "application/x-protobuf";

async function post(url: string, body: Uint8Array | undefined, type: string, gzip = false): Promise<number> {
  const bytes = new Uint8Array(body ?? []);
  const sent = gzip ? new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip")) : bytes;
  const headers: Record<string, string> = { "content-type": type, ...gzip ? { "content-encoding": "gzip" } : {} };
  const response = await fetch(url, { method: "POST", headers, body: await new Response(sent).bytes() });
  await response.body?.cancel();
  return response.status;
}

for (
  const [format, type, serializer] of [["json", json, JsonTraceSerializer], [
    "protobuf",
    protobuf,
    ProtobufTraceSerializer,
  ]] as const
) {
  for (const gzip of [false, true]) {
    Deno.test(`receiver reads spans as ${format}${gzip ? ", gzip" : ""}`, async () => {
      await using receiver = startReceiver();
      const [root, empty] = someSpans();
      const sent = serializer.serializeRequest([root!, empty!]);
      assertEquals(await post(`${receiver.url}/v1/traces`, sent, type, gzip), 200);
      const [first, second] = receiver.spans();
      assertEquals(first, {
        name: "root",
        kind: "CLIENT",
        traceId: root!.spanContext().traceId,
        spanId: root!.spanContext().spanId,
        parentSpanId: undefined,
        traceState: undefined,
        startNs: 1_700_000_000_123_456_789n,
        endNs: 1_700_000_001_000_000_005n,
        attributes: {
          text: "é😀",
          yes: true,
          int: 42,
          negative: -5,
          large: Number.MAX_SAFE_INTEGER,
          double: 0.5,
          list: ["a", "b"],
        },
        events: [{ name: "happened", timeNs: 1_700_000_000_200_000_000n, attributes: { at: 1 } }],
        links: [{ traceId: linked.traceId, spanId: linked.spanId, attributes: { why: "test" } }],
        status: { code: "ERROR", message: "broken" },
        scope: { name: "scope", version: "1.2.3" },
        resource: { "service.name": "tests", pid: 7 },
      });
      assertEquals([second?.name, second?.kind, second?.attributes], ["empty", "INTERNAL", {}]);
      assertEquals(second?.status, { code: "UNSET", message: undefined });
      const [request] = receiver.requests();
      assertEquals([request?.format, request?.compressed, request?.body], [format, gzip, new Uint8Array(sent!)]);
    });
  }
}

Deno.test("receiver reads parents", async () => {
  await using receiver = startReceiver();
  const [span] = someSpans();
  const child = Object.create(span!, { parentSpanContext: { value: linked } });
  await post(`${receiver.url}/v1/traces`, JsonTraceSerializer.serializeRequest([child]), json);
  await post(`${receiver.url}/v1/traces`, ProtobufTraceSerializer.serializeRequest([child]), protobuf);
  assertEquals(receiver.spans().map(({ parentSpanId }) => parentSpanId), [linked.spanId, linked.spanId]);
});

for (const temporality of ["cumulative", "delta"] as const) {
  Deno.test(`receiver reads ${temporality} metrics, the same from JSON and protobuf`, async () => {
    await using receiver = startReceiver();
    const metrics = await someMetrics(
      temporality === "delta" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    );
    const url = `${receiver.url}/prefix/v1/metrics`;
    assertEquals(await post(url, JsonMetricsSerializer.serializeRequest(metrics), json), 200);
    assertEquals(await post(url, ProtobufMetricsSerializer.serializeRequest(metrics), protobuf, true), 200);
    const points = receiver.metrics();
    assertEquals(points.slice(0, 4), points.slice(4));
    const told = points.slice(0, 4).map(({ startNs, timeNs, resource, scope, ...point }) => {
      assert(startNs > 0n && timeNs >= startNs);
      assertEquals([resource["service.name"], scope.name], ["tests", "scope"]);
      return point;
    });
    const plain = { description: undefined, unit: undefined, monotonic: undefined, attributes: {} };
    const monotonic = { kind: "sum" as const, monotonic: true, temporality };
    assertEquals(told, [
      { name: "counter", ...monotonic, description: "counts", unit: "{token}", attributes: { model: "m" }, value: 2.5 },
      { ...plain, name: "updown", kind: "sum", monotonic: false, temporality, value: -3 },
      { ...plain, name: "gauge", kind: "gauge", temporality: undefined, value: 7 },
      {
        ...plain,
        name: "histogram",
        kind: "histogram",
        unit: "s",
        temporality,
        attributes: { model: "m" },
        count: 3,
        sum: 11,
        min: 0.5,
        max: 9,
        bounds: [1, 2],
        buckets: [1, 1, 1],
      },
    ]);
  });
}

Deno.test("receiver keeps nothing of a request that it refuses by order", async () => {
  await using receiver = startReceiver({
    respond: ({ attempt }) => attempt < 3 ? new Response(null, { status: 503 }) : undefined,
  });
  const body = JsonTraceSerializer.serializeRequest(someSpans());
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push(await post(`${receiver.url}/v1/traces`, body, json));
  assertEquals(statuses, [503, 503, 200]);
  assertEquals(receiver.spans().length, 2);
  assertEquals(receiver.requests().map(({ attempt, status }) => [attempt, status]), [[1, 503], [2, 503], [3, 200]]);
});

Deno.test("receiver counts attempts by path", async () => {
  await using receiver = startReceiver();
  const seen: number[] = [];
  for (const signal of ["traces", "metrics", "traces"]) {
    await post(`${receiver.url}/v1/${signal}`, new TextEncoder().encode("{}"), json);
    seen.push(receiver.requests().at(-1)!.attempt);
  }
  assertEquals(seen, [1, 1, 2]);
});

const wrong: Readonly<Record<string, [signal: string, body: unknown, says: string]>> = {
  "no JSON": ["traces", "{", "SyntaxError"],
  "NaN as null": ["traces", { a: { doubleValue: null } }, "a cannot be null"],
  "an integer beyond 64 bits": ["traces", { a: { intValue: 1e21 } }, "a cannot be 1e+21"],
  "two values": ["traces", { a: { intValue: 1, stringValue: "1" } }, "a has 2 values at once"],
  "an unknown kind of value": ["traces", { a: { dateValue: 1 } }, "a is of an unknown kind, dateValue"],
  "an enum as text": ["traces", { kind: "SPAN_KIND_CLIENT" }, `kind cannot be "SPAN_KIND_CLIENT"`],
  "a short id": ["traces", { traceId: "12" }, `traceId cannot be "12"`],
  "an id of zeros": ["traces", { spanId: "0".repeat(16) }, "spanId cannot be"],
  "a metric without data": ["metrics", { name: "m" }, "metric m is no sum, gauge or histogram"],
  "a point without value": ["metrics", { gauge: { dataPoints: [{}] } }, "asDouble cannot be undefined"],
};
for (const [name, [signal, body, says]] of Object.entries(wrong)) {
  Deno.test(`receiver answers ${name} with 400 and says why`, async () => {
    await using receiver = startReceiver();
    const ids = { traceId: "1".repeat(32), spanId: "1".repeat(16) };
    const spans = (span: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, ...span }] }] }] });
    const request = typeof body === "string" ? body : JSON.stringify(
      signal === "metrics" ? { resourceMetrics: [{ scopeMetrics: [{ metrics: [body] }] }] } : spans(
        "a" in (body as object)
          ? { attributes: Object.entries(body as object).map(([key, value]) => ({ key, value })) }
          : body as object,
      ),
    );
    assertEquals(await post(`${receiver.url}/v1/${signal}`, new TextEncoder().encode(request), json), 400);
    assertStringIncludes(receiver.requests()[0]?.trouble ?? "", says);
    assertEquals([...receiver.spans(), ...receiver.metrics()], []);
  });
}

Deno.test("receiver reads numbers that JSON has no numeral for", async () => {
  await using receiver = startReceiver();
  const values = [{ doubleValue: "NaN" }, { doubleValue: "-Infinity" }, { intValue: "9223372036854775807" }, {}, {
    bytesValue: "AQI=",
  }, { kvlistValue: { values: [{ key: "b", value: { boolValue: false } }] } }];
  const attributes = [{ key: "a", value: { arrayValue: { values } } }];
  const span = { traceId: "1".repeat(32), spanId: "1".repeat(16), attributes };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  await post(`${receiver.url}/v1/traces`, new TextEncoder().encode(body), `${json}; charset=utf-8`);
  const read = [NaN, -Infinity, 9_223_372_036_854_775_807n, undefined, new Uint8Array([1, 2]), { b: false }];
  assertEquals(receiver.spans()[0]?.attributes.a, read);
});

Deno.test("receiver answers what is no OTLP with 404, other formats with 415, broken gzip and protobuf with 400", async () => {
  await using receiver = startReceiver();
  const broken = new Uint8Array([10, 200]);
  assertEquals(await post(`${receiver.url}/v1/logs`, broken, json), 404);
  assertEquals(await post(`${receiver.url}/v1/traces`, broken, "application/grpc"), 415);
  assertEquals(await post(`${receiver.url}/v1/traces`, broken, protobuf), 400);
  const headers = { "content-type": protobuf, "content-encoding": "gzip" };
  const response = await fetch(`${receiver.url}/v1/traces`, { method: "POST", headers, body: broken });
  await response.body?.cancel();
  assertEquals(response.status, 400);
});

Deno.test("waitFor resolves when its predicate holds, now or later", async () => {
  await using receiver = startReceiver();
  const two = receiver.waitFor((receiver) => receiver.spans().length === 2);
  await post(`${receiver.url}/v1/traces`, ProtobufTraceSerializer.serializeRequest(someSpans()), protobuf);
  await two;
  await receiver.waitFor((receiver: OtlpReceiver) => receiver.requests().length === 1);
});

Deno.test("waitFor rejects in time, with what came instead", async () => {
  await using receiver = startReceiver();
  await post(`${receiver.url}/v1/traces`, ProtobufTraceSerializer.serializeRequest(someSpans()), protobuf);
  const error = await assertRejects(() => receiver.waitFor(() => false, { timeoutMs: 5 }), Error, "within 5 ms");
  assertStringIncludes(error.message, "/v1/traces 200. Names: root, empty.");
  await assertRejects(() => receiver.waitFor(() => fail("mine")), Error, "mine");
});

Deno.test("close lets go of a client that waits for ever", async () => {
  const asked = Promise.withResolvers<void>();
  const receiver = startReceiver({
    respond: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const hanging = assertRejects(() => post(`${receiver.url}/v1/traces`, new TextEncoder().encode("{}"), json));
  await asked.promise;
  await receiver.close();
  await hanging;
  assertEquals(receiver.requests(), []);
});
