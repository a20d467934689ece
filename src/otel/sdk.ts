/**
 * Builds zero-config's own providers out of the OpenTelemetry SDK. Only ever reached by dynamic import: a program whose
 * telemetry is off, or is somebody else's, never loads the SDK.
 *
 * @module
 */
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  type AggregationTemporality,
  ConsoleMetricExporter,
  type IMetricReader,
  MeterProvider as SdkMeterProvider,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import {
  AlwaysOnSampler,
  ConsoleSpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider as SdkTracerProvider,
} from "@opentelemetry/sdk-trace";
import { orAborted } from "../deadline.ts";
import { isRequestBound } from "../runtime.ts";
import { countPoints } from "./clean.ts";
import type { SamplerEnvironment } from "./environment.ts";
import { otlpMetricSink, otlpSpanSink, type Sink } from "./exporter.ts";
import { guardedMeterProvider } from "./guarded_meters.ts";
import { guardedSampler, guardedTracerProvider } from "./guarded_tracers.ts";
import { injectedSink } from "./injected.ts";
import { createMetricReader, type MetricReaderOptions } from "./metric_reader.ts";
import { createSpanQueue, type Flushed } from "./span_queue.ts";
import type { OtelOptions, SpanProcessorLike } from "./options.ts";
import { resourceAttributes } from "./resource.ts";
import type { Settings } from "./settings.ts";
import { spanPrinter } from "./span_printer.ts";
import type { TroubleLog } from "./trouble.ts";

interface Flushable {
  /** Sends everything, without a report. */
  forceFlush(): Promise<void>;
}

/** The providers, and what can be done with them. */
export interface Providers {
  /** Undefined when traces go nowhere. */
  readonly tracerProvider: TracerProvider & Flushable | undefined;
  /** Undefined when metrics go nowhere. */
  readonly meterProvider: MeterProvider & Flushable | undefined;
  /** Sends everything. */
  flush(signal: AbortSignal, retryConnection: boolean): Promise<{ readonly spans: Flushed; readonly metrics: Flushed }>;
  /** Lets the filter decide about the traces it still holds; the last flush then sends those it keeps. */
  release(signal: AbortSignal): Promise<void>;
  /** Lets go of everything; what is somebody else's is not waited for once the signal aborts. */
  shutdown(signal: AbortSignal): Promise<void>;
  /** How many spans wait or are on their way. */
  pendingSpans(): number;
}

const NOTHING: Flushed = { counts: { exported: 0, failed: 0, dropped: 0 }, errors: [] };

/** Builds the providers. */
export function buildProviders(options: OtelOptions, settings: Settings, trouble: TroubleLog): Providers {
  const resource = resourceFromAttributes(resourceAttributes(options, settings));
  const requestBound = isRequestBound();
  const spanSink = spanSinkOf(options, settings);
  const queue = spanSink && createSpanQueue(spanSink, {
    ...settings.batch,
    eager: settings.processor === "simple",
    requestBound,
    trouble,
  });
  const metricSink = metricSinkOf(options, settings);
  const reader = metricSink && createMetricReader(metricSink, {
    intervalMs: settings.metricIntervalMs,
    temporality: settings.temporality,
    temporalityOf: temporalityOf(options),
    requestBound,
    trouble,
  });

  // The filter passes spans on; flushing and ending the queue is done here, with a report.
  const done = () => Promise.resolve();
  const filter = queue &&
    filterOf(options, { ...queue, forceFlush: done, shutdown: done } as unknown as SpanProcessorLike, trouble);
  const filtered = filter ?? queue;
  const guests = [...(options.spanProcessors ?? [])];
  const processors = [...(filtered === undefined ? [] : [filtered]), ...guests] as unknown as SpanProcessor[];
  if (settings.logLevel === "debug") processors.push(spanPrinter());
  const guestReaders = [...(options.metricReaders ?? [])] as unknown as IMetricReader[];
  const { attributeValueLengthLimit: longest } = settings;
  const sampler = samplerOf(settings.sampler);
  const givenSampler = options.sampler as Sampler | undefined;
  const tracerProvider = processors.length === 0 ? undefined : new SdkTracerProvider({
    resource,
    sampler: givenSampler === undefined ? sampler : guardedSampler(givenSampler, sampler, trouble),
    spanLimits: { attributeValueLengthLimit: longest },
    spanProcessors: processors.map((processor) => processor === queue ? queue : guarded(processor, trouble)),
  });
  const meterProvider = meterProviderOf(resource, reader === undefined ? [] : [reader], guestReaders, trouble);

  const underWay = new Set<Promise<unknown>>();
  return {
    // Whoever finds them in the registry may flush them, as another copy of this library does.
    tracerProvider: tracerProvider && {
      ...guardedTracerProvider(tracerProvider, { json: false, longest }),
      forceFlush: () => tracerProvider.forceFlush(),
    },
    meterProvider: meterProvider && {
      ...guardedMeterProvider(meterProvider, {
        cumulative: settings.temporality === "cumulative" && options.metricExporter === undefined &&
          guestReaders.length === 0,
      }),
      forceFlush: () => meterProvider.forceFlush(),
    },
    flush(signal, retryConnection) {
      const flushing = flush(signal, retryConnection).finally(() => underWay.delete(flushing));
      underWay.add(flushing);
      return flushing;
    },
    async release(signal) {
      if (filter !== undefined) await settled(() => orAborted(filter.shutdown(), signal));
    },
    async shutdown(signal) {
      // Another flush may have begun since: it ends by its own deadline, or by this one. Not across requests.
      if (!requestBound) await settled(() => orAborted(Promise.all(underWay), signal));
      const all = [queue, reader, ...guests, ...guestReaders].filter((each) => each !== undefined);
      await Promise.all(all.map((each) => settled(() => orAborted(each.shutdown(), signal))));
    },
    pendingSpans: () => queue?.pending() ?? 0,
  };

  async function flush(signal: AbortSignal, retryConnection: boolean): ReturnType<Providers["flush"]> {
    if (filter !== undefined) await settled(() => orAborted(filter.forceFlush(), signal));
    const own = Promise.all([
      queue?.flush(signal, retryConnection) ?? NOTHING,
      reader?.flush(signal, retryConnection) ?? NOTHING,
    ]);
    const theirs = [...guests, ...guestReaders].map((guest) => settled(() => orAborted(guest.forceFlush(), signal)));
    const [[spans, metrics]] = await Promise.all([own, ...theirs]);
    // An exporter of somebody else may have taken what it was given without having sent it.
    const exporters = [options.spanExporter, options.metricExporter];
    await Promise.all(exporters.map((each) => settled(() => orAborted(Promise.resolve(each?.forceFlush?.()), signal))));
    return { spans, metrics };
  }
}

