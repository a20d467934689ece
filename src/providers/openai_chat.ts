/**
 * OpenAI's chat completions, and everyone who speaks like them
 * (https://platform.openai.com/docs/api-reference/chat/create).
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { readByFold, vendorOf } from "../fold.ts";
import type { ChatRequest } from "../language_model.ts";
import type { EncodedRequest, Provider } from "../provider.ts";
import { gatherDrops } from "./drops.ts";
import { foldChat } from "./openai_chat_decode.ts";
import { encodeChatMessages } from "./openai_chat_messages.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { hasOpenaiRules } from "./openai_models.ts";
import { effortOf, isReasoningModel, unlessReasoning } from "./openai_reasoning.ts";
import { encodeFunction, encodeResponseFormat, foldAnswer } from "./openai_schema.ts";
import { checkToolChoice, choosesSearch, searchOf } from "./tool_choice.ts";

/**
 * OpenAI's chat completions.
 *
 * @example
 * ```ts
 * import { createClient, openaiChat } from "@sik/llms";
 *
 * const client = createClient("gpt-4o-mini", { provider: openaiChat, apiKey: "from your own store" });
 * console.log(client.provider); // "openai"
 * ```
 */
export const openaiChat: Provider = {
  name: "openai",
  baseUrl: "https://api.openai.com/v1",
  path: "/chat/completions",
  keyVariable: "OPENAI_API_KEY",
  api: "chat",
  headers: (key): Readonly<Record<string, string>> => key === undefined ? {} : { authorization: `Bearer ${key}` },
  encode(model, request) {
    // `this` is the vendor: `{ ...openaiChat, name }` shares this function, and not every option of OpenAI's.
    return encodeChat(model, request, vendorOf(this, "openai"));
  },
  ...readByFold("openai", (vendor, request, onOutput) => {
    return foldAnswer(foldChat(vendor, {}, onOutput), request, vendor, onOutput);
  }),
  errorOf: openaiErrorOf,
};

function encodeChat(model: string, request: ChatRequest, provider: string): EncodedRequest {
  if (request.previousResponseId !== undefined) {
    throw new ConfigError('previousResponseId belongs to OpenAI\'s Responses; make the client with api: "responses".');
  }
  checkToolChoice(request);
  const { tools = [], toolChoice, stop, logprobs } = request;
  const drops = gatherDrops();
  const unlessThinking = unlessReasoning(model, request, drops);
  const effort = effortOf(model, request, drops);
  const topK = drops.unless(hasOpenaiRules(provider), "topK", request.topK, "OpenAI does not have it");
  const streaming = request.streaming ?? true;
  const wantsLogprobs = unlessThinking("logprobs", logprobs === false ? undefined : logprobs);
  const hasTools = tools.length > 0 || request.extraBody?.["tools"] !== undefined;
  // What is required where there is no tool is the search, too.
  const forcesSearch = choosesSearch(request) || toolChoice === "required" && !hasTools;
  if (forcesSearch) drops.drop("toolChoice", "Chat Completions search as they see fit");
  const choice = hasTools && !forcesSearch ? toolChoice : undefined;
  const search = searchOf(request);
  if (search?.maxUses !== undefined) drops.drop("webSearch.maxUses", "Chat Completions does not have it");
  const body = {
    model,
    messages: encodeChatMessages(request, provider),
    temperature: unlessThinking("temperature", request.temperature),
    top_p: unlessThinking("topP", request.topP),
    top_k: topK,
    [isReasoningModel(model) ? "max_completion_tokens" : "max_tokens"]: request.maxTokens,
    stop: unlessThinking("stop", stop),
    seed: request.seed,
    logprobs: wantsLogprobs === undefined ? undefined : true,
    top_logprobs: typeof wantsLogprobs === "number" ? wantsLogprobs : undefined,
    reasoning_effort: effort,
    tools: tools.length === 0 ? undefined : tools.map((tool) => encodeFunction(tool, provider)),
    tool_choice: typeof choice === "object" ? { type: "function", function: { name: choice.name } } : choice,
    parallel_tool_calls: hasTools ? request.parallelToolCalls : undefined,
    response_format: request.schema === undefined ? undefined : encodeResponseFormat(request.schema, provider),
    web_search_options: search === undefined ? undefined : {},
    // The API versions of Azure's that do not know it refuse it, and keep nothing; other vendors have nothing of the kind.
    store: request.store ?? (provider === "openai" ? false : undefined),
    stream: streaming ? true : undefined,
    stream_options: streaming ? { include_usage: true } : undefined,
    ...request.extraBody,
  };
  return { body, notices: drops.notices() };
}
