import { type Counter, type Meter, metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { assert, assertEquals } from "@std/assert";
import { startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { otlpMetricSink, type Sink } from "../../src/otel/exporter.ts";
import { createMetricReader } from "../../src/otel/metric_reader.ts";
import { fakeClock } from "../support/clock.ts";
import { gate, startCollector } from "../support/collector.ts";
import { counts, destination, rememberedTrouble } from "./ingredients.ts";

/** A reader in front of a sink, with a meter whose instruments it reads. */
function readerOf(sink: Sink<ResourceMetrics>) {
  const trouble = rememberedTrouble();
  const reader = createMetricReader(sink, { intervalMs: 1e9, temporality: "cumulative", requestBound: false, trouble });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("tests");
  const flush = () => reader.flush(new AbortController().signal);
  return { reader, meter, trouble, flush, [Symbol.asyncDispose]: () => reader.shutdown() };
}

Deno.test("50 flushes at once make 3 exports at the most, and every one reports success", async () => {
  await using collector = await startCollector();
  await using reading = readerOf(otlpMetricSink(destination(collector.url, "metrics")));
  reading.meter.createCounter("counter").add(1);
  const reports = await Promise.all(Array.from({ length: 50 }, reading.flush));
  assert(collector.asked >= 1 && collector.asked <= 3, `${collector.asked} exports`);
  assert(reports.every(({ counts, errors }) => counts.exported >= 1 && counts.failed === 0 && errors.length === 0));
});

Deno.test("a flush during an export sends what was recorded since, for all who wait", async () => {
  const slow = gate();
  await using collector = await startCollector(slow.fault);
  await using reading = readerOf(otlpMetricSink(destination(collector.url, "metrics")));
  const counter: Counter = reading.meter.createCounter("counter");
  counter.add(1);
  const first = reading.flush();
  await collector.arrived(1);
  counter.add(2);
  const second = reading.flush();
  counter.add(4);
  const third = reading.flush();
  slow.open();
  await Promise.all([first, second, third]);
  assertEquals(collector.receiver.metrics().map(({ value }) => value), [1, 7]);
});

/** An observable whose callback never resolves, and one beside it that answers. */
function observables(meter: Meter): void {
  meter.createObservableGauge("hung").addCallback(() => new Promise<void>(() => {}));
  meter.createObservableGauge("quick").addCallback((result) => result.observe(7));
  meter.createCounter("counter").add(1);
}

Deno.test("a callback that never resolves loses its own values alone, within a second", async () => {
  await using collector = await startCollector();
  using clock = fakeClock();
  await using reading = readerOf(otlpMetricSink(destination(collector.url, "metrics")));
  observables(reading.meter);
  const flushing = reading.flush();
  await clock.armed(1_000);
  await clock.tick(1_000);
  const { counts: told } = await flushing;
  assertEquals(told, counts(2));
  assertEquals(collector.receiver.metrics().map(({ name, value }) => [name, value]).sort(), [
    ["counter", 1],
    ["quick", 7],
  ]);
});

Deno.test("a callback that never resolves is told of once in words", async () => {
  await using collector = await startCollector();
  using clock = fakeClock();
  await using reading = readerOf(otlpMetricSink(destination(collector.url, "metrics")));
  observables(reading.meter);
  const flushing = reading.flush();
  await clock.armed(1_000);
  await clock.tick(1_000);
  await flushing;
  assertEquals(reading.trouble.warnings, ["A callback of an observable instrument failed; its values are missing."]);
});

/** The values of a counter to which 1 is added before each of two flushes. */
async function twice(asksFor: AggregationTemporality, options: TelemetryOptions): Promise<unknown[]> {
  const metricExporter = new InMemoryMetricExporter(asksFor);
  await using telemetry = await startTelemetry({
    env: { OTEL_TRACES_EXPORTER: "none" },
    metricIntervalMs: 1e9,
    metricExporter,
    ...options,
  });
  const counter = metrics.getMeter("tests").createCounter("counter");
  for (let flush = 0; flush < 2; flush++) {
    counter.add(1);
    await telemetry.flush();
  }
  return metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
}

const { CUMULATIVE, DELTA } = AggregationTemporality;

Deno.test("an exporter that asks for deltas is given deltas", async () => {
  assertEquals(await twice(DELTA, {}), [1, 1]);
});

Deno.test("an exporter's wish stands above the environment", async () => {
  const env = { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" };
  assertEquals(await twice(CUMULATIVE, { env }), [1, 2]);
});

Deno.test("the option temporality stands above an exporter's wish for deltas", async () => {
  assertEquals(await twice(DELTA, { temporality: "cumulative" }), [1, 2]);
});

Deno.test("the option temporality stands above an exporter's wish for sums", async () => {
  assertEquals(await twice(CUMULATIVE, { temporality: "delta" }), [1, 1]);
});
