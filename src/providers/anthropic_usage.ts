/**
 * Tokens and fees as Anthropic counts them (https://platform.claude.com/docs/en/about-claude/pricing).
 *
 * @module
 */
import { type Usage, usageOf } from "../usage.ts";
import { count, type Raw, record } from "./raw.ts";

/** What an answer used. */
export interface AnthropicUsage {
  /** Undefined where the vendor did not count both ways. */
  readonly usage: Usage | undefined;
  /** The part of `usage.cacheWriteTokens` that went into the 1-hour cache, at its own price. */
  readonly cacheWrite1hTokens: number | undefined;
  /** US dollars that are not counted in tokens. */
  readonly fees: number | undefined;
}

/** US dollars for a web search: $10 per 1,000. */
const SEARCH_FEE = 0.01;

/** Anthropic's input tokens do not include the cached ones: the parts are disjoint as they come. */
export function usageOfAnthropic(raw: Raw | undefined): AnthropicUsage {
  const searches = count(record(raw?.["server_tool_use"])["web_search_requests"]) ?? 0;
  const fees = searches === 0 ? undefined : searches * SEARCH_FEE;
  const inputTokens = count(raw?.["input_tokens"]);
  const outputTokens = count(raw?.["output_tokens"]);
  if (inputTokens === undefined || outputTokens === undefined) {
    return { usage: undefined, cacheWrite1hTokens: undefined, fees };
  }
  const classes = record(raw?.["cache_creation"]);
  const written1h = count(classes["ephemeral_1h_input_tokens"]) ?? 0;
  const written = count(raw?.["cache_creation_input_tokens"]) ??
    written1h + (count(classes["ephemeral_5m_input_tokens"]) ?? 0);
  const usage = usageOf({
    inputTokens,
    outputTokens,
    cacheReadTokens: count(raw?.["cache_read_input_tokens"]) ?? 0,
    cacheWriteTokens: written,
    reasoningTokens: count(record(raw?.["output_tokens_details"])["thinking_tokens"]) ?? 0,
  });
  const cacheWrite1hTokens = Math.min(written1h, written);
  return { usage, cacheWrite1hTokens: cacheWrite1hTokens === 0 ? undefined : cacheWrite1hTokens, fees };
}
