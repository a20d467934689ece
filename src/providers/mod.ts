/**
 * The table of ready vendors: what `createClient` finds by name.
 *
 * @module
 */
import type { Provider } from "../provider.ts";
import { anthropic } from "./anthropic.ts";
import { deepseek, gemini, groq, llamaCpp, mistral, ollama, openrouter, together, vllm, xai } from "./compatible.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiResponses } from "./openai_responses.ts";

/** The vendors that are asked by name alone. */
export const readyVendors: readonly Provider[] = [
  openaiChat,
  anthropic,
  groq,
  mistral,
  deepseek,
  openrouter,
  together,
  xai,
  gemini,
  ollama,
  vllm,
  llamaCpp,
];

/** Azure's addresses, deployments and tokens are its SDK's business: `new AzureOpenAI(…)`, given as `sdk`. */
function azure(dialect: Provider): Provider {
  return { ...dialect, name: "azure", keyVariable: undefined, needsSdk: true };
}

/** How others write the names of vendors. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([["llama.cpp", "llamaCpp"]]);

/** The vendor that is meant by `name`; `api` tells OpenAI's two APIs apart, the chat completions otherwise. */
export function providerNamed(name: string, api?: "chat" | "responses"): Provider | undefined {
  const openai = api === "responses" ? openaiResponses : openaiChat;
  if (name === "openai") return openai;
  if (name === "azure") return azure(openai);
  return readyVendors.find((vendor) => vendor.name === (OTHERWISE.get(name) ?? name));
}

/** The names that {@linkcode providerNamed} knows. */
export const providerNames: readonly string[] = [...readyVendors.map(({ name }) => name), "azure"];
