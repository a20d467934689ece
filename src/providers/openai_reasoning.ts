/**
 * What OpenAI's reasoning models take and refuse, in both of its APIs
 * (https://platform.openai.com/docs/guides/reasoning).
 *
 * @module
 */
import { modelInfo } from "../catalog.ts";
import type { ChatRequest, ReasoningEffort } from "../language_model.ts";
import type { Drops } from "./drops.ts";
import { nearestEffort } from "./openai_models.ts";

/** By the catalogue, else by the name: models newer than the catalogue follow their family's rules. */
export function isReasoningModel(model: string): boolean {
  return modelInfo(model)?.reasoning ?? /^(?:o\d|gpt-(?:[5-9]|\d\d))(?!.*chat)/.test(model);
}

/** By the catalogue, else by the name of OpenAI's older families; its open models reason. */
function isKnownNotToReason(model: string): boolean {
  const known = modelInfo(model)?.reasoning;
  return known === false || known === undefined && /^(?:chat)?gpt-(?!oss)/.test(model) && !isReasoningModel(model);
}

/** The effort that is sent: the nearest that the model has, and none to a model that is known not to reason. */
export function effortOf(model: string, request: ChatRequest, drops: Drops): ReasoningEffort | undefined {
  const { reasoningEffort, thinkingBudgetTokens } = request;
  if (thinkingBudgetTokens !== undefined) drops.drop("thinkingBudgetTokens", "this API takes reasoningEffort instead");
  if (reasoningEffort === undefined) return undefined;
  if (isKnownNotToReason(model)) {
    if (reasoningEffort !== "none") drops.drop("reasoningEffort", `${model} is no reasoning model`);
    return undefined;
  }
  const effort = nearestEffort(model, reasoningEffort);
  if (effort === undefined) drops.drop("reasoningEffort", `${model} does not have it`);
  else if (effort !== reasoningEffort) {
    drops.change(`reasoningEffort "${reasoningEffort}" was sent as "${effort}", the nearest that the model has.`);
  }
  return effort;
}

/** Lets a value through unless the model reasons: what it refuses with 400 is left out, and the reader is told. */
export function unlessReasoning(
  model: string,
  request: ChatRequest,
  drops: Drops,
): <T>(name: string, value: T | undefined) => T | undefined {
  const { reasoningEffort } = request;
  const isOff = reasoningEffort === "none" && nearestEffort(model, reasoningEffort) === "none";
  const reasons = isReasoningModel(model) && !isOff;
  return (name, value) => drops.unless(reasons, name, value, `${model} is a reasoning model and does not take it`);
}
