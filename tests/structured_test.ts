import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { z } from "zod";
import { SchemaError } from "../src/error.ts";
import type { DecodedResult } from "../src/provider.ts";
import type { Schema } from "../src/schema.ts";
import { parseStructured } from "../src/structured.ts";
import { usageOf } from "../src/usage.ts";
import { chatBody, chatChunks, sse } from "./support/chat_wire.ts";
import { chatWire, clientFor } from "./support/wires.ts";

const CITY = z.object({ city: z.string() });
const JSON_CITY = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const usage = usageOf({ inputTokens: 1, outputTokens: 2 });

function answer(response: string, more: Partial<DecodedResult> = {}): DecodedResult {
  return { response, toolCalls: [], finishReason: "stop", messages: [], usage, ...more };
}

for (const [name, schema] of Object.entries<Schema<unknown>>({ "zod": CITY, "JSON Schema": JSON_CITY })) {
  Deno.test(`parseStructured() gives the answer that fits ${name}`, async () => {
    assertEquals(await parseStructured(schema, answer(' {"city":"Paris"}\n')), { city: "Paris" });
  });

  Deno.test(`parseStructured() refuses an answer that does not fit ${name}, with the path and not the content`, async () => {
    const failure = await assertRejects(() => parseStructured(schema, answer('{"city":["needle"]}')), SchemaError);
    assertEquals([failure.path, failure.usage], ["$.city", usage]);
    assertEquals(failure.message, "The answer does not fit the schema at $.city.");
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes("needle"));
  });
}

const NO_JSON: Readonly<Record<string, string>> = {
  "text": "needle",
  "nothing": "",
  "JSON that is cut": '{"city":"needle',
  "JSON in a fence": '```json\n{"city":"needle"}\n```',
  "JSON with text behind it": '{"city":"needle"} I hope this helps.',
};

for (const [name, response] of Object.entries(NO_JSON)) {
  Deno.test(`parseStructured() refuses ${name}, without the content`, async () => {
    const failure = await assertRejects(() => parseStructured(CITY, answer(response)), SchemaError);
    assertEquals([failure.path, failure.usage], ["$", usage]);
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes("needle"));
  });
}

for (const finishReason of ["stop", "end_turn", "stop_sequence", "completed", "eos"]) {
  Deno.test(`parseStructured() takes an answer that ended with ${finishReason} for whole`, async () => {
    assertEquals(await parseStructured(CITY, answer('{"city":"Paris"}', { finishReason })), { city: "Paris" });
  });
}

for (const finishReason of ["tool_use", "tool_calls"]) {
  Deno.test(`parseStructured() takes an answer that ended with ${finishReason} for whole where no call is left`, async () => {
    assertEquals(await parseStructured(CITY, answer('{"city":"Paris"}', { finishReason })), { city: "Paris" });
  });
}

for (const finishReason of ["length", "max_tokens", "content_filter", "refusal", "pause_turn", "unknown", "moon"]) {
  Deno.test(`parseStructured() parses nothing from an answer that ended with ${finishReason}`, async () => {
    assertEquals(await parseStructured(CITY, answer('{"city":"Paris"}', { finishReason })), undefined);
    assertEquals(await parseStructured(CITY, answer('{"city":', { finishReason })), undefined);
  });
}

Deno.test("parseStructured() parses nothing from a refusal or from tool calls", async () => {
  const call = { type: "tool_call", id: "1", name: "f", arguments: {} } as const;
  assertEquals(await parseStructured(CITY, answer("", { refusal: "I won't." })), undefined);
  assertEquals(await parseStructured(CITY, answer("", { toolCalls: [call] })), undefined);
});

for (const streaming of [true, false]) {
  const fetch = (text: string): typeof globalThis.fetch => () => {
    if (!streaming) return Promise.resolve(Response.json(chatBody({ text })));
    const stream = sse(...chatChunks({ text: [...text] }), "[DONE]");
    return Promise.resolve(new Response(stream, { headers: { "content-type": "text/event-stream" } }));
  };
  const client = (text: string) =>
    clientFor(chatWire, { url: "http://127.0.0.1:9/v1" }, { fetch: fetch(text), streaming });
  const how = streaming ? "streamed" : "in one body";

  Deno.test(`a client's run(), ${how}, gives the answer as the schema types it`, async () => {
    const { parsed, response } = await client('{"city":"Paris"}').run("Where?", { schema: CITY });
    const city: string | undefined = parsed?.city;
    assertEquals([city, response], ["Paris", '{"city":"Paris"}']);
  });

  Deno.test(`a client's run(), ${how}, fails with SchemaError, once`, async () => {
    const failure = await client('{"city":7}').run("Where?", { schema: CITY }).catch((error) => error);
    assertInstanceOf(failure, SchemaError);
    assertEquals(failure.path, "$.city");
  });
}

Deno.test("a schema that fails by itself is the schema's fault, told as SchemaError with its cause", async () => {
  const own = new Error("a bug of the schema's author");
  const schema = {
    "~standard": {
      version: 1 as const,
      vendor: "own",
      validate: () => {
        throw own;
      },
    },
  };
  const failure = await assertRejects(() => parseStructured(schema, answer("{}")), SchemaError);
  assertEquals([failure.path, failure.cause], ["$", own]);
});

Deno.test("a JSON Schema that points nowhere is the schema's fault, told as SchemaError with its cause", async () => {
  const failure = await assertRejects(() => parseStructured({ $ref: "#/$defs/none" }, answer("{}")), SchemaError);
  assertInstanceOf(failure.cause, Error);
});
