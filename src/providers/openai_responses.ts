/**
 * OpenAI's Responses (https://platform.openai.com/docs/api-reference/responses/create).
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { readByFold, vendorOf } from "../fold.ts";
import type { ChatRequest } from "../language_model.ts";
import type { EncodedRequest, Provider } from "../provider.ts";
import type { Tool } from "../tool.ts";
import { gatherDrops } from "./drops.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { effortOf, isReasoningModel, unlessReasoning } from "./openai_reasoning.ts";
import { foldResponse } from "./openai_responses_decode.ts";
import { encodeInput } from "./openai_responses_input.ts";
import { encodeAnswer, foldAnswer, toolSchema } from "./openai_schema.ts";
import { checkToolChoice, choosesSearch, searchOf } from "./tool_choice.ts";

/**
 * OpenAI's Responses.
 *
 * @example
 * ```ts
 * import { createClient, openaiResponses } from "@sik/llms";
 *
 * const client = createClient("gpt-5", { provider: openaiResponses, apiKey: "from your own store" });
 * console.log(client.provider); // "openai"
 * ```
 */
export const openaiResponses: Provider = {
  name: "openai",
  baseUrl: "https://api.openai.com/v1",
  path: "/responses",
  keyVariable: "OPENAI_API_KEY",
  api: "responses",
  headers: (key): Readonly<Record<string, string>> => key === undefined ? {} : { authorization: `Bearer ${key}` },
  // `this` is the vendor: `{ ...openaiResponses, name }` shares these functions, and has vendor items of its own.
  encode(model, request) {
    return encodeRequest(model, request, vendorOf(this, "openai"));
  },
  ...readByFold("openai", (vendor, request, onOutput) => {
    return foldAnswer(foldResponse(vendor, request, onOutput), request, vendor, onOutput);
  }),
  errorOf: openaiErrorOf,
};

function encodeRequest(model: string, request: ChatRequest, provider: string): EncodedRequest {
  const { previousResponseId, schema, streaming = true } = request;
  const store = request.store ?? false;
  if (previousResponseId !== undefined && !store) {
    throw new ConfigError("previousResponseId needs store: true, on this request and on the one it goes on from.");
  }
  checkToolChoice(request);
  const drops = gatherDrops();
  const unlessThinking = unlessReasoning(model, request, drops);
  const effort = effortOf(model, request, drops);
  for (const name of ["topK", "seed", "stop"] as const) {
    if (request[name] !== undefined) drops.drop(name, "OpenAI's Responses do not have it");
  }
  const logprobs = unlessThinking("logprobs", request.logprobs === false ? undefined : request.logprobs);
  // A deployment's name says nothing of its model; one that is told how much to think, thinks.
  const thinksByEffort = effort !== undefined && effort !== "none";
  const include = [
    // What the vendor does not keep it hands out, encrypted, so that the next turn can go on from it.
    ...!store && (isReasoningModel(model) || thinksByEffort) ? ["reasoning.encrypted_content"] : [],
    ...logprobs === undefined ? [] : ["message.output_text.logprobs"],
  ];
  const search = searchOf(request);
  const tools = [...(request.tools ?? []).map(encodeTool), ...search === undefined ? [] : [{ type: "web_search" }]];
  const hasTools = tools.length > 0 || request.extraBody?.["tools"] !== undefined;
  const body = {
    model,
    input: encodeInput(request, provider),
    previous_response_id: previousResponseId,
    max_output_tokens: request.maxTokens,
    temperature: unlessThinking("temperature", request.temperature),
    top_p: unlessThinking("topP", request.topP),
    top_logprobs: typeof logprobs === "number" ? logprobs : undefined,
    // The summary is asked for with the effort only: accounts that are not verified are refused it with 400.
    reasoning: effort === undefined ? undefined : { effort, summary: effort === "none" ? undefined : "auto" },
    tools: tools.length === 0 ? undefined : tools,
    tool_choice: hasTools ? encodeChoice(request) : undefined,
    parallel_tool_calls: hasTools ? request.parallelToolCalls : undefined,
    max_tool_calls: search?.maxUses,
    text: schema === undefined ? undefined : { format: { type: "json_schema", ...encodeAnswer(schema, provider) } },
    include: include.length === 0 ? undefined : include,
    store,
    stream: streaming ? true : undefined,
    ...request.extraBody,
  };
  return { body, notices: drops.notices() };
}

/** The vendor's own search is chosen by its type, unless a tool of the user's has its name. */
function encodeChoice(request: ChatRequest): unknown {
  const { toolChoice } = request;
  if (typeof toolChoice !== "object") return toolChoice;
  const { name } = toolChoice;
  return choosesSearch(request) ? { type: name } : { type: "function", name };
}

/** Unlike in chat completions a tool is strict unless it says that it is not. */
function encodeTool(tool: Tool): unknown {
  const { schema: parameters, strict } = toolSchema(tool);
  const { name, description } = tool;
  return { type: "function", name, description, parameters, strict };
}
