import { assertEquals } from "@std/assert";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import type { DecodedEvent, DecodedResult } from "../../src/provider.ts";
import type { ServerSentEvent } from "../../src/sse.ts";
import { usageOf } from "../../src/usage.ts";
import { chatBody, chatChunks, someUsage } from "../support/chat_wire.ts";

const REQUEST = { messages: [] };

/** The events of a stream whose data are these, and how often the first token was dated. */
async function decode(chunks: readonly (object | string)[]): Promise<{ events: DecodedEvent[]; outputs: number }> {
  let outputs = 0;
  const stream = async function* (): AsyncGenerator<ServerSentEvent> {
    for (const chunk of chunks) yield { data: typeof chunk === "string" ? chunk : JSON.stringify(chunk) };
  };
  const events = await Array.fromAsync(openaiChat.decode(stream(), REQUEST, () => outputs++));
  return { events, outputs };
}

function decodeBody(body: object): DecodedEvent[] {
  return [...openaiChat.decodeBody(body, REQUEST)];
}

function resultOf(events: readonly DecodedEvent[]): DecodedResult {
  const last = events.at(-1);
  if (last?.type !== "finish") throw new Error("The last event is not finish.");
  return last.result;
}

const piece = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
  choices: [{ index: 0, delta, finish_reason, ...more }],
});

const USAGE = usageOf({
  inputTokens: 30,
  cacheReadTokens: 60,
  cacheWriteTokens: 10,
  outputTokens: 25,
  reasoningTokens: 5,
});

/** What chat_wire's answers are read as. */
const PARIS: DecodedResult = {
  response: "Paris.",
  refusal: undefined,
  toolCalls: [],
  thinking: undefined,
  finishReason: "stop",
  responseId: "chatcmpl-1",
  responseModel: "gpt-4o-mini-2024-07-18",
  serviceTier: "default",
  systemFingerprint: "fp_1",
  usage: USAGE,
  messages: [{ role: "assistant", content: "Paris." }],
};

const TOOL_CALLS = [
  { id: "call_a", name: "weather", arguments: '{"city":"Paris"}' },
  { id: "call_b", name: "time", arguments: "" },
];
const CALLS = [
  { type: "tool_call", id: "call_a", name: "weather", arguments: { city: "Paris" } },
  { type: "tool_call", id: "call_b", name: "time", arguments: {} },
] as const;

Deno.test("openaiChat.decode() gives the pieces of the text, then the result", async () => {
  const { events } = await decode([...chatChunks({ text: ["Par", "is."], usage: someUsage }), "[DONE]"]);
  assertEquals(events, [
    { type: "text", delta: "Par" },
    { type: "text", delta: "is." },
    { type: "finish", result: PARIS },
  ]);
});

Deno.test("openaiChat.decodeBody() gives the same result in one body", () => {
  assertEquals(decodeBody(chatBody({ text: "Paris.", usage: someUsage })), [
    { type: "text", delta: "Paris." },
    { type: "finish", result: PARIS },
  ]);
});

Deno.test("openaiChat.decode() gives tool calls whole, at the end, and the message to go on with", async () => {
  const { events } = await decode([...chatChunks({ text: "Wait.", toolCalls: TOOL_CALLS }), "[DONE]"]);
  assertEquals(events.slice(0, -1), [{ type: "text", delta: "Wait." }, ...CALLS]);
  const { toolCalls, finishReason, messages } = resultOf(events);
  assertEquals([toolCalls, finishReason], [CALLS, "tool_calls"]);
  assertEquals(messages, [{ role: "assistant", content: [{ type: "text", text: "Wait." }, ...CALLS] }]);
});

Deno.test("openaiChat.decodeBody() gives the same tool calls in one body", () => {
  const events = decodeBody(chatBody({ text: [], toolCalls: TOOL_CALLS, finishReason: "tool_calls" }));
  assertEquals(events.slice(0, -1), [...CALLS]);
  assertEquals(resultOf(events).messages, [{ role: "assistant", content: CALLS }]);
});

Deno.test("openaiChat.decode() tells of each piece of a tool call that no event shows yet", async () => {
  const { outputs } = await decode([...chatChunks({ toolCalls: TOOL_CALLS }), "[DONE]"]);
  assertEquals(outputs, 2);
});

for (const field of ["reasoning_content", "reasoning"]) {
  Deno.test(`openaiChat.decode() gives ${field} as thoughts`, async () => {
    const { events } = await decode([
      piece({ role: "assistant", content: null, [field]: "Let " }),
      piece({ [field]: "me see." }),
      piece({ content: "Paris.", [field]: null }),
      piece({}, "stop"),
      "[DONE]",
    ]);
    assertEquals(events.slice(0, -1), [
      { type: "thinking", delta: "Let " },
      { type: "thinking", delta: "me see." },
      { type: "text", delta: "Paris." },
    ]);
    const { thinking, response, messages } = resultOf(events);
    assertEquals([thinking, response], ["Let me see.", "Paris."]);
    assertEquals(messages, [{ role: "assistant", content: "Paris." }]);
  });
}

