/**
 * A server of models on this machine: the one that `LLM_SERVER` names, else a scripted one that speaks like it.
 *
 * @module
 */
import { answers } from "./answers.ts";
import { startScriptedOpenai } from "./scripted_openai.ts";

/** Where it is reached. */
export function localServer(): string {
  const given = Deno.env.get("LLM_SERVER")?.trim();
  if (given !== undefined && given !== "") return given;
  const server = startScriptedOpenai(answers);
  server.unref();
  return server.baseUrl;
}
