/**
 * What OpenAI's reasoning models take and refuse, in both of its APIs
 * (https://platform.openai.com/docs/guides/reasoning).
 *
 * @module
 */
import { modelInfo } from "../catalog.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Drops } from "./drops.ts";

/** By the catalogue, else by the name: models newer than the catalogue follow their family's rules. */
export function isReasoningModel(model: string): boolean {
  return modelInfo(model)?.reasoning ?? /^(?:o\d|gpt-(?:[5-9]|\d\d))(?!.*chat)/.test(model);
}

/** The effort that is sent: none to a model that is known not to reason. */
export function effortOf(model: string, request: ChatRequest, drops: Drops): string | undefined {
  const { reasoningEffort, thinkingBudgetTokens } = request;
  if (thinkingBudgetTokens !== undefined) drops.drop("thinkingBudgetTokens", "this API takes reasoningEffort instead");
  if (reasoningEffort === undefined || modelInfo(model)?.reasoning !== false) return reasoningEffort;
  if (reasoningEffort !== "none") drops.drop("reasoningEffort", `${model} is no reasoning model`);
  return undefined;
}

/** Lets a value through unless the model reasons: what it refuses with 400 is left out, and the reader is told. */
export function unlessReasoning(
  model: string,
  request: ChatRequest,
  drops: Drops,
): <T>(name: string, value: T | undefined) => T | undefined {
  const reasons = isReasoningModel(model) && request.reasoningEffort !== "none";
  return (name, value) => drops.unless(reasons, name, value, `${model} is a reasoning model and does not take it`);
}
