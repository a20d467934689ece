/**
 * What a flush reports, and flushing providers that are somebody else's.
 *
 * @module
 */
import { orAborted } from "../deadline.ts";
import type { Counts, FlushReport } from "./options.ts";
import type { Registry } from "./registry.ts";
import type { Flushed } from "./span_queue.ts";

const ZERO: Counts = { exported: 0, failed: 0, dropped: 0 };

/** Nothing was sent. */
export const NO_REPORT: FlushReport = { spans: ZERO, metrics: ZERO, timedOut: false, errors: [] };

/** The report of both signals. */
export function reportOf({ spans, metrics }: { spans: Flushed; metrics: Flushed }, timedOut: boolean): FlushReport {
  return {
    spans: spans.counts,
    metrics: metrics.counts,
    timedOut,
    errors: [...new Set([...spans.errors, ...metrics.errors])],
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

/** The API registers a proxy; the provider with its `forceFlush` stands behind it. */
function delegateOf(provider: unknown): unknown {
  const proxy = provider as { getDelegate?: () => unknown } | undefined;
  return proxy?.getDelegate?.() ?? provider;
}
