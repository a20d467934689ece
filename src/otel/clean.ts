/**
 * Spans and metrics as the encoder is given them: the same facts, every value one that OTLP has a form for.
 *
 * @module
 */
import { isSpanContextValid, type SpanContext, type SpanStatus, type TraceState, ValueType } from "@opentelemetry/api";
import type { Histogram, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { areClean, normalizeAttributes, type NormalizeOptions, textOf } from "./normalize.ts";

type Resource = ReadableSpan["resource"];
type Time = ReadableSpan["startTime"];

const INTERNAL = 0;
const MOST_KIND = 4;
const MOST_STATUS = 2;
const LONGEST_NAME = 1024;
const NANOSECONDS = 1e9;
/** Times are 64 bits of nanoseconds. */
const MOST_SECONDS = 2 ** 64 / NANOSECONDS;

/** A span with clean names, times, attributes and links, those of its events too: itself where nothing is to be done. */
export function cleanSpan(span: ReadableSpan, options: NormalizeOptions): ReadableSpan {
  if (isClean(span, options)) return span;
  const startTime = timeOf(span.startTime) ?? timeOf(span.endTime) ?? [0, 0];
  const endTime = timeOf(span.endTime) ?? startTime;
  const context = cleanContext(span.spanContext());
  const links = span.links.filter((link) =>
    (link.context ?? undefined) !== undefined && isSpanContextValid(link.context)
  );
  return {
    name: textOf(span.name),
    kind: isBetween(span.kind, MOST_KIND) ? span.kind : INTERNAL,
    spanContext: () => context,
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
    startTime,
    endTime,
    status: cleanStatus(span.status),
    attributes: normalizeAttributes(span.attributes, options),
    links: links.map((link) => ({
      ...link,
      context: cleanContext(link.context),
      attributes: normalizeAttributes(link.attributes, options),
    })),
    events: span.events.map((event) => ({
      ...event,
      name: textOf(event.name),
      time: timeOf(event.time) ?? startTime,
      attributes: normalizeAttributes(event.attributes, options),
    })),
    duration: span.duration,
    ended: span.ended,
    resource: cleanResource(span.resource, options),
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount + span.links.length - links.length,
  };
}

/** Nearly every span is. One with links or events, or with a trace state, is looked at more closely. */
function isClean(span: ReadableSpan, options: NormalizeOptions): boolean {
  const { name, kind, startTime, endTime, status, attributes, links, events, resource } = span;
  return typeof name === "string" && name.isWellFormed() && name.length <= LONGEST_NAME && isBetween(kind, MOST_KIND) &&
    timeOf(startTime) !== undefined && timeOf(endTime) !== undefined &&
    isBetween(status.code, MOST_STATUS) && status.message === undefined &&
    links.length === 0 && events.length === 0 && span.spanContext().traceState === undefined &&
    areClean(attributes, options) && cleanResource(resource, options) === resource;
}

/** Metrics with clean names, labels and numbers. A data point whose value is no number any more is left out. */
export function cleanMetrics(metrics: ResourceMetrics, options: NormalizeOptions): ResourceMetrics {
  return {
    resource: cleanResource(metrics.resource, options),
    scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => cleanMetric(metric, options)),
    })),
  };
}

/** How many data points there are. */
export function countPoints(all: readonly ResourceMetrics[]): number {
  return all.flatMap((metrics) => metrics.scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .reduce((count, metric) => count + metric.dataPoints.length, 0);
}

/** The same metrics in two halves, for a body that would be too long; undefined where one data point alone is left. */
export function halveMetrics(metrics: ResourceMetrics): readonly [ResourceMetrics, ResourceMetrics] | undefined {
  const flat = metrics.scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map((metric) => ({ scope, metrics: [metric] }))
  );
  const { resource } = metrics;
  const of = (scopeMetrics: typeof flat): ResourceMetrics => ({ resource, scopeMetrics });
  const middle = flat.length >> 1;
  if (middle > 0) return [of(flat.slice(0, middle)), of(flat.slice(middle))];
  const [only] = flat;
  const [metric] = only?.metrics ?? [];
  if (only === undefined || metric === undefined || metric.dataPoints.length < 2) return undefined;
  const cut = metric.dataPoints.length >> 1;
  const part = (from: number, to: number) => {
    const points = { ...metric, dataPoints: metric.dataPoints.slice(from, to) } as MetricData;
    return of([{ scope: only.scope, metrics: [points] }]);
  };
  return [part(0, cut), part(cut, metric.dataPoints.length)];
}

function cleanMetric(metric: MetricData, options: NormalizeOptions): MetricData {
  const { descriptor } = metric;
  const points = (metric.dataPoints as readonly MetricData["dataPoints"][number][])
    .filter(({ value }) => typeof value !== "number" || Number.isFinite(value));
  // One kind of number holds for all of a metric's points. What is rounded already is a double.
  const isRounded = points.some(({ value }) => Number.isInteger(value) && !Number.isSafeInteger(value));
  return {
    ...metric,
    descriptor: {
      ...descriptor,
      name: textOf(descriptor.name),
      description: textOf(descriptor.description),
      unit: textOf(descriptor.unit),
      valueType: isRounded ? ValueType.DOUBLE : descriptor.valueType,
    },
    dataPoints: points.map((point) => ({
      ...point,
      value: typeof point.value === "number" ? point.value : cleanDistribution(point.value as Histogram),
      attributes: normalizeAttributes(point.attributes, options),
    })),
  } as MetricData;
}

/** A sum that grew beyond all numbers is left out: it is optional, the counts are not. */
function cleanDistribution(value: Histogram): Histogram {
  const { sum, min, max, ...counts } = value;
  return {
    ...counts,
    ...(Number.isFinite(sum) ? { sum } : {}),
    ...(Number.isFinite(min) ? { min } : {}),
    ...(Number.isFinite(max) ? { max } : {}),
  } as Histogram;
}

/** Encoders group by the resource's identity, so that each is made clean once. */
const resources = { json: new WeakMap<Resource, Resource>(), protobuf: new WeakMap<Resource, Resource>() };

function cleanResource(resource: Resource, options: NormalizeOptions): Resource {
  const made = resources[options.json ? "json" : "protobuf"];
  let clean = made.get(resource);
  if (clean === undefined) {
    const { attributes } = resource;
    clean = areClean(attributes, options)
      ? resource
      : Object.create(resource, { attributes: { value: normalizeAttributes(attributes, options) } }) as Resource;
    made.set(resource, clean);
  }
  return clean;
}

/** Of the trace state, which a sampler may have made, its text alone. */
function cleanContext(context: SpanContext): SpanContext {
  const { traceState, ...rest } = context;
  if (traceState === undefined) return context;
  let text = "";
  try {
    text = textOf(traceState.serialize());
  } catch {
    // It says nothing then.
  }
  return text === "" ? rest : { ...rest, traceState: { serialize: () => text } as TraceState };
}

function cleanStatus({ code, message }: SpanStatus): SpanStatus {
  const known = isBetween(code, MOST_STATUS) ? code : 0;
  return message === undefined ? { code: known } : { code: known, message: textOf(message) };
}

/** The time, if it is one: what users pass may be an invalid Date, or lie outside of what 64 bits hold. */
function timeOf(time: Time): Time | undefined {
  const [seconds, nanoseconds] = time;
  return isBetween(seconds, MOST_SECONDS - 2) && isBetween(Math.trunc(nanoseconds), NANOSECONDS) ? time : undefined;
}

/** True for whole numbers from 0 up to `most`. */
function isBetween(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}
