/**
 * Usage and cost summed over the requests of an agent; a sum with an unknown part is unknown.
 *
 * @module
 */
import { LlmError } from "../error.ts";
import type { Result } from "../event.ts";
import { type Cost, type Usage, usageOf } from "../usage.ts";

/** Sums as they grow. */
export interface Totals {
  /** Undefined once a request gave none. */
  usage: Usage | undefined;
  /** Undefined once a request had none. */
  cost: Cost | undefined;
  /** How many requests were added. */
  requests: number;
}

/** Sums of nothing. */
export function noTotals(): Totals {
  return { usage: undefined, cost: undefined, requests: 0 };
}

/** Adds a request. */
export function addResult(totals: Totals, { usage, cost }: Pick<Result, "usage" | "cost">): void {
  const first = totals.requests++ === 0;
  totals.usage = first ? usage : addUsage(totals.usage, usage);
  totals.cost = first ? cost : addCost(totals.cost, cost);
}

/** The same error with what the whole run used: the turns before the one that failed are paid for, too. */
export function withTotals(error: unknown, { usage, cost, requests }: Totals): unknown {
  if (!(error instanceof LlmError) || requests === 0) return error;
  const { usage: used, cost: paid } = error;
  // A failure without usage adds nothing that is known; one with it, whose price is not, makes the sum unknown.
  Reflect.set(error, "usage", used === undefined ? usage : addUsage(usage, used));
  Reflect.set(error, "cost", used === undefined && paid === undefined ? cost : addCost(cost, paid));
  return error;
}

function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return undefined;
  return usageOf({
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  });
}

function addCost(a: Cost | undefined, b: Cost | undefined): Cost | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    other: a.other + b.other,
    total: a.total + b.total,
    currency: "USD",
    // Of a bill in part the vendor's own and in part reckoned, the whole is reckoned.
    source: a.source === b.source ? a.source : "catalog",
  };
}
