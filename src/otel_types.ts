/**
 * OpenTelemetry's types under our own documented names, and the address of a span.
 *
 * The aliases keep exported signatures free of another package's private types, so that `deno doc --lint` stays clean.
 *
 * @module
 */
import type * as otel from "@opentelemetry/api";

/** Makes spans. The same type as `Tracer` of `@opentelemetry/api`. */
export type Tracer = otel.Tracer;

/** Makes metric instruments. The same type as `Meter` of `@opentelemetry/api`. */
export type Meter = otel.Meter;

/** An immutable set of values, the active span among them. The same type as `Context` of `@opentelemetry/api`. */
export type Context = otel.Context;

/** A pointer from one span to another. The same type as `Link` of `@opentelemetry/api`. */
export type Link = otel.Link;

/** Attribute names and values of spans, metrics and resources. The same type as `Attributes` of `@opentelemetry/api`. */
export type Attributes = otel.Attributes;

/** One span. The same type as `Span` of `@opentelemetry/api`. */
export type Span = otel.Span;

/** Where a span is to be found, in W3C terms (https://www.w3.org/TR/trace-context/#traceparent-header-field-values). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** Bit 0 set: sampled. */
  readonly traceFlags: number;
}
