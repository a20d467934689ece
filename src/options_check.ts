/**
 * What an option must be: programs without types give anything, and what is wrong is told before anything is sent.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import type { RequestOptions } from "./language_model.ts";
import { checkEach, type OptionRule } from "./option_rules.ts";
import { areTexts, isAmount, isBoolean, isCount, isObject, isRecord, isText } from "./shapes.ts";

/** Checks what is said with a request; the schema is checked where it is put in a vendor's words. */
export function checkRequestOptions(options: RequestOptions): void {
  checkEach(REQUEST_RULES, options);
  if (options.tools !== undefined) checkTools(options.tools);
}

/**
 * Checks a list of tools.
 *
 * @throws {ConfigError} for one that is none, without a name, or with the name of another.
 */
export function checkTools(tools: unknown): void {
  if (!Array.isArray(tools)) throw new ConfigError("tools must be a list of tools.");
  const names = tools.length > 1 ? new Set<string>() : undefined;
  for (let index = 0; index < tools.length; index++) { // `for of` gives holes too, but makes an iterator.
    const tool: unknown = tools[index];
    if (!isObject(tool)) throw new ConfigError(`tools[${index}] must be a tool with name, description and parameters.`);
    const { name, description, parameters } = tool;
    if (typeof name !== "string" || !/^[\w-]{1,128}$/.test(name)) {
      throw new ConfigError(`A tool's name must be 1 to 128 letters, digits, _ or -; that of tools[${index}] is not.`);
    }
    if (typeof description !== "string") throw new ConfigError(`The description of tool ${name} must be a text.`);
    if (!isObject(parameters) && typeof parameters !== "function") {
      throw new ConfigError(`The parameters of tool ${name} must be a schema.`);
    }
    if (names?.has(name)) throw new ConfigError(`Two tools are named ${name}.`);
    names?.add(name);
  }
}

/** By its shape: a signal may come from another realm. */
function isSignal(value: unknown): boolean {
  return isObject(value) && typeof value["aborted"] === "boolean" && typeof value["addEventListener"] === "function";
}

const EFFORTS: ReadonlySet<unknown> = new Set(["none", "minimal", "low", "medium", "high", "xhigh"]);
const CHOICES: ReadonlySet<unknown> = new Set(["auto", "required", "none"]);
const COUNT = "a whole number from 0 on";
const TEXTS = "a text or a list of texts";
const YES_NO = "true or false";
const NAMED_VALUES = "an object of names and values";

/**
 * What may be said with a request. A `parent` is not looked at: one that is none is dropped, for telemetry fails no call.
 * Whether toolChoice names a tool is known where the tools are.
 */
export const REQUEST_RULES: readonly OptionRule[] = [
  { name: "temperature", must: "a number from 0 on", fits: isAmount },
  { name: "topP", must: "a number from 0 to 1", fits: (value) => isAmount(value) && value <= 1 },
  { name: "topK", must: COUNT, fits: isCount },
  { name: "maxTokens", must: COUNT, fits: isCount },
  { name: "stop", must: TEXTS, fits: (value) => isText(value) || areTexts(value) },
  { name: "seed", must: "a whole number", fits: Number.isInteger },
  { name: "logprobs", must: `${YES_NO}, or ${COUNT}`, fits: (value) => isBoolean(value) || isCount(value) },
  {
    name: "reasoningEffort",
    must: '"none", "minimal", "low", "medium", "high" or "xhigh"',
    fits: (value) => EFFORTS.has(value),
  },
  { name: "thinkingBudgetTokens", must: COUNT, fits: isCount },
  { name: "tools", must: "a list of tools", fits: Array.isArray },
  {
    name: "toolChoice",
    must: '"auto", "required", "none", or an object with the name of a tool',
    fits: (value) => CHOICES.has(value) || isObject(value) && isText(value["name"]),
  },
  { name: "parallelToolCalls", must: YES_NO, fits: isBoolean },
  { name: "cacheContent", must: TEXTS, fits: (value) => isText(value) || areTexts(value) },
  { name: "cacheTools", must: YES_NO, fits: isBoolean },
  {
    name: "webSearch",
    must: `${YES_NO}, or an object with maxUses, a whole number from 1 on`,
    fits: (value) => {
      if (isBoolean(value)) return true;
      const most = isRecord(value) ? value["maxUses"] : 0;
      return most === undefined || isCount(most) && most > 0;
    },
  },
  { name: "store", must: YES_NO, fits: isBoolean },
  { name: "previousResponseId", must: "the id of an answer", fits: (value) => isText(value) && value !== "" },
  { name: "streaming", must: YES_NO, fits: isBoolean },
  { name: "extraBody", must: NAMED_VALUES, fits: isRecord },
  { name: "attributes", must: NAMED_VALUES, fits: isObject },
  { name: "conversationId", must: "a text", fits: isText },
  { name: "signal", must: "an AbortSignal", fits: isSignal },
];
