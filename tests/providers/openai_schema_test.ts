import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import type { Message, TextPart } from "../../src/message.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { strictSchema } from "../../src/providers/openai_schema.ts";
import { type JsonSchema, jsonSchemaOf, type Schema, validate } from "../../src/schema.ts";
import { decodeStream, encoded } from "../support/decoding.ts";
import { chatWire, clientFor, responsesWire } from "../support/wires.ts";

const closed = (properties: Record<string, unknown>, required = Object.keys(properties)): JsonSchema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

Deno.test("strictSchema() closes objects at every depth", () => {
  const city = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
  const open = (inner: unknown) => ({
    type: "object",
    properties: {
      list: { type: "array", items: inner },
      choice: { anyOf: [inner, { type: "null" }] },
      inner,
    },
    required: ["list", "choice", "inner"],
    $defs: { city: inner },
  });
  const { schema, strict } = strictSchema(open(city));
  assertEquals(schema, { ...open({ ...city, additionalProperties: false }), additionalProperties: false });
  assert(strict);
});

Deno.test("strictSchema() takes $schema and defaults out", () => {
  const { schema } = strictSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...closed({ a: { type: "number", default: 7 } }),
  });
  assertEquals(schema, closed({ a: { type: "number" } }));
});

Deno.test("strictSchema() keeps properties that are named like keywords", () => {
  const schema = closed({ default: { type: "string" }, $schema: { type: "string" }, enum: { type: "string" } });
  assertEquals(strictSchema(schema), { schema, strict: true });
});

Deno.test("strictSchema() keeps values that look like schemas", () => {
  const value = { type: "object", default: 1 };
  const schema = closed({
    a: { enum: [value] },
    b: { const: value },
    c: { type: "object", properties: {}, examples: [value] },
  });
  const { a, b, c } = strictSchema(schema).schema["properties"] as Record<string, JsonSchema>;
  assertEquals([a?.["enum"], b?.["const"], c?.["examples"]], [[value], value, [value]]);
});

Deno.test("strictSchema() leaves the schema that was given as it was", () => {
  const schema = { type: "object", properties: { a: { type: "object", properties: {} } }, required: ["a"] };
  const before = structuredClone(schema);
  strictSchema(schema);
  assertEquals(schema, before);
});

const LOOSE: Readonly<Record<string, JsonSchema>> = {
  "an optional property": closed({ a: { type: "string" }, b: { type: "string" } }, ["a"]),
  "no list of what is required": { type: "object", properties: { a: { type: "string" } } },
  "an open object": { type: "object", properties: {}, additionalProperties: true },
  "a map": { type: "object", additionalProperties: { type: "number" } },
  "an optional property far inside": closed({
    list: { type: "array", items: closed({ a: { type: "string" } }, []) },
  }),
};

for (const [name, schema] of Object.entries(LOOSE)) {
  Deno.test(`strictSchema() is not strict with ${name}, whose meaning that would change`, () => {
    assertEquals(strictSchema(schema).strict, false);
  });
}

Deno.test("strictSchema() keeps what an open object says of its other properties", () => {
  const schema = { type: "object", properties: {}, additionalProperties: { type: "number" } };
  assertEquals(strictSchema(schema).schema, schema);
});

Deno.test("strictSchema() is strict with what zod makes of an object, and not with optional fields", () => {
  const strict = (schema: z.ZodType) => strictSchema(jsonSchemaOf(schema, "schema")).strict;
  assertEquals(strict(z.object({ a: z.string().nullable(), b: z.array(z.object({ c: z.int() })) })), true);
  assertEquals(strict(z.object({ a: z.string().optional() })), false);
});

const REFUSED: Readonly<Record<string, JsonSchema>> = {
  "the format uri": { type: "string", format: "uri" },
  "the format base64": { type: "string", format: "base64" },
  "the format cuid2": { type: "string", format: "cuid2" },
  "contentEncoding": { type: "string", contentEncoding: "base64" },
  "uniqueItems": { type: "array", items: { type: "string" }, uniqueItems: true },
  "an empty schema": {},
  "a schema that only describes": { description: "Whatever." },
  "a list of anything": { type: "array", items: {} },
};

for (const [name, inner] of Object.entries(REFUSED)) {
  Deno.test(`strict mode is off for ${name}, in answers and tools alike`, () => {
    const schema = closed({ a: inner });
    const tools = [{ name: "t", description: "", parameters: schema, run: () => "" }];
    const request = { messages: [{ role: "user", content: "Hi" }], schema, tools } as const;
    const chat = openaiChat.encode("gpt-4o", request).body as Body;
    const responses = openaiResponses.encode("gpt-4o", request).body as Body;
    assertEquals(chat.response_format?.json_schema, { name: "answer", schema, strict: false });
    assertEquals(responses.text?.format, { type: "json_schema", name: "answer", schema, strict: false });
    assertEquals(responses.tools[0]?.strict, false);
    // Chat completions hold a tool to its schema only when they are told to.
    assertEquals(chat.tools[0]?.function?.strict ?? false, false);
  });
}

