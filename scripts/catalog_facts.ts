/**
 * What the price source does not know of a model: the names it answers to, its limits, its abilities, its API.
 *
 * Where the facts come from, unless a row says otherwise:
 * - OpenAI: the model's page, https://developers.openai.com/api/docs/models/<name>, and the unions `ChatModel` and
 *   `ResponsesModel` of npm:openai 7.57.0 for the names.
 * - Anthropic: https://platform.claude.com/docs/en/about-claude/models/overview and the model's page below it, and the
 *   union `Model` of npm:@anthropic-ai/sdk 1.12.0 for the names.
 * - Retired models whose page is gone: the lists of LiteLLM (model_prices_and_context_window.json) and models.dev (by
 *   way of npm:@langchain/openai 1.6.0 and npm:@langchain/anthropic 1.5.11), which agree unless a row says otherwise.
 *
 * What is not known is left out; an ability is only claimed where one of these says so.
 *
 * @module
 */
import type { ModelPrice } from "../src/usage.ts";

/** The vendors of the catalogue, by the name they have in the price source. */
export type Vendor = "openai" | "anthropic";

/** One row of the catalogue, as far as a human has to say it. */
export interface ModelFacts {
  /** The name at the vendor's API. */
  readonly name: string;
  /** Other names of the same model at the same price; one that begins with "-" is appended to `name`. */
  readonly aliases?: readonly string[];
  /** The API to use: see `ModelInfo.api`. */
  readonly api?: "chat" | "responses";
  /** Tokens, where the price source is silent or rounds. */
  readonly contextWindow?: number;
  /** Tokens. */
  readonly maxOutputTokens?: number;
  /** Abilities: r = reasoning, t = tools, s = structured output, i = images. */
  readonly can: string;
  /** The vendor's price, only for what the price source does not know yet; the generator refuses it once it does. */
  readonly price?: ModelPrice;
}

/** The day for which prices are taken from the source, and on which the prices below were looked up. */
export const PRICED_ON = "2026-11-22";

/** OpenAI's long-context rule since GPT-5.4: input and caches twice, output 1.5 times, once the input exceeds 272K. */
function gpt6(input: number, cacheRead: number, cacheWrite: number, output: number): ModelPrice {
  const above = [{
    inputTokens: 272_000,
    input: 2 * input,
    output: 1.5 * output,
    cacheRead: 2 * cacheRead,
    cacheWrite: 2 * cacheWrite,
  }];
  return { input, output, cacheRead, cacheWrite, above };
}

/** Anthropic's rule: a 5-minute write costs 1.25 times the input, a 1-hour write twice. */
function claude(input: number, cacheRead: number, output: number): ModelPrice {
  return { input, output, cacheRead, cacheWrite: 1.25 * input, cacheWrite1h: 2 * input };
}

