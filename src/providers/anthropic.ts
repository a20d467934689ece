/**
 * Anthropic's Messages, and everyone who speaks like them (https://platform.claude.com/docs/en/api/messages).
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { readByFold, vendorOf } from "../fold.ts";
import type { ChatRequest } from "../language_model.ts";
import type { EncodedRequest, Provider } from "../provider.ts";
import { settleMarks } from "./anthropic_cache.ts";
import { foldMessages } from "./anthropic_decode.ts";
import { anthropicErrorOf } from "./anthropic_error.ts";
import { encodeMessages, encodeSystem } from "./anthropic_messages.ts";
import { type ClaudeRules, claudeRules } from "./anthropic_models.ts";
import { encodeThinking } from "./anthropic_thinking.ts";
import { encodeTools } from "./anthropic_tools.ts";
import { type Drops, gatherDrops } from "./drops.ts";
import { checkToolChoice } from "./tool_choice.ts";

/**
 * Anthropic's Messages.
 *
 * @example
 * ```ts
 * import { createClient, anthropic } from "@sik/llms";
 *
 * const client = createClient("claude-sonnet-4-5", { provider: anthropic, apiKey: "from your own store" });
 * console.log(client.provider); // "anthropic"
 * ```
 */
export const anthropic: Provider = {
  name: "anthropic",
  baseUrl: "https://api.anthropic.com",
  path: "/v1/messages",
  keyVariable: "ANTHROPIC_API_KEY",
  headers: (key): Readonly<Record<string, string>> => ({
    "anthropic-version": "2023-06-01",
    ...key === undefined ? {} : { "x-api-key": key },
  }),
  // `this` is the vendor: `{ ...anthropic, name }` shares these functions, and has vendor blocks of its own.
  encode(model, request) {
    return encodeRequest(model, request, vendorOf(this, "anthropic"));
  },
  ...readByFold("anthropic", foldMessages),
  errorOf: anthropicErrorOf,
};

function encodeRequest(model: string, request: ChatRequest, provider: string): EncodedRequest {
  if (request.previousResponseId !== undefined) {
    throw new ConfigError("previousResponseId belongs to OpenAI's Responses; Anthropic keeps no answers.");
  }
  checkToolChoice(request);
  const { stop, streaming = true } = request;
  const drops = gatherDrops();
  const rules = claudeRules(model);
  const { thinking, effort, maxTokens, thinks } = encodeThinking(model, rules, request, drops);
  const { tools, choice, format } = encodeTools(model, rules, request, thinks, drops);
  const sampling = encodeSampling(model, rules, request, thinks, drops);
  for (const name of ["seed", "logprobs", "store"] as const) {
    const given = request[name] !== undefined && request[name] !== false;
    if (given) drops.drop(name, "Anthropic does not have it");
  }
  const system = encodeSystem(request);
  const messages = encodeMessages(request.messages, provider);
  const blocks = messages.flatMap(({ content }) => typeof content === "string" ? [] : content);
  const beyond = settleMarks([...tools ?? [], ...system, ...blocks]);
  if (beyond > 0) {
    drops.drop(`The first ${beyond === 1 ? "cache mark" : `${beyond} cache marks`}`, "Anthropic takes four");
  }
  const body = {
    model,
    max_tokens: maxTokens,
    system: system.length === 0 ? undefined : system,
    messages,
    tools,
    tool_choice: choice,
    thinking,
    output_config: effort === undefined && format === undefined ? undefined : { effort, format },
    ...sampling,
    stop_sequences: typeof stop === "string" ? [stop] : stop,
    stream: streaming ? true : undefined,
    ...request.extraBody,
  };
  return { body, notices: drops.notices() };
}

/** Temperature and the like, as far as the model takes them; a temperature of 1 is what it has without being told. */
function encodeSampling(
  model: string,
  { sampling }: ClaudeRules,
  { temperature, topP, topK }: ChatRequest,
  thinks: boolean,
  drops: Drops,
): object {
  const never = sampling === "none";
  const why = never ? `${model} does not take it` : `${model} does not take it while it thinks`;
  const refused = never || thinks;
  // While it thinks a model takes the upper end of topP alone.
  const refusesTopP = never || thinks && (topP ?? 1) < 0.95;
  const heat = temperature === 1 && refused ? undefined : drops.unless(refused, "temperature", temperature, why);
  const p = drops.unless(refusesTopP, "topP", topP, why);
  const both = sampling === "one" && heat !== undefined;
  return {
    temperature: heat,
    top_p: drops.unless(both, "topP", p, `${model} takes temperature or topP, not both`),
    top_k: drops.unless(refused, "topK", topK, why),
  };
}
