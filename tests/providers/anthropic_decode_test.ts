import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  ApiError,
  OverloadedError,
  RateLimitError,
  ResponseError,
  StreamTruncatedError,
  ToolArgumentsError,
} from "../../src/error.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
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

const start = {
  type: "message_start",
  message: { id: "msg_1", model: "claude-haiku-4-5", usage: { input_tokens: 10, output_tokens: 1 } },
};
const open = (index: unknown, content_block: object) => ({ type: "content_block_start", index, content_block });
const piece = (index: unknown, delta: object) => ({ type: "content_block_delta", index, delta });
const say = (index: unknown, text: string) => piece(index, { type: "text_delta", text });
const close = (index: unknown) => ({ type: "content_block_stop", index });
const end = (stop_reason: string, usage: object = { output_tokens: 7 }) => ({
  type: "message_delta",
  delta: { stop_reason },
  usage,
});
const stop = { type: "message_stop" };
const textBlock = { type: "text", text: "" };
const toolBlock = { type: "tool_use", id: "toolu_1", name: "weather", input: {} };

/** A short answer of one text. */
const hello: readonly WireEvent[] = [start, open(0, textBlock), say(0, "Hello"), close(0), end("end_turn"), stop];

function decode(...events: readonly WireEvent[]): Promise<Decoded> {
  return decodeStream(anthropic, named(...events));
}

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
  const { result: bare } = await decode(start, open(0, textBlock), say(0, "Well"), close(0), end("refusal"), stop);
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
  const { result } = await decode(
    start,
    open(0, { type: "hologram", light: "" }),
    piece(0, { type: "beam_delta", light: "red" }),
    close(0),
    ...hello.slice(1).map((event) => "index" in event ? { ...event, index: 1 } : event),
  );
  assertEquals(result?.messages, [{ role: "assistant", content: "Hello" }]);
});

Deno.test("anthropic.decode() makes the answer tool's input the text of the answer", async () => {
  const { events, result } = await decodeStream(anthropic, await fixture("anthropic/answer_tool.sse"), citySchema);
  assertEquals(joined(events, "text"), '{"city": "Paris"}');
  assertEquals(result?.response, '{"city": "Paris"}');
  assertEquals(result?.finishReason, "end_turn");
  assertEquals(result?.toolCalls, []);
  assertEquals(result?.messages, [{ role: "assistant", content: '{"city": "Paris"}' }]);
  // Without a schema it is a tool like any other.
  const { result: other } = await decodeStream(anthropic, await fixture("anthropic/answer_tool.sse"));
  assertEquals(other?.toolCalls.map(({ name }) => name), ["answer_in_schema"]);
});

Deno.test("anthropic.decode() takes an answer that is no object out of its wrapping", async () => {
  const request = { schema: { type: "array", items: { type: "number" } } };
  const { events, result } = await decodeStream(
    anthropic,
    named(
      start,
      open(0, { ...toolBlock, name: "answer_in_schema" }),
      piece(0, { type: "input_json_delta", partial_json: '{"answer": [1,' }),
      piece(0, { type: "input_json_delta", partial_json: " 2]}" }),
      close(0),
      end("tool_use"),
      stop,
    ),
    request,
  );
  assertEquals(events, [{ type: "text", delta: "[1,2]" }]);
  assertEquals(result?.response, "[1,2]");
});

Deno.test("anthropic.decode() prefers the answer tool's input to what was said around it", async () => {
  const { result } = await decodeStream(
    anthropic,
    named(
      start,
      open(0, textBlock),
      say(0, "Here it is:"),
      close(0),
      open(1, { ...toolBlock, name: "answer_in_schema" }),
      piece(1, { type: "input_json_delta", partial_json: '{"city":"Rome"}' }),
      close(1),
      end("tool_use"),
      stop,
    ),
    citySchema,
  );
  assertEquals(result?.response, '{"city":"Rome"}');
});

