import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { ApiError, RateLimitError, ResponseError, StreamTruncatedError, ToolArgumentsError } from "../../src/error.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import {
  decodeBody,
  type Decoded,
  decodeStream,
  everyCut,
  fixture,
  joined,
  named,
  type WireEvent,
} from "../support/decoding.ts";

const FIXTURES = ["text", "reasoning_tools", "web_search", "refusal", "incomplete"] as const;

const usage = { input_tokens: 10, output_tokens: 7 };
const response = (status: string, more: object = {}) => ({
  id: "resp_1",
  model: "gpt-4o-2024-08-06",
  status,
  error: null,
  output: [],
  ...more,
});
const created = { type: "response.created", response: response("in_progress") };
const message = { type: "message", id: "msg_1", role: "assistant", content: [] };
const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", arguments: "" };
const added = (output_index: unknown, item: object) => ({ type: "response.output_item.added", output_index, item });
const done = (output_index: unknown, item: object) => ({ type: "response.output_item.done", output_index, item });
const say = (output_index: unknown, delta: string, more: object = {}) => ({
  type: "response.output_text.delta",
  output_index,
  content_index: 0,
  delta,
  ...more,
});
const argue = (output_index: number, delta: string) => ({
  type: "response.function_call_arguments.delta",
  output_index,
  delta,
});
const completed = { type: "response.completed", response: response("completed", { usage }) };

function decode(...events: readonly WireEvent[]): Promise<Decoded> {
  return decodeStream(openaiResponses, named(...events));
}

Deno.test("openaiResponses.decode() gives text, usage in disjoint classes and the vendor's words", async () => {
  const { events, result } = await decodeStream(openaiResponses, await fixture("openai_responses/text.sse"));
  assertEquals(events.map((event) => event.type === "text" ? event.delta : event), ["Grüße aus ", "Paris 🗼", "."]);
  assertEquals(result as unknown, {
    response: "Grüße aus Paris 🗼.",
    refusal: undefined,
    toolCalls: [],
    thinking: undefined,
    finishReason: "completed",
    responseId: "resp_text",
    responseModel: "gpt-4.1-mini-2025-04-14",
    serviceTier: "default",
    usage: {
      inputTokens: 30,
      cacheReadTokens: 60,
      cacheWriteTokens: 10,
      outputTokens: 25,
      reasoningTokens: 0,
      totalTokens: 125,
    },
    fees: undefined,
    messages: [{ role: "assistant", content: "Grüße aus Paris 🗼." }],
  });
});

Deno.test("openaiResponses.decode() shows summaries as thoughts, and gathers parallel tools by index", async () => {
  const { events, result, outputs } = await decodeStream(
    openaiResponses,
    await fixture("openai_responses/reasoning_tools.sse"),
  );
  assertEquals(events, [
    { type: "thinking", delta: "**Planning**" },
    { type: "thinking", delta: "\n\nTwo cities." },
    { type: "thinking", delta: "\n\n**Calling**\n\n" },
    { type: "thinking", delta: "Two calls." },
    { type: "text", delta: "I will look " },
    { type: "text", delta: "both up." },
    { type: "tool_call", id: "call_paris", name: "weather", arguments: { city: "Paris" } },
    { type: "tool_call", id: "call_rome", name: "weather", arguments: { city: "Rome" } },
    { type: "tool_call", id: "call_now", name: "now", arguments: {} },
  ]);
  assertEquals(result?.thinking, joined(events, "thinking"));
  assertEquals(result?.toolCalls, events.filter((event) => event.type === "tool_call"));
  assertEquals(result?.usage?.reasoningTokens, 40);
  assertEquals(outputs > 0, true);
});

