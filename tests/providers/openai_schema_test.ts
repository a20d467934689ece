import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
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
