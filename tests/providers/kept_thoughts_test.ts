/**
 * Vendors that refuse a tool's result unless what the model thought before the call comes back with it. Each conversation
 * goes through a whole client, and what counts is what the server saw.
 */
import { assertEquals } from "@std/assert";
import { createClient } from "../../src/create_client.ts";
import { toolMessage, userMessage } from "../../src/message.ts";
import { sse } from "../support/chat_wire.ts";
import { WEATHER } from "../support/contract_parts.ts";
import { body, startVendor } from "../support/vendor_server.ts";
import { answers, chatWire } from "../support/wires.ts";

const STREAM = { headers: { "content-type": "text/event-stream" } };
const ASKED = userMessage("How is the weather in Oslo?");
const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
const SEALED = { ...CALL, extra_content: { google: { thought_signature: "c2VhbA==" } } };

/** The assistant's message as it goes back with the tool's result to `next`, after `provider` answered so. */
async function sentBack(provider: string, message: object, streaming: boolean, next = provider): Promise<unknown> {
  const choice = { index: 0, finish_reason: "tool_calls" };
  const delta = {
    ...message,
    tool_calls: (message as { tool_calls?: object[] }).tool_calls?.map((c) => ({ index: 0, ...c })),
  };
  const answer = streaming
    ? body(sse({ id: "1", choices: [{ ...choice, delta }] }, "[DONE]"), STREAM)
    : body({ id: "1", choices: [{ ...choice, message }] });
  await using server = startVendor(answer, answers(chatWire));
  const options = { baseUrl: server.url, telemetry: false, tools: [WEATHER], streaming } as const;
  const { messages } = await createClient("a-model", { ...options, provider }).run([ASKED]);
  const history = [ASKED, ...messages, toolMessage("call_1", "snow")];
  await createClient("a-model", { ...options, provider: next }).run(history);
  return (server.requests[1]?.body as { readonly messages: readonly unknown[] }).messages[1];
}

const PLAIN = { role: "assistant", content: null, tool_calls: [CALL] };

for (const streaming of [true, false]) {
  const how = streaming ? "streamed" : "in one body";

  Deno.test(`DeepSeek's thoughts before a tool call go back with it, ${how}`, async () => {
    const message = { role: "assistant", content: null, reasoning_content: "I must look.", tool_calls: [CALL] };
    assertEquals(await sentBack("deepseek", message, streaming), { ...PLAIN, reasoning_content: "I must look." });
  });

  Deno.test(`DeepSeek's thoughts go back though they are empty, ${how}`, async () => {
    const message = { role: "assistant", content: null, reasoning_content: "", tool_calls: [CALL] };
    assertEquals(await sentBack("deepseek", message, streaming), { ...PLAIN, reasoning_content: "" });
  });

  Deno.test(`DeepSeek without thoughts has none to send back, ${how}`, async () => {
    const message = { role: "assistant", content: null, tool_calls: [CALL] };
    assertEquals(await sentBack("deepseek", message, streaming), PLAIN);
  });

  Deno.test(`the seal on Gemini's tool calls goes back with them, ${how}`, async () => {
    const message = { role: "assistant", content: null, tool_calls: [SEALED] };
    assertEquals(await sentBack("gemini", message, streaming), { ...PLAIN, tool_calls: [SEALED] });
  });

  Deno.test(`to another vendor neither goes, ${how}`, async () => {
    const message = { role: "assistant", content: null, reasoning_content: "I must look.", tool_calls: [SEALED] };
    for (const next of ["openai", "groq"]) {
      const sent = await sentBack("deepseek", message, streaming, next);
      assertEquals(sent, PLAIN, next);
    }
  });
}

Deno.test("an answer without tools is kept without its thoughts: the vendor would not look at them", async () => {
  const message = {
    id: "1",
    choices: [{ index: 0, finish_reason: "stop", message: { content: "Oslo.", reasoning_content: "So…" } }],
  };
  await using server = startVendor(body(message));
  const client = createClient("a-model", { provider: "deepseek", baseUrl: server.url, telemetry: false });
  const { messages, thinking } = await client.run([ASKED], { streaming: false });
  assertEquals([messages, thinking], [[{ role: "assistant", content: "Oslo." }], "So…"]);
});
