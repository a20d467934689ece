/**
 * The models this library knows: their names, limits, abilities and prices.
 *
 * The rows stand packed in catalog_data.ts; they are unpacked at the first question, so that loading the module costs
 * nothing where start-up counts.
 *
 * @module
 */
import { CATALOG, type CatalogRow, type Rates } from "./catalog_data.ts";
import type { ModelPrice } from "./usage.ts";

/** What is known of a model; an ability is only claimed where the vendor's documentation does. */
export interface ModelInfo {
  /** The name at the vendor's API. */
  readonly name: string;
  /** Other names of the same model at the same price, dated ones mostly. */
  readonly aliases: readonly string[];
  /** The vendor: "openai" or "anthropic". */
  readonly provider: string;
  /**
   * The API to use where the vendor has two: "responses" where Chat Completions does not serve the model, or not with
   * tools at its own reasoning effort; "chat" where only Chat Completions does; `undefined` where either will do.
   */
  readonly api?: "chat" | "responses" | undefined;
  /** Tokens of input and output together. */
  readonly contextWindow?: number | undefined;
  /** Tokens of output, reasoning included. */
  readonly maxOutputTokens?: number | undefined;
  /** The list price for standard processing. */
  readonly price?: ModelPrice | undefined;
  /** Whether it thinks before it answers and takes a reasoning effort or a thinking budget. */
  readonly reasoning: boolean;
  /** Whether it calls functions. */
  readonly tools: boolean;
  /** Whether the vendor can hold its answer to a JSON Schema. */
  readonly structuredOutput: boolean;
  /** Whether it reads images. */
  readonly images: boolean;
}

interface Index {
  readonly models: readonly ModelInfo[];
  readonly byName: ReadonlyMap<string, ModelInfo>;
}

let index: Index | undefined;

/**
 * Looks a model up by its name or an alias, exactly as the vendor's API spells it.
 *
 * @returns The same frozen object at every call, or `undefined` for a name the catalogue does not have.
 *
 * @example
 * ```ts
 * import { modelInfo } from "@sik/llms";
 *
 * console.log(modelInfo("gpt-4o-mini")?.price?.input); // 0.15
 * console.log(modelInfo("claude-haiku-4-5-20251001")?.name); // claude-haiku-4-5
 * console.log(modelInfo("llama-3")); // undefined
 * ```
 */
export function modelInfo(name: string): ModelInfo | undefined {
  return catalog().byName.get(name);
}

/**
 * Lists every model of the catalogue, oldest first within a vendor.
 *
 * @returns The same frozen array at every call.
 *
 * @example
 * ```ts
 * import { models } from "@sik/llms";
 *
 * const cheap = models().filter((model) => model.tools && (model.price?.output ?? Infinity) < 1);
 * console.log(cheap.map((model) => model.name));
 * ```
 */
export function models(): readonly ModelInfo[] {
  return catalog().models;
}

function catalog(): Index {
  return index ??= unpack();
}

function unpack(): Index {
  const models = Object.entries(CATALOG).flatMap(([provider, rows]) => rows.map((row) => modelOf(provider, row)));
  // A Map, for with an object "constructor" would be a model.
  const byName = new Map(models.flatMap((model) => [model.name, ...model.aliases].map((name) => [name, model])));
  return { models: Object.freeze(models), byName };
}

function modelOf(provider: string, row: CatalogRow): ModelInfo {
  const [name, aliases, flags, contextWindow, maxOutputTokens, price, ...above] = row;
  return Object.freeze({
    name,
    aliases: Object.freeze(aliases.split(" ").filter(Boolean).map((alias) => alias[0] === "-" ? name + alias : alias)),
    provider,
    api: flags.includes("R") ? "responses" : flags.includes("C") ? "chat" : undefined,
    contextWindow: contextWindow || undefined,
    maxOutputTokens: maxOutputTokens || undefined,
    price: priceOf(price, above),
    reasoning: flags.includes("r"),
    tools: flags.includes("t"),
    structuredOutput: flags.includes("s"),
    images: flags.includes("i"),
  });
}

function priceOf(rates: Rates, above: readonly (readonly [inputTokens: number, ...Rates])[]): ModelPrice {
  const tiers = above.map(([inputTokens, ...tier]) => Object.freeze({ inputTokens, ...ratesOf(tier) }));
  return Object.freeze({ ...ratesOf(rates), ...(tiers.length > 0 ? { above: Object.freeze(tiers) } : {}) });
}

function ratesOf([input, output, cacheRead, cacheWrite, cacheWrite1h]: Rates): Omit<ModelPrice, "above"> {
  return { input, output, cacheRead, cacheWrite, cacheWrite1h };
}
