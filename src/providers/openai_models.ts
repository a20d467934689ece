/**
 * Who has OpenAI's models, and which reasoning efforts they take, family by family. This is the one place that knows.
 *
 * Sources:
 * - none from gpt-5.1 on, gpt-5-pro high only, xhigh from gpt-5.1-codex-max on: the field `reasoning_effort` of
 *   https://platform.openai.com/docs/api-reference/chat/create
 * - gpt-5.1 has no minimal: the vendor's own words in https://github.com/openai/openai-agents-python/issues/2089
 * - xhigh of gpt-5.1-codex-max: https://github.com/openai/codex/pull/7449
 * - codex and pro models: https://platform.openai.com/docs/models/<model>, as gpt-5.3-codex, gpt-5.4-pro, gpt-5.5-pro
 * - o-series: https://platform.openai.com/docs/guides/reasoning
 *
 * @module
 */
import type { ReasoningEffort } from "../language_model.ts";

/** Whether a vendor takes what OpenAI takes, and refuses what OpenAI refuses: Azure has OpenAI's models. */
export function hasOpenaiRules(provider: string): boolean {
  return provider === "openai" || provider === "azure";
}

/** All efforts, the least first. */
const EFFORTS: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/** The first that fits holds. */
const FAMILIES: readonly (readonly [names: RegExp, efforts: readonly ReasoningEffort[]])[] = [
  [/^o1-(?:mini|preview)(?!\w)/, []],
  [/^o\d/, ["low", "medium", "high"]],
  [/^gpt-5(?:-mini|-nano)?(?:-\d{4}|$)/, ["minimal", "low", "medium", "high"]],
  [/^gpt-5-pro(?!\w)/, ["high"]],
  [/^gpt-5\.1-codex-max(?!\w)/, ["none", "low", "medium", "high", "xhigh"]],
  [/^gpt-5\.1(?!\d)/, ["none", "low", "medium", "high"]],
  [/^gpt-(?:5\.(?:[3-9]|\d\d)|(?:[6-9]|\d\d)(?:\.\d+)?)-codex(?!\w)/, ["low", "medium", "high", "xhigh"]],
  [/^gpt-5\.[45]-pro(?!\w)/, ["medium", "high", "xhigh"]],
];

/** The efforts that a model takes; all of them where nothing else is known, so that newer models get what was asked. */
export function effortsOf(model: string): readonly ReasoningEffort[] {
  return FAMILIES.find(([names]) => names.test(model))?.[1] ?? EFFORTS;
}

/** The effort nearest to the wanted one that the model takes; undefined where it takes none at all. */
export function nearestEffort(model: string, wanted: ReasoningEffort): ReasoningEffort | undefined {
  const efforts = effortsOf(model);
  if (efforts.includes(wanted)) return wanted;
  const distance = (effort: ReasoningEffort) => Math.abs(EFFORTS.indexOf(effort) - EFFORTS.indexOf(wanted));
  // Who asks for a little thought does not ask for none.
  return efforts.filter((effort) => effort !== "none").toSorted((a, b) => distance(a) - distance(b))[0];
}
