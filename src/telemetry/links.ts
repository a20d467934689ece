/**
 * Pointers from one span to another: to the span that is judged, continued or answered, in whichever trace it is.
 *
 * @module
 */
import { INVALID_SPAN_CONTEXT, isValidSpanId, isValidTraceId } from "@opentelemetry/api";
import type { Attributes, Link, TraceContext } from "../otel_types.ts";

/**
 * Makes a link to the span that `target` names, as `result.traceContext` does. Without a target, as while telemetry is off,
 * it points nowhere, and spans of this library leave it out.
 *
 * @example
 * ```ts
 * import { createSpanLink } from "@sik/llms";
 *
 * const target = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
 * console.log(createSpanLink(target, { "link.type": "follows" }).context.spanId); // "b7ad6b7169203331"
 * ```
 */
export function createSpanLink(target: TraceContext, attributes?: Attributes): Link {
  const { traceId, spanId, traceFlags } = target ?? INVALID_SPAN_CONTEXT;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return attributes === undefined ? { context } : { context, attributes };
}

/** True where `target` names a span: zeros, or what is no id, would make a link that no back end takes. */
export function isLinkable(target: TraceContext | null | undefined): target is TraceContext {
  return target !== undefined && target !== null && isValidTraceId(target.traceId) && isValidSpanId(target.spanId);
}
