/**
 * Tokens as OpenAI counts them, in both of its APIs.
 *
 * @module
 */
import { type Usage, usageOf } from "../usage.ts";
import { count } from "./raw.ts";

/** The counts, whatever their names in the API. */
export interface OpenaiCounts {
  /** Cached tokens included. */
  readonly input: unknown;
  /** Reasoning included. */
  readonly output: unknown;
  /** Of the input, read from the cache. */
  readonly read: unknown;
  /** Of the input, written to it. */
  readonly written: unknown;
  /** Of the output. */
  readonly reasoning: unknown;
  /** All of it, where the vendor says so. */
  readonly total?: unknown;
  /** Whether what the total has more is what the model thought, as at Gemini. */
  readonly hidesThoughts?: boolean;
}

/** OpenAI's input tokens include those read from and written to the cache; ours are disjoint. */
export function usageOfOpenai(counts: OpenaiCounts): Usage | undefined {
  const input = count(counts.input);
  const output = count(counts.output);
  if (input === undefined || output === undefined) return undefined;
  const cacheReadTokens = Math.min(count(counts.read) ?? 0, input);
  const cacheWriteTokens = Math.min(count(counts.written) ?? 0, input - cacheReadTokens);
  const more = (count(counts.total) ?? 0) - input - output;
  const told = count(counts.reasoning) ?? 0;
  const thought = told === 0 && counts.hidesThoughts === true ? Math.max(0, more) : told;
  // xAI counts reasoning beside the output; its total gives it away.
  const isBeside = thought > 0 && more === thought;
  return usageOf({
    inputTokens: input - cacheReadTokens - cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: isBeside ? output + thought : output,
    reasoningTokens: isBeside ? thought : Math.min(thought, output),
  });
}
