/**
 * The keys, from the environment or from `.env`.
 *
 * @module
 */
import { loadEnvFile } from "node:process";

/** Reads `.env` of the working directory, where there is one, and gives the key of OpenAI, where there is one. */
export function openaiKey(): string | undefined {
  return keyOf("OPENAI_API_KEY");
}

/** The same for Anthropic's key. */
export function anthropicKey(): string | undefined {
  return keyOf("ANTHROPIC_API_KEY");
}

function keyOf(variable: string): string | undefined {
  try {
    loadEnvFile(); // What the environment holds already stands.
  } catch {
    // There is none, and none is needed.
  }
  const key = Deno.env.get(variable)?.trim();
  return key === "" ? undefined : key;
}
