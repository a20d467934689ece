/**
 * Spans and metrics as the encoder is given them: the same facts, every value one that OTLP has a form for.
 *
 * @module
 */
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { normalizeAttributes, type NormalizeOptions, wellFormed } from "./normalize.ts";

/** A span with clean attributes, its events' and links' too. */
export function cleanSpan(span: ReadableSpan, options: NormalizeOptions): ReadableSpan {
  return {
    name: wellFormed(span.name),
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext === undefined ? {} : { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status.message === undefined
      ? span.status
      : { code: span.status.code, message: wellFormed(String(span.status.message)) },
    attributes: normalizeAttributes(span.attributes, options),
    links: span.links.map((link) => ({ ...link, attributes: normalizeAttributes(link.attributes, options) })),
    events: span.events.map((event) => ({ ...event, attributes: normalizeAttributes(event.attributes, options) })),
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** Metrics with clean labels. A data point whose value is no number any more is left out. */
export function cleanMetrics(metrics: ResourceMetrics, options: NormalizeOptions): ResourceMetrics {
  return {
    resource: metrics.resource,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      scope: scope.scope,
      metrics: scope.metrics.map((metric) =>
        ({
          ...metric,
          dataPoints: metric.dataPoints
            .filter((point) => typeof point.value !== "number" || Number.isFinite(point.value))
            .map((point) => ({ ...point, attributes: normalizeAttributes(point.attributes, options) })),
        }) as typeof metric
      ),
    })),
  };
}

/** How many data points there are. */
export function countPoints(all: readonly ResourceMetrics[]): number {
  return all.flatMap((metrics) => metrics.scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .reduce((count, metric) => count + metric.dataPoints.length, 0);
}

/** The same metrics in two halves, for a body that would be too long; undefined where one metric alone is left. */
export function halveMetrics(metrics: ResourceMetrics): readonly [ResourceMetrics, ResourceMetrics] | undefined {
  const flat = metrics.scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map((metric) => ({ scope, metrics: [metric] }))
  );
  if (flat.length < 2) return undefined;
  const middle = flat.length >> 1;
  const { resource } = metrics;
  return [{ resource, scopeMetrics: flat.slice(0, middle) }, { resource, scopeMetrics: flat.slice(middle) }];
}