Deno.test("openaiResponses.decode() shows server tools, keeps their items, and tells the fee of searches", async () => {
  const { events, result } = await decodeStream(openaiResponses, await fixture("openai_responses/web_search.sse"));
  const tools = events.filter((event) => event.type === "server_tool");
  assertEquals(tools.map(({ id, name, status }) => [id, name, status]), [
    ["ws_1", "web_search", "started"],
    ["ws_1", "web_search", "finished"],
    ["ws_2", "web_search", "started"],
    ["ws_2", "web_search", "finished"],
  ]);
  assertEquals(tools[1]?.data, {
    id: "ws_1",
    type: "web_search_call",
    status: "completed",
    action: { type: "search", query: "height of the Eiffel Tower" },
  });
  const content = result?.messages[0]?.content;
  assert(Array.isArray(content));
  assertEquals(content.map((part) => part.type === "vendor" ? part.data.type : part.type), [
    "reasoning",
    "web_search_call",
    "web_search_call",
    "text",
  ]);
  assertEquals((result as { fees?: number }).fees, 0.01); // A page that is opened has no fee.
  const counted = response("completed", { tool_usage: { web_search: { num_requests: 3 } } });
  const { result: other } = await decode(created, { type: "response.completed", response: counted });
  assertEquals((other as { fees?: number }).fees, 0.03);
});

Deno.test("openaiResponses.decode() surfaces a refusal, which goes back as what was said", async () => {
  const { events, result } = await decodeStream(openaiResponses, await fixture("openai_responses/refusal.sse"));
  assertEquals(events, []);
  assertEquals(result?.refusal, "I can't help with that.");
  assertEquals(result?.response, "");
  assertEquals(result?.messages, [{ role: "assistant", content: "I can't help with that." }]);
});

Deno.test("openaiResponses.decode() gives the vendor's reason for an answer that is incomplete", async () => {
  const { result } = await decodeStream(openaiResponses, await fixture("openai_responses/incomplete.sse"));
  assertEquals(result?.finishReason, "max_output_tokens");
  assertEquals(result?.response, "Once upon a");
  const filtered = response("incomplete", { incomplete_details: { reason: "content_filter" } });
  const { result: other } = await decode(created, { type: "response.incomplete", response: filtered });
  assertEquals(other?.finishReason, "content_filter");
});

for (const name of FIXTURES) {
  Deno.test(`openaiResponses.decodeBody() gives the same answer as the stream: ${name}`, async () => {
    const streamed = await decodeStream(openaiResponses, await fixture(`openai_responses/${name}.sse`));
    const whole = decodeBody(openaiResponses, JSON.parse(await fixture(`openai_responses/${name}.json`)));
    assertEquals(whole.result, streamed.result);
    assertEquals(joined(whole.events, "text"), joined(streamed.events, "text"));
    assertEquals(joined(whole.events, "thinking"), joined(streamed.events, "thinking"));
    const others = ({ events }: Decoded) => events.filter(({ type }) => type !== "text" && type !== "thinking");
    assertEquals(others(whole).map(({ type }) => type), others(streamed).map(({ type }) => type));
  });

  Deno.test(`openaiResponses.decode() hears the same in chunks of any size: ${name}`, async () => {
    const wire = await fixture(`openai_responses/${name}.sse`);
    const expected = await decodeStream(openaiResponses, wire);
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      assertEquals(await decodeStream(openaiResponses, wire, {}, size), expected);
    }
  });

  Deno.test(`openaiResponses.decode() never gives a short answer, wherever it is cut: ${name}`, async () => {
    const endings = await everyCut(openaiResponses, await fixture(`openai_responses/${name}.sse`));
    assertEquals([...endings.keys()].sort(), ["StreamTruncatedError", "whole"]);
  });
}

Deno.test("openaiResponses.decode() tells what had come of a stream that was cut, [DONE] or not", async () => {
  for (const tail of ["", "data: [DONE]\n\n"]) {
    const { error } = await decodeStream(openaiResponses, named(created, added(0, message), say(0, "Hel")) + tail);
    assertInstanceOf(error, StreamTruncatedError);
    assertEquals(error.partialText, "Hel");
  }
});

