import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { assertEquals } from "@std/assert";
import type { Sink } from "../../src/otel/exporter.ts";
import { fakeClock } from "../support/clock.ts";
import { counts, endedSpans, heldSink, queueOf } from "./ingredients.ts";

Deno.test("a full queue drops the newest, counts them, and tells of them together", async () => {
  const { sink, held } = heldSink();
  const { queue, trouble, end, flush } = queueOf(sink, { maxQueueSize: 3, maxExportBatchSize: 3 });
  end(endedSpans(10));
  assertEquals(trouble.losses, []); // Whoever ended a span waits for nobody who is told.
  const flushing = flush();
  assertEquals(trouble.losses, []);
  (await held(0)).answer();
  assertEquals((await flushing).counts, counts(3, 0, 7));
  assertEquals((await held(0)).names, ["span 0", "span 1", "span 2"]);
  assertEquals(trouble.losses, [{ signal: "traces", count: 7, reason: "The queue of 3 spans is full" }]);
  assertEquals((await flush()).counts, counts(0)); // Dropped ones are reported once.
  await queue.shutdown();
});

Deno.test("spans wait for a full batch, or for the delay", async () => {
  using clock = fakeClock();
  const { sink, exports, held } = heldSink();
  const { queue, end } = queueOf(sink, { maxExportBatchSize: 3 });
  end(endedSpans(2));
  assertEquals([exports.length, clock.timers], [0, [5000]]);
  await clock.tick(4999);
  assertEquals(exports.length, 0);
  await clock.tick(1);
  assertEquals(exports.map(({ names }) => names.length), [2]);
  exports[0]!.answer();
  await clock.tick(0);
  end(endedSpans(7));
  assertEquals(exports.length, 1); // Not in the turn of whoever ends a span.
  (await held(1)).answer();
  (await held(2)).answer();
  await clock.armed(5000); // The one that is left.
  assertEquals(exports.map(({ names }) => names.length), [2, 3, 3]);
  await clock.tick(5000);
  assertEquals(exports.map(({ names }) => names.length), [2, 3, 3, 1]);
  await queue.shutdown();
});

Deno.test("a batch of one sends each span as it ends, one export at a time", async () => {
  const { sink, exports, held } = heldSink();
  const { queue, end } = queueOf(sink, { maxExportBatchSize: 1, scheduledDelayMs: 0 });
  end(endedSpans(3));
  for (let index = 0; index < 3; index++) {
    const one = await held(index);
    assertEquals([one.names, exports.length], [[`span ${index}`], index + 1]);
    one.answer();
  }
  await queue.shutdown();
});

Deno.test("spans that are not sampled are not sent", async () => {
  const { sink, exports } = heldSink();
  const { end, flush } = queueOf(sink);
  const [span] = endedSpans(1);
  const context = { ...span!.spanContext(), traceFlags: 0 };
  end([Object.create(span!, { spanContext: { value: () => context } })]);
  assertEquals([(await flush()).counts, exports.length], [counts(0), 0]);
});

Deno.test("flush waits for what is queued and for what is in flight", async () => {
  const { sink, held } = heldSink();
  const { queue, end, flush } = queueOf(sink, { maxExportBatchSize: 2 });
  end(endedSpans(3));
  const inFlight = await held(0);
  let flushed = false;
  const flushing = flush().finally(() => flushed = true);
  assertEquals(queue.pending(), 3);
  inFlight.answer();
  const queued = await held(1);
  assertEquals([flushed, queued.names], [false, ["span 2"]]);
  queued.answer();
  assertEquals([(await flushing).counts, queue.pending()], [counts(3), 0]);
});

Deno.test("concurrent flushes report what was dropped once among them", async () => {
  const { sink, held } = heldSink();
  const { end, flush } = queueOf(sink, { maxQueueSize: 2, maxExportBatchSize: 2 });
  end(endedSpans(5));
  const flushing = Promise.all([flush(), flush()]);
  (await held(0)).answer();
  assertEquals((await flushing).map((report) => report.counts.dropped), [3, 0]);
});

Deno.test("a flush is not charged with spans that end after it began", async () => {
  const { sink, exports, held } = heldSink();
  const { end, flush } = queueOf(sink, { maxExportBatchSize: 4 });
  end(endedSpans(6));
  const flushing = flush();
  end(endedSpans(6));
  (await held(0)).answer();
  (await held(1)).answer();
  assertEquals((await flushing).counts, counts(6));
  assertEquals(exports.map(({ names }) => names.length).slice(0, 2), [4, 2]); // No batch holds both.
  const next = flush();
  for (let index = 2; index < 4; index++) (await held(index)).answer();
  assertEquals((await next).counts, counts(6));
});

