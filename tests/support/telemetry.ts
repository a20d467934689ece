/**
 * Zero-config telemetry into memory, made for one test, read back flat.
 *
 * @module
 */
import type { Span, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { startTelemetry, type TelemetryOptions, type TraceContext } from "../../mod.ts";

/** Attributes and labels as they are. */
export type Values = Readonly<Record<string, unknown>>;

/** One ended span. */
export interface FlatSpan {
  readonly name: string;
  readonly kind: "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly status: "UNSET" | "OK" | "ERROR";
  readonly statusMessage: string | undefined;
  readonly attributes: Values;
  readonly links: readonly { readonly context: TraceContext; readonly attributes: Values }[];
  readonly seconds: number;
}

/** One data point of a metric. */
export interface FlatPoint {
  readonly name: string;
  readonly unit: string;
  readonly labels: Values;
  /** Of a counter. */
  readonly value?: number;
  /** Of a histogram, as the following three. */
  readonly count?: number;
  readonly sum?: number;
  readonly bounds?: readonly number[];
  /** How many values fell into each bucket. */
  readonly buckets?: readonly number[];
}

/** Telemetry into memory. */
export interface MemoryTelemetry extends AsyncDisposable {
  /** Every span that has ended, in the order in which they began. */
  spans(): Promise<readonly FlatSpan[]>;
  /** Every data point, as the last export has it. */
  points(name?: string): Promise<readonly FlatPoint[]>;
  /** Names of the spans that have begun and not ended. */
  readonly open: readonly string[];
  /** How often `end()` was called on each span, by id. */
  readonly endings: ReadonlyMap<string, number>;
  /** Resolves when `count` spans of that name have ended. */
  ended(name: string, count?: number): Promise<void>;
}

const kinds = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const codes = ["UNSET", "OK", "ERROR"] as const;
const { setTimeout, clearTimeout } = globalThis; // Tests replace the global ones.
const patienceMs = 5_000;

/**
 * Starts telemetry; `await using telemetry = await memoryTelemetry()` shuts it down at the end of the block. The process
 * environment plays no part.
 */
export async function memoryTelemetry(options: TelemetryOptions = {}): Promise<MemoryTelemetry> {
  const spanExporter = new InMemorySpanExporter();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const ledger = spanLedger();
  const telemetry = await startTelemetry({
    env: {},
    processor: "simple",
    spanExporter,
    metricExporter,
    metricIntervalMs: 2 ** 31 - 1,
    ...options,
    spanProcessors: [ledger.processor, ...options.spanProcessors ?? []],
  });
  if (telemetry.state.rule !== "zero-config") throw new Error(`Telemetry is not ours: ${telemetry.state.rule}.`);

  return {
    async spans() {
      await telemetry.flush();
      const order = [...ledger.begun.keys()];
      return spanExporter.getFinishedSpans().map(flatSpan).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
    },
    async points(name) {
      metricExporter.reset();
      await telemetry.flush();
      const points = metricExporter.getMetrics().flatMap(flatPoints);
      return name === undefined ? points : points.filter((point) => point.name === name);
    },
    get open() {
      return [...ledger.begun].filter(([id]) => !ledger.endings.has(id)).map(([, name]) => name);
    },
    endings: ledger.endings,
    ended: ledger.ended,
    async [Symbol.asyncDispose]() {
      await telemetry[Symbol.asyncDispose]();
    },
  };
}

/** Books every beginning and every end, whether or not the span is exported. */
function spanLedger() {
  const begun = new Map<string, string>();
  const endings = new Map<string, number>();
  const names: string[] = [];
  const waiting = new Set<() => void>();
  return {
    begun,
    endings,
    processor: {
      onStart(span: Span & ReadableSpan) {
        const { spanId } = span.spanContext();
        begun.set(spanId, span.name);
        // The SDK swallows a second end: who calls it is seen here alone.
        const { end } = span;
        span.end = (...time) => {
          endings.set(spanId, (endings.get(spanId) ?? 0) + 1);
          end.apply(span, time);
        };
      },
      onEnd(span: ReadableSpan) {
        names.push(span.name);
        for (const look of waiting) look();
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
    ended(name: string, count = 1): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (names.filter((each) => each === name).length >= count) resolve();
      };
      const timer = setTimeout(() => reject(new Error(`No ${name} ended within ${patienceMs} ms.`)), patienceMs);
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
  };
}

function flatSpan(span: ReadableSpan): FlatSpan {
  const { traceId, spanId } = span.spanContext();
  const [seconds, nanoseconds] = span.duration;
  return {
    name: span.name,
    kind: kinds[span.kind satisfies SpanKind]!,
    traceId,
    id: spanId,
    parentId: span.parentSpanContext?.spanId,
    status: codes[span.status.code satisfies SpanStatusCode]!,
    statusMessage: span.status.message,
    attributes: span.attributes,
    links: span.links.map(({ context: { traceId, spanId, traceFlags }, attributes = {} }) => ({
      context: { traceId, spanId, traceFlags },
      attributes,
    })),
    seconds: seconds + nanoseconds / 1e9,
  };
}

function flatPoints({ scopeMetrics }: ResourceMetrics): FlatPoint[] {
  return scopeMetrics.flatMap(({ metrics }) => metrics).flatMap((metric): FlatPoint[] => {
    const { name, unit } = metric.descriptor;
    switch (metric.dataPointType) {
      case DataPointType.HISTOGRAM:
        return metric.dataPoints.map(({ attributes, value: { count, sum, buckets } }) => ({
          name,
          unit,
          labels: attributes,
          count,
          sum: sum ?? 0,
          bounds: buckets.boundaries,
          buckets: buckets.counts,
        }));
      case DataPointType.SUM:
      case DataPointType.GAUGE:
        return metric.dataPoints.map(({ attributes, value }) => ({ name, unit, labels: attributes, value }));
      default:
        throw new Error(`${name} is of a kind that no test knows.`);
    }
  });
}

/** The spans as a tree, children indented by two spaces below their parents, in the order in which they began. */
export function tree(spans: readonly FlatSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ id }) => id));
  const below = (parent: string | undefined, indent: string): string[] =>
    spans.filter(({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : undefined) === parent)
      .flatMap((span) => [`${indent}${span.name}`, ...below(span.id, `${indent}  `)]);
  return below(undefined, "");
}

/** The one span of that name. */
export function spanNamed(spans: readonly FlatSpan[], name: string): FlatSpan {
  const [span, another] = spans.filter((each) => each.name === name);
  if (span === undefined || another !== undefined) {
    throw new Error(`Not one span ${name} among ${spans.map((each) => each.name).join(", ") || "none"}.`);
  }
  return span;
}

/** The one point of that name. */
export function pointNamed(points: readonly FlatPoint[], name: string): FlatPoint {
  const [point, another] = points.filter((each) => each.name === name);
  if (point === undefined || another !== undefined) {
    throw new Error(`Not one point of ${name} among ${points.map((each) => each.name).join(", ") || "none"}.`);
  }
  return point;
}
