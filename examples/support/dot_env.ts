/**
 * The key, from the environment or from `.env`.
 *
 * @module
 */
import { loadEnvFile } from "node:process";

/** Reads `.env` of the working directory, where there is one, and gives the key of OpenAI, where there is one. */
export function openaiKey(): string | undefined {
  try {
    loadEnvFile(); // What the environment holds already stands.
  } catch {
    // There is none, and none is needed.
  }
  const key = Deno.env.get("OPENAI_API_KEY")?.trim();
  return key === "" ? undefined : key;
}