Deno.test("openaiChat.decode() gives a thought once, where a server says it under both names", async () => {
  const { events } = await decode([piece({ reasoning: "a", reasoning_content: "a" }), piece({}, "stop")]);
  assertEquals(resultOf(events).thinking, "a");
});

Deno.test("openaiChat.decode() gathers a refusal beside the text", async () => {
  const { events } = await decode([
    piece({ refusal: "I " }),
    piece({ refusal: "won't." }),
    piece({}, "stop"),
    "[DONE]",
  ]);
  const { refusal, response, finishReason } = resultOf(events);
  assertEquals([refusal, response, finishReason], ["I won't.", "", "stop"]);
  assertEquals(events.length, 1);
});

Deno.test("openaiChat.decodeBody() gives a refusal", () => {
  const message = { role: "assistant", content: null, refusal: "I won't." };
  const events = decodeBody({ choices: [{ index: 0, message, finish_reason: "stop" }] });
  assertEquals(resultOf(events).refusal, "I won't.");
});

Deno.test("openaiChat.decode() gives a piece the sum of its tokens' logarithms", async () => {
  const logprobs = (...content: readonly object[]) => ({ logprobs: { content, refusal: null } });
  const { events } = await decode([
    piece({ content: "Par" }, null, logprobs({ token: "Par", logprob: -0.5, top_logprobs: [] })),
    piece({ content: "is." }, null, logprobs({ token: "is", logprob: -0.25 }, { token: ".", logprob: -0.25 })),
    piece({ content: "!" }, null, logprobs()),
    piece({ content: "!" }, null, logprobs({ token: "!", logprob: null }, {})),
    piece({}, "stop", { logprobs: null }),
    "[DONE]",
  ]);
  assertEquals(events.slice(0, -1), [
    { type: "text", delta: "Par", logprob: -0.5 },
    { type: "text", delta: "is.", logprob: -0.5 },
    { type: "text", delta: "!" },
    { type: "text", delta: "!" },
  ]);
});

Deno.test("openaiChat.decode() names the model that answered last, and the id that came first", async () => {
  const { events } = await decode([
    { id: "", model: "", choices: [] },
    { id: "a", model: "router", ...piece({ content: "Hi" }) },
    { id: "b", model: "served", service_tier: "flex", system_fingerprint: "fp_2", ...piece({}, "stop") },
  ]);
  const { responseId, responseModel, serviceTier, systemFingerprint } = resultOf(events);
  assertEquals([responseId, responseModel, serviceTier, systemFingerprint], ["a", "served", "flex", "fp_2"]);
});

Deno.test("openaiChat.decode() reads what servers that speak the dialect with an accent send", async () => {
  const accents: Readonly<Record<string, readonly (object | string)[]>> = {
    // The whole message where a piece is expected.
    "a message instead of a delta": [{
      choices: [{ index: 0, message: { content: "Paris." }, finish_reason: "stop" }],
    }],
    // Usage in every chunk, null until the end.
    "usage of null": [{ ...piece({ content: "Paris." }), usage: null }, { ...piece({}, "stop"), usage: someUsage }],
    // A last chunk that repeats role and empty content beside the reason.
    "an empty last piece": [piece({ content: "Paris." }), piece({ role: "assistant", content: "" }, "stop"), "[DONE]"],
    // The reason as an empty text until the end.
    "a finish reason of no length": [piece({ content: "Paris." }, ""), piece({ content: "" }, "stop"), "[DONE]"],
    // Lists of tool calls that are empty or null beside the text.
    "no tool calls": [piece({ content: "Paris.", tool_calls: [] }), piece({ tool_calls: null }, "stop"), "[DONE]"],
    // A chunk of timings or citations that has no choices at all.
    "chunks of their own": [piece({ content: "Paris." }), piece({}, "stop"), { citations: [], timings: {} }, "[DONE]"],
  };
  for (const [name, chunks] of Object.entries(accents)) {
    const { response, finishReason } = resultOf((await decode(chunks)).events);
    assertEquals([response, finishReason], ["Paris.", "stop"], name);
  }
});

Deno.test("openaiChat.decode() reads no further than the terminator", async () => {
  let asked = 0;
  const stream = async function* (): AsyncGenerator<ServerSentEvent> {
    for (const data of [JSON.stringify(piece({ content: "a" }, "stop")), "[DONE]", "{}"]) {
      asked++;
      yield { data };
    }
  };
  await Array.fromAsync(openaiChat.decode(stream(), REQUEST));
  assertEquals(asked, 2);
});
