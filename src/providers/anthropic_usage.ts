/**
 * Tokens and fees as Anthropic counts them (https://platform.claude.com/docs/en/about-claude/pricing).
 *
 * @module
 */
import type { Pass } from "../provider.ts";
import { type Usage, usageOf } from "../usage.ts";
import { count, type Raw, record, word } from "./raw.ts";

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
  const turn = turnOf(raw);
  if (turn === undefined) return { usage: undefined, cacheWrite1hTokens: undefined, fees, priceFactor };
  const all = [turn, ...passesBeside(raw)];
  const sum = (of: (tokens: Tokens) => number) => all.reduce((total, tokens) => total + of(tokens), 0);
  const usage = usageOf({
    inputTokens: sum(({ input }) => input),
    outputTokens: sum(({ output }) => output),
    cacheReadTokens: sum(({ read }) => read),
    cacheWriteTokens: sum(({ written }) => written),
    reasoningTokens: count(record(raw?.["output_tokens_details"])["thinking_tokens"]) ?? 0,
  });
  const hour = sum(({ written1h }) => written1h);
  const passes = all.length === 1 && turn.model === undefined ? {} : { passes: all.map(passOf) };
  return { usage, cacheWrite1hTokens: hour === 0 ? undefined : hour, ...passes, fees, priceFactor };
}

function passOf({ input, output, read, written, written1h, model }: Tokens): Pass {
  const usage = usageOf({
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens: read,
    cacheWriteTokens: written,
  });
  return { usage, cacheWrite1hTokens: written1h, model };
}

interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly read: number;
  readonly written: number;
  readonly written1h: number;
  /** Undefined: the one that was asked. */
  readonly model: string | undefined;
}

function tokensOf(raw: Raw | undefined): Tokens | undefined {
  const input = count(raw?.["input_tokens"]);
  const output = count(raw?.["output_tokens"]);
  if (input === undefined || output === undefined) return undefined;
  const { hour, minutes } = classesOf(raw);
  const written = count(raw?.["cache_creation_input_tokens"]) ?? hour + minutes;
  const read = count(raw?.["cache_read_input_tokens"]) ?? 0;
  // What a stream says of the classes at its start stands, and the total may grow: one class alone grows with it.
  const written1h = hour > 0 && minutes === 0 ? written : Math.min(hour, written);
  return { input, output, read, written, written1h, model: undefined };
}

/** The classes of what was written to the cache. */
function classesOf(raw: Raw | undefined): { readonly hour: number; readonly minutes: number } {
  const classes = record(raw?.["cache_creation"]);
  return {
    hour: count(classes["ephemeral_1h_input_tokens"]) ?? 0,
    minutes: count(classes["ephemeral_5m_input_tokens"]) ?? 0,
  };
}

/** The passes that made the answer, as the vendor tells them one by one. */
function iterationsOf(raw: Raw | undefined): readonly Raw[] {
  const iterations = raw?.["iterations"];
  return Array.isArray(iterations) ? iterations.map(record) : [];
}

/**
 * What the answer itself took. Where another model answered instead of the one that was asked, its price counts: an
 * iteration of the type `fallback_message` says so (`BetaUsage` of @anthropic-ai/sdk).
 */
function turnOf(raw: Raw | undefined): Tokens | undefined {
  const tokens = tokensOf(raw);
  if (tokens === undefined) return undefined;
  const own = iterationsOf(raw).filter(({ type }) => type === "message" || type === "fallback_message");
  const fallback = own.findLast(({ type }) => type === "fallback_message");
  const told = own.map(classesOf).reduce((sum, { hour, minutes }) => ({
    hour: sum.hour + hour,
    minutes: sum.minutes + minutes,
  }), { hour: 0, minutes: 0 });
  const isSplit = tokens.written > 0 && told.hour + told.minutes === tokens.written;
  return { ...tokens, ...isSplit ? { written1h: told.hour } : {}, model: word(fallback?.["model"]) };
}

/**
 * The passes that the counts above them leave out, and that are billed: those that made a conversation shorter
 * (https://platform.claude.com/docs/en/build-with-claude/compaction), and another model's advice.
 */
function passesBeside(raw: Raw | undefined): readonly Tokens[] {
  return iterationsOf(raw).flatMap((pass) => {
    const isBeside = pass["type"] === "compaction" || pass["type"] === "advisor_message";
    const tokens = isBeside ? tokensOf(pass) : undefined;
    return tokens === undefined ? [] : [{ ...tokens, model: word(pass["model"]) }];
  });
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
