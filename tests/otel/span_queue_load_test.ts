import { assert, assertEquals } from "@std/assert";
import { otlpSpanSink } from "../../src/otel/exporter.ts";
import { fakeClock } from "../support/clock.ts";
import { gate, hangs, partial, startCollector } from "../support/collector.ts";
import { counts, destination, endedSpans, queueOf } from "./ingredients.ts";

Deno.test("flush waits for more than thirty batches", async () => {
  await using collector = await startCollector();
  const { end, flush } = queueOf(otlpSpanSink(destination(collector.url, "traces")), { maxExportBatchSize: 10 });
  end(endedSpans(345));
  assertEquals((await flush()).counts, counts(345));
  assertEquals([collector.receiver.requests().length, collector.receiver.spans().length], [35, 345]);
});

Deno.test("concurrent flushes each report what they found, and everything is sent once", async () => {
  await using collector = await startCollector();
  const { end, flush } = queueOf(otlpSpanSink(destination(collector.url, "traces")), { maxExportBatchSize: 10 });
  end(endedSpans(25));
  const first = flush();
  end(endedSpans(5));
  const reports = await Promise.all([first, flush(), flush()]);
  assertEquals(reports.map((report) => report.counts), [counts(25), counts(30), counts(30)]);
  assertEquals(collector.receiver.spans().length, 30);
});

Deno.test("a deadline that has passed gives up at once", async () => {
  await using collector = await startCollector(hangs);
  const { queue, end } = queueOf(otlpSpanSink(destination(collector.url, "traces")));
  end(endedSpans(600));
  assertEquals((await queue.flush(AbortSignal.abort())).counts, counts(0, 600));
  assertEquals([queue.pending(), collector.receiver.spans().length], [0, 0]);
});

Deno.test("10,000 spans queued and in flight arrive", async () => {
  await using collector = await startCollector();
  const { end, flush } = queueOf(otlpSpanSink(destination(collector.url, "traces")), { maxQueueSize: 20_000 });
  const all = endedSpans(10_000);
  end(all.slice(0, 600));
  await collector.arrived(1); // Some are in flight.
  end(all.slice(600));
  const { exported, failed, dropped } = (await flush()).counts;
  assert(exported > 9_000 && exported <= 10_000);
  assertEquals([failed, dropped], [0, 0]);
  const names = new Set(collector.receiver.spans().map(({ name }) => name));
  assertEquals([names.size, collector.receiver.spans().length], [10_000, 10_000]);
});

Deno.test("10,000 spans in the default queue are exported or dropped, each once", async () => {
  await using collector = await startCollector();
  const { end, flush } = queueOf(otlpSpanSink(destination(collector.url, "traces")));
  end(endedSpans(10_000));
  const { counts: told } = await flush();
  assertEquals(told, counts(2048, 0, 7952));
  assertEquals(collector.receiver.spans().length, told.exported);
});

Deno.test("a slow collector and a short deadline: the flush returns at it, and the counts add up", async () => {
  const slow = gate();
  await using collector = await startCollector(({ attempt, ...request }) =>
    attempt <= 2 ? undefined : slow.fault({ attempt, ...request })
  );
  using clock = fakeClock();
  const { queue, trouble, end } = queueOf(otlpSpanSink(destination(collector.url, "traces")));
  end(endedSpans(10_000));
  const deadline = new AbortController();
  globalThis.setTimeout(() => deadline.abort(), 2_000);
  const flushing = queue.flush(deadline.signal);
  await collector.arrived(3);
  await clock.tick(2_000);
  assertEquals((await flushing).counts, counts(1024, 1024, 7952));
  assertEquals(clock.elapsed, 2_000);
  assertEquals(trouble.losses.reduce((sum, { count }) => sum + count, 0), 1024 + 7952);
  assertEquals(queue.pending(), 0);
  slow.open();
});

Deno.test("what the back end rejects of a batch has failed", async () => {
  await using collector = await startCollector(partial(3));
  const { trouble, end, flush } = queueOf(otlpSpanSink(destination(collector.url, "traces")), {
    maxExportBatchSize: 10,
  });
  end(endedSpans(20));
  const report = await flush();
  assertEquals([report.counts, report.errors], [counts(14, 6), ["The back end rejected 3 of 10"]]);
  assertEquals(trouble.losses.map(({ count }) => count), [3, 3]);
});
