/**
 * A metric reader that sends on an interval where timers live, and on every flush, with counts.
 *
 * @module
 */
import {
  AggregationTemporality,
  AggregationType,
  type IMetricReader,
  InstrumentType,
} from "@opentelemetry/sdk-metrics";
import type { MetricProducer, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { orAborted } from "../deadline.ts";
import { unrefTimer } from "../runtime.ts";
import { countPoints } from "./clean.ts";
import type { Sink } from "./exporter.ts";
import type { Flushed } from "./span_queue.ts";
import type { SendOptions } from "./transport.ts";
import type { TroubleLog } from "./trouble.ts";

/** How metrics are sent. */
export interface MetricReaderOptions {
  /** How often. */
  readonly intervalMs: number;
  /** Whether sums and histograms count from the start or from the last export. */
  readonly temporality: "cumulative" | "delta";
  /** What an exporter of somebody else asks for, which stands above that. */
  readonly temporalityOf?: ((instrument: InstrumentType) => AggregationTemporality) | undefined;
  /** Nothing is sent but by a flush. */
  readonly requestBound: boolean;
  /** Is told what is lost. */
  readonly trouble: TroubleLog;
}

/** A metric reader that can be flushed with a report. */
export interface FlushingMetricReader extends IMetricReader {
  /** Collects and sends; when the signal aborts, what was collected has failed. */
  flush(signal: AbortSignal, retryConnection?: boolean): Promise<Flushed>;
}

const MOST_LABEL_SETS = 2000;
/** A callback of somebody's that never resolves ends here, and the next export has its turn. */
const LONGEST_TURN_MS = 30_000;
/** A callback of an observable instrument that takes longer loses its values, and only its own. */
const LONGEST_CALLBACK_MS = 1_000;
const NOTHING: Flushed = { counts: { exported: 0, failed: 0, dropped: 0 }, errors: [] };

/** One export, from the collecting on. */
interface Turn {
  readonly controller: AbortController;
  /** Aborts when no attempt is to follow the running one. */
  readonly hurry: AbortController;
  /** Never rejects. */
  readonly done: Promise<Flushed>;
}

/** Makes the reader in front of `sink`. */
export function createMetricReader(sink: Sink<ResourceMetrics>, options: MetricReaderOptions): FlushingMetricReader {
  const { intervalMs, temporality, requestBound, trouble } = options;
  let producer: MetricProducer | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  /** What runs, then what waits for it. */
  const turns = new Set<Turn>();

  function schedule(): void {
    if (requestBound || closed || turns.size > 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => void take(true), intervalMs);
    unrefTimer(timer);
  }

  /** Never rejects. */
  async function once(signal: AbortSignal, how: Omit<SendOptions, "signal">): Promise<Flushed> {
    let points = 0;
    try {
      if (producer === undefined || closed) return NOTHING;
      signal.throwIfAborted();
      const { resourceMetrics, errors: missing } = await orAborted(
        producer.collect({ timeoutMillis: LONGEST_CALLBACK_MS }),
        signal,
      );
      if (missing.length > 0) trouble.warn("A callback of an observable instrument failed; its values are missing.");
      points = countPoints([resourceMetrics]);
      const { exported, failed, errors } = await sink.send([resourceMetrics], { ...how, signal });
      if (failed > 0) trouble.lost("metrics", failed, errors[0] ?? "An export failed");
      else if (exported > 0) trouble.delivered("metrics");
      return { counts: { exported, failed, dropped: 0 }, errors };
    } catch {
      const error = signal.aborted ? "The metrics were not collected in time" : "Collecting or sending metrics failed";
      if (points === 0) trouble.warn(`${error}.`);
      trouble.lost("metrics", points, error);
      return { counts: { exported: 0, failed: points, dropped: 0 }, errors: [error] };
    }
  }

  /** Exports when its turn has come: a later export must not overtake an earlier one. */
  function take(retryConnection: boolean): Turn {
    clearTimeout(timer);
    const before = [...turns].at(-1);
    // One that waits has not collected yet: it serves everyone who comes until it does.
    if (before !== undefined && turns.size > 1) return before;
    const controller = new AbortController();
    const hurry = new AbortController();
    const run = async () => {
      await before?.done;
      const limit = setTimeout(() => controller.abort(new DOMException("Too long.", "TimeoutError")), LONGEST_TURN_MS);
      unrefTimer(limit);
      const flushed = await once(controller.signal, { retryConnection, hurry: hurry.signal });
      clearTimeout(limit);
      turns.delete(turn);
      schedule();
      return flushed;
    };
    const turn: Turn = { controller, hurry, done: run() };
    turns.add(turn);
    return turn;
  }

  async function flush(signal: AbortSignal, retryConnection = true): Promise<Flushed> {
    if (requestBound) return await once(signal, { retryConnection }); // Shares nothing with another request.
    const [inFlight] = turns;
    const mine = take(retryConnection);
    const until = [...turns];
    if (!retryConnection) until.forEach(({ hurry }) => hurry.abort());
    const abort = () => until.forEach(({ controller }) => controller.abort(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const reports = [await inFlight?.done ?? NOTHING, await mine.done];
    signal.removeEventListener("abort", abort);
    const total = (what: "exported" | "failed") => reports.reduce((sum, { counts }) => sum + counts[what], 0);
    return {
      counts: { exported: total("exported"), failed: total("failed"), dropped: 0 },
      errors: reports.flatMap(({ errors }) => errors),
    };
  }

  return {
    setMetricProducer(given) {
      producer = given;
      schedule();
    },
    selectAggregation: () => ({ type: AggregationType.DEFAULT }),
    selectAggregationTemporality(instrument) {
      const chosen = options.temporalityOf?.(instrument);
      if (chosen !== undefined) return chosen;
      // What goes up and down has no meaning as a difference: the specification keeps it cumulative under delta too.
      const upDown = instrument === InstrumentType.UP_DOWN_COUNTER ||
        instrument === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER;
      return temporality === "delta" && !upDown ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
    },
    selectCardinalityLimit: () => MOST_LABEL_SETS,
    async collect() {
      if (producer === undefined) throw new Error("The reader is bound to no provider.");
      return await producer.collect();
    },
    flush,
    async forceFlush() {
      await flush(new AbortController().signal);
    },
    async shutdown() {
      closed = true;
      clearTimeout(timer);
      for (const { controller } of turns) controller.abort(new DOMException("Telemetry was shut down.", "AbortError"));
      await Promise.all([...turns].map(({ done }) => done));
      await sink.shutdown();
    },
  };
}
