/**
 * Marks of what Anthropic may cache (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
 *
 * @module
 */
import type { CacheMark } from "../message.ts";

/** A block that may carry a mark. */
export interface CacheableBlock {
  /** The mark. */
  cache_control?: { type: "ephemeral"; ttl?: "5m" | "1h" };
  /** Whatever else the block is made of. */
  readonly [field: string]: unknown;
}

/** How many marks a request may carry. */
const MOST_MARKS = 4;

/** Marks a block as the end of a prefix that may be cached; false and undefined mark nothing. */
export function markCached(block: CacheableBlock | undefined, mark: CacheMark | undefined): void {
  if (block === undefined || mark === undefined || mark === false) return;
  block.cache_control = mark === true ? { type: "ephemeral" } : { type: "ephemeral", ttl: mark };
}

/**
 * Brings marks in line with two rules of the vendor, which refuses a request otherwise: there are at most four, and a
 * longer one does not follow a shorter one. Beyond four the first ones go, for the later prefixes contain them.
 *
 * @param blocks In the order of the prompt: tools, system, messages.
 * @returns How many marks went.
 */
export function settleMarks(blocks: readonly CacheableBlock[]): number {
  const marked = blocks.filter((block) => block.cache_control !== undefined);
  const beyond = marked.splice(0, Math.max(0, marked.length - MOST_MARKS));
  for (const block of beyond) delete block.cache_control;
  let hour = false;
  for (const block of marked.reverse()) {
    hour ||= block.cache_control?.ttl === "1h";
    if (hour) block.cache_control = { type: "ephemeral", ttl: "1h" };
  }
  return beyond.length;
}