Deno.test("anthropic.decode() gives an answer tool that was cut as it came, for the finish reason says so", async () => {
  const { result } = await decodeStream(
    anthropic,
    named(
      start,
      open(0, { ...toolBlock, name: "answer_in_schema" }),
      piece(0, { type: "input_json_delta", partial_json: '{"city":"Ro' }),
      close(0),
      end("max_tokens"),
      stop,
    ),
    citySchema,
  );
  assertEquals(result?.finishReason, "max_tokens");
  assertEquals(result?.response, '{"city":"Ro');
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

Deno.test("anthropic.decode() tells what had come of a stream that was cut", async () => {
  const { error } = await decode(start, open(0, textBlock), say(0, "Hel"));
  assertInstanceOf(error, StreamTruncatedError);
  assertEquals(error.partialText, "Hel");
  assertEquals(error.usage?.inputTokens, 10);
});

Deno.test("anthropic.decode() takes usage from wherever it stands, the last word on each field", async () => {
  const { result } = await decode(
    ...hello.slice(0, 4),
    end("end_turn", { input_tokens: 61, output_tokens: 2, cache_read_input_tokens: null }),
    stop,
  );
  assertEquals(result?.usage?.inputTokens, 61);
  assertEquals(result?.usage?.outputTokens, 2);
  const none = await decode(
    { type: "message_start", message: { id: "msg_1" } },
    ...hello.slice(1, 4),
    end("end_turn", {}),
  );
  assertEquals(none.result?.usage, undefined);
});

Deno.test("anthropic.decode() passes over a message_start that is said twice, and refuses another one", async () => {
  const twice = await decode(start, ...hello);
  assertEquals(twice.result?.response, "Hello");
  const other = { ...start, message: { ...start.message, id: "msg_2" } };
  for (const events of [[start, other], [...hello.slice(0, 4), other, ...hello.slice(1)]]) {
    const { error } = await decode(...events);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "protocol");
  }
});

Deno.test("anthropic.decode() passes over what follows message_stop", async () => {
  const { result, events } = await decode(...hello, { ...start, message: { id: "msg_2" } }, say(0, " again"));
  assertEquals(result?.response, "Hello");
  assertEquals(events.length, 1);
});

Deno.test("anthropic.decode() reads blocks that message_start brings along", async () => {
  const content = [
    { type: "code_execution_tool_result", tool_use_id: "srvtoolu_9", content: { stdout: "42\n" } },
    { ...toolBlock, input: { city: "Paris" }, caller: { type: "code_execution_20260120", tool_id: "srvtoolu_9" } },
  ];
  const message = { ...start.message, content, stop_reason: "tool_use" };
  const { events, result } = await decode({ type: "message_start", message }, stop);
  assertEquals(events.map(({ type }) => type), ["server_tool", "tool_call"]);
  assertEquals(result?.toolCalls.map((call) => call.arguments), [{ city: "Paris" }]);
  assertEquals(result?.finishReason, "tool_use");
});

Deno.test("anthropic.decode() understands text without the beginning of its block", async () => {
  const { result } = await decode(start, say(0, "Hel"), say(0, "lo"), close(0), end("end_turn"), stop);
  assertEquals(result?.response, "Hello");
});

for (const index of [-1, 1e9, 0.5, "__proto__", "0", null, undefined]) {
  Deno.test(`anthropic.decode() refuses a block with the index ${String(index)}`, async () => {
    for (const event of [open(index, textBlock), say(index, "Hello"), close(index)]) {
      const { error } = await decode(start, event, end("end_turn"), stop);
      assertInstanceOf(error, ResponseError);
      assertEquals(error.reason, "protocol");
    }
    assertEquals(Object.getOwnPropertyNames(Object.prototype).includes("text"), false);
  });
}

Deno.test("anthropic.decode() refuses a block that begins twice", async () => {
  const { error } = await decode(start, open(0, textBlock), open(0, textBlock));
  assertInstanceOf(error, ResponseError);
  assertEquals(error.reason, "protocol");
});

const TOOLS: readonly (readonly [what: string, json: readonly string[], closed: boolean, reason: string])[] = [
  ["are cut off", ['{"city": "Pa'], true, "max_tokens"],
  ["are no JSON", ["{city: Paris}"], true, "tool_use"],
  ["did not come before the tokens ran out", [""], true, "max_tokens"],
  ["are empty and were never closed", [], false, "tool_use"],
  ["are cut off and were never closed", ['{"city": "Pa'], false, "tool_use"],
];
for (const [what, pieces, closed, reason] of TOOLS) {
  Deno.test(`anthropic.decode() gives no tool call whose arguments ${what}`, async () => {
    const { events, error } = await decode(
      start,
      open(0, toolBlock),
      ...pieces.map((partial_json) => piece(0, { type: "input_json_delta", partial_json })),
      ...closed ? [close(0)] : [],
      end(reason),
      stop,
    );
    assertInstanceOf(error, ToolArgumentsError);
    assertEquals(error.tool, "weather");
    assertEquals(error.usage?.outputTokens, 7);
    assertEquals(events, []);
  });
}

Deno.test("anthropic.decode() tells the reader that the model thinks where its thoughts stay hidden", async () => {
  const { events, result } = await decode(
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

const REFUSALS: readonly (readonly [type: string, error: abstract new (...args: never[]) => Error, status: number])[] =
  [
    ["overloaded_error", OverloadedError, 529],
    ["rate_limit_error", RateLimitError, 429],
    ["api_error", ApiError, 500],
  ];
for (const [type, expected, status] of REFUSALS) {
  Deno.test(`anthropic.decode() throws the ${expected.name} of a ${type} inside the stream`, async () => {
    const refusal = { type: "error", error: { type, message: "The vendor's own words." } };
    for (const wire of [named(refusal), `data: ${JSON.stringify(refusal)}\n\n`, named(...hello.slice(0, 3), refusal)]) {
      const { error } = await decodeStream(anthropic, wire);
      assertInstanceOf(error, expected);
      assertEquals((error as ApiError).status, status);
      assertEquals((error as ApiError).vendorMessage, "The vendor's own words.");
    }
    const { error } = decodeBody(anthropic, refusal);
    assertInstanceOf(error, expected);
  });
}

Deno.test("anthropic.decode() throws a ResponseError for a refusal whose type has no status", async () => {
  const refusal = { type: "error", error: { type: "odd_error", message: "Odd." } };
  for (const error of [(await decode(refusal)).error, decodeBody(anthropic, refusal).error]) {
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
  const { error } = await decodeStream(anthropic, 'data: {"error":{"message":"No type."}}\n\n');
  assertInstanceOf(error, ResponseError);
});

Deno.test("anthropic.decode() says of invalid JSON no more than that", async () => {
  const { error } = await decodeStream(anthropic, 'event: content_block_delta\ndata: {"secret prompt\n\n');
  assertInstanceOf(error, ResponseError);
  assertEquals(error.reason, "json");
  assert(!Deno.inspect(error).includes("secret prompt"));
});

Deno.test("anthropic.decodeBody() refuses JSON that is no message", () => {
  for (const body of [null, [], "Hello", {}, { choices: [] }]) {
    const { error } = decodeBody(anthropic, body);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "protocol");
  }
});

Deno.test("anthropic.decode() marks vendor blocks with the name of the vendor that it was copied for", async () => {
  const other = { ...anthropic, name: "elsewhere" };
  const { result } = await decodeStream(other, await fixture("anthropic/pause.sse"));
  assertEquals(result?.finishReason, "pause_turn");
  const content = result?.messages[0]?.content;
  assert(Array.isArray(content));
  assertEquals(content[1]?.provider, "elsewhere");
});