Deno.test("openaiResponses.decode() goes by the index of an item: some gateways change its id in every event", async () => {
  const { result } = await decode(
    created,
    { type: "response.in_progress", response: response("in_progress", { id: "resp_2" }) },
    added(0, { ...message, id: "a" }),
    say(0, "Hel", { item_id: "b" }),
    say(0, "lo", { item_id: "c" }),
    done(0, { ...message, id: "d", content: [{ type: "output_text", text: "Hello" }] }),
    {
      type: "response.completed",
      response: response("completed", {
        id: "resp_3",
        output: [{ ...message, id: "e", content: [{ type: "output_text", text: "Hello" }] }],
      }),
    },
  );
  assertEquals(result?.response, "Hello");
  assertEquals(result?.responseId, "resp_3");
});

Deno.test("openaiResponses.decode() makes up for deltas that did not come", async () => {
  const whole = { ...message, content: [{ type: "output_text", text: "Hello, world" }] };
  const streams: readonly (readonly WireEvent[])[] = [
    [added(0, message), say(0, "Hello"), done(0, whole), completed],
    [
      added(0, message),
      say(0, "Hello"),
      { ...say(0, ""), type: "response.output_text.done", text: "Hello, world" },
      completed,
    ],
    [{ ...completed, response: response("completed", { output: [whole] }) }],
    [say(0, "Hello"), say(0, ", world"), completed],
  ];
  for (const events of streams) {
    const { result, events: heard } = await decode(created, ...events);
    assertEquals(result?.response, "Hello, world");
    assertEquals(joined(heard, "text"), "Hello, world");
    assertEquals(result?.messages, [{ role: "assistant", content: "Hello, world" }]);
  }
});

Deno.test("openaiResponses.decode() shows a reasoning text where a server gives it whole", async () => {
  const thought = (delta: string) => ({
    type: "response.reasoning_text.delta",
    output_index: 0,
    content_index: 0,
    delta,
  });
  const { events, result } = await decode(
    created,
    added(0, { type: "reasoning", id: "rs_1" }),
    thought("Let me"),
    thought(" see."),
    { type: "response.reasoning_text.done", output_index: 0, content_index: 0, text: "Let me see." },
    completed,
  );
  assertEquals(events, [{ type: "thinking", delta: "Let me" }, { type: "thinking", delta: " see." }]);
  assertEquals(result?.thinking, "Let me see.");
});

Deno.test("openaiResponses.decode() tells the probability of a piece", async () => {
  const logprobs = [{ token: "Hel", logprob: -0.5 }, { token: "lo", logprob: -0.25 }];
  const { events } = await decode(created, say(0, "Hello", { logprobs }), completed);
  assertEquals(events, [{ type: "text", delta: "Hello", logprob: -0.75 }]);
});

Deno.test("openaiResponses.decode() passes over what it does not know, and what follows the end", async () => {
  const { result } = await decode(
    created,
    { type: "response.queued", response: response("queued") },
    { type: "response.hologram.delta", delta: "red" },
    added(0, message),
    say(0, "Hello"),
    { type: "response.output_text.annotation.added", output_index: 0, annotation: { type: "url_citation" } },
    completed,
    created,
    say(0, " again"),
  );
  assertEquals(result?.response, "Hello");
});

Deno.test("openaiResponses.decode() refuses two answers that were spliced together", async () => {
  const other = { ...created, response: response("in_progress", { id: "resp_2" }) };
  const { error } = await decode(created, say(0, "Hel"), other, say(0, "lo"), completed);
  assertInstanceOf(error, ResponseError);
  assertEquals(error.reason, "protocol");
  const { result } = await decode(created, created, say(0, "Hello"), completed);
  assertEquals(result?.response, "Hello");
});

for (const index of [-1, 1e9, 0.5, "__proto__", "0", null, undefined]) {
  Deno.test(`openaiResponses.decode() refuses an item with the index ${String(index)}`, async () => {
    for (const event of [added(index, message), say(index, "Hello"), done(index, message)]) {
      const { error } = await decode(created, event, completed);
      assertInstanceOf(error, ResponseError);
      assertEquals(error.reason, "protocol");
    }
    const { error } = await decode(created, say(0, "Hello", { content_index: index }), completed);
    assertInstanceOf(error, ResponseError);
  });
}

