/**
 * Tokens as OpenAI counts them, in both of its APIs.
 *
 * @module
 */
import { type Usage, usageOf } from "../usage.ts";
import { count, record } from "./raw.ts";

/** The counts, whatever their names in the API. */
export interface OpenaiCounts {
  /** Cached tokens included. */
  readonly input: unknown;
  /** Reasoning included. */
  readonly output: unknown;
  /** `cached_tokens`, `cache_write_tokens`. */
  readonly inputDetails: unknown;
  /** `reasoning_tokens`. */
  readonly outputDetails: unknown;
  /** All of it, where the vendor says so. */
  readonly total?: unknown;
}

/** OpenAI's input tokens include those read from and written to the cache; ours are disjoint. */
export function usageOfOpenai(counts: OpenaiCounts): Usage | undefined {
  const input = count(counts.input);
  const output = count(counts.output);
  if (input === undefined || output === undefined) return undefined;
  const inputDetails = record(counts.inputDetails);
  const cacheReadTokens = Math.min(count(inputDetails["cached_tokens"]) ?? 0, input);
  const cacheWriteTokens = Math.min(count(inputDetails["cache_write_tokens"]) ?? 0, input - cacheReadTokens);
  const reasoningTokens = count(record(counts.outputDetails)["reasoning_tokens"]) ?? 0;
  // xAI counts reasoning beside the output; its total gives it away.
  const isBeside = reasoningTokens > 0 && count(counts.total) === input + output + reasoningTokens;
  return usageOf({
    inputTokens: input - cacheReadTokens - cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: isBeside ? output + reasoningTokens : output,
    reasoningTokens: isBeside ? reasoningTokens : Math.min(reasoningTokens, output),
  });
}
