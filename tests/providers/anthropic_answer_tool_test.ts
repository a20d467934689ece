import { assertEquals } from "@std/assert";
import { anthropic } from "../../src/providers/anthropic.ts";
import { close, end, open, piece, say, start, stop, textBlock, toolBlock } from "../support/anthropic_wire.ts";
import { decodeStream, fixture, joined, named } from "../support/decoding.ts";

const citySchema = {
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

Deno.test("anthropic.decode() makes the answer tool's input the text of the answer", async () => {
  const { events, result } = await decodeStream(anthropic, await fixture("anthropic/answer_tool.sse"), citySchema);
  assertEquals(joined(events, "text"), '{"city": "Paris"}');
  assertEquals(result?.response, '{"city": "Paris"}');
  assertEquals(result?.finishReason, "tool_use"); // The vendor's word, although no tool is to be run.
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
