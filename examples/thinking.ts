/**
 * Thinking: how much a model may think before it answers, its thoughts as they come, and what they took.
 *
 *     deno run -A examples/thinking.ts
 *
 * @module
 */
import "./support/offline_claude.ts"; // Where there is no key, a script on this machine answers.
import { createClient } from "@sik/llms";

const client = createClient("claude-haiku-4-5", { reasoningEffort: "low" });
const question = "Three trams leave together, every 6, 8 and 9 minutes. When do they leave together again?";

let thoughts = "";
for await (const event of client.stream(question)) {
  if (event.type === "thinking") thoughts += event.delta;
  else if (event.type === "finish") {
    const { response, usage, messages } = event.result;
    console.log(`(${thoughts})`);
    console.log(response);
    console.log(`${usage?.outputTokens} tokens, ${usage?.reasoningTokens} of them thoughts`);
    // The thoughts stand in the messages with the vendor's seal: a conversation with tools hands them back unchanged.
    const [first] = messages;
    const parts = typeof first?.content === "string" ? [] : first?.content ?? [];
    console.log(parts.map((part) => typeof part === "string" ? "text" : part.type).join(", "));
  }
}