const OPENAI: readonly ModelFacts[] = [
  { name: "gpt-4o", aliases: ["-2024-08-06", "-2024-11-20"], maxOutputTokens: 16_384, can: "tsi" },
  { name: "gpt-4o-2024-05-13", maxOutputTokens: 4_096, can: "ti" }, // before structured outputs
  { name: "gpt-4o-mini", aliases: ["-2024-07-18"], maxOutputTokens: 16_384, can: "tsi" },
  // Search is built in; sources differ on function calling and images, so neither is claimed.
  { name: "gpt-4o-search-preview", aliases: ["-2025-03-11"], api: "chat", maxOutputTokens: 16_384, can: "s" },
  { name: "gpt-4o-mini-search-preview", aliases: ["-2025-03-11"], api: "chat", maxOutputTokens: 16_384, can: "s" },
  { name: "chatgpt-4o-latest", maxOutputTokens: 16_384, can: "i" },
  { name: "gpt-4.1", aliases: ["-2025-04-14"], contextWindow: 1_047_576, maxOutputTokens: 32_768, can: "tsi" },
  { name: "gpt-4.1-mini", aliases: ["-2025-04-14"], contextWindow: 1_047_576, maxOutputTokens: 32_768, can: "tsi" },
  { name: "gpt-4.1-nano", aliases: ["-2025-04-14"], contextWindow: 1_047_576, maxOutputTokens: 32_768, can: "tsi" },
  { name: "gpt-4.5-preview", aliases: ["-2025-02-27"], contextWindow: 128_000, maxOutputTokens: 16_384, can: "tsi" },

  { name: "o1", aliases: ["-2024-12-17"], maxOutputTokens: 100_000, can: "rtsi" },
  { name: "o1-mini", aliases: ["-2024-09-12"], maxOutputTokens: 65_536, can: "r" },
  { name: "o1-preview", aliases: ["-2024-09-12"], maxOutputTokens: 32_768, can: "r" },
  { name: "o1-pro", aliases: ["-2025-03-19"], api: "responses", maxOutputTokens: 100_000, can: "rtsi" },
  { name: "o3", aliases: ["-2025-04-16"], maxOutputTokens: 100_000, can: "rtsi" },
  { name: "o3-mini", aliases: ["-2025-01-31"], maxOutputTokens: 100_000, can: "rts" },
  { name: "o3-pro", aliases: ["-2025-06-10"], api: "responses", maxOutputTokens: 100_000, can: "rtsi" },
  { name: "o4-mini", aliases: ["-2025-04-16"], maxOutputTokens: 100_000, can: "rtsi" },
  // Their pages say: no function calling, no structured outputs.
  { name: "o3-deep-research", aliases: ["-2025-06-26"], api: "responses", maxOutputTokens: 100_000, can: "ri" },
  { name: "o4-mini-deep-research", aliases: ["-2025-06-26"], api: "responses", maxOutputTokens: 100_000, can: "ri" },

  // The source prices -chat-latest and -codex together with their family; limits, abilities and API are their own.
  { name: "codex-mini-latest", api: "responses", maxOutputTokens: 100_000, can: "rtsi" },
  { name: "gpt-5", aliases: ["-2025-08-07"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5-mini", aliases: ["-2025-08-07"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5-nano", aliases: ["-2025-08-07"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5-chat-latest", contextWindow: 128_000, maxOutputTokens: 16_384, can: "si" },
  { name: "gpt-5-codex", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5-pro", aliases: ["-2025-10-06"], api: "responses", maxOutputTokens: 272_000, can: "rtsi" },
  { name: "gpt-5.1", aliases: ["-2025-11-13"], maxOutputTokens: 128_000, can: "rtsi" },
  // LiteLLM denies it function calling, so it is not claimed.
  { name: "gpt-5.1-chat-latest", contextWindow: 128_000, maxOutputTokens: 16_384, can: "rsi" },
  { name: "gpt-5.1-codex", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.1-codex-max", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.1-codex-mini", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.2", aliases: ["-2025-12-11"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.2-chat-latest", contextWindow: 128_000, maxOutputTokens: 16_384, can: "rtsi" },
  { name: "gpt-5.2-codex", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.2-pro", aliases: ["-2025-12-11"], api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  // models.dev says it takes temperature and no effort (https://github.com/anomalyco/models.dev/pull/1290).
  { name: "gpt-5.3-chat-latest", contextWindow: 128_000, maxOutputTokens: 16_384, can: "tsi" },
  { name: "gpt-5.3-codex", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.4", aliases: ["-2026-03-05"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.4-mini", aliases: ["-2026-03-17"], maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.4-nano", aliases: ["-2026-03-17"], maxOutputTokens: 128_000, can: "rtsi" },
  // LiteLLM denies the pros of 5.4 and 5.5 a response schema, models.dev grants it: not claimed.
  { name: "gpt-5.4-pro", aliases: ["-2026-03-05"], api: "responses", maxOutputTokens: 128_000, can: "rti" },
  { name: "gpt-5.5", aliases: ["-2026-04-23"], contextWindow: 1_050_000, maxOutputTokens: 128_000, can: "rtsi" },
  {
    name: "gpt-5.5-pro",
    aliases: ["-2026-04-23"],
    api: "responses",
    contextWindow: 1_050_000,
    maxOutputTokens: 128_000,
    can: "rti",
  },

  // Since GPT-5.6 Chat Completions refuses function tools unless the effort is "none", which is never the default and
  // which GPT-6 Astra, 6.1 Sol and 6.2 reject. Their home is therefore the Responses API.
  // https://developers.openai.com/api/docs/models/gpt-6-sol, https://community.openai.com/t/1386454
  { name: "gpt-5.6-sol", aliases: ["gpt-5.6"], api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.6-terra", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-5.6-luna", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-6-astra", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-6-sol", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "gpt-6-luna", api: "responses", maxOutputTokens: 128_000, can: "rtsi" },
  // Younger than the price source. Prices: the models' pages and https://developers.openai.com/api/docs/pricing. The
  // 12-hour cache write at twice the input has no token count of its own in the usage and is left out.
  {
    name: "gpt-6.1-sol",
    api: "responses",
    contextWindow: 1_050_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: gpt6(2, 0.1, 2.5, 10),
  },
  {
    name: "gpt-6.1-terra",
    api: "responses",
    contextWindow: 1_050_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: gpt6(1, 0.05, 1.25, 5),
  },
  {
    name: "gpt-6.2-sol",
    api: "responses",
    contextWindow: 1_050_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: gpt6(2, 0.1, 2.5, 10),
  },
  // Cached input "60% cheaper" than GPT-6 Astra's $1 (https://github.com/BerriAI/litellm/discussions/52347); the cache
  // write is not quoted anywhere, but 1.25 times the input in every GPT-5.6 and GPT-6 model.
  {
    name: "gpt-6.2-astra",
    api: "responses",
    contextWindow: 1_050_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: gpt6(8, 0.4, 10, 40),
  },
];

// Structured outputs (`output_config.format`) are generally available from the 4.5 family on:
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs
const ANTHROPIC: readonly ModelFacts[] = [
  { name: "claude-3-5-haiku-latest", aliases: ["claude-3-5-haiku-20241022"], maxOutputTokens: 8_192, can: "ti" },
  {
    name: "claude-3-5-sonnet-latest",
    aliases: ["claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022"],
    maxOutputTokens: 8_192,
    can: "ti",
  },
  { name: "claude-3-7-sonnet-latest", aliases: ["claude-3-7-sonnet-20250219"], maxOutputTokens: 64_000, can: "rti" },
  { name: "claude-opus-4-0", aliases: ["claude-opus-4-20250514"], maxOutputTokens: 32_000, can: "rti" },
  { name: "claude-opus-4-1", aliases: ["-20250805"], maxOutputTokens: 32_000, can: "rti" },
  { name: "claude-opus-4-5", aliases: ["-20251101"], maxOutputTokens: 64_000, can: "rtsi" },
  // 128K from 4.6 on: https://github.com/Effect-TS/effect/releases/tag/@effect%2Fai-anthropic@4.0.0-beta.106
  { name: "claude-opus-4-6", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-opus-4-7", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-opus-4-8", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-opus-5", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-opus-5-5", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-sonnet-4-0", aliases: ["claude-sonnet-4-20250514"], maxOutputTokens: 64_000, can: "rti" },
  { name: "claude-sonnet-4-5", aliases: ["-20250929"], maxOutputTokens: 64_000, can: "rtsi" },
  { name: "claude-sonnet-4-6", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-sonnet-5", maxOutputTokens: 128_000, can: "rtsi" },
  // The source takes it for Sonnet 5 by its prefix; its cache reads cost half since 2026-10-07:
  // https://platform.claude.com/docs/en/release-notes/overview
  {
    name: "claude-sonnet-5-5",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: claude(2, 0.1, 10),
  },
  { name: "claude-haiku-4-5", aliases: ["-20251001"], maxOutputTokens: 64_000, can: "rtsi" },
  // https://platform.claude.com/docs/en/models/haiku-5-5/overview: prompts over 100,000 tokens cost five times as much.
  {
    name: "claude-haiku-5-5",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: { ...claude(0.1, 0.01, 0.5), above: [{ inputTokens: 100_000, ...claude(0.5, 0.05, 2.5) }] },
  },
  { name: "claude-fable-5", maxOutputTokens: 128_000, can: "rtsi" },
  { name: "claude-fable-5-1", maxOutputTokens: 128_000, can: "rtsi" },
  // https://platform.claude.com/docs/en/models/overview, and the five rates quoted from the pricing page by
  // https://github.com/archid21/rightsize/releases/tag/v0.10.2
  {
    name: "claude-fable-5-2",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: claude(8, 0.2, 40),
  },
  // Fable's twins for verified organisations: the pricing page lists 5 and 5.1 with Fable's rates. The rates of 5.2
  // were not seen, so it stays out: unknown is not a price.
  {
    name: "claude-mythos-5",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: claude(10, 1, 50),
  },
  {
    name: "claude-mythos-5-1",
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    can: "rtsi",
    price: claude(10, 0.25, 50),
  },
];

/** The rows of the catalogue, oldest first within a vendor. */
export const FACTS: Readonly<Record<Vendor, readonly ModelFacts[]>> = { openai: OPENAI, anthropic: ANTHROPIC };

/** Names the price source knows and the catalogue leaves out; one that neither list has stops the generator. */
export const LEFT_OUT: readonly { readonly names: RegExp; readonly why: string }[] = [
  { names: /^(ada|babbage|curie|davinci|text-(ada|curie|davinci)|gpt-3|gpt-4($|-))/, why: "older than gpt-4o" },
  { names: /^claude-(v1|2|3-(haiku|opus|sonnet))/, why: "older than Claude 3.5" },
  { names: /^ft:|\.ft-/, why: "fine-tuned" },
  { names: /audio|realtime|transcribe|tts|whisper|image|embedding|moderation/, why: "no chat model" },
  { names: /^computer-use/, why: "serves a tool, not a chat" },
  { names: /^gpt-oss/, why: "open weights, not at OpenAI's own API" },
  { names: /^gpt-5-\d/, why: "dashes for dots: a spelling of other vendors" },
  { names: /^o\d-mini-high$|:extended$|^gpt-chat-latest$|^codex-mini$/, why: "a name of OpenRouter" },
  { names: /^gpt-5(\.\d)?-chat$|^gpt-5\.1-mini$|^gpt-5\.3$/, why: "no name of OpenAI's API" },
  { names: /^gpt-5\.5-(chat-latest|codex|2026-04-24)$/, why: "no name of OpenAI's API" },
  { names: /^claude-(3-5-sonnet|opus-4|sonnet-4)$/, why: "no name of Anthropic's API" },
];
