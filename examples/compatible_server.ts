/**
 * Servers that speak like OpenAI: on this machine (ollama, vllm, llama.cpp) or elsewhere. A vendor is a value; a new one
 * takes five lines.
 *
 *     deno run -A examples/compatible_server.ts
 *     LLM_SERVER=http://localhost:11434/v1 deno run -A examples/compatible_server.ts llama3.2
 *
 * @module
 */
import { localServer } from "./support/local_server.ts";
import { createClient, openaiChat, type Provider } from "@sik/llms";

const baseUrl = localServer();
const [model = "llama3.2"] = Deno.args;
const question = "What is the capital of France?";

// By name: where the vendor is reached, and which variable holds its key, is known. Here it is moved.
const ollama = createClient(model, { provider: "ollama", baseUrl });
console.log(`${ollama.provider}: ${(await ollama.run(question)).response}`);

// A vendor of your own. With `keyVariable: "ACME_API_KEY"` its key would come from the environment.
const acme: Provider = {
  ...openaiChat,
  name: "acme",
  baseUrl,
  keyVariable: undefined,
};
// Nobody knows its prices: say them, in dollars per million tokens, and costs are right in results, traces and metrics.
const client = createClient(model, { provider: acme, price: { input: 0.1, output: 0.4 } });
const { response, cost } = await client.run(question);
console.log(`${client.provider}: ${response} $${cost?.total.toFixed(7)}, ${cost?.source}`);
