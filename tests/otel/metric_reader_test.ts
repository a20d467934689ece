import type { Meter } from "@opentelemetry/api";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Exported, otlpMetricSink, type Sink } from "../../src/otel/exporter.ts";
import { createMetricReader, type MetricReaderOptions } from "../../src/otel/metric_reader.ts";
import { fakeClock } from "../support/clock.ts";
import { type Collector, gate, hangs, partial, startCollector, status } from "../support/collector.ts";
import { counts, destination, rememberedTrouble } from "./ingredients.ts";

/** A reader in front of a sink, with a meter whose instruments it reads. */
function readerOf(sink: Sink<ResourceMetrics>, over: Partial<MetricReaderOptions> = {}) {
  const trouble = rememberedTrouble();
  const options = { intervalMs: 5_000, temporality: "cumulative", requestBound: false, trouble } as const;
  const reader = createMetricReader(sink, { ...options, ...over });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("tests");
  const flush = () => reader.flush(new AbortController().signal);
  return { reader, meter, trouble, flush, [Symbol.asyncDispose]: () => reader.shutdown() };
}

const toCollector = ({ url }: Collector) => otlpMetricSink(destination(url, "metrics"));

/** Counts one, in so many label sets. */
function count(meter: Meter, labelSets = 1): void {
  for (let index = 0; index < labelSets; index++) meter.createCounter("counter").add(1, { index });
}

/** The sums of a counter, as they came, by export. */
const sums = ({ receiver }: Collector) =>
  receiver.requests().map(({ metrics }) => metrics.filter(({ name }) => name === "counter").map(({ value }) => value))
    .filter((values) => values.length > 0);

Deno.test("metrics are sent on the interval", async () => {
  await using collector = await startCollector();
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter);
  assertEquals(clock.timers, [5_000]);
  await clock.tick(4_999);
  assertEquals(collector.asked, 0);
  await clock.tick(1);
  await collector.arrived(1);
  await clock.armed(5_000); // The interval begins anew when an export is over.
  count(reading.meter);
  await clock.tick(5_000);
  await collector.arrived(2);
  await clock.armed(5_000);
  assertEquals(sums(collector), [[1], [2]]);
});

Deno.test("a flush sends at once and begins the interval anew", async () => {
  await using collector = await startCollector();
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 3);
  await clock.tick(4_000);
  assertEquals((await reading.flush()).counts, counts(3));
  assertEquals(clock.timers, [5_000]);
});

const SUMS: Readonly<Record<MetricReaderOptions["temporality"], number[][]>> = {
  cumulative: [[1], [3], [3]],
  delta: [[1], [2]],
};
for (const temporality of ["cumulative", "delta"] as const) {
  Deno.test(`${temporality} metrics count from the ${temporality === "delta" ? "last export" : "start"}`, async () => {
    await using collector = await startCollector();
    await using reading = readerOf(toCollector(collector), { temporality });
    reading.meter.createUpDownCounter("updown").add(-1);
    reading.meter.createHistogram("histogram").record(1);
    count(reading.meter);
    await reading.flush();
    count(reading.meter);
    count(reading.meter);
    await reading.flush();
    await reading.flush();
    assertEquals(sums(collector), SUMS[temporality]);
    const told = new Map(collector.receiver.metrics().map((point) => [point.name, point.temporality]));
    assertEquals([told.get("counter"), told.get("histogram"), told.get("updown")], [
      temporality,
      temporality,
      "cumulative", // What goes up and down has no meaning as a difference.
    ]);
  });
}

Deno.test("where requests have contexts of their own nothing is sent but by a flush, which shares nothing", async () => {
  const slow = gate();
  await using collector = await startCollector(({ attempt, ...rest }) =>
    attempt === 1 ? slow.fault({ attempt, ...rest }) : undefined
  );
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector), { requestBound: true });
  count(reading.meter, 2);
  await clock.tick(60_000);
  assertEquals([collector.asked, clock.timers], [0, []]);
  const first = reading.flush();
  await collector.arrived(1);
  assertEquals((await reading.flush()).counts, counts(2)); // It waits for nobody's request.
  slow.open();
  assertEquals((await first).counts, counts(2));
});

Deno.test("data points are counted, those that the back end rejects too", async () => {
  await using collector = await startCollector(partial(3));
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 7);
  reading.meter.createHistogram("histogram").record(1);
  assertEquals((await reading.flush()).counts, counts(5, 3));
  assertEquals(reading.trouble.losses.map(({ signal, count }) => [signal, count]), [["metrics", 3]]);
  await collector.misbehave(undefined);
  assertEquals((await reading.flush()).counts, counts(8));
  assertEquals(reading.trouble.deliveries, ["metrics"]);
});

