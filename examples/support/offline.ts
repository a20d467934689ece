/**
 * Imported first, it lets an example run without a key: where `OPENAI_API_KEY` is not set, in the environment or in
 * `.env`, a scripted server on this machine answers instead of OpenAI. It changes nothing else.
 *
 * @module
 */
import { answers } from "./answers.ts";
import { openaiKey } from "./dot_env.ts";
import { startScriptedOpenai } from "./scripted_openai.ts";

if (openaiKey() === undefined) {
  const server = startScriptedOpenai(answers);
  server.unref();
  Deno.env.set("OPENAI_API_KEY", "none-needed-here");
  Deno.env.set("OPENAI_BASE_URL", server.baseUrl);
}
