/**
 * What a call used and what that cost: tokens in disjoint classes, and dollars.
 *
 * @module
 */

/**
 * Tokens of one call in disjoint parts: `inputTokens` was billed at full price, cached reads and writes stand beside it.
 * `reasoningTokens` is a part of `outputTokens`.
 *
 * OpenAI reports input with the cached part inside, Anthropic without; the decoders make the parts disjoint once, here
 * they always are.
 */
export interface Usage {
  /** Input tokens billed at full price, those read from or written to a cache not among them. */
  readonly inputTokens: number;
  /** Input tokens read from the vendor's prompt cache. */
  readonly cacheReadTokens: number;
  /** Input tokens written to the vendor's prompt cache. */
  readonly cacheWriteTokens: number;
  /** Output tokens, those spent on reasoning included. */
  readonly outputTokens: number;
  /** The part of `outputTokens` spent on reasoning. */
  readonly reasoningTokens: number;
  /** `inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens`. */
  readonly totalTokens: number;
}

/** US dollars. The five parts add up to `total`. */
export interface Cost {
  /** For `inputTokens`. */
  readonly input: number;
  /** For `outputTokens`. */
  readonly output: number;
  /** For `cacheReadTokens`. */
  readonly cacheRead: number;
  /** For `cacheWriteTokens`. */
  readonly cacheWrite: number;
  /** Fees that are not counted in tokens, or a vendor's total that cannot be split. */
  readonly other: number;
  /** The sum of the parts. */
  readonly total: number;
  /** Always US dollars. */
  readonly currency: "USD";
  /** Who said so: the vendor's own report, the catalogue, or the `price` given with the client. */
  readonly source: "provider" | "catalog" | "override";
}

/** US dollars per million tokens. */
export interface ModelPrice {
  /** Input at full price. */
  readonly input: number;
  /** Output, reasoning included. */
  readonly output: number;
  /**
   * Input read from the cache.
   * @default input
   */
  readonly cacheRead?: number | undefined;
  /**
   * Input written to the cache (Anthropic: the 5-minute class).
   * @default input
   */
  readonly cacheWrite?: number | undefined;
  /**
   * Input written to Anthropic's 1-hour cache.
   * @default cacheWrite
   */
  readonly cacheWrite1h?: number | undefined;
  /** Long-context tiers: the whole request is priced so once its input, cached parts included, exceeds `inputTokens`. */
  readonly above?: readonly PriceTier[] | undefined;
}

/** The price of a request whose input exceeds `inputTokens`. */
export interface PriceTier extends Omit<ModelPrice, "above"> {
  /** The input, cached parts included, beyond which this tier holds. */
  readonly inputTokens: number;
}

/**
 * Builds a {@linkcode Usage} whose total is right, from the disjoint parts.
 *
 * @example
 * ```ts
 * import { usageOf } from "./usage.ts";
 *
 * const usage = usageOf({ inputTokens: 10, cacheReadTokens: 5, outputTokens: 7 });
 * console.log(usage.totalTokens); // 22
 * ```
 */
export function usageOf(parts: Partial<Omit<Usage, "totalTokens">>): Usage {
  const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0, outputTokens = 0, reasoningTokens = 0 } = parts;
  const totalTokens = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens;
  return { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens, totalTokens };
}

/** What two calls used together. */
export function addUsage(one: Usage, other: Usage): Usage {
  return usageOf({
    inputTokens: one.inputTokens + other.inputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  });
}
