/**
 * Prompt caching: a long text that stands at the beginning of many prompts is paid for in full once, and read from the
 * vendor's cache for a tenth of the price after that.
 *
 *     deno run -A examples/prompt_caching.ts
 *
 * OpenAI caches the beginnings of long prompts by itself; Anthropic where the prompt is marked.
 *
 * @module
 */
import "./support/offline_claude.ts"; // Where there is no key, a script on this machine answers.
import { createClient, systemMessage, userMessage } from "@sik/llms";

const known: Readonly<Record<number, string>> = { 12: "Dogs are welcome on a lead.", 40: "Breakfast is from 7 to 10." };
const rules = Array.from({ length: 400 }, (_, index) => {
  return `Rule ${index + 1}: ${known[index + 1] ?? "Guests are kindly asked to leave things as they found them."}`;
});
// true caches for five minutes; "1h" for an hour, and writing then costs twice the price of input.
const handbook = systemMessage(`The rules of the house.\n${rules.join("\n")}`, { cache: true });

const client = createClient("claude-haiku-4-5");
for (const question of ["May I bring my dog?", "When is breakfast?"]) {
  const { response, usage, cost } = await client.run([handbook, userMessage(question)]);
  console.log(response);
  console.log(
    `  ${usage?.cacheWriteTokens} tokens written, ${usage?.cacheReadTokens} read, $${cost?.total.toFixed(5)}`,
  );
}