const TOOLS: readonly (readonly [what: string, events: readonly WireEvent[]])[] = [
  ["were cut off", [argue(0, '{"city": "Pa'), done(0, { ...call, arguments: '{"city": "Pa', status: "incomplete" })]],
  ["are no JSON", [argue(0, "{city"), done(0, { ...call, arguments: "{city" })]],
  ["are empty and of an item that is not done", []],
  ["are cut off and of an item that is not done", [argue(0, '{"city": "Pa')]],
  ["did not come", [done(0, { ...call, status: "incomplete" })]],
];
for (const [what, events] of TOOLS) {
  Deno.test(`openaiResponses.decode() gives no tool call whose arguments ${what}`, async () => {
    const { error, events: heard } = await decode(created, added(0, call), ...events, completed);
    assertInstanceOf(error, ToolArgumentsError);
    assertEquals(error.tool, "weather");
    assertEquals(error.usage?.outputTokens, 7);
    assertEquals(heard, []);
  });
}

Deno.test("openaiResponses.decode() keeps what the vendor adds to a call that a program made", async () => {
  const caller = { type: "program", caller_id: "prog_1" };
  const item = { ...call, arguments: "{}", caller, namespace: "crm" };
  const { result } = await decode(created, added(0, call), done(0, item), completed);
  assertEquals(result?.messages[0]?.content as unknown, [{
    type: "tool_call",
    id: "call_1",
    name: "weather",
    arguments: {},
    vendor: { provider: "openai", data: { namespace: "crm", caller } },
  }]);
});

const refusal = { code: "insufficient_quota", message: "The vendor's own words." };
const REFUSALS: readonly (readonly [what: string, event: WireEvent])[] = [
  ["an error event", { type: "error", ...refusal, param: null }],
  ["an error event with the error inside", { type: "error", error: { type: "insufficient_quota", ...refusal } }],
  ["a response that failed", { type: "response.failed", response: response("failed", { error: refusal }) }],
];
for (const [what, event] of REFUSALS) {
  Deno.test(`openaiResponses.decode() throws the typed error of ${what}`, async () => {
    for (const wire of [named(event), named(created, say(0, "Hel"), event), `data: ${JSON.stringify(event)}\n\n`]) {
      const { error } = await decodeStream(openaiResponses, wire);
      assertInstanceOf(error, RateLimitError);
      assertEquals([error.status, error.code, error.vendorMessage], [429, "insufficient_quota", refusal.message]);
    }
  });
}

Deno.test("openaiResponses.decode() goes by the type of an error without a code", async () => {
  const error = { type: "server_error", code: null, message: "Sorry." };
  const { error: thrown } = await decode({ type: "error", error });
  assertInstanceOf(thrown, ApiError);
  assertEquals(thrown.status, 500);
});

Deno.test("openaiResponses.decode() throws a ResponseError for a failure that does not say why", async () => {
  for (
    const event of [
      { type: "response.failed", response: response("failed") },
      { type: "error", message: "Odd.", code: "odd_code" },
    ]
  ) {
    const { error } = await decode(created, event);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
  const { error } = await decodeStream(openaiResponses, 'data: {"error":{"message":"No type."}}\n\n');
  assertInstanceOf(error, ResponseError);
});

Deno.test("openaiResponses.decodeBody() throws what the body says went wrong", () => {
  for (const body of [{ error: refusal }, response("failed", { error: refusal })]) {
    assertInstanceOf(decodeBody(openaiResponses, body).error, RateLimitError);
  }
  for (const body of [null, [], "Hello", {}, { choices: [] }]) {
    const { error } = decodeBody(openaiResponses, body);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "protocol");
  }
});

Deno.test("openaiResponses.decode() leaves usage undefined where the vendor gives none", async () => {
  const { result } = await decode(created, say(0, "Hi"), {
    ...completed,
    response: response("completed", { usage: null }),
  });
  assertEquals(result?.usage, undefined);
});