Deno.test("a flush includes what is in flight, and exports never overtake each other", async () => {
  const slow = gate();
  await using collector = await startCollector(({ attempt, ...rest }) =>
    attempt === 1 ? slow.fault({ attempt, ...rest }) : undefined
  );
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 2);
  await clock.tick(5_000);
  await collector.arrived(1);
  count(reading.meter, 3);
  const flushing = reading.flush();
  await clock.tick(100);
  assertEquals(collector.asked, 1);
  slow.open();
  assertEquals((await flushing).counts, counts(5));
  assertEquals(sums(collector), [[1, 1], [2, 2, 1]]);
});

Deno.test("concurrent flushes each send once", async () => {
  await using collector = await startCollector();
  await using reading = readerOf(toCollector(collector), { temporality: "delta" });
  count(reading.meter, 4);
  await Promise.all([reading.flush(), reading.flush(), reading.flush()]);
  assertEquals(collector.receiver.metrics().reduce((sum, { value = 0 }) => sum + value, 0), 4);
});

Deno.test("a flush returns at its deadline although an earlier export hangs, and aborts both", async () => {
  await using collector = await startCollector(hangs);
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 2);
  await clock.tick(5_000);
  await collector.arrived(1);
  const deadline = new AbortController();
  const flushing = reading.reader.flush(deadline.signal);
  await clock.tick(1_000);
  deadline.abort(new Error("late"));
  const { counts: told, errors } = await flushing;
  assertEquals([told, clock.elapsed], [counts(0, 2), 6_000]);
  assert(errors.some((error) => error.endsWith("did not answer in time")), errors.join("; "));
  await collector.misbehave(undefined);
  assertEquals((await reading.flush()).counts, counts(2));
});

Deno.test("a callback that never resolves holds a flush no longer than its deadline", async () => {
  await using collector = await startCollector();
  await using reading = readerOf(toCollector(collector));
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  reading.meter.createObservableGauge("slow").addCallback(async () => {
    asked.resolve();
    await answer.promise;
  });
  const deadline = new AbortController();
  const flushing = reading.reader.flush(deadline.signal);
  await asked.promise;
  deadline.abort();
  const report = await flushing;
  assertEquals([report.counts, report.errors], [counts(0), ["The metrics were not collected in time"]]);
  answer.resolve();
});

Deno.test("a callback that never resolves does not keep later exports back for ever", async () => {
  await using collector = await startCollector();
  using clock = fakeClock();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter);
  let asked = 0;
  reading.meter.createObservableGauge("slow").addCallback(() =>
    asked++ === 0 ? new Promise<void>(() => {}) : undefined
  );
  await clock.tick(5_000);
  assertEquals([asked, collector.asked], [1, 0]);
  const flushing = reading.flush(); // Of both: the export that waits for the callback, and its own.
  await clock.tick(1_000);
  assertEquals((await flushing).counts, counts(2));
});

Deno.test("what fails is lost with its reason, and is told to have ended", async () => {
  await using collector = await startCollector(status(500));
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 2);
  const { counts: told, errors } = await reading.flush();
  assertEquals([told, errors], [counts(0, 2), [`${collector.url}/v1/metrics answered HTTP 500`]]);
  await collector.misbehave(undefined);
  await reading.flush();
  assertEquals(reading.trouble.losses.map(({ count }) => count), [2]);
  assertEquals(reading.trouble.deliveries, ["metrics"]);
});

Deno.test("a sink that throws loses its data points alone", async () => {
  let broken = true;
  const sink: Sink<ResourceMetrics> = {
    send() {
      if (broken) throw new Error("not yours");
      return Promise.resolve<Exported>({ exported: 2, failed: 0, errors: [] });
    },
    shutdown: () => Promise.resolve(),
  };
  await using reading = readerOf(sink);
  count(reading.meter, 2);
  assertEquals((await reading.flush()).counts, counts(0, 2));
  broken = false;
  assertEquals((await reading.flush()).counts, counts(2));
});

Deno.test("shutdown ends what runs, stops the interval, and may come twice", async () => {
  await using collector = await startCollector(hangs);
  using clock = fakeClock();
  const { reader, meter, trouble, flush } = readerOf(toCollector(collector));
  count(meter, 2);
  await clock.tick(5_000);
  await collector.arrived(1);
  await reader.shutdown();
  await reader.shutdown();
  assertEquals([clock.timers, trouble.losses.map(({ count }) => count)], [[], [2]]);
  count(meter);
  assertEquals((await flush()).counts, counts(0));
  assertEquals(collector.asked, 1);
});

Deno.test("a reader that is bound to no provider has nothing to send", async () => {
  const sink = { send: () => Promise.reject(new Error("asked")), shutdown: () => Promise.resolve() };
  const trouble = rememberedTrouble();
  const options = { intervalMs: 5_000, temporality: "cumulative", requestBound: true, trouble } as const;
  const reader = createMetricReader(sink, options);
  assertEquals((await reader.flush(new AbortController().signal)).counts, counts(0));
  await assertRejects(() => reader.collect(), Error, "bound to no provider");
});

Deno.test("label sets are bounded", async () => {
  await using collector = await startCollector();
  await using reading = readerOf(toCollector(collector));
  count(reading.meter, 3_000);
  assertEquals((await reading.flush()).counts, counts(2_000));
});
