/**
 * A client of an official SDK below: its authentication, its proxies and its transport, our events, retries and
 * telemetry. `new AzureOpenAI(…)` goes the same way, with `provider: "azure"`.
 *
 *     deno run -A examples/official_sdk.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import "./support/offline_claude.ts";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { createClient } from "@sik/llms";

const clients = [
  createClient("gpt-4o-mini", { sdk: new OpenAI() }),
  createClient("claude-haiku-4-5", { sdk: new Anthropic() }),
];

for (const client of clients) {
  const { response, usage, cost } = await client.run("What is the capital of France?");
  console.log(`${client.provider}: ${response} ${usage?.totalTokens} tokens, $${cost?.total.toFixed(7)}`);
}
