/**
 * What the options of a client and of an agent must be, and what stands for a language model.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import { checkEach, checkOptions, type OptionRule } from "./option_rules.ts";
import { checkRequestOptions } from "./options_check.ts";
import { areTexts, isAmount, isBoolean, isCount, isObject, isRecord, isText } from "./shapes.ts";

/**
 * Checks what a client is made with, the options of its requests included.
 *
 * @throws {ConfigError} naming the option and what it must be, never its value.
 */
export function checkClientOptions(options: object): void {
  checkOptions(options);
  checkEach(CLIENT_RULES, options);
  const { timeouts, telemetry } = options as { readonly timeouts?: object; readonly telemetry?: object | false };
  if (timeouts !== undefined) checkTimeouts(timeouts);
  if (telemetry !== undefined && telemetry !== false) checkTelemetry(telemetry);
  checkRequestOptions(options);
}

/** Checks what an agent is made with, beside what a client is. */
export function checkAgentOptions(options: object): void {
  checkOptions(options);
  checkEach(AGENT_RULES, options);
}

/** Checks what telemetry records of one client. */
export function checkTelemetry(telemetry: object): void {
  if (!isObject(telemetry)) throw new ConfigError("The telemetry of a client must be an object, or false.");
  checkEach(TELEMETRY_RULES, telemetry, "telemetry");
}

/**
 * Checks that something is a language model.
 *
 * @throws {ConfigError} when it is none.
 */
export function checkLanguageModel(model: unknown): void {
  const is = isObject(model) && isText(model["provider"]) && isText(model["model"]) && isFunction(model["stream"]);
  if (!is) throw new ConfigError("A language model must be an object with provider, model and stream.");
}

const TIMEOUTS: readonly string[] = ["connectMs", "firstChunkMs", "idleMs", "totalMs"];

function checkTimeouts(timeouts: object): void {
  for (const [name, value] of Object.entries(timeouts)) {
    if (!TIMEOUTS.includes(name)) throw new ConfigError(`timeouts has ${TIMEOUTS.join(", ")}, and nothing else.`);
    if (value === undefined || typeof value === "number" && value > 0) continue;
    throw new ConfigError(`timeouts.${name} must be a number of milliseconds above 0.`);
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isProvider(value: unknown): boolean {
  if (!isObject(value)) return false;
  return ["name", "baseUrl", "path"].every((field) => isText(value[field])) &&
    ["headers", "encode", "decode", "decodeBody", "errorOf"].every((field) => isFunction(value[field])) &&
    (value["keyVariable"] === undefined || isText(value["keyVariable"]));
}

/** `Headers` of any realm. */
export function isHeaders(value: unknown): value is Headers {
  return Object.prototype.toString.call(value) === "[object Headers]";
}

function isPrice(value: unknown): boolean {
  if (!isRecord(value) || !areRates(value)) return false;
  const { above } = value;
  if (above === undefined) return true;
  return Array.isArray(above) &&
    above.every((tier) => isRecord(tier) && areRates(tier) && isAmount(tier["inputTokens"]));
}

function areRates(price: Readonly<Record<string, unknown>>): boolean {
  return ["input", "output"].every((name) => isAmount(price[name])) &&
    ["cacheRead", "cacheWrite", "cacheWrite1h"].every((name) => price[name] === undefined || isAmount(price[name]));
}

const NAMED_VALUES = "an object of names and values";

const CLIENT_RULES: readonly OptionRule[] = [
  {
    name: "provider",
    must: "a provider's name, or an object with name, baseUrl, path, headers, encode, decode, decodeBody and errorOf",
    fits: (value) => isText(value) || isProvider(value),
  },
  { name: "api", must: '"chat" or "responses"', fits: (value) => value === "chat" || value === "responses" },
  { name: "apiKey", must: "a text", fits: isText },
  { name: "baseUrl", must: "a URL as a text, as in https://host/v1", fits: isText },
  {
    name: "headers",
    must: "an object of names and texts, or a Headers",
    fits: (value) => isRecord(value) || isHeaders(value),
  },
  { name: "fetch", must: "a function", fits: isFunction },
  { name: "maxRetries", must: "a whole number from 0 on", fits: (value) => isCount(value) || value === Infinity },
  { name: "timeouts", must: "an object of milliseconds", fits: isRecord },
  {
    name: "maxEventBytes",
    must: "a number of bytes above 0",
    fits: (value) => isCount(value) && value > 0 || value === Infinity,
  },
  { name: "sdk", must: "a client of an official SDK", fits: isObject },
  {
    name: "price",
    must: "an object with input and output, in US dollars per million tokens; its numbers are not below 0",
    fits: isPrice,
  },
  { name: "telemetry", must: "an object, or false", fits: (value) => value === false || isObject(value) },
];

const TELEMETRY_RULES: readonly OptionRule[] = [
  { name: "tracer", must: "a Tracer", fits: (value) => isObject(value) && isFunction(value["startSpan"]) },
  { name: "meter", must: "a Meter", fits: (value) => isObject(value) && isFunction(value["createHistogram"]) },
  {
    name: "captureContent",
    must: 'true, false, "input" or "output"',
    fits: (value) => isBoolean(value) || value === "input" || value === "output",
  },
  { name: "redact", must: "a function", fits: isFunction },
  { name: "propagateTo", must: "a list of origins", fits: areTexts },
  { name: "attributes", must: NAMED_VALUES, fits: isObject },
  { name: "metricAttributes", must: NAMED_VALUES, fits: isObject },
];

/** A whole number from 1 on, or none at all. */
function isLimit(value: unknown): boolean {
  return isCount(value) && value > 0 || value === Infinity;
}

const AGENT_RULES: readonly OptionRule[] = [
  { name: "name", must: "a text that is not empty", fits: (value) => isText(value) && value !== "" },
  { name: "toolsModel", must: "the name of a model", fits: (value) => isText(value) && value !== "" },
  { name: "nativeTools", must: "true or false", fits: isBoolean },
  { name: "instructions", must: "a text", fits: isText },
  { name: "maxIterations", must: "a whole number from 1 on", fits: (value) => isCount(value) && value > 0 },
  { name: "finalAnswer", must: "true or false", fits: isBoolean },
  { name: "toolTimeoutMs", must: "a whole number from 1 on, or Infinity", fits: isLimit },
  { name: "toolConcurrency", must: "a whole number from 1 on, or Infinity", fits: isLimit },
];
