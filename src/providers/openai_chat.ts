/**
 * OpenAI's chat completions, and everyone who speaks like them
 * (https://platform.openai.com/docs/api-reference/chat/create).
 *
 * @module
 */
import { modelInfo } from "../catalog.ts";
import { ConfigError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { EncodedRequest, Notice, Provider } from "../provider.ts";
import { decodeChatBody, decodeChatStream } from "./openai_chat_decode.ts";
import { encodeChatMessages } from "./openai_chat_messages.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { encodeFunction, encodeResponseFormat } from "./openai_schema.ts";

/** OpenAI's chat completions. */
export const openaiChat: Provider = {
  name: "openai",
  baseUrl: "https://api.openai.com/v1",
  path: "/chat/completions",
  keyVariable: "OPENAI_API_KEY",
  api: "chat",
  headers: (key): Readonly<Record<string, string>> => key === undefined ? {} : { authorization: `Bearer ${key}` },
  encode(model, request) {
    // `this` is the vendor: `{ ...openaiChat, name }` shares this function, and not every option of OpenAI's.
    return encodeChat(model, request, this.name === "openai");
  },
  decode: decodeChatStream,
  decodeBody: decodeChatBody,
  errorOf: openaiErrorOf,
};

function encodeChat(model: string, request: ChatRequest, isOpenai: boolean): EncodedRequest {
  if (request.previousResponseId !== undefined) {
    throw new ConfigError('previousResponseId belongs to OpenAI\'s Responses; make the client with api: "responses".');
  }
  const { tools = [], toolChoice, stop, logprobs, webSearch } = request;
  const notices: Notice[] = [];
  const thinks = isReasoning(model) && request.reasoningEffort !== "none";
  /** What a reasoning model refuses with 400 is left out, and the reader is told. */
  const unlessThinking = <T>(name: string, value: T | undefined): T | undefined => {
    if (value === undefined || !thinks) return value;
    notices.push(dropped(name, `${model} is a reasoning model and does not take it`));
    return undefined;
  };
  if (request.thinkingBudgetTokens !== undefined) {
    notices.push(dropped("thinkingBudgetTokens", "this API takes reasoningEffort instead"));
  }
  if (isOpenai && request.topK !== undefined) notices.push(dropped("topK", "OpenAI does not have it"));
  const effort = effortOf(model, request, notices);
  const streaming = request.streaming ?? true;
  const wantsLogprobs = unlessThinking("logprobs", logprobs === false ? undefined : logprobs);
  const body = {
    model,
    messages: encodeChatMessages(request),
    temperature: unlessThinking("temperature", request.temperature),
    top_p: unlessThinking("topP", request.topP),
    top_k: isOpenai ? undefined : request.topK,
    [isReasoning(model) ? "max_completion_tokens" : "max_tokens"]: request.maxTokens,
    stop,
    seed: request.seed,
    logprobs: wantsLogprobs === undefined ? undefined : true,
    top_logprobs: typeof wantsLogprobs === "number" ? wantsLogprobs : undefined,
    reasoning_effort: effort,
    tools: tools.length === 0 ? undefined : tools.map(encodeFunction),
    tool_choice: typeof toolChoice === "object"
      ? { type: "function", function: { name: toolChoice.name } }
      : tools.length === 0
      ? undefined
      : toolChoice,
    parallel_tool_calls: tools.length === 0 ? undefined : request.parallelToolCalls,
    response_format: request.schema === undefined ? undefined : encodeResponseFormat(request.schema),
    web_search_options: webSearch === undefined || webSearch === false ? undefined : {},
    store: isOpenai ? request.store ?? false : request.store,
    stream: streaming ? true : undefined,
    stream_options: streaming ? { include_usage: true } : undefined,
    ...request.extraBody,
  };
  return { body, notices };
}

/** By the catalogue, else by the name: models newer than the catalogue follow their family's rules. */
function isReasoning(model: string): boolean {
  return modelInfo(model)?.reasoning ?? /^(?:o\d|gpt-(?:[5-9]|\d\d))(?!.*chat)/.test(model);
}

function effortOf(model: string, request: ChatRequest, notices: Notice[]): string | undefined {
  const { reasoningEffort } = request;
  if (reasoningEffort === undefined || modelInfo(model)?.reasoning !== false) return reasoningEffort;
  if (reasoningEffort !== "none") notices.push(dropped("reasoningEffort", `${model} is no reasoning model`));
  return undefined;
}

function dropped(name: string, why: string): Notice {
  return { code: "parameter_dropped", message: `${name} was left out: ${why}.` };
}
