/**
 * How a request ended, as its span tells it.
 *
 * @module
 */
import { isReasonOf } from "../deadline.ts";
import { ApiError, LlmError, ResponseError, TimeoutError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { TraceContext } from "../otel_types.ts";
import type { Ending } from "./attributes.ts";
import { type Capture, redacted } from "./content.ts";
import { EXCEPTION_MESSAGE } from "./names.ts";
import { errorTypeOf } from "./span.ts";

/** An error that is the signal's own reason is the caller's wish, any other a failure. */
export function endingOf(error: unknown, { signal }: ChatRequest): Ending {
  if (isReasonOf(signal, error)) return { outcome: "cancelled", errorType: errorTypeOf(error, "AbortError") };
  if (error instanceof ApiError) return { outcome: "error", errorType: String(error.status) };
  return { outcome: "error", errorType: errorTypeOf(error) };
}

/** Tells on an error where its call is found. */
export function tellWhere(error: unknown, place: TraceContext | undefined): void {
  if (error instanceof LlmError && error.traceContext === undefined) Reflect.set(error, "traceContext", place);
}

/** The total timeout of a reader that went away is the end of what it left behind, not a failure it saw. */
export function pausedEnding(reason: unknown): Ending {
  const errorType = reason instanceof TimeoutError || !(reason instanceof Error) ? undefined : errorTypeOf(reason);
  return errorType === undefined || errorType === "AbortError"
    ? { outcome: "cancelled" }
    : { outcome: "error", errorType };
}

/**
 * The sentence on a failed span: this library's own, which holds no content; the vendor's words, which may quote it,
 * only where content is recorded.
 */
export function sentenceOf({ outcome, errorType }: Ending, failure: unknown, capture: Capture): string {
  if (outcome === "cancelled") return "The caller ended the request.";
  if (!(failure instanceof LlmError)) return `The request failed: ${errorType}.`;
  const said = failure instanceof ApiError || failure instanceof ResponseError ? failure.vendorMessage : undefined;
  const words = said === undefined || !capture.output ? undefined : redacted(said, EXCEPTION_MESSAGE, capture);
  return words === undefined ? failure.message : `${failure.message} ${words}`;
}