interface Body {
  readonly response_format?: { readonly json_schema: unknown };
  readonly text?: { readonly format: unknown };
  readonly tools: readonly { readonly strict?: boolean; readonly function?: { readonly strict?: boolean } }[];
}

Deno.test("strictSchema() is strict with the formats that strict mode has", () => {
  for (const format of ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]) {
    assertEquals(strictSchema(closed({ a: { type: "string", format } })).strict, true, format);
  }
});

Deno.test("strictSchema() takes a property named format for what it is", () => {
  assertEquals(strictSchema(closed({ format: { type: "string" }, uniqueItems: { type: "boolean" } })).strict, true);
});

Deno.test("strictSchema() closes an object that may be null", () => {
  const inner = { type: ["object", "null"], properties: {} };
  const { schema, strict } = strictSchema(closed({ a: inner }));
  const whole = { ...inner, required: [], additionalProperties: false };
  assertEquals([schema, strict], [closed({ a: whole }), true]);
});

for (const type of ["object", ["object", "null"]]) {
  Deno.test(`an object of which nothing is known, as ${JSON.stringify(type)}, stays open and is not strict`, () => {
    const schema = closed({ meta: { type, description: "Anything." } });
    assertEquals(strictSchema(schema), { schema, strict: false });
  });
}

Deno.test("strictSchema() leaves nothing beside a reference in strict mode, and all of it in the other", () => {
  const $defs = { City: { type: "string" } };
  const reference = { $ref: "#/$defs/City", description: "The first one." };
  const { schema, strict } = strictSchema({ ...closed({ a: reference, b: { anyOf: [reference] } }), $defs });
  const bare = { $ref: "#/$defs/City" };
  assertEquals([schema, strict], [{ ...closed({ a: bare, b: { anyOf: [bare] } }), $defs }, true]);
  const open = { ...closed({ a: reference, b: {} }), $defs };
  assertEquals(strictSchema(open), { schema: open, strict: false });
  const more = { ...closed({ a: { $ref: "#/$defs/City", minLength: 2 } }), $defs };
  assertEquals(strictSchema(more), { schema: more, strict: false });
});

Deno.test("strictSchema() is strict with a zod schema whose parts have names and descriptions", () => {
  const City = z.object({ name: z.string() }).meta({ id: "City" });
  const { schema, strict } = strictSchema(jsonSchemaOf(z.object({ a: City.describe("the a"), b: City }), "schema"));
  assert(strict);
  assertEquals(schema["properties"], { a: { $ref: "#/$defs/City" }, b: { $ref: "#/$defs/City" } });
});

Deno.test("strictSchema() says of an object without properties that it has none, in strict mode", () => {
  const none = { type: "object", additionalProperties: false };
  assertEquals(strictSchema({ ...none, properties: {} }), { schema: closed({}), strict: true });
  assertEquals(strictSchema(closed({ a: none })), { schema: closed({ a: closed({}) }), strict: true });
});

for (const schema of [{ type: "object" }, { type: "object", additionalProperties: { type: "number" } }]) {
  Deno.test(`${JSON.stringify(schema)} has a list of properties at its root, as a tool's parameters and as an answer`, () => {
    const tools = [{ name: "t", description: "", parameters: schema }];
    const whole = { ...schema, properties: {} };
    const chat = encoded(openaiChat, "gpt-4o", { schema, tools }).body as unknown as Body;
    const tool = { name: "t", description: "", parameters: whole };
    assertEquals(chat.response_format?.json_schema, { name: "answer", schema: whole, strict: false });
    assertEquals<unknown>(chat.tools, [{ type: "function", function: tool }]);
    const responses = encoded(openaiResponses, "gpt-4o", { schema, tools }).body as unknown as Body;
    assertEquals(responses.text?.format, { type: "json_schema", name: "answer", schema: whole, strict: false });
    assertEquals<unknown>(responses.tools, [{ type: "function", ...tool, strict: false }]);
  });
}

Deno.test("strict mode is off for a schema that is true", () => {
  assertEquals(strictSchema(closed({ a: true })).strict, false);
  assertEquals(strictSchema(closed({ a: { type: "array", items: true } })).strict, false);
});

