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
import { unrefTimer } from "../runtime.ts";
import type { Sink } from "./exporter.ts";
import type { Flushed } from "./span_queue.ts";
import type { TroubleLog } from "./trouble.ts";

/** How metrics are sent. */
export interface MetricReaderOptions {
  /** How often. */
  readonly intervalMs: number;
  /** Whether sums and histograms count from the start or from the last export. */
  readonly temporality: "cumulative" | "delta";
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

/** Makes the reader in front of `sink`. */
export function createMetricReader(sink: Sink<ResourceMetrics>, options: MetricReaderOptions): FlushingMetricReader {
  const { intervalMs, temporality, requestBound, trouble } = options;
  let producer: MetricProducer | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  function schedule(): void {
    if (requestBound || closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void flush(new AbortController().signal), intervalMs);
    unrefTimer(timer);
  }

  async function once(signal: AbortSignal, retryConnection: boolean): Promise<Flushed> {
    if (producer === undefined) return { counts: { exported: 0, failed: 0, dropped: 0 }, errors: [] };
    const { resourceMetrics } = await producer.collect();
    const { exported, failed, errors } = await sink.send([resourceMetrics], { signal, retryConnection });
    if (failed > 0) trouble.lost("metrics", failed, errors[0] ?? "An export failed");
    else if (exported > 0) trouble.delivered("metrics");
    return { counts: { exported, failed, dropped: 0 }, errors };
  }

  /** One after the other, so that a later export never overtakes an earlier one; in workers each by itself. */
  async function flush(signal: AbortSignal, retryConnection = true): Promise<Flushed> {
    try {
      if (requestBound) return await once(signal, retryConnection);
      const mine = turn.then(() => once(signal, retryConnection));
      turn = mine.catch(() => {});
      return await mine;
    } catch {
      return { counts: { exported: 0, failed: 0, dropped: 0 }, errors: ["Collecting the metrics failed"] };
    } finally {
      schedule();
    }
  }

  return {
    setMetricProducer(given) {
      producer = given;
      schedule();
    },
    selectAggregation: () => ({ type: AggregationType.DEFAULT }),
    selectAggregationTemporality(instrument) {
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
      await sink.shutdown();
    },
  };
}