Deno.test("at the deadline running exports are aborted, and what was left has failed for good", async () => {
  const { sink, exports, held } = heldSink();
  const { queue, trouble, end, flush } = queueOf(sink, { maxExportBatchSize: 4 });
  end(endedSpans(10));
  const deadline = new AbortController();
  const flushing = queue.flush(deadline.signal);
  (await held(0)).answer();
  const inFlight = await held(1);
  end(endedSpans(3)); // Not this flush's.
  deadline.abort();
  const report = await flushing;
  assertEquals([report.counts, report.errors], [counts(4, 6), [
    "The exporter did not take them before the flush's deadline",
  ]]);
  assertEquals([inFlight.how.signal.aborted, queue.pending()], [true, 3]);
  assertEquals(trouble.losses.reduce((sum, { count }) => sum + count, 0), 6);
  const next = flush();
  (await held(2)).answer();
  assertEquals([(await next).counts, exports.length], [counts(3), 3]); // Given up, never reported again.
});

Deno.test("a deadline ends every flush that waits for the same spans", async () => {
  const { sink, held } = heldSink();
  const { queue, end, flush } = queueOf(sink, { maxExportBatchSize: 4 });
  end(endedSpans(6));
  const patient = flush();
  const deadline = new AbortController();
  const hasty = queue.flush(deadline.signal);
  await held(0);
  end(endedSpans(1));
  deadline.abort();
  assertEquals([(await hasty).counts, (await patient).counts], [counts(0, 6), counts(0, 6)]);
  const next = flush();
  (await held(1)).answer();
  assertEquals((await next).counts, counts(1));
});

Deno.test("a loss has not ended while the queue still overflows", async () => {
  const { sink, held } = heldSink();
  const { queue, trouble, end } = queueOf(sink, { maxQueueSize: 4, maxExportBatchSize: 2 });
  end(endedSpans(5)); // One is dropped.
  const first = await held(0);
  end(endedSpans(5)); // Three are dropped while the first batch is on its way.
  first.answer();
  const second = await held(1);
  assertEquals([trouble.losses.map(({ count }) => count), trouble.deliveries], [[1, 3], []]);
  second.answer();
  await held(2);
  assertEquals(trouble.deliveries, ["traces"]);
  await queue.shutdown();
});

Deno.test("a sink that throws loses its batch alone", async () => {
  const { sink, held } = heldSink();
  let first = true;
  const throwing: Sink<ReadableSpan> = {
    ...sink,
    send(...given) {
      if (!first) return sink.send(...given);
      first = false;
      throw new Error("not yours");
    },
  };
  const { end, flush } = queueOf(throwing, { maxExportBatchSize: 2 });
  end(endedSpans(4));
  const flushing = flush();
  (await held(0)).answer();
  const report = await flushing;
  assertEquals([report.counts, report.errors], [counts(2, 2), ["The exporter threw"]]);
});

Deno.test("forceFlush() sends everything and leaves the dropped ones to the next report", async () => {
  const { sink, held } = heldSink();
  const { queue, end, flush } = queueOf(sink, { maxQueueSize: 2, maxExportBatchSize: 2 });
  end(endedSpans(5));
  const forced = queue.forceFlush();
  (await held(0)).answer();
  await forced;
  assertEquals((await flush()).counts, counts(0, 0, 3));
});

Deno.test("shutdown gives up what nobody flushed, says so, and takes no more spans", async () => {
  const { sink, exports, held, closings } = heldSink();
  const { queue, trouble, end, flush } = queueOf(sink, { maxExportBatchSize: 2 });
  end(endedSpans(5));
  const inFlight = await held(0);
  await queue.shutdown();
  assertEquals([inFlight.how.signal.aborted, queue.pending(), closings()], [true, 0, 1]);
  assertEquals(trouble.losses.map(({ count, reason }) => [count, reason]), [
    [2, "Telemetry was shut down first"],
    [3, "Telemetry was shut down first"],
  ]);
  end(endedSpans(600));
  await queue.shutdown();
  assertEquals([(await flush()).counts, exports.length], [counts(0), 1]);
});

Deno.test("flush hands down whether a refused connection is tried again", async () => {
  const { sink, held } = heldSink();
  const { queue, end, flush } = queueOf(sink);
  end(endedSpans(1));
  const leaving = queue.flush(new AbortController().signal, false);
  (await held(0)).answer();
  await leaving;
  end(endedSpans(1));
  const staying = flush();
  (await held(1)).answer();
  await staying;
  assertEquals([(await held(0)).how.retryConnection, (await held(1)).how.retryConnection], [false, true]);
});

Deno.test("where requests have contexts of their own nothing is sent but by a flush, which shares nothing", async () => {
  using clock = fakeClock();
  const { sink, exports, held } = heldSink();
  const { queue, trouble, end, flush } = queueOf(sink, { requestBound: true, maxExportBatchSize: 2 });
  end(endedSpans(5));
  await clock.tick(60_000);
  assertEquals([exports.length, clock.timers], [0, []]);
  const first = flush();
  const second = flush();
  assertEquals((await second).counts, counts(0)); // It waits for nobody's request.
  (await held(0)).answer();
  (await held(1)).answer({ exported: 0, failed: 2, errors: ["no"] });
  (await held(2)).answer();
  assertEquals((await first).counts, counts(3, 2));
  assertEquals(trouble.losses, [{ signal: "traces", count: 2, reason: "no" }]);
  end(endedSpans(3));
  assertEquals((await queue.flush(AbortSignal.abort())).counts, counts(0, 3));
});