function spanSinkOf(options: OtelOptions, { traces, batch }: Settings): Sink<ReadableSpan> | undefined {
  const given = options.spanExporter as unknown as SpanExporter | undefined;
  const exporter = given ?? (traces.exporter === "console" ? new ConsoleSpanExporter() : undefined);
  if (exporter !== undefined) {
    return injectedSink<ReadableSpan, ReadableSpan[]>(
      exporter,
      batch.exportTimeoutMs,
      (spans) => [...spans],
      (s) => s.length,
    );
  }
  if (traces.exporter !== "otlp") return undefined;
  return otlpSpanSink({ ...traces, timeoutMs: Math.min(traces.timeoutMs, batch.exportTimeoutMs) });
}

function metricSinkOf(options: OtelOptions, { metrics, metricTimeoutMs }: Settings): Sink<ResourceMetrics> | undefined {
  const given = options.metricExporter as unknown as PushMetricExporter | undefined;
  const exporter = given ?? (metrics.exporter === "console" ? new ConsoleMetricExporter() : undefined);
  if (exporter !== undefined) {
    const one = ([first]: readonly ResourceMetrics[]) => first as ResourceMetrics;
    return injectedSink<ResourceMetrics, ResourceMetrics>(exporter, metricTimeoutMs, one, countPoints);
  }
  if (metrics.exporter !== "otlp") return undefined;
  return otlpMetricSink({ ...metrics, timeoutMs: Math.min(metrics.timeoutMs, metricTimeoutMs) });
}

/** An exporter of somebody else may ask for a temporality; the option stands above it. */
function temporalityOf({ metricExporter, temporality }: OtelOptions): MetricReaderOptions["temporalityOf"] {
  const exporter = metricExporter as unknown as PushMetricExporter | undefined;
  if (temporality !== undefined || typeof exporter?.selectAggregationTemporality !== "function") return undefined;
  return (instrument) => exporter.selectAggregationTemporality?.(instrument) as AggregationTemporality;
}

/** Readers are somebody else's: one that cannot be bound must not cost the others. */
function meterProviderOf(
  resource: Resource,
  own: readonly IMetricReader[],
  guests: readonly IMetricReader[],
  trouble: TroubleLog,
): SdkMeterProvider | undefined {
  const usable = guests.filter((reader) => typeof reader?.setMetricProducer === "function");
  const all = [...own, ...usable];
  if (usable.length < guests.length) trouble.warn("A metric reader given is none that can be bound; it is left out.");
  if (all.length === 0) return undefined;
  try {
    return new SdkMeterProvider({ resource, readers: all });
  } catch {
    trouble.warn("A metric reader given could not be bound; none of those given is used.");
    return own.length === 0 ? undefined : new SdkMeterProvider({ resource, readers: [...own] });
  }
}

function samplerOf({ parentBased, ratio }: SamplerEnvironment): Sampler {
  const root = ratio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

/** A processor of the user's own must not change a call by throwing, nor end the program by rejecting. */
function guarded(processor: SpanProcessor, trouble: TroubleLog): SpanProcessor {
  const warn = () => trouble.warn("A span processor threw; the span it was given may be lost.");
  const safely = (run: () => unknown) => {
    try {
      const given = run();
      if (given !== undefined) Promise.resolve(given).catch(warn);
    } catch {
      warn();
    }
  };
  return {
    onStart: (span, context) => safely(() => processor.onStart(span, context)),
    onEnding: (span) => safely(() => processor.onEnding?.(span)),
    onEnd: (span) => safely(() => processor.onEnd(span)),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** The user's own filter, if there is one that can be made. */
function filterOf(
  { filter }: OtelOptions,
  next: SpanProcessorLike,
  trouble: TroubleLog,
): SpanProcessorLike | undefined {
  try {
    return filter?.(next);
  } catch {
    trouble.warn("The filter threw; spans are sent without it.");
    return undefined;
  }
}

async function settled(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch {
    // Somebody else's processor or reader: its failure is theirs to tell, and must not end ours.
  }
}
