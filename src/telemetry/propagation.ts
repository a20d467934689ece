/**
 * What other services are told of the trace: nothing, unless their origin is named
 * (https://www.w3.org/TR/trace-context/).
 *
 * @module
 */
import { isSpanContextValid, trace } from "@opentelemetry/api";
import { currentOptions } from "../otel/lifecycle.ts";
import type { Context } from "../otel_types.ts";
import type { ClientTelemetry, TelemetryOptions } from "./options.ts";

/** The headers that `url` is to get: trace context for the origins in `propagateTo`, else none. Baggage is never sent. */
export function propagationHeaders(
  options: ClientTelemetry,
  url: URL,
  context: Context,
): Readonly<Record<string, string>> {
  const origins = options.propagateTo ?? (currentOptions() as TelemetryOptions).propagateTo ?? [];
  if (!origins.some((origin) => URL.canParse(origin) && new URL(origin).origin === url.origin)) return {};
  return traceHeaders(context);
}

/** `traceparent`, and `tracestate` where there is one. */
export function traceHeaders(context: Context): Readonly<Record<string, string>> {
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span)) return {};
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, "0");
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
