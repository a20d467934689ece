import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { ConfigError } from "../../src/error.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { strictSchema } from "../../src/providers/openai_schema.ts";
import { type JsonSchema, jsonSchemaOf } from "../../src/schema.ts";

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
  const inner = { type: ["object", "null"] };
  const { schema, strict } = strictSchema(closed({ a: inner }));
  assertEquals([schema, strict], [closed({ a: { ...inner, additionalProperties: false } }), true]);
});

const object = z.object({ a: z.string() });
const ROOTS: Readonly<Record<string, z.ZodType | JsonSchema>> = {
  "an array": z.array(z.string()),
  "a string": z.string(),
  "a union": z.union([object, z.object({ b: z.string() })]),
  "anything": {},
  "an object with anyOf": { ...closed({}), anyOf: [closed({})] },
  "an object or null": { type: ["object", "null"], properties: {} },
};

for (const [name, schema] of Object.entries(ROOTS)) {
  Deno.test(`OpenAI is not asked for ${name}, and the reader is told what to ask for`, () => {
    const request = { messages: [{ role: "user", content: "Hi" }], schema } as const;
    for (const provider of [openaiChat, openaiResponses]) {
      assertThrows(() => provider.encode("gpt-4o", request), ConfigError, "z.object({ answer: … })");
      assert({ ...provider, name: "other" }.encode("gpt-4o", request).body);
    }
  });
}
