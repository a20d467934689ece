/**
 * What the tests of the exporter are made of: ended spans, collected metrics, and a log of trouble that remembers.
 *
 * @module
 */
import { type Meter, type Span, SpanKind } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import type { SignalEnvironment } from "../../src/otel/environment.ts";
import type { Exported, Sink } from "../../src/otel/exporter.ts";
import { createMetricReader } from "../../src/otel/metric_reader.ts";
import type { Counts, Signal } from "../../src/otel/options.ts";
import { createSpanQueue, type SpanQueueOptions } from "../../src/otel/span_queue.ts";
import type { SendOptions, TransportOptions } from "../../src/otel/transport.ts";
import type { TroubleLog } from "../../src/otel/trouble.ts";

const { setTimeout, clearTimeout } = globalThis; // Tests replace the global ones.
const resource = resourceFromAttributes({ "service.name": "tests" });

/** Spans that have ended, named `span 0`, `span 1` and so on. */
export function endedSpans(count: number, shape: (span: Span, index: number) => void = () => {}): ReadableSpan[] {
  const ended: ReadableSpan[] = [];
  const nothing = () => Promise.resolve();
  const keep = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: nothing,
    shutdown: nothing,
  };
  const tracer = new TracerProvider({ resource, spanProcessors: [keep] }).getTracer("tests");
  for (let index = 0; index < count; index++) {
    const span = tracer.startSpan(`span ${index}`, { kind: SpanKind.CLIENT });
    shape(span, index);
    span.end();
  }
  return ended;
}

/** What a reader collects of what `record` records. */
export async function collectedMetrics(record: (meter: Meter) => void): Promise<ResourceMetrics> {
  let metrics: ResourceMetrics | undefined;
  const sink = {
    send([given]: readonly ResourceMetrics[]) {
      metrics = given;
      return Promise.resolve({ exported: 0, failed: 0, errors: [] });
    },
    shutdown: () => Promise.resolve(),
  };
  const trouble = rememberedTrouble();
  const reader = createMetricReader(sink, { intervalMs: 1e9, temporality: "cumulative", requestBound: true, trouble });
  record(new MeterProvider({ resource, readers: [reader] }).getMeter("tests"));
  await reader.flush(new AbortController().signal);
  if (metrics === undefined) throw new Error("Nothing was collected.");
  return metrics;
}

/** A counter with so many label sets. */
export function countedPoints(points: number, labels: (index: number) => Record<string, string>) {
  return (meter: Meter): void => {
    const counter = meter.createCounter("points");
    for (let index = 0; index < points; index++) counter.add(1, { index: String(index), ...labels(index) });
  };
}

/** Where a signal goes, as the environment would say it. */
export function destination(url: string, signal: Signal, over: Partial<SignalEnvironment> = {}): SignalEnvironment {
  return {
    exporter: "otlp",
    url: `${url}/v1/${signal}`,
    headers: {},
    protocol: "http/protobuf",
    timeoutMs: 10_000,
    gzip: false,
    ...over,
  };
}

/** The same for the transport alone. */
export function target(url: string, over: Partial<TransportOptions> = {}): TransportOptions {
  return { url, headers: {}, contentType: "application/x-protobuf", gzip: false, timeoutMs: 10_000, ...over };
}

/** Nobody gives up. */
export function patiently(over: Partial<SendOptions> = {}): SendOptions {
  return { signal: new AbortController().signal, retryConnection: true, ...over };
}

/** A log of trouble that remembers. */
export interface RememberedTrouble extends TroubleLog {
  readonly losses: readonly { readonly signal: Signal; readonly count: number; readonly reason: string }[];
  readonly deliveries: readonly Signal[];
  readonly warnings: readonly string[];
}

/** Makes one. */
export function rememberedTrouble(): RememberedTrouble {
  const losses: { signal: Signal; count: number; reason: string }[] = [];
  const deliveries: Signal[] = [];
  const warnings: string[] = [];
  return {
    losses,
    deliveries,
    warnings,
    lost: (signal, count, reason) => void losses.push({ signal, count, reason }),
    delivered: (signal) => void deliveries.push(signal),
    warn: (message) => void warnings.push(message),
  };
}

/** What is written to stderr by `console.error` until the end of the block. */
export function stderrLines(): { readonly lines: readonly string[] } & Disposable {
  const lines: string[] = [];
  const { error } = console;
  console.error = (...parts: unknown[]) => void lines.push(parts.join(" "));
  return {
    lines,
    [Symbol.dispose]() {
      console.error = error;
    },
  };
}

/** One export that waits for the test's answer. */
export interface Held {
  readonly names: readonly string[];
  readonly how: SendOptions;
  answer(outcome?: Partial<Exported>): void;
}

/** A sink whose exports the test answers; an abort answers with failure, as a sink must. */
export function heldSink() {
  const exports: Held[] = [];
  const waiting = new Set<() => void>();
  let closed = 0;
  const sink: Sink<ReadableSpan> = {
    send(spans, how) {
      const { promise, resolve } = Promise.withResolvers<Exported>();
      const { length } = spans;
      const abort = () => resolve({ exported: 0, failed: length, errors: ["aborted"] });
      how.signal.addEventListener("abort", abort);
      if (how.signal.aborted) abort();
      exports.push({
        names: spans.map(({ name }) => name),
        how,
        answer: (outcome = {}) => resolve({ exported: length, failed: 0, errors: [], ...outcome }),
      });
      for (const look of waiting) look();
      return promise;
    },
    shutdown: () => Promise.resolve(void closed++),
  };
  /** The export of that number from 0, once it is there. */
  function held(index: number): Promise<Held> {
    const { promise, resolve, reject } = Promise.withResolvers<Held>();
    const look = () => exports[index] && resolve(exports[index]);
    const timer = setTimeout(() => reject(new Error(`Only ${exports.length} exports came.`)), 5_000);
    waiting.add(look);
    look();
    return promise.finally(() => clearTimeout(timer));
  }
  return { sink, exports, held, closings: () => closed };
}

/** A queue in front of it. */
export function queueOf(sink: Sink<ReadableSpan>, over: Partial<SpanQueueOptions> = {}) {
  const trouble = rememberedTrouble();
  const options = { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMs: 5000, requestBound: false, trouble };
  const queue = createSpanQueue(sink, { ...options, ...over });
  const end = (spans: readonly ReadableSpan[]) => spans.forEach((span) => queue.onEnd(span));
  return { queue, trouble, end, flush: () => queue.flush(new AbortController().signal) };
}

/** What became of spans, or of data points. */
export const counts = (exported: number, failed = 0, dropped = 0): Counts => ({ exported, failed, dropped });
