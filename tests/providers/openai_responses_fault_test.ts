import { assertEquals, assertInstanceOf } from "@std/assert";
import { ApiError, RateLimitError, ResponseError, StreamTruncatedError, ToolArgumentsError } from "../../src/error.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { decodeBody, decodeStream, joined, named, type WireEvent } from "../support/decoding.ts";
import {
  added,
  argue,
  call,
  completed,
  created,
  done,
  hear,
  message,
  response,
  say,
  usage,
} from "../support/responses_wire.ts";

Deno.test("openaiResponses.decode() tells what had come of a stream that was cut, [DONE] or not", async () => {
  for (const tail of ["", "data: [DONE]\n\n"]) {
    const { error } = await decodeStream(openaiResponses, named(created, added(0, message), say(0, "Hel")) + tail);
    assertInstanceOf(error, StreamTruncatedError);
    assertEquals(error.partialText, "Hel");
  }
});

Deno.test("openaiResponses.decode() goes by the index of an item: some gateways change its id in every event", async () => {
  const { result } = await hear(
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
    const { result, events: heard } = await hear(created, ...events);
    assertEquals(result?.response, "Hello, world");
    assertEquals(joined(heard, "text"), "Hello, world");
    assertEquals(result?.messages, [{ role: "assistant", content: "Hello, world" }]);
  }
});

Deno.test("openaiResponses.decode() passes over what it does not know, and what follows the end", async () => {
  const { result } = await hear(
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
  const { error } = await hear(created, say(0, "Hel"), other, say(0, "lo"), completed);
  assertInstanceOf(error, ResponseError);
  assertEquals(error.reason, "protocol");
  const { result } = await hear(created, created, say(0, "Hello"), completed);
  assertEquals(result?.response, "Hello");
});

for (const index of [-1, 1e9, 0.5, "__proto__", "0", null, undefined]) {
  Deno.test(`openaiResponses.decode() refuses an item with the index ${String(index)}`, async () => {
    for (const event of [added(index, message), say(index, "Hello"), done(index, message)]) {
      const { error } = await hear(created, event, completed);
      assertInstanceOf(error, ResponseError);
      assertEquals(error.reason, "protocol");
    }
    const { error } = await hear(created, say(0, "Hello", { content_index: index }), completed);
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
    const { error, events: heard } = await hear(created, added(0, call), ...events, completed);
    assertInstanceOf(error, ToolArgumentsError);
    assertEquals(error.tool, "weather");
    assertEquals(error.usage?.outputTokens, 7);
    assertEquals(heard, []);
  });
}

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
  const { error: thrown } = await hear({ type: "error", error });
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
    const { error } = await hear(created, event);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
  for (
    const wire of ['data: {"error":{"message":"No type."}}', 'event: error\ndata: {"type":"odd","message":"Odd."}']
  ) {
    const { error } = await decodeStream(openaiResponses, `${wire}\n\n`);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
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

Deno.test("openaiResponses.decode() takes arguments that are whole, though nobody finished their item", async () => {
  const { result } = await hear(created, added(0, call), argue(0, '{"city": "Paris"}'), completed);
  assertEquals(result?.toolCalls.map((made) => made.arguments), [{ city: "Paris" }]);
  const cut = { type: "response.incomplete", response: response("incomplete", { usage }) };
  const { error } = await hear(created, added(0, call), argue(0, '{"city": "Paris"}'), cut);
  assertInstanceOf(error, ToolArgumentsError);
});
