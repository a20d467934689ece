import { assert, assertEquals } from "@std/assert";
import { anthropic } from "../../src/providers/anthropic.ts";
import {
  close,
  end,
  hear,
  hello,
  open,
  piece,
  say,
  start,
  stop,
  textBlock,
  toolBlock,
} from "../support/anthropic_wire.ts";
import { decodeBody, type Decoded, decodeStream, everyCut, fixture, joined } from "../support/decoding.ts";

const FIXTURES = [
  "text",
  "thinking_tools",
  "web_search",
  "refusal",
  "compaction",
  "pause",
  "answer_tool",
] as const;
const citySchema = {
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
} as const;
const requestOf = (name: string) => name === "answer_tool" ? citySchema : {};

Deno.test("anthropic.decode() gives text, usage in disjoint classes and the vendor's words", async () => {
  const { events, result } = await decodeStream(anthropic, await fixture("anthropic/text.sse"));
  assertEquals(events, [
    { type: "text", delta: "Grüße aus " },
    { type: "text", delta: "Paris 🗼" },
    { type: "text", delta: "." },
  ]);
  assertEquals(result as unknown, {
    response: "Grüße aus Paris 🗼.",
    refusal: undefined,
    toolCalls: [],
    thinking: undefined,
    finishReason: "end_turn",
    responseId: "msg_text",
    responseModel: "claude-sonnet-4-5-20250929",
    serviceTier: "standard",
    usage: {
      inputTokens: 12,
      cacheReadTokens: 50,
      cacheWriteTokens: 300,
      outputTokens: 9,
      reasoningTokens: 0,
      totalTokens: 371,
    },
    cacheWrite1hTokens: 100,
    fees: undefined,
    priceFactor: undefined,
    messages: [{ role: "assistant", content: "Grüße aus Paris 🗼." }],
  });
});

Deno.test("anthropic.decode() keeps thoughts with their seals, and gathers parallel tools by index", async () => {
  const { events, result, outputs } = await decodeStream(anthropic, await fixture("anthropic/thinking_tools.sse"));
  assertEquals(events, [
    { type: "thinking", delta: "Two cities," },
    { type: "thinking", delta: " two calls." },
    { type: "thinking", delta: "", redacted: true },
    { type: "text", delta: "I will look" },
    { type: "text", delta: " both up." },
    { type: "tool_call", id: "toolu_paris", name: "weather", arguments: { city: "Paris" } },
    { type: "tool_call", id: "toolu_rome", name: "weather", arguments: { city: "Rome", unit: "°C" } },
    { type: "tool_call", id: "toolu_now", name: "now", arguments: {} },
  ]);
  assertEquals(result?.messages, [{
    role: "assistant",
    content: [
      { type: "thinking", text: "Two cities, two calls.", signature: "EqQBsig" },
      { type: "thinking", text: "", redacted: "EmwKAhgBhidden" },
      { type: "text", text: "I will look both up." },
      ...events.filter((event) => event.type === "tool_call"),
    ],
  }]);
  assertEquals(result?.thinking, "Two cities, two calls.");
  assertEquals(result?.finishReason, "tool_use");
  assertEquals(result?.usage?.reasoningTokens, 30);
  assertEquals(outputs, 5); // The signature, and the four pieces of arguments that are not empty.
});

Deno.test("anthropic.decode() shows server tools, keeps their blocks and citations, and tells the fee", async () => {
  const { events, result } = await decodeStream(anthropic, await fixture("anthropic/web_search.sse"));
  const found = [{
    type: "web_search_result",
    title: "Eiffel Tower",
    url: "https://example.com/eiffel",
    encrypted_content: "EqgfCioIARgBenc",
    page_age: "March 3, 2026",
  }];
  const query = { query: "height of the Eiffel Tower" };
  assertEquals(events.slice(0, 2), [
    { type: "server_tool", id: "srvtoolu_1", name: "web_search", status: "started", data: query },
    { type: "server_tool", id: "srvtoolu_1", name: "web_search", status: "finished", data: found },
  ]);
  assertEquals(result?.response, "The tower is 330 metres tall.");
  const content = result?.messages[0]?.content;
  assert(Array.isArray(content));
  assertEquals(content.slice(0, 2), [
    {
      type: "vendor",
      provider: "anthropic",
      data: { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: query },
    },
    {
      type: "vendor",
      provider: "anthropic",
      data: { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: found },
    },
  ]);
  assertEquals((result as { fees?: number }).fees, 0.01);
  assertEquals(result?.toolCalls, []);
});

Deno.test("anthropic.decode() surfaces a refusal with the vendor's explanation", async () => {
  const { result } = await decodeStream(anthropic, await fixture("anthropic/refusal.sse"));
  assertEquals(result?.finishReason, "refusal");
  assertEquals(result?.refusal, "The request was declined under the usage policy.");
  assertEquals(result?.response, "");
  const { result: bare } = await hear(start, open(0, textBlock), say(0, "Well"), close(0), end("refusal"), stop);
  assertEquals(bare?.refusal, "refusal");
});

Deno.test("anthropic.decode() keeps a compaction, and passes over what it does not know", async () => {
  const { events, result } = await decodeStream(anthropic, await fixture("anthropic/compaction.sse"));
  assertEquals(events, [{ type: "text", delta: "Paris again." }]);
  const vendor = (data: object) => ({ type: "vendor", provider: "anthropic", data });
  assertEquals(result?.messages[0]?.content as unknown, [
    vendor({ type: "compaction", content: "The user asked about Paris." }),
    vendor({ type: "fallback", from: { model: "claude-opus-5" }, to: { model: "claude-opus-4-8" } }),
    { type: "text", text: "Paris again." },
  ]);
});

