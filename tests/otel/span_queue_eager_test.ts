import { context, createContextKey, trace } from "@opentelemetry/api";
import { assert, assertEquals } from "@std/assert";
import { getTracer, type SpanProcessorLike, startTelemetry, tailFilter } from "../../mod.ts";
import { registry } from "../../src/otel/registry.ts";
import { fakeClock } from "../support/clock.ts";
import { gate, hangs, startCollector } from "../support/collector.ts";
import { counts, endedSpans, heldSink, queueOf } from "./ingredients.ts";

const NO_METRICS = { OTEL_METRICS_EXPORTER: "none" };
const { setTimeout, clearTimeout } = globalThis; // The fake clock replaces the global ones.

/** The same promise, of which the test does not wait for ever where the deadline that is tested does not come. */
function soon<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("It did not end in time.")), 5_000);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test("an eager queue sends the first span as it ends, and joins what gathers behind it", async () => {
  const { sink, held } = heldSink();
  const { queue, end, flush } = queueOf(sink, { eager: true });
  end(endedSpans(1));
  const first = await held(0);
  assertEquals(first.names, ["span 0"]);
  end(endedSpans(9));
  first.answer();
  const second = await held(1);
  assertEquals(second.names.length, 9);
  second.answer();
  assertEquals([(await flush()).counts.failed, queue.pending()], [0, 0]);
  await queue.shutdown();
});

Deno.test("an eager queue joins no more than maxExportBatchSize", async () => {
  const { sink, held } = heldSink();
  const { queue, end } = queueOf(sink, { eager: true, maxExportBatchSize: 4 });
  end(endedSpans(1));
  const first = await held(0);
  end(endedSpans(9));
  first.answer();
  for (const [index, expected] of [[1, 4], [2, 4], [3, 1]] as const) {
    const next = await held(index);
    assertEquals(next.names.length, expected);
    next.answer();
  }
  await queue.shutdown();
});

Deno.test("processor simple: 300 spans behind a slow collector are joined, and all there by the flush", async () => {
  const slow = gate();
  await using collector = await startCollector(slow.fault);
  await using telemetry = await startTelemetry({
    enabled: true,
    env: NO_METRICS,
    endpoint: collector.url,
    processor: "simple",
  });
  getTracer("users").startSpan("first").end();
  await collector.arrived(1);
  for (let number = 1; number < 300; number++) getTracer("users").startSpan(`span ${number}`).end();
  const flushing = telemetry.flush();
  slow.open();
  assertEquals((await flushing).spans, counts(300));
  assertEquals(collector.receiver.spans().length, 300);
  assert(collector.asked <= 3, `${collector.asked} requests`);
});

Deno.test("OTEL_BSP_EXPORT_TIMEOUT bounds an OTLP export", async () => {
  await using collector = await startCollector(hangs);
  await using telemetry = await startTelemetry({
    enabled: true,
    env: { ...NO_METRICS, OTEL_BSP_EXPORT_TIMEOUT: "300" },
    endpoint: collector.url,
    onError: () => {},
  });
  using clock = fakeClock();
  getTracer("users").startSpan("mine").end();
  const flushing = telemetry.flush();
  await collector.arrived(1);
  await clock.tick(301);
  const { spans, timedOut } = await soon(flushing);
  assertEquals([spans, timedOut], [counts(0, 1), false]);
});

Deno.test("a longer OTEL_BSP_EXPORT_TIMEOUT does not stretch the exporter's own", async () => {
  await using collector = await startCollector(hangs);
  await using telemetry = await startTelemetry({
    enabled: true,
    env: { ...NO_METRICS, OTEL_BSP_EXPORT_TIMEOUT: "9000", OTEL_EXPORTER_OTLP_TIMEOUT: "400" },
    endpoint: collector.url,
    onError: () => {},
  });
  using clock = fakeClock();
  getTracer("users").startSpan("mine").end();
  const flushing = telemetry.flush();
  await collector.arrived(1);
  await clock.tick(401);
  assertEquals((await soon(flushing)).spans, counts(0, 1));
});

/** A filter that keeps what it is given until it is flushed. */
function holding(next: SpanProcessorLike): SpanProcessorLike {
  const kept: never[] = [];
  const release = () => {
    for (const span of kept.splice(0)) next.onEnd(span);
    return Promise.resolve();
  };
  return { onStart() {}, onEnd: (span) => void kept.push(span as never), forceFlush: release, shutdown: release };
}

Deno.test("a filter of the user's own is flushed first, and the same flush sends what it lets go", async () => {
  await using collector = await startCollector();
  const env = NO_METRICS;
  await using telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url, filter: holding });
  getTracer("users").startSpan("mine").end();
  assertEquals((await telemetry.flush()).spans, counts(1));
});

Deno.test("a filter whose forceFlush rejects does not keep the flush from sending", async () => {
  await using collector = await startCollector();
  const filter = (next: SpanProcessorLike): SpanProcessorLike => ({
    onStart() {},
    onEnd: (span) => next.onEnd(span),
    forceFlush: () => Promise.reject(new Error("broken")),
    shutdown: () => Promise.resolve(),
  });
  await using telemetry = await startTelemetry({ enabled: true, env: NO_METRICS, endpoint: collector.url, filter });
  getTracer("users").startSpan("mine").end();
  assertEquals((await telemetry.flush()).spans, counts(1));
});

Deno.test("the tail filter decides nothing on a flush about a trace that goes on", async () => {
  await using collector = await startCollector();
  const filter = (next: SpanProcessorLike) => tailFilter(next, { ratio: 1 });
  await using telemetry = await startTelemetry({ enabled: true, env: NO_METRICS, endpoint: collector.url, filter });
  const root = getTracer("users").startSpan("root");
  getTracer("users").startSpan("child", {}, trace.setSpan(context.active(), root)).end();
  assertEquals((await telemetry.flush()).spans, counts(0));
  root.end();
  assertEquals((await telemetry.flush()).spans, counts(2));
});

/** A processor whose shutdown the test ends, and that says when it began. */
function slowToEnd() {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const processor: SpanProcessorLike = {
    onStart() {},
    onEnd() {},
    forceFlush: () => Promise.resolve(),
    shutdown() {
      began.resolve();
      return end.promise;
    },
  };
  return { processor, began: began.promise, end: end.resolve };
}

Deno.test("telemetry started anew while a shutdown still waits keeps providers and context manager", async () => {
  await using collector = await startCollector();
  const options = { enabled: true, env: NO_METRICS, endpoint: collector.url };
  const slow = slowToEnd();
  const first = await startTelemetry({ ...options, spanProcessors: [slow.processor] });
  const shutdown = first.shutdown();
  await slow.began;
  await using second = await startTelemetry(options);
  const { context: manager } = registry();
  slow.end();
  await shutdown;
  assert(manager !== undefined && registry().context === manager);
  const key = createContextKey("carried");
  const seen = context.with(context.active().setValue(key, 7), () => context.active().getValue(key));
  trace.getTracer("users").startSpan("mine").end();
  assertEquals([seen, second.state.rule, (await second.flush()).spans], [7, "zero-config", counts(1)]);
});
