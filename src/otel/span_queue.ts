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
import type { SendOptions } from "./transport.ts";
import type { TroubleLog } from "./trouble.ts";

/** How spans are gathered. */
export interface SpanQueueOptions {
  /** Spans beyond it are dropped, the newest first. */
  readonly maxQueueSize: number;
  /** The most spans in one export. */
  readonly maxExportBatchSize: number;
  /** Each span is sent as it ends; what gathers behind a slow export goes together. */
  readonly eager?: boolean | undefined;
  /** The longest a span waits. */
  readonly scheduledDelayMs: number;
  /** Nothing is sent but by a flush, and flushes share nothing. */
  readonly requestBound: boolean;
  /** Is told what is lost. */
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
  /** Aborts when no attempt is to follow the running one. */
  readonly hurry: AbortController;
  /** How many had been dropped when it began: a loss that goes on has not ended. */
  readonly droppedBefore: number;
  settled: boolean;
}

/** Makes the processor in front of `sink`. */
export function createSpanQueue(sink: Sink<ReadableSpan>, options: SpanQueueOptions): SpanQueue {
  const { maxQueueSize, scheduledDelayMs, requestBound, trouble } = options;
  const largest = Math.min(options.maxExportBatchSize, maxQueueSize);
  /** So many are sent at once; what has gathered behind a slow export goes together all the same. */
  const enough = options.eager ? 1 : largest;
  const tooLate = `${sink.place ?? "The exporter"} did not take them before the flush's deadline`;
  let queue: ReadableSpan[] = [];
  const dropped = { ever: 0, reported: 0, told: 0 };
  let closed = false;
  let running: { readonly batch: Batch; readonly done: Promise<void> } | undefined;
  let pumping = false;
  let timer: { readonly id: ReturnType<typeof setTimeout>; readonly soon: boolean } | undefined;
  let retryConnection = true;
  const tallies = new Set<Tally>();

  /** Books the outcome of the oldest spans; every flush that waits for them gets its share. */
  function book(size: number, outcome: Exported, droppedBefore = 0): void {
    for (const tally of tallies) {
      const share = Math.min(size, tally.left);
      const exported = Math.min(outcome.exported, share);
      tally.left -= share;
      tally.exported += exported;
      tally.failed += share - exported;
      outcome.errors.forEach((error) => tally.errors.add(error));
    }
    tell(outcome, droppedBefore);
  }

  function tell({ exported, failed, errors }: Exported, droppedBefore: number): void {
    if (failed > 0) trouble.lost("traces", failed, errors[0] ?? "An export failed");
    else if (exported > 0 && dropped.ever === droppedBefore) trouble.delivered("traces");
  }

  function step(): Promise<void> {
    if (running !== undefined) return running.done;
    // A batch ends where a flush's spans end, so that what becomes of it is either all the flush's, or not at all.
    const size = Math.min(largest, ...[...tallies].map(({ left }) => left).filter((left) => left > 0));
    const controller = new AbortController();
    const hurry = new AbortController();
    const batch: Batch = {
      spans: queue.slice(0, size),
      controller,
      hurry,
      droppedBefore: dropped.ever,
      settled: false,
    };
    queue = queue.slice(size);
    const how = { signal: controller.signal, retryConnection, hurry: hurry.signal };
    const done = attempt(batch.spans, how).then((outcome) => {
      running = undefined;
      if (batch.settled) return;
      batch.settled = true;
      book(batch.spans.length, outcome, batch.droppedBefore);
    });
    running = { batch, done };
    return done;
  }

  /** Sinks do not throw; one that did would leave its batch in flight for ever. */
  async function attempt(spans: readonly ReadableSpan[], how: SendOptions): Promise<Exported> {
    try {
      return await sink.send(spans, how);
    } catch {
      return { exported: 0, failed: spans.length, errors: ["The exporter threw"] };
    }
  }

  /** Sends on while there is enough for a batch, or while `all` is asked for. */
  async function pump(all: boolean): Promise<void> {
    if (pumping || requestBound) return;
    pumping = true;
    try {
      while (queue.length >= enough || all && queue.length > 0) await step();
    } finally {
      pumping = false;
      schedule();
    }
  }

  /** A full batch waits only until the program's own turn is over: encoding it must not delay who ended the last span. */
  function schedule(): void {
    const soon = queue.length >= enough;
    if (queue.length === 0) return unschedule();
    if (pumping || requestBound || closed) return;
    if (timer !== undefined && (timer.soon || !soon)) return;
    unschedule();
    const id = setTimeout(() => {
      timer = undefined;
      void pump(!soon);
    }, soon ? 0 : scheduledDelayMs);
    unrefTimer(id);
    timer = { id, soon };
  }

  function unschedule(): void {
    clearTimeout(timer?.id);
    timer = undefined;
  }

  /** Gives up the batch in flight, and so many of the queued spans. */
  function giveUp(queued: number, why: string): void {
    const failed = (count: number): Exported => ({ exported: 0, failed: count, errors: [why] });
    if (running !== undefined && !running.batch.settled) {
      const { spans, controller } = running.batch;
      running.batch.settled = true;
      controller.abort(new DOMException(`${why}.`, "TimeoutError"));
      book(spans.length, failed(spans.length));
    }
    if (queued === 0) return;
    queue = queue.slice(queued);
    book(queued, failed(queued));
  }

  /** How many are in flight and not given up. */
  function inFlight(): number {
    return running === undefined || running.batch.settled ? 0 : running.batch.spans.length;
  }

  /** Sends what is queued or in flight now. */
  async function drain(signal: AbortSignal, retry: boolean): Promise<Tally> {
    unschedule();
    const tally: Tally = { left: queue.length + inFlight(), exported: 0, failed: 0, errors: new Set() };
    if (requestBound) return await drainAlone(tally, signal);
    tallies.add(tally);
    retryConnection = retry;
    if (!retry) running?.batch.hurry.abort();
    try {
      while (tally.left > 0) await orAborted(step(), signal);
    } catch {
      // The signal aborted: sinks never throw. The batch in flight holds the oldest of what this flush waits for.
      if (tally.left > 0) giveUp(Math.max(0, tally.left - inFlight()), tooLate);
    } finally {
      tallies.delete(tally);
      retryConnection = true;
      schedule();
    }
    return tally;
  }

  /** Sends what is queued now, in this call alone. */
  async function drainAlone(tally: Tally, signal: AbortSignal): Promise<Tally> {
    const spans = queue;
    queue = [];
    const droppedBefore = dropped.ever;
    for (let at = 0; at < spans.length; at += largest) {
      const outcome = await attempt(spans.slice(at, at + largest), { signal, retryConnection: true });
      tally.exported += outcome.exported;
      tally.failed += outcome.failed;
      outcome.errors.forEach((error) => tally.errors.add(error));
    }
    tell({ ...tally, errors: [...tally.errors] }, droppedBefore);
    return tally;
  }

  /** Counts at once, and tells of all that one turn of the program drops together: whoever is told may be slow. */
  function drop(): void {
    if (dropped.ever++ === dropped.told) {
      queueMicrotask(() => {
        const count = dropped.ever - dropped.told;
        dropped.told = dropped.ever;
        trouble.lost("traces", count, `The queue of ${maxQueueSize} spans is full`);
      });
    }
  }

  return {
    onStart() {},
    onEnd(span) {
      if (closed || (span.spanContext().traceFlags & 1) === 0) return;
      if (queue.length >= maxQueueSize) return drop();
      queue.push(span);
      schedule();
    },
    async flush(signal, retry = true) {
      const { exported, failed, errors } = await drain(signal, retry);
      const fresh = dropped.ever - dropped.reported;
      dropped.reported = dropped.ever;
      return { counts: { exported, failed, dropped: fresh }, errors: [...errors] };
    },
    pending: () => queue.length + inFlight(),
    async forceFlush() {
      await drain(new AbortController().signal, true); // What was dropped is told by the next report.
    },
    async shutdown() {
      closed = true;
      unschedule();
      giveUp(queue.length, "Telemetry was shut down first");
      await sink.shutdown();
    },
  };
}
