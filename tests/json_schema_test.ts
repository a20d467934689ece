import { assertEquals, assertStrictEquals } from "@std/assert";
import { asPart, isObjectSchema, mapParts, partsOf, resolveReference, withOwnRoot } from "../src/json_schema.ts";
import type { JsonSchema } from "../src/schema.ts";

const text = { type: "string" };

Deno.test("mapParts() changes schemas wherever they stand, and no values", () => {
  const value = { type: "object" };
  const schema = {
    type: "object",
    properties: { enum: text, const: text },
    patternProperties: { "^a": text },
    dependentSchemas: { b: text },
    $defs: { C: text },
    definitions: { D: text },
    items: text,
    prefixItems: [text],
    anyOf: [text, text],
    not: text,
    additionalProperties: text,
    enum: [value],
    const: value,
    default: value,
    examples: [value],
  };
  const seen: string[] = [];
  const changed = mapParts(schema, (part, keyword) => {
    assertStrictEquals(part, text);
    seen.push(keyword);
    return true;
  });
  assertEquals(seen.length, 12);
  assertEquals(changed, {
    type: "object",
    properties: { enum: true, const: true },
    patternProperties: { "^a": true },
    dependentSchemas: { b: true },
    $defs: { C: true },
    definitions: { D: true },
    items: true,
    prefixItems: [true],
    anyOf: [true, true],
    not: true,
    additionalProperties: true,
    enum: [value],
    const: value,
    default: value,
    examples: [value],
  });
  assertEquals(schema.anyOf, [text, text]);
});

Deno.test("partsOf() leaves definitions to the references", () => {
  assertEquals(partsOf({ items: text, anyOf: [text, false], $defs: { A: {} }, definitions: { B: {} } }), [
    text,
    text,
    false,
  ]);
});

Deno.test("resolveReference() follows pointers into the schema, and no others", () => {
  const root: JsonSchema = { $defs: { "a/b~c": text }, anyOf: [{}, text] };
  assertStrictEquals(resolveReference(root, "#"), root);
  assertStrictEquals(resolveReference(root, "#/$defs/a~1b~0c"), text);
  assertStrictEquals(resolveReference(root, "#/anyOf/1"), text);
  for (const reference of ["#/$defs/none/deeper", "#/constructor", "https://example.com/#/anyOf/1", undefined, 7]) {
    assertEquals(resolveReference(root, reference), undefined);
  }
});

Deno.test("withOwnRoot() puts in the root's place what it points to", () => {
  const node = { type: "object", properties: { next: { $ref: "#/$defs/Node" } } };
  const $defs = { Node: node, Alias: { $ref: "#/$defs/Node" } };
  assertEquals(withOwnRoot({ $ref: "#/$defs/Alias", title: "T", $defs }), { ...node, title: "T", $defs });
  assertEquals(withOwnRoot({ $schema: "x", ...text }), text);
  const circle = { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } };
  assertEquals(withOwnRoot(circle), circle);
  const nowhere = { $ref: "#/$defs/none" };
  assertEquals(withOwnRoot(nowhere), nowhere);
});

Deno.test("isObjectSchema() knows objects, and what is more or less than one", () => {
  const objects = [{ type: "object" }, { properties: {} }];
  const others = [{}, text, { type: ["object", "null"] }, { type: "object", anyOf: [] }, { properties: {}, allOf: [] }];
  assertEquals(objects.map(isObjectSchema), [true, true]);
  assertEquals(others.map(isObjectSchema), others.map(() => false));
});

Deno.test("asPart() leaves alone what does not point into its own root", () => {
  const schema = { $schema: "x", $id: "y", items: { $ref: "#/$defs/A" }, $defs: { A: text }, definitions: { B: text } };
  assertEquals(asPart(schema, "answer"), {
    part: { items: { $ref: "#/$defs/A" } },
    definitions: { $defs: { A: text }, definitions: { B: text } },
  });
  assertEquals(asPart(text, "answer"), { part: text, definitions: {} });
  const anchored = { items: { $ref: "#A" }, $defs: { A: { $anchor: "A" } } };
  assertEquals(asPart(anchored, "answer").part, { items: { $ref: "#A" } });
});

Deno.test("asPart() moves a schema that points into itself to a free place among the definitions", () => {
  const schema = {
    items: { $ref: "#" },
    not: { $ref: "#/items" },
    const: { $ref: "#" },
    $defs: { answer: { anyOf: [{ $ref: "#" }, { $ref: "#/$defs/answer" }] } },
  };
  assertEquals(asPart(schema, "answer"), {
    part: { $ref: "#/$defs/answer_" },
    definitions: {
      $defs: {
        answer: { anyOf: [{ $ref: "#/$defs/answer_" }, { $ref: "#/$defs/answer" }] },
        answer_: { items: { $ref: "#/$defs/answer_" }, not: { $ref: "#/$defs/answer_/items" }, const: { $ref: "#" } },
      },
    },
  });
});
