import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { StreamTruncatedError } from "../../src/error.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { decodeBody, type Decoded, decodeStream, everyCut, fixture, joined } from "../support/decoding.ts";
import { added, call, completed, created, done, hear, response, say } from "../support/responses_wire.ts";

const FIXTURES = ["text", "reasoning_tools", "web_search", "refusal", "incomplete"] as const;

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
  const { result: other } = await hear(created, { type: "response.completed", response: counted });
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
  const { result: other } = await hear(created, { type: "response.incomplete", response: filtered });
  assertEquals(other?.finishReason, "content_filter");
});

Deno.test("openaiResponses.decode() shows a reasoning text where a server gives it whole", async () => {
  const thought = (delta: string) => ({
    type: "response.reasoning_text.delta",
    output_index: 0,
    content_index: 0,
    delta,
  });
  const { events, result } = await hear(
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
  const { events } = await hear(created, say(0, "Hello", { logprobs }), completed);
  assertEquals(events, [{ type: "text", delta: "Hello", logprob: -0.75 }]);
});

Deno.test("openaiResponses.decode() keeps what the vendor adds to a call that a program made", async () => {
  const caller = { type: "program", caller_id: "prog_1" };
  const item = { ...call, arguments: "{}", caller, namespace: "crm" };
  const { result } = await hear(created, added(0, call), done(0, item), completed);
  assertEquals(result?.messages[0]?.content as unknown, [{
    type: "tool_call",
    id: "call_1",
    name: "weather",
    arguments: {},
    vendor: { provider: "openai", data: { namespace: "crm", caller } },
  }]);
});

Deno.test("openaiResponses.decode() leaves usage undefined where the vendor gives none", async () => {
  const { result } = await hear(created, say(0, "Hi"), {
    ...completed,
    response: response("completed", { usage: null }),
  });
  assertEquals(result?.usage, undefined);
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

for (const status of ["queued", "in_progress", "cancelled"]) {
  Deno.test(`a response that is ${status} is no answer`, () => {
    const output = [{ type: "message", status, content: [{ type: "output_text", text: "half an ans" }] }];
    const { error, result } = decodeBody(openaiResponses, { id: "resp_1", object: "response", status, output });
    assertInstanceOf(error, StreamTruncatedError);
    assertEquals([error.partialText, result], ["half an ans", undefined]);
  });
}