Deno.test("chat tools are held to their schema at OpenAI, where it allows that, and nowhere else", () => {
  const toolOf = (parameters: JsonSchema, name = "openai") => {
    const tools = [{ name: "t", description: "", parameters }];
    const provider = { ...openaiChat, name };
    return (provider.encode("gpt-4o", { messages: [{ role: "user", content: "Hi" }], tools }).body as Body).tools[0];
  };
  assertEquals(toolOf(closed({ a: { type: "string" } }))?.function?.strict, true);
  assertEquals(toolOf(closed({ a: { type: "string" } }), "azure")?.function?.strict, true);
  assertEquals("strict" in (toolOf(closed({ a: { type: "string" } }, []))?.function ?? {}), false);
  assertEquals("strict" in (toolOf(closed({ a: { type: "string" } }), "groq")?.function ?? {}), false);
  const open = { type: "object" };
  assertEquals<unknown>(toolOf(open)?.function, {
    name: "t",
    description: "",
    parameters: { ...open, properties: {} },
  });
});

const object = z.object({ a: z.string() });
/** Schemas whose root OpenAI refuses, and answers in them. */
const ROOTS: Readonly<Record<string, readonly [schema: z.ZodType | JsonSchema, answer: unknown]>> = {
  "an array": [z.array(z.string()), ["a", "b"]],
  "a string": [z.string(), "a"],
  "a union": [z.union([object, z.object({ b: z.string() })]), { b: "x" }],
  "two objects in one": [{ allOf: [closed({ a: {} }, []), closed({ a: {} })] }, { a: "x" }],
  "anything": [{}, [1, null]],
  "an object with anyOf": [{ ...closed({}), anyOf: [closed({})] }, {}],
  "an object or null": [{ type: ["object", "null"], properties: {} }, null],
  "a list of itself": [{ type: "array", items: { $ref: "#" } }, [[], [[]]]],
};

for (const [name, [schema, answer]] of Object.entries(ROOTS)) {
  Deno.test(`OpenAI is asked for an object around ${name}, and the caller gets what is in it`, async () => {
    const request = { schema: schema as Schema<unknown> };
    const said = JSON.stringify(answer);
    for (const wire of [chatWire, responsesWire]) {
      const { body } = encoded(wire.provider, "gpt-4o", request) as unknown as { readonly body: Body };
      const format = body.response_format?.json_schema ?? body.text?.format;
      const sent = (format as { readonly schema: JsonSchema }).schema;
      assertEquals([sent["type"], sent["required"], sent["additionalProperties"]], ["object", ["answer"], false]);
      assertEquals((await validate(sent, { answer })).ok, true);
      assertEquals((await validate(sent, {})).ok, false);

      for (const pieces of [[`{"answer":${said}}`], [...`{ "answer": ${said} }`]]) {
        const { events, result, outputs } = await decodeStream(wire.provider, wire.stream(pieces), request);
        assertEquals(events, [{ type: "text", delta: said }]);
        assertEquals(result?.response, said);
        assertEquals(textIn(result?.messages), said);
        assert(outputs >= pieces.length, "the first token is dated by the first piece");
      }
      // Another vendor may take the schema as it is.
      const other = encoded({ ...wire.provider, name: "other" }, "gpt-4o", request).body as unknown as Body;
      const asIs = (other.response_format?.json_schema ?? other.text?.format) as { readonly schema: JsonSchema };
      assertEquals("answer" in (asIs.schema["properties"] as object ?? {}), false);
    }
  });
}

for (const wire of [chatWire, responsesWire]) {
  Deno.test(`${wire.name}: an answer that was asked for in an object and came without is left as it is`, async () => {
    for (const said of ['["a"]', '{"answer":["a', "Sorry."]) {
      const { events, result } = await decodeStream(wire.provider, wire.stream([said]), {
        schema: z.array(z.string()),
      });
      assertEquals([events, result?.response], [[{ type: "text", delta: said }], said]);
    }
  });

  Deno.test(`${wire.name}: a client parses the answer that stood in an object, streamed or not`, async () => {
    const said = '{"answer":["a","b"]}';
    for (const streaming of [true, false]) {
      const whole = JSON.parse(JSON.stringify(wire.body).replaceAll("Paris.", said.replaceAll('"', '\\"')));
      const headers = { "content-type": "text/event-stream" };
      const answer = () => streaming ? new Response(wire.stream([said]), { headers }) : Response.json(whole);
      const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch: () => Promise.resolve(answer()) });
      const { parsed, response } = await client.run("Which?", { schema: z.array(z.string()), streaming });
      assertEquals([parsed, response], [["a", "b"], '["a","b"]']);
    }
  });
}

/** What the assistant is said to have said. */
function textIn(messages: readonly Message[] = []): string {
  const parts = messages.flatMap(({ content }): readonly unknown[] =>
    typeof content === "string" ? [content] : content
  );
  return parts.map((part) => typeof part === "string" ? part : (part as Partial<TextPart>).text ?? "").join("");
}
