import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/error.ts";
import type { ChatRequest } from "../../src/language_model.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { decodeStream, encoded, fixture } from "../support/decoding.ts";

const OLD = "claude-sonnet-4-5";

Deno.test("anthropic is a value that says where and how Anthropic is reached", () => {
  assertEquals(anthropic.baseUrl + anthropic.path, "https://api.anthropic.com/v1/messages");
  assertEquals(anthropic.keyVariable, "ANTHROPIC_API_KEY");
  assertEquals(anthropic.headers("a-key"), { "anthropic-version": "2023-06-01", "x-api-key": "a-key" });
  assertEquals(anthropic.headers(undefined), { "anthropic-version": "2023-06-01" });
});

Deno.test("anthropic.encode() asks for a stream of at most 8,000 tokens", () => {
  assertEquals(encoded(anthropic, OLD), {
    body: { model: OLD, max_tokens: 8000, messages: [{ role: "user", content: "Hello" }], stream: true },
    notices: [],
  });
});

Deno.test("anthropic.encode() leaves `stream` out of a request for one body", () => {
  assertEquals("stream" in encoded(anthropic, OLD, { streaming: false }).body, false);
});

Deno.test("anthropic.encode() passes the usual options, and extraBody last", () => {
  const { body, notices } = encoded(anthropic, "claude-sonnet-4-0", {
    temperature: 0.2,
    topP: 0.9,
    topK: 40,
    maxTokens: 100,
    stop: "END",
    extraBody: { metadata: { user_id: "u" }, top_k: 5 },
  });
  assertEquals(notices, []);
  assertEquals(body, {
    model: "claude-sonnet-4-0",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
    temperature: 0.2,
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ["END"],
    stream: true,
    metadata: { user_id: "u" },
  });
  assertEquals(encoded(anthropic, OLD, { stop: ["A", "B"] }).body["stop_sequences"], ["A", "B"]);
});

const DROPPED:
  readonly (readonly [what: string, model: string, request: Partial<ChatRequest>, left: object, notice: string[]])[] = [
    [
      "what Anthropic does not have",
      OLD,
      { seed: 1, logprobs: true, store: true },
      {},
      ["seed, logprobs and store were left out: Anthropic does not have them."],
    ],
    ["nothing where the caller wants nothing of it", OLD, { logprobs: false, store: false }, {}, []],
    [
      "sampling of a model that takes none",
      "claude-sonnet-5",
      { temperature: 0.5, topP: 0.99, topK: 3 },
      {},
      ["temperature, topP and topK were left out: claude-sonnet-5 does not take them."],
    ],
    ["a temperature of 1, which is what such a model has", "claude-opus-5-5", { temperature: 1 }, {}, []],
    [
      "one of two samplers",
      "claude-haiku-4-5",
      { temperature: 0.5, topP: 0.9, topK: 3 },
      { temperature: 0.5, top_k: 3 },
      ["topP was left out: claude-haiku-4-5 takes temperature or topP, not both."],
    ],
    ["neither of them alone", "claude-haiku-4-5", { topP: 0.5 }, { top_p: 0.5 }, []],
    [
      "sampling of a model that thinks",
      "claude-sonnet-4-0",
      { temperature: 0.5, topK: 3, topP: 0.5, thinkingBudgetTokens: 2000 },
      {},
      ["temperature, topP and topK were left out: claude-sonnet-4-0 does not take them while it thinks."],
    ],
    [
      "nothing of the upper end of topP",
      "claude-sonnet-4-0",
      { topP: 0.97, thinkingBudgetTokens: 2000 },
      { top_p: 0.97 },
      [],
    ],
  ];
for (const [what, model, request, left, expected] of DROPPED) {
  Deno.test(`anthropic.encode() leaves out ${what}, with one notice for each reason`, () => {
    const { body, notices } = encoded(anthropic, model, request);
    const { temperature, top_p, top_k, seed, logprobs, store } = body;
    const sent = JSON.parse(JSON.stringify({ temperature, top_p, top_k, seed, logprobs, store }));
    assertEquals(sent, left);
    assertEquals(notices, expected);
  });
}

Deno.test("anthropic.encode() refuses to go on from an answer that nobody keeps", () => {
  const request = { messages: [], previousResponseId: "resp_1", store: true };
  assertThrows(() => anthropic.encode(OLD, request), ConfigError, "Anthropic keeps no answers");
});

Deno.test("anthropic.errorOf() reads Anthropic's refusals, and what proxies make of them", () => {
  const refusal = { type: "error", error: { type: "invalid_request_error", message: "max_tokens: Field required" } };
  assertEquals(anthropic.errorOf(400, refusal), {
    message: "max_tokens: Field required",
    type: "invalid_request_error",
  });
  assertEquals(anthropic.errorOf(403, { message: "Forbidden" }).message, "Forbidden");
  assertEquals(anthropic.errorOf(502, { error: "bad gateway" }).message, "bad gateway");
  assertEquals(anthropic.errorOf(500, "upstream failed").message, "upstream failed");
  assertEquals(anthropic.errorOf(500, undefined).message, "");
  assertEquals(anthropic.errorOf(500, { error: null }).message, "");
});

Deno.test("a conversation with tools goes on as Anthropic documents it, thoughts and all", async () => {
  const weather = {
    name: "weather",
    description: "Gives the weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  };
  const options = { tools: [weather], thinkingBudgetTokens: 2000 };
  const first: ChatRequest = { ...options, messages: [{ role: "user", content: "The weather in Paris and Rome?" }] };
  const { result } = await decodeStream(anthropic, await fixture("anthropic/thinking_tools.sse"), first);
  const second: ChatRequest = {
    ...options,
    messages: [
      ...first.messages,
      ...result?.messages ?? [],
      { role: "tool", toolCallId: "toolu_paris", content: "21 °C" },
      { role: "tool", toolCallId: "toolu_rome", content: "no such city", isError: true },
      { role: "tool", toolCallId: "toolu_now", content: "noon" },
    ],
  };
  const { result: answer } = await decodeStream(anthropic, await fixture("anthropic/text.sse"), second);
  const third = encoded(anthropic, "claude-opus-4-5", {
    ...options,
    messages: [...second.messages, ...answer?.messages ?? [], { role: "user", content: "And in °F?" }],
  });
  assertEquals(third.body, {
    model: "claude-opus-4-5",
    max_tokens: 10000,
    thinking: { type: "enabled", budget_tokens: 2000 },
    messages: [
      { role: "user", content: "The weather in Paris and Rome?" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Two cities, two calls.", signature: "EqQBsig" },
          { type: "redacted_thinking", data: "EmwKAhgBhidden" },
          { type: "text", text: "I will look both up." },
          { type: "tool_use", id: "toolu_paris", name: "weather", input: { city: "Paris" } },
          { type: "tool_use", id: "toolu_rome", name: "weather", input: { city: "Rome", unit: "°C" } },
          { type: "tool_use", id: "toolu_now", name: "now", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_paris", content: "21 °C" },
          { type: "tool_result", tool_use_id: "toolu_rome", content: "no such city", is_error: true },
          { type: "tool_result", tool_use_id: "toolu_now", content: "noon" },
        ],
      },
      { role: "assistant", content: "Grüße aus Paris 🗼." },
      { role: "user", content: "And in °F?" },
    ],
    tools: [{
      name: "weather",
      description: "Gives the weather of a city.",
      input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    }],
    stream: true,
  });
});
