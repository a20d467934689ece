/**
 * Ready vendors that speak OpenAI's chat dialect: each a value of a few words.
 *
 * @module
 */
import { readByFold, vendorOf } from "../fold.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Message } from "../message.ts";
import type { EncodedRequest, Provider } from "../provider.ts";
import { jsonSchemaOf } from "../schema.ts";
import type { Cost } from "../usage.ts";
import { gatherDrops } from "./drops.ts";
import { openaiChat } from "./openai_chat.ts";
import { type ChatReading, foldChat } from "./openai_chat_decode.ts";
import { count, type Raw, record } from "./raw.ts";

/** What `{ ...openaiChat }` brings that is OpenAI's alone. */
const { api: _, keyVariable: _key, ...dialect } = openaiChat;

/** What a vendor's requests are before its own changes. */
function encodeAs(vendor: string, model: string, request: ChatRequest): EncodedRequest {
  return { ...dialect, name: vendor }.encode(model, request);
}

/** What a vendor's answers have beside OpenAI's. */
function reading(vendor: string, more: ChatReading): Pick<Provider, "decode" | "decodeBody"> {
  return readByFold(vendor, (name, _request, onOutput) => foldChat(name, more, onOutput));
}

/**
 * Groq (https://console.groq.com/docs/openai).
 *
 * @example
 * ```ts
 * import { createClient, groq } from "@sik/llms";
 *
 * const client = createClient("llama-3.3-70b-versatile", { provider: groq, apiKey: "from your own store" });
 * console.log(client.provider); // "groq"
 * ```
 */
export const groq: Provider = {
  ...dialect,
  name: "groq",
  baseUrl: "https://api.groq.com/openai/v1",
  keyVariable: "GROQ_API_KEY",
};

/**
 * Mistral (https://docs.mistral.ai/api/). It refuses fields that it does not know with 422: usage ends every stream unasked,
 * and the seed has another name. The ids of its tool calls have nine letters and digits, and it takes no others.
 *
 * @example
 * ```ts
 * import { createClient, mistral } from "@sik/llms";
 *
 * const client = createClient("mistral-large-latest", { provider: mistral, apiKey: "from your own store" });
 * console.log(client.provider); // "mistral"
 * ```
 */
export const mistral: Provider = {
  ...dialect,
  name: "mistral",
  baseUrl: "https://api.mistral.ai/v1",
  keyVariable: "MISTRAL_API_KEY",
  encode(model, request): EncodedRequest {
    const drops = gatherDrops();
    const kept: ChatRequest = {
      ...request,
      topK: drops.unless(true, "topK", request.topK, "Mistral does not have it"),
      logprobs: drops.unless(request.logprobs !== false, "logprobs", request.logprobs, "Mistral does not have it"),
      messages: request.messages.map(withShortIds),
    };
    const { body, notices = [] } = encodeAs(vendorOf(this, "mistral"), model, kept);
    const { stream_options: _, seed: random_seed, ...fields } = body as Raw;
    return { body: { ...fields, random_seed, ...request.extraBody }, notices: [...notices, ...drops.notices()] };
  },
};

/**
 * DeepSeek; its thoughts go back with its tool calls (https://api-docs.deepseek.com/guides/thinking_mode). It writes JSON,
 * and takes no schema for it: the schema is put to the model in words (https://api-docs.deepseek.com/guides/json_mode).
 *
 * @example
 * ```ts
 * import { createClient, deepseek } from "@sik/llms";
 *
 * const client = createClient("deepseek-chat", { provider: deepseek, apiKey: "from your own store" });
 * console.log(client.provider); // "deepseek"
 * ```
 */
export const deepseek: Provider = {
  ...dialect,
  name: "deepseek",
  baseUrl: "https://api.deepseek.com/v1",
  keyVariable: "DEEPSEEK_API_KEY",
  encode(model, request): EncodedRequest {
    const { schema, messages } = request;
    if (schema === undefined) return encodeAs(vendorOf(this, "deepseek"), model, request);
    const form = JSON.stringify(jsonSchemaOf(schema, "schema"));
    const told: Message = {
      role: "system",
      content: `Answer with JSON alone, in the form of this JSON Schema: ${form}`,
    };
    const plain: ChatRequest = { ...request, schema: undefined, messages: [told, ...messages] };
    const { body, ...encoded } = encodeAs(vendorOf(this, "deepseek"), model, plain);
    return { ...encoded, body: { ...body as Raw, response_format: { type: "json_object" }, ...request.extraBody } };
  },
  ...reading("deepseek", { keepsThoughts: true }),
};

/**
 * OpenRouter; it reports what a call cost (https://openrouter.ai/docs/use-cases/usage-accounting), and wants the details
 * of its models' thoughts back (https://openrouter.ai/docs/use-cases/reasoning-tokens).
 *
 * @example
 * ```ts
 * import { createClient, openrouter } from "@sik/llms";
 *
 * const client = createClient("openai/gpt-4o-mini", { provider: openrouter, apiKey: "from your own store" });
 * console.log(client.provider); // "openrouter"
 * ```
 */
