/**
 * Tokens and fees as Anthropic counts them (https://platform.claude.com/docs/en/about-claude/pricing).
 *
 * @module
 */
import type { Pass } from "../provider.ts";
import { type Usage, usageOf } from "../usage.ts";
import { count, type Raw, record } from "./raw.ts";

/** What an answer used. */
export interface AnthropicUsage {
  /** Undefined where the vendor did not count both ways. */
  readonly usage: Usage | undefined;
  /** The part of `usage.cacheWriteTokens` that went into the 1-hour cache, at its own price. */
  readonly cacheWrite1hTokens: number | undefined;
  /** The passes, where there were several. */
  readonly passes?: readonly Pass[] | undefined;
  /** US dollars that are not counted in tokens. */
  readonly fees: number | undefined;
  /** What the way of serving multiplies the prices of tokens by; NaN where that is not known. */
  readonly priceFactor: number | undefined;
}

/** US dollars for a web search: $10 per 1,000. */
const SEARCH_FEE = 0.01;

/** What inference in the US alone costs over the price of the same model anywhere. */
const US_FACTOR = 1.1;

/** Anthropic's input tokens do not include the cached ones: the parts are disjoint as they come. */
export function usageOfAnthropic(raw: Raw | undefined): AnthropicUsage {
  const searches = count(record(raw?.["server_tool_use"])["web_search_requests"]) ?? 0;
  const fees = searches === 0 ? undefined : searches * SEARCH_FEE;
  const priceFactor = factorOf(raw);
  const turn = tokensOf(raw);
  if (turn === undefined) return { usage: undefined, cacheWrite1hTokens: undefined, fees, priceFactor };
  const all = [turn, ...compactions(raw)];
  const sum = (of: (tokens: Tokens) => number) => all.reduce((total, tokens) => total + of(tokens), 0);
  const usage = usageOf({
    inputTokens: sum(({ input }) => input),
    outputTokens: sum(({ output }) => output),
    cacheReadTokens: sum(({ read }) => read),
    cacheWriteTokens: sum(({ written }) => written),
    reasoningTokens: count(record(raw?.["output_tokens_details"])["thinking_tokens"]) ?? 0,
  });
  const hour = sum(({ written1h }) => written1h);
  const passes = all.length === 1 ? {} : { passes: all.map(passOf) };
  return { usage, cacheWrite1hTokens: hour === 0 ? undefined : hour, ...passes, fees, priceFactor };
}

function passOf({ input, output, read, written, written1h }: Tokens): Pass {
  const usage = usageOf({
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens: read,
    cacheWriteTokens: written,
  });
  return { usage, cacheWrite1hTokens: written1h };
}

interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly read: number;
  readonly written: number;
  readonly written1h: number;
}

function tokensOf(raw: Raw | undefined): Tokens | undefined {
  const input = count(raw?.["input_tokens"]);
  const output = count(raw?.["output_tokens"]);
  if (input === undefined || output === undefined) return undefined;
  const classes = record(raw?.["cache_creation"]);
  const written1h = count(classes["ephemeral_1h_input_tokens"]) ?? 0;
  const written = count(raw?.["cache_creation_input_tokens"]) ??
    written1h + (count(classes["ephemeral_5m_input_tokens"]) ?? 0);
  const read = count(raw?.["cache_read_input_tokens"]) ?? 0;
  return { input, output, read, written, written1h: Math.min(written1h, written) };
}

/**
 * The passes that made a conversation shorter: they are billed, and the counts above them leave them out
 * (https://platform.claude.com/docs/en/build-with-claude/compaction).
 */
function compactions(raw: Raw | undefined): readonly Tokens[] {
  const passes = raw?.["iterations"];
  if (!Array.isArray(passes)) return [];
  return passes.map(record).filter(({ type }) => type === "compaction").map(tokensOf).filter((tokens) => !!tokens);
}

/**
 * Where and how fast it was served (https://platform.claude.com/docs/en/about-claude/pricing): another speed has a price
 * of its own for each model, which nobody here knows.
 */
function factorOf(raw: Raw | undefined): number | undefined {
  const speed = raw?.["speed"];
  if (typeof speed === "string" && speed !== "standard") return NaN;
  return raw?.["inference_geo"] === "us" ? US_FACTOR : undefined;
}
