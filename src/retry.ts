/**
 * The arithmetic of retrying: how long to wait. Pure; whoever waits is somewhere else.
 *
 * @module
 */

/** A wait that the other side asks for and that is longer than this is not waited for: the call fails at once. */
export const LONGEST_RETRY_AFTER_MS = 60_000;

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;

/**
 * How long the other side asks to wait, in milliseconds: `retry-after-ms`, then `retry-after` in seconds, then as an
 * HTTP date. Undefined where it does not say, or says something that is no time to come.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 *
 * @example
 * ```ts
 * import { retryAfterMs } from "./retry.ts";
 *
 * console.log(retryAfterMs(new Headers({ "retry-after": "2" }))); // 2000
 * ```
 */
export function retryAfterMs(headers: Headers, now: number = Date.now()): number | undefined {
  const milliseconds = decimal(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds;
  const value = headers.get("retry-after");
  const seconds = decimal(value);
  if (seconds !== undefined) return seconds * 1000;
  // An HTTP date names its day: `Date.parse` alone would take "-5" for a year.
  if (value === null || !/^[A-Za-z]{3,9},? /.test(value.trim())) return undefined;
  const wait = Date.parse(value) - now;
  return wait >= 0 ? wait : undefined;
}

/**
 * How long to wait before retry number `retry` (0 is the first), in milliseconds: doubling from half a second to eight,
 * of which up to a quarter is cut off at random, so that callers refused together do not come back together.
 *
 * @example
 * ```ts
 * import { backoffMs } from "./retry.ts";
 *
 * console.log(backoffMs(1, () => 0)); // 1000
 * ```
 */
export function backoffMs(retry: number, random: () => number = Math.random): number {
  const longest = Math.min(FIRST_BACKOFF_MS * 2 ** retry, LONGEST_BACKOFF_MS);
  return longest * (1 - random() / 4);
}

function decimal(value: string | null): number | undefined {
  if (value === null || !/^\s*\d+(\.\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}
