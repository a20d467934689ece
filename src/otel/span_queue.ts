/**
 * A span processor that gathers spans and sends them in batches, with counts that add up exactly.
 *
 * One export runs at a time, as the specification has it. Where a request has a context of its own (workers) nothing is
 * shared between flushes: a promise begun in one request must not be awaited in another.
 *
 * @module
 */
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import { orAborted } from "../deadline.ts";
import { unrefTimer } from "../runtime.ts";
import type { Exported, Sink } from "./exporter.ts";
import type { Counts } from "./options.ts";
import type { TroubleLog } from "./trouble.ts";

/** How spans are gathered. */
export interface SpanQueueOptions {
  /** Spans beyond it are dropped, the newest first. */
  readonly maxQueueSize: number;
  /** The most spans in one export; 1 sends each as it ends. */
  readonly maxExportBatchSize: number;
  /** The longest a span waits. */
  readonly scheduledDelayMs: number;
  /** Nothing is sent but by a flush, and flushes share nothing. */
  readonly requestBound: boolean;
  /** Only these are sent: unsampled spans are not. */
  readonly trouble: TroubleLog;
}

/** What one flush did. */
export interface Flushed {
  /** What went which way. */
  readonly counts: Counts;
  /** Why something did not arrive. */
  readonly errors: readonly string[];
}

/** A span processor that can be flushed with a report. */
export interface SpanQueue extends SpanProcessor {
  /** Sends all that is queued or in flight; when the signal aborts, what is left has failed and is given up. */
  flush(signal: AbortSignal, retryConnection?: boolean): Promise<Flushed>;
  /** How many spans wait or are on their way. */
  pending(): number;
}

/** What a flush waits for: so many of the oldest spans. */
interface Tally {
  left: number;
  exported: number;
  failed: number;
  readonly errors: Set<string>;
}

interface Batch {
  readonly spans: readonly ReadableSpan[];
  readonly controller: AbortController;
  settled: boolean;
}

/** Makes the processor in front of `sink`. */
export function createSpanQueue(sink: Sink<ReadableSpan>, options: SpanQueueOptions): SpanQueue {
  const { maxQueueSize, scheduledDelayMs, requestBound, trouble } = options;
  const batchSize = Math.min(options.maxExportBatchSize, maxQueueSize);
  let queue: ReadableSpan[] = [];
  let dropped = 0;
  let closed = false;
  let running: { readonly batch: Batch; readonly done: Promise<void> } | undefined;
  let pumping = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryConnection = true;
  const tallies = new Set<Tally>();

  /** Books the outcome of the oldest spans; every flush that waits for them gets its share. */
  function book(size: number, outcome: Exported): void {
    for (const tally of tallies) {
      const share = Math.min(size, tally.left);
      const exported = Math.min(outcome.exported, share);
      tally.left -= share;
      tally.exported += exported;
      tally.failed += share - exported;
      outcome.errors.forEach((error) => tally.errors.add(error));
    }
    if (outcome.failed > 0) trouble.lost("traces", outcome.failed, outcome.errors[0] ?? "An export failed");
    else if (outcome.exported > 0) trouble.delivered("traces");
  }

  function step(): Promise<void> {
    if (running !== undefined) return running.done;
    const batch: Batch = { spans: queue.slice(0, batchSize), controller: new AbortController(), settled: false };
    queue = queue.slice(batchSize);
    const { signal } = batch.controller;
    const done = sink.send(batch.spans, { signal, retryConnection }).then((outcome) => {
      running = undefined;
      if (batch.settled) return;
      batch.settled = true;
      book(batch.spans.length, outcome);
    });
    running = { batch, done };
    return done;
  }

  /** Sends on while there is enough for a batch, or while `all` is asked for. */
  async function pump(all: boolean): Promise<void> {
    if (pumping || requestBound) return;
    pumping = true;
    try {
      while (queue.length >= batchSize || all && queue.length > 0) await step();
    } finally {
      pumping = false;
      schedule();
    }
  }

  function schedule(): void {
    if (timer !== undefined || queue.length === 0 || requestBound || closed) return;
    timer = setTimeout(() => {
      timer = undefined;
      void pump(true);
    }, scheduledDelayMs);
    unrefTimer(timer);
  }

  function unschedule(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  /** The deadline came: what this flush still waits for has failed. */
  function giveUp(tally: Tally): void {
    const reason = { exported: 0, errors: ["The flush's deadline came first"] };
    let left = tally.left;
    if (left > 0 && running !== undefined && !running.batch.settled) {
      const { batch } = running;
      batch.settled = true;
      batch.controller.abort(new DOMException("The flush's deadline came first.", "TimeoutError"));
      left -= Math.min(left, batch.spans.length);
      book(batch.spans.length, { ...reason, failed: batch.spans.length });
    }
    if (left === 0) return;
    queue = queue.slice(left);
    book(left, { ...reason, failed: left });
  }

  async function flush(signal: AbortSignal, retry = true): Promise<Flushed> {
    unschedule();
    if (requestBound) return await flushAlone(signal);
    const inFlight = running === undefined || running.batch.settled ? 0 : running.batch.spans.length;
    const tally: Tally = { left: queue.length + inFlight, exported: 0, failed: 0, errors: new Set() };
    tallies.add(tally);
    retryConnection = retry;
    try {
      while (tally.left > 0) await orAborted(step(), signal);
    } catch {
      giveUp(tally); // The signal aborted: sinks never throw.
    } finally {
      tallies.delete(tally);
      retryConnection = true;
      schedule();
    }
    return {
      counts: { exported: tally.exported, failed: tally.failed, dropped: takeDropped() },
      errors: [...tally.errors],
    };
  }

  /** Sends what is queued now, in this call alone. */
  async function flushAlone(signal: AbortSignal): Promise<Flushed> {
    const spans = queue;
    queue = [];
    let exported = 0, failed = 0;
    const errors = new Set<string>();
    for (let at = 0; at < spans.length; at += batchSize) {
      const batch = spans.slice(at, at + batchSize);
      const outcome = await sink.send(batch, { signal, retryConnection: true });
      exported += outcome.exported;
      failed += outcome.failed;
      outcome.errors.forEach((error) => errors.add(error));
    }
    if (failed > 0) trouble.lost("traces", failed, [...errors][0] ?? "An export failed");
    else if (exported > 0) trouble.delivered("traces");
    return { counts: { exported, failed, dropped: takeDropped() }, errors: [...errors] };
  }

  function takeDropped(): number {
    const count = dropped;
    dropped = 0;
    return count;
  }

  return {
    onStart() {},
    onEnd(span) {
      if (closed || (span.spanContext().traceFlags & 1) === 0) return;
      if (queue.length >= maxQueueSize) {
        dropped++;
        trouble.lost("traces", 1, `The queue of ${maxQueueSize} spans is full`);
        return;
      }
      queue.push(span);
      if (queue.length >= batchSize) void pump(false);
      else schedule();
    },
    flush,
    pending: () => queue.length + (running?.batch.spans.length ?? 0),
    async forceFlush() {
      await flush(new AbortController().signal);
    },
    async shutdown() {
      closed = true;
      unschedule();
      await sink.shutdown();
    },
  };
}
