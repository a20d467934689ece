/**
 * Usage and cost summed over the requests of an agent; a sum with an unknown part is unknown.
 *
 * @module
 */
import { addCost } from "../cost.ts";
import { LlmError } from "../error.ts";
import type { Result } from "../event.ts";
import { addUsage, type Cost, type Usage } from "../usage.ts";

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
  totals.usage = first ? usage : sumOf(totals.usage, usage, addUsage);
  totals.cost = first ? cost : sumOf(totals.cost, cost, addCost);
}

/** Tells on an error, which says nothing of that, what the answer had used that it came upon. */
export function tellTurn(error: unknown, result: Result | undefined): void {
  if (!(error instanceof LlmError) || error.usage !== undefined || result === undefined) return;
  Reflect.set(error, "usage", result.usage);
  Reflect.set(error, "cost", result.cost);
}

/** The same error with what the whole run used: the turns before the one that failed are paid for, too. */
export function withTotals(error: unknown, { usage, cost, requests }: Totals): unknown {
  if (!(error instanceof LlmError) || requests === 0) return error;
  const { usage: used, cost: paid } = error;
  // A failure without usage adds nothing that is known; one with it, whose price is not, makes the sum unknown.
  Reflect.set(error, "usage", used === undefined ? usage : sumOf(usage, used, addUsage));
  Reflect.set(error, "cost", used === undefined && paid === undefined ? cost : sumOf(cost, paid, addCost));
  return error;
}

/** A sum with an unknown part is unknown. */
function sumOf<V>(one: V | undefined, other: V | undefined, add: (one: V, other: V) => V): V | undefined {
  return one === undefined || other === undefined ? undefined : add(one, other);
}