export const openrouter: Provider = {
  ...dialect,
  name: "openrouter",
  baseUrl: "https://openrouter.ai/api/v1",
  keyVariable: "OPENROUTER_API_KEY",
  encode(model, request): EncodedRequest {
    const { body, ...encoded } = encodeAs(vendorOf(this, "openrouter"), model, request);
    return { ...encoded, body: { usage: { include: true }, ...body as object } };
  },
  ...reading("openrouter", { costOf: reportedCost, keepsDetails: true }),
};

/**
 * Together (https://docs.together.ai/docs/openai-api-compatibility).
 *
 * @example
 * ```ts
 * import { createClient, together } from "@sik/llms";
 *
 * const client = createClient("openai/gpt-oss-120b", { provider: together, apiKey: "from your own store" });
 * console.log(client.provider); // "together"
 * ```
 */
export const together: Provider = {
  ...dialect,
  name: "together",
  baseUrl: "https://api.together.xyz/v1",
  keyVariable: "TOGETHER_API_KEY",
};

/**
 * xAI (https://docs.x.ai/docs/api-reference).
 *
 * @example
 * ```ts
 * import { createClient, xai } from "@sik/llms";
 *
 * const client = createClient("grok-4", { provider: xai, apiKey: "from your own store" });
 * console.log(client.provider); // "xai"
 * ```
 */
export const xai: Provider = {
  ...dialect,
  name: "xai",
  baseUrl: "https://api.x.ai/v1",
  keyVariable: "XAI_API_KEY",
  ...reading("xai", { costOf: costInTicks }),
};

/**
 * Gemini's OpenAI endpoint (https://ai.google.dev/gemini-api/docs/openai); its tool calls bear a seal of the thoughts
 * behind them, and go back with it (https://ai.google.dev/gemini-api/docs/thought-signatures).
 *
 * @example
 * ```ts
 * import { createClient, gemini } from "@sik/llms";
 *
 * const client = createClient("gemini-2.5-flash", { provider: gemini, apiKey: "from your own store" });
 * console.log(client.provider); // "gemini"
 * ```
 */
export const gemini: Provider = {
  ...dialect,
  name: "gemini",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  keyVariable: "GEMINI_API_KEY",
  ...reading("gemini", { keepsThoughts: true, hidesThoughts: true }),
};

/**
 * Ollama on this machine (https://docs.ollama.com/openai).
 *
 * @example
 * ```ts
 * import { createClient, ollama } from "@sik/llms";
 *
 * const client = createClient("llama3.2", { provider: ollama });
 * console.log(client.provider); // "ollama"
 * ```
 */
export const ollama: Provider = { ...dialect, name: "ollama", baseUrl: "http://localhost:11434/v1" };

/**
 * vLLM on this machine (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html).
 *
 * @example
 * ```ts
 * import { createClient, vllm } from "@sik/llms";
 *
 * const client = createClient("qwen3", { provider: vllm });
 * console.log(client.provider); // "vllm"
 * ```
 */
export const vllm: Provider = { ...dialect, name: "vllm", baseUrl: "http://localhost:8000/v1" };

/**
 * llama.cpp's server on this machine (https://github.com/ggml-org/llama.cpp/tree/master/tools/server).
 *
 * @example
 * ```ts
 * import { createClient, llamaCpp } from "@sik/llms";
 *
 * const client = createClient("qwen3", { provider: llamaCpp });
 * console.log(client.provider); // "llamaCpp"
 * ```
 */
export const llamaCpp: Provider = { ...dialect, name: "llamaCpp", baseUrl: "http://localhost:8080/v1" };

/** With a key of one's own the vendor behind is paid, too, and OpenRouter's cost is its own fee alone. */
function reportedCost(usage: Raw): Cost | undefined {
  const fee = count(usage["cost"]);
  const paid = usage["is_byok"] === true ? count(record(usage["cost_details"])["upstream_inference_cost"]) : 0;
  return fee === undefined || paid === undefined ? undefined : unsplit(fee + paid);
}

/** xAI counts in ticks, of which a dollar has 10,000,000,000. */
function costInTicks(usage: Raw): Cost | undefined {
  const ticks = count(usage["cost_in_usd_ticks"]);
  return ticks === undefined ? undefined : unsplit(ticks / 1e10);
}

/** A total that the vendor does not split. */
function unsplit(total: number): Cost {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: total, total, currency: "USD", source: "provider" };
}

/** The message with ids that Mistral takes; the same one for the same id, wherever it came from. */
function withShortIds(message: Message): Message {
  if (message.role === "tool") return { ...message, toolCallId: shortId(message.toolCallId) };
  if (message.role !== "assistant" || typeof message.content === "string") return message;
  return {
    ...message,
    content: message.content.map((part) => part.type === "tool_call" ? { ...part, id: shortId(part.id) } : part),
  };
}

/** FNV-1a (https://datatracker.ietf.org/doc/draft-eastlake-fnv/), in as many digits as there is room for. */
function shortId(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36).slice(-9).padStart(9, "0");
}
