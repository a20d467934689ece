/**
 * Ready vendors that speak OpenAI's chat dialect: each a value of a few words.
 *
 * @module
 */
import type { EncodedRequest, Provider } from "../provider.ts";
import type { Cost } from "../usage.ts";
import { openaiChat } from "./openai_chat.ts";
import { type ChatReading, foldChat } from "./openai_chat_decode.ts";
import { count, type Raw } from "./raw.ts";

/** What `{ ...openaiChat }` brings that is OpenAI's alone. */
const { api: _, keyVariable: _key, ...dialect } = openaiChat;

/** What a vendor's answers have beside OpenAI's. */
function reading(more: ChatReading): Pick<Provider, "fold"> {
  return {
    fold(this: Provider, _request, onOutput) {
      return foldChat(this.name, more, onOutput);
    },
  };
}

/** Groq (https://console.groq.com/docs/openai). */
export const groq: Provider = {
  ...dialect,
  name: "groq",
  baseUrl: "https://api.groq.com/openai/v1",
  keyVariable: "GROQ_API_KEY",
};

/**
 * Mistral (https://docs.mistral.ai/api/). It refuses fields that it does not know with 422: usage ends every stream unasked,
 * and the seed has another name.
 */
export const mistral: Provider = {
  ...dialect,
  name: "mistral",
  baseUrl: "https://api.mistral.ai/v1",
  keyVariable: "MISTRAL_API_KEY",
  encode(model, request): EncodedRequest {
    const { body, ...encoded } = dialect.encode.call(this, model, request);
    const { stream_options: _, seed: random_seed, ...fields } = body as Raw;
    return { ...encoded, body: { ...fields, random_seed, ...request.extraBody } };
  },
};

/** DeepSeek; its thoughts go back with its tool calls (https://api-docs.deepseek.com/guides/thinking_mode). */
export const deepseek: Provider = {
  ...dialect,
  name: "deepseek",
  baseUrl: "https://api.deepseek.com/v1",
  keyVariable: "DEEPSEEK_API_KEY",
  ...reading({ keepsThoughts: true }),
};

/** OpenRouter; it reports what a call cost (https://openrouter.ai/docs/use-cases/usage-accounting). */
export const openrouter: Provider = {
  ...dialect,
  name: "openrouter",
  baseUrl: "https://openrouter.ai/api/v1",
  keyVariable: "OPENROUTER_API_KEY",
  encode(model, request): EncodedRequest {
    const { body, ...encoded } = dialect.encode.call(this, model, request);
    return { ...encoded, body: { usage: { include: true }, ...body as object } };
  },
  ...reading({ costOf: reportedCost }),
};

/** Together (https://docs.together.ai/docs/openai-api-compatibility). */
export const together: Provider = {
  ...dialect,
  name: "together",
  baseUrl: "https://api.together.xyz/v1",
  keyVariable: "TOGETHER_API_KEY",
};

/** xAI (https://docs.x.ai/docs/api-reference). */
export const xai: Provider = {
  ...dialect,
  name: "xai",
  baseUrl: "https://api.x.ai/v1",
  keyVariable: "XAI_API_KEY",
};

/**
 * Gemini's OpenAI endpoint (https://ai.google.dev/gemini-api/docs/openai); its tool calls bear a seal of the thoughts
 * behind them, and go back with it (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export const gemini: Provider = {
  ...dialect,
  name: "gemini",
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  keyVariable: "GEMINI_API_KEY",
  ...reading({ keepsThoughts: true }),
};

/** Ollama on this machine (https://docs.ollama.com/openai). */
export const ollama: Provider = { ...dialect, name: "ollama", baseUrl: "http://localhost:11434/v1" };

/** vLLM on this machine (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html). */
export const vllm: Provider = { ...dialect, name: "vllm", baseUrl: "http://localhost:8000/v1" };

/** llama.cpp's server on this machine (https://github.com/ggml-org/llama.cpp/tree/master/tools/server). */
export const llamaCpp: Provider = { ...dialect, name: "llama.cpp", baseUrl: "http://localhost:8080/v1" };

/** A total that the vendor does not split. */
function reportedCost(usage: Raw): Cost | undefined {
  const total = count(usage["cost"]);
  if (total === undefined) return undefined;
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: total, total, currency: "USD", source: "provider" };
}
