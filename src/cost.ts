/**
 * What a call cost: tokens times prices, and nothing guessed.
 *
 * @module
 */
import { isAmount } from "./shapes.ts";
import type { Cost, ModelPrice, PriceTier, Usage } from "./usage.ts";

/** What a usage does not say about its cost. */
export interface CostOptions {
  /**
   * Where the price comes from.
   * @default "catalog"
   */
  readonly source?: Cost["source"] | undefined;
  /**
   * The part of `usage.cacheWriteTokens` that was written to Anthropic's 1-hour cache.
   * @default 0
   */
  readonly cacheWrite1hTokens?: number | undefined;
  /**
   * What the service tier multiplies token prices by: 0.5 for a batch, 2 for a fast lane. Fees are not multiplied.
   * @default 1
   */
  readonly multiplier?: number | undefined;
  /**
   * Fees that are not counted in tokens, in US dollars: web searches, code execution.
   * @default 0
   */
  readonly other?: number | undefined;
}

/** US dollars per million tokens, every class with a price. */
type Rates = { readonly [Class in Exclude<keyof ModelPrice, "above">]: number };

/**
 * Prices a usage.
 *
 * A class without a price costs what its neighbour costs: a cache read or write like input, a 1-hour write like a
 * 5-minute one. Once the input, cached parts included, exceeds the `inputTokens` of a tier, the whole request costs what
 * the highest such tier says.
 *
 * @returns Dollars, whose parts add up to the total; `undefined`, and never 0, where a price or a usage is no finite
 * number or negative, or where more was written to the 1-hour cache than to the cache at all. It never throws.
 *
 * @example
 * ```ts
 * import { costOf } from "./cost.ts";
 * import { usageOf } from "./usage.ts";
 *
 * const usage = usageOf({ inputTokens: 200_000, cacheReadTokens: 800_000, outputTokens: 100_000 });
 * console.log(costOf(usage, { input: 3, output: 15, cacheRead: 0.3 })?.total.toFixed(2)); // 2.34
 * ```
 */
export function costOf(usage: Usage, price: ModelPrice, options?: CostOptions): Cost | undefined {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens } = usage ?? {};
  const { source = "catalog", cacheWrite1hTokens = 0, multiplier = 1, other = 0 } = options ?? {};
  const given = [inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, cacheWrite1hTokens, multiplier, other];
  if (!given.every(isAmount) || cacheWrite1hTokens > cacheWriteTokens) return undefined;
  const rates = ratesFor(price, inputTokens + cacheReadTokens + cacheWriteTokens);
  if (rates === undefined) return undefined;

  // The division comes last: 1e6 is exact and 1e-6 is not, and a cost of 0.021 should read so.
  const dollars = (tokens: number, rate: number): number => tokens * rate * multiplier / 1e6;
  const input = dollars(inputTokens, rates.input);
  const output = dollars(outputTokens, rates.output);
  const cacheRead = dollars(cacheReadTokens, rates.cacheRead);
  const cacheWrite = dollars(cacheWriteTokens - cacheWrite1hTokens, rates.cacheWrite) +
    dollars(cacheWrite1hTokens, rates.cacheWrite1h);
  const total = input + output + cacheRead + cacheWrite + other;
  if (!isAmount(total)) return undefined;
  return { input, output, cacheRead, cacheWrite, other, total, currency: "USD", source };
}

/** What two calls cost together. */
export function addCost(one: Cost, other: Cost): Cost {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
    other: one.other + other.other,
    total: one.total + other.total,
    currency: "USD",
    // Of a bill in part the vendor's own and in part reckoned, the whole is reckoned.
    source: one.source === other.source ? one.source : "catalog",
  };
}

/** The rates for an input of that size, or undefined when any rate of the price is unusable. */
function ratesFor(price: ModelPrice, promptTokens: number): Rates | undefined {
  let chosen = ratesOf(price);
  let threshold = -1;
  const tiers = price?.above ?? [];
  if (chosen === undefined || !Array.isArray(tiers as unknown)) return undefined;
  for (const tier of tiers) {
    const rates = ratesOf(tier);
    if (rates === undefined || !isAmount(tier.inputTokens)) return undefined;
    if (promptTokens > tier.inputTokens && tier.inputTokens > threshold) {
      chosen = rates;
      threshold = tier.inputTokens;
    }
  }
  return chosen;
}

function ratesOf(price: ModelPrice | PriceTier): Rates | undefined {
  const { input, output, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite } = price ?? {};
  const rates = { input, output, cacheRead, cacheWrite, cacheWrite1h };
  return Object.values(rates).every(isAmount) ? rates : undefined;
}
