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
import { decodeBody, decodeStream, named } from "../support/decoding.ts";

Deno.test("anthropic.decode() tells what had come of a stream that was cut", async () => {
  const { error } = await hear(start, open(0, textBlock), say(0, "Hel"));
  assertInstanceOf(error, StreamTruncatedError);
  assertEquals(error.partialText, "Hel");
  assertEquals(error.usage?.inputTokens, 10);
});

Deno.test("anthropic.decode() passes over a message_start that is said twice, and refuses another one", async () => {
  const twice = await hear(start, ...hello);
  assertEquals(twice.result?.response, "Hello");
  const other = { ...start, message: { ...start.message, id: "msg_2" } };
  for (const events of [[start, other], [...hello.slice(0, 4), other, ...hello.slice(1)]]) {
    const { error } = await hear(...events);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "protocol");
  }
});

Deno.test("anthropic.decode() passes over what follows message_stop", async () => {
  const { result, events } = await hear(...hello, { ...start, message: { id: "msg_2" } }, say(0, " again"));
  assertEquals(result?.response, "Hello");
  assertEquals(events.length, 1);
});

Deno.test("anthropic.decode() understands text without the beginning of its block", async () => {
  const { result } = await hear(start, say(0, "Hel"), say(0, "lo"), close(0), end("end_turn"), stop);
  assertEquals(result?.response, "Hello");
});

for (const index of [-1, 1e9, 0.5, "__proto__", "0", null, undefined]) {
  Deno.test(`anthropic.decode() refuses a block with the index ${String(index)}`, async () => {
    for (const event of [open(index, textBlock), say(index, "Hello"), close(index)]) {
      const { error } = await hear(start, event, end("end_turn"), stop);
      assertInstanceOf(error, ResponseError);
      assertEquals(error.reason, "protocol");
    }
    assertEquals(Object.getOwnPropertyNames(Object.prototype).includes("text"), false);
  });
}

Deno.test("anthropic.decode() refuses a block that begins twice", async () => {
  const { error } = await hear(start, open(0, textBlock), open(0, textBlock));
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
    const { events, error } = await hear(
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
  for (const error of [(await hear(refusal)).error, decodeBody(anthropic, refusal).error]) {
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
  for (
    const wire of ['data: {"error":{"message":"No type."}}', 'event: error\ndata: {"type":"odd","message":"Odd."}']
  ) {
    const { error } = await decodeStream(anthropic, `${wire}\n\n`);
    assertInstanceOf(error, ResponseError);
    assertEquals(error.reason, "vendor");
  }
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

Deno.test("anthropic.decode() takes arguments that are whole, though nobody closed their block", async () => {
  const { result } = await hear(
    start,
    open(0, toolBlock),
    piece(0, { type: "input_json_delta", partial_json: '{"city": "Paris"}' }),
    end("tool_use"),
  );
  assertEquals(result?.toolCalls.map((call) => call.arguments), [{ city: "Paris" }]);
});
