/**
 * The table of ready vendors: what `createClient` finds by name.
 *
 * @module
 */
import type { Provider } from "../provider.ts";
import { openaiChat } from "./openai_chat.ts";

/** The vendor that is meant by `name`; `api` tells OpenAI's two APIs apart. */
export function providerNamed(name: string, _api?: "chat" | "responses"): Provider | undefined {
  return name === "openai" ? openaiChat : undefined;
}

/** The names that {@linkcode providerNamed} knows. */
export const providerNames: readonly string[] = ["openai"];

/** The built-in vendors' own keys: they go to the vendors' own origins, and nowhere else. */
export const builtInVendors: readonly Provider[] = [openaiChat];
