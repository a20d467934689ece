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

  Deno.test(`the seals on Gemini's tool calls go back though the calls have no ids, ${how}`, async () => {
    const calls = ["A", "B"].map((seal, index) => ({ ...SEALED, index, id: "", extra_content: { seal } }));
    const sent = await sentBack("gemini", { role: "assistant", content: null, tool_calls: calls }, streaming);
    const back = (sent as { tool_calls: readonly { extra_content: unknown }[] }).tool_calls;
    assertEquals(back.map(({ extra_content }) => extra_content), [{ seal: "A" }, { seal: "B" }]);
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

Deno.test("the details of OpenRouter's thoughts go back as one list, its pieces put together", async () => {
  const piece = (delta: object, finish_reason: string | null = null) => ({
    id: "1",
    choices: [{ index: 0, delta, finish_reason }],
  });
  const detail = (more: object) => ({ reasoning_details: [{ type: "reasoning.text", index: 0, ...more }] });
  const chunks = [
    piece(detail({ text: "I must", format: "anthropic-claude-v1" })),
    piece(detail({ text: " look.", signature: "c2VhbA==" })),
    piece({ tool_calls: [{ index: 0, ...CALL }] }, "tool_calls"),
  ];
  await using server = startVendor(body(sse(...chunks, "[DONE]"), STREAM), answers(chatWire), answers(chatWire));
  const make = (provider: string) =>
    createClient("a-model", { provider, baseUrl: server.url, telemetry: false, tools: [WEATHER] });
  const { messages } = await make("openrouter").run([ASKED]);
  const history = [ASKED, ...messages, toolMessage("call_1", "snow")];
  await make("openrouter").run(history);
  await make("groq").run(history);
  const [, own, other] = server.requests.map(({ body }) => (body as { messages: readonly unknown[] }).messages[1]);
  assertEquals(own, {
    ...PLAIN,
    reasoning_details: [{
      type: "reasoning.text",
      index: 0,
      text: "I must look.",
      format: "anthropic-claude-v1",
      signature: "c2VhbA==",
    }],
  });
  assertEquals(other, PLAIN);
});

Deno.test("Mistral gets ids of nine letters and digits, the same for a call and its result", async () => {
  await using server = startVendor(answers(chatWire));
  const client = createClient("a-model", { provider: "mistral", baseUrl: server.url, telemetry: false });
  const call = (id: string) => ({ type: "tool_call", id, name: "weather", arguments: {} }) as const;
  await client.run([
    ASKED,
    { role: "assistant", content: [call("toolu_01A"), call("Ab3dE6gH9")] },
    toolMessage("toolu_01A", "snow"),
    toolMessage("Ab3dE6gH9", "rain"),
  ]);
  const [request] = server.requests;
  const [, asked, first, second] = (request?.body as { messages: readonly Record<string, unknown>[] }).messages;
  const ids = (asked?.["tool_calls"] as { id: string }[]).map(({ id }) => id);
  assertEquals(ids, [String(first?.["tool_call_id"]), String(second?.["tool_call_id"])]);
  assertEquals([/^[A-Za-z0-9]{9}$/.test(ids[0] ?? ""), ids[1]], [true, "Ab3dE6gH9"]);
});

Deno.test("DeepSeek is told a schema in words, and asked for JSON", async () => {
  const answer = { choices: [{ index: 0, finish_reason: "stop", message: { content: '{"city":"Oslo"}' } }] };
  await using server = startVendor(body(answer));
  const client = createClient("a-model", { provider: "deepseek", baseUrl: server.url, telemetry: false });
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const { parsed } = await client.run("Where?", { schema, streaming: false });
  const sent = server.requests[0]?.body as { messages: readonly { role: string; content: string }[] };
  assertEquals([parsed, (sent as unknown as Record<string, unknown>)["response_format"]], [{ city: "Oslo" }, {
    type: "json_object",
  }]);
  assertEquals([sent.messages[0]?.role, sent.messages[0]?.content.includes('"city"')], ["system", true]);
});

for (const streaming of [true, false]) {
  Deno.test(`details of different kinds stay apart, ${streaming ? "streamed" : "in one body"}`, async () => {
    const details = [
      { type: "reasoning.summary", index: 0, summary: "**Looking**" },
      { type: "reasoning.encrypted", index: 0, data: "AAA", id: "rs_1" },
      { type: "reasoning.encrypted", index: 0, data: "BBB", id: "call_1" },
    ];
    const message = { role: "assistant", content: null, reasoning_details: details, tool_calls: [CALL] };
    assertEquals(await sentBack("openrouter", message, streaming), { ...PLAIN, reasoning_details: details });
  });
}
