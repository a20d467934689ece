/**
 * What a vendor's classes of service do to its prices.
 *
 * @module
 */

/** OpenAI's priority prices over its standard ones: https://openai.com/api-priority-processing (2026-03). */
const PRIORITY: ReadonlyMap<string, number> = new Map([
  ["gpt-5.4", 2],
  ["gpt-5.4-mini", 2],
  ["gpt-5.2", 2],
  ["gpt-5.1", 2],
  ["gpt-5.1-codex", 2],
  ["gpt-5", 2],
  ["gpt-5-codex", 2],
  ["gpt-5-mini", 0.45 / 0.25],
  ["gpt-4.1", 3.5 / 2],
  ["gpt-4.1-mini", 0.7 / 0.4],
  ["gpt-4.1-nano", 2],
  ["gpt-4o", 4.25 / 2.5],
  ["gpt-4o-2024-05-13", 8.75 / 5],
  ["gpt-4o-mini", 0.25 / 0.15],
  ["o3", 3.5 / 2],
  ["o4-mini", 2 / 1.1],
]);

/**
 * What the prices of `model` are multiplied by under a tier, as the answer names it; undefined where that is not known.
 * Flex and batch are half the price (https://platform.openai.com/docs/guides/flex-processing).
 *
 * @example
 * ```ts
 * import { tierMultiplier } from "./service_tier.ts";
 *
 * console.log(tierMultiplier("gpt-5", "flex")); // 0.5
 * ```
 */
export function tierMultiplier(model: string, tier: string | undefined): number | undefined {
  switch (tier) {
    case undefined:
    case "default":
    case "auto":
    case "standard":
    case "on_demand":
      return 1;
    case "flex":
    case "batch":
      return 0.5;
    case "priority":
      return PRIORITY.get(model);
    default:
      return undefined;
  }
}