Deno.test("anthropic.decode() leaves out a block that grew in a way it does not know", async () => {
  const { result } = await hear(
    start,
    open(0, { type: "hologram", light: "" }),
    piece(0, { type: "beam_delta", light: "red" }),
    close(0),
    ...hello.slice(1).map((event) => "index" in event ? { ...event, index: 1 } : event),
  );
  assertEquals(result?.messages, [{ role: "assistant", content: "Hello" }]);
});

Deno.test("anthropic.decode() takes usage from wherever it stands, the last word on each field", async () => {
  const { result } = await hear(
    ...hello.slice(0, 4),
    end("end_turn", { input_tokens: 61, output_tokens: 2, cache_read_input_tokens: null }),
    stop,
  );
  assertEquals(result?.usage?.inputTokens, 61);
  assertEquals(result?.usage?.outputTokens, 2);
  const none = await hear(
    { type: "message_start", message: { id: "msg_1" } },
    ...hello.slice(1, 4),
    end("end_turn", {}),
  );
  assertEquals(none.result?.usage, undefined);
});

Deno.test("anthropic.decode() reads blocks that message_start brings along", async () => {
  const content = [
    { type: "code_execution_tool_result", tool_use_id: "srvtoolu_9", content: { stdout: "42\n" } },
    { ...toolBlock, input: { city: "Paris" }, caller: { type: "code_execution_20260120", tool_id: "srvtoolu_9" } },
  ];
  const message = { ...start.message, content, stop_reason: "tool_use" };
  const { events, result } = await hear({ type: "message_start", message }, stop);
  assertEquals(events.map(({ type }) => type), ["server_tool", "tool_call"]);
  assertEquals(result?.toolCalls.map((call) => call.arguments), [{ city: "Paris" }]);
  assertEquals(result?.finishReason, "tool_use");
});

Deno.test("anthropic.decode() tells the reader that the model thinks where its thoughts stay hidden", async () => {
  const { events, result } = await hear(
    start,
    open(0, { type: "thinking", thinking: "", signature: "" }),
    piece(0, { type: "signature_delta", signature: "EqQ" }),
    piece(0, { type: "signature_delta", signature: "Bsig" }),
    close(0),
    ...[open(1, textBlock), say(1, "Hi"), close(1), end("end_turn"), stop],
  );
  assertEquals(events[0], { type: "thinking", delta: "", redacted: true });
  assertEquals(result?.messages[0]?.content[0], { type: "thinking", text: "", signature: "EqQBsig" });
  assertEquals(result?.thinking, undefined);
});

Deno.test("anthropic.decode() marks vendor blocks with the name of the vendor that it was copied for", async () => {
  const other = { ...anthropic, name: "elsewhere" };
  const { result } = await decodeStream(other, await fixture("anthropic/pause.sse"));
  assertEquals(result?.finishReason, "pause_turn");
  const content = result?.messages[0]?.content;
  assert(Array.isArray(content));
  assertEquals(content[1]?.provider, "elsewhere");
});

for (const name of FIXTURES) {
  Deno.test(`anthropic.decodeBody() gives the same answer as the stream: ${name}`, async () => {
    const streamed = await decodeStream(anthropic, await fixture(`anthropic/${name}.sse`), requestOf(name));
    const body = JSON.parse(await fixture(`anthropic/${name}.json`));
    const whole = decodeBody(anthropic, body, requestOf(name));
    if (name === "answer_tool") { // The same value; the spaces between are the vendor's.
      assertEquals(JSON.parse(whole.result?.response ?? ""), JSON.parse(streamed.result?.response ?? ""));
      assertEquals(whole.result?.finishReason, streamed.result?.finishReason);
      return;
    }
    assertEquals(whole.result, streamed.result);
    assertEquals(joined(whole.events, "text"), joined(streamed.events, "text"));
    assertEquals(joined(whole.events, "thinking"), joined(streamed.events, "thinking"));
    const others = ({ events }: Decoded) => events.filter(({ type }) => type !== "text" && type !== "thinking");
    assertEquals(others(whole), others(streamed));
  });

  Deno.test(`anthropic.decode() hears the same in chunks of any size: ${name}`, async () => {
    const wire = await fixture(`anthropic/${name}.sse`);
    const expected = await decodeStream(anthropic, wire, requestOf(name));
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      assertEquals(await decodeStream(anthropic, wire, requestOf(name), size), expected);
      const crlf = wire.replaceAll("\n", "\r\n");
      assertEquals(await decodeStream(anthropic, crlf, requestOf(name), size), expected);
    }
  });

  Deno.test(`anthropic.decode() never gives a short answer, wherever it is cut: ${name}`, async () => {
    const wire = await fixture(`anthropic/${name}.sse`);
    const endings = await everyCut(anthropic, wire, requestOf(name));
    assertEquals([...endings.keys()].sort(), ["StreamTruncatedError", "whole"]);
    // Whole from the end of message_delta on: message_stop may be missing.
    assert((endings.get("whole") ?? 0) > 'event: message_stop\ndata: {"type":"message_stop"}\n\n'.length);
  });
}
