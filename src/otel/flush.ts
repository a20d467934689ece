/**
 * What a flush reports, and flushing providers that are somebody else's.
 *
 * @module
 */
import { follow, LONGEST_TIMER_MS, orAborted } from "../deadline.ts";
import type { Counts, FlushReport } from "./options.ts";
import { delegateOf, type Registry } from "./registry.ts";
import type { Flushed } from "./span_queue.ts";

const ZERO: Counts = { exported: 0, failed: 0, dropped: 0 };

/** Nothing was sent. */
export const NO_REPORT: FlushReport = { spans: ZERO, metrics: ZERO, timedOut: false, errors: [] };

/** Works with a signal that aborts after so many milliseconds. */
export async function within<R>(timeoutMs: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const deadline = follow(undefined);
  const late = () => deadline.abort(new DOMException("The flush's deadline.", "TimeoutError"));
  const timer = setTimeout(late, Math.max(0, Math.min(timeoutMs, LONGEST_TIMER_MS)));
  try {
    return await work(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The report of both signals, and of what somebody else's providers did besides. */
export function reportOf(
  { spans, metrics }: { readonly spans: Flushed; readonly metrics: Flushed },
  theirs: FlushReport,
  timedOut: boolean,
): FlushReport {
  return {
    spans: spans.counts,
    metrics: metrics.counts,
    timedOut: timedOut || theirs.timedOut,
    errors: [...new Set([...spans.errors, ...metrics.errors, ...theirs.errors])],
  };
}

/** Calls `forceFlush` of the providers in the registry, where they have one; their counts are not known. */
export async function flushForeign({ trace, metrics }: Registry, signal: AbortSignal): Promise<FlushReport> {
  const errors: string[] = [];
  const flushed = [delegateOf(trace), metrics].map(async (provider) => {
    try {
      await (provider as { forceFlush?: () => Promise<void> } | undefined)?.forceFlush?.();
    } catch {
      errors.push("The registered provider's forceFlush failed");
    }
  });
  try {
    await orAborted(Promise.all(flushed), signal);
    return { ...NO_REPORT, errors };
  } catch {
    return { ...NO_REPORT, timedOut: true, errors };
  }
}
