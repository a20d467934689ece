/**
 * Which errors another attempt may help.
 *
 * @module
 */
import { ApiError, ConnectionError, TimeoutError } from "./error.ts";
import { LONGEST_RETRY_AFTER_MS } from "./retry.ts";
import { isRetryableStatus } from "./vendor_error.ts";

const final = new WeakSet<object>();

/** The same error, which no other attempt can help, although its class is one that is retried. */
export function neverAgain<E extends Error>(error: E): E {
  final.add(error);
  return error;
}

/** True where the error is one that another attempt may help. */
export function mayRetry(error: unknown): boolean {
  if (!(error instanceof Error) || final.has(error)) return false;
  if (error instanceof ConnectionError) return true;
  if (error instanceof TimeoutError) return error.phase === "connect";
  if (!(error instanceof ApiError)) return false;
  return isRetryableStatus(error.status) && error.code !== "insufficient_quota" &&
    (error.retryAfterMs ?? 0) <= LONGEST_RETRY_AFTER_MS;
}
