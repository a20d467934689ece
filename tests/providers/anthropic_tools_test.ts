import { assertEquals, assertThrows } from "@std/assert";
import * as z from "zod";
import { ConfigError } from "../../src/error.ts";
import type { ChatRequest } from "../../src/language_model.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { fitsOutputFormat, outputSchema } from "../../src/providers/anthropic_schema.ts";
import { type JsonSchema, validate } from "../../src/schema.ts";
import { encoded } from "../support/decoding.ts";

const weather = {
  name: "weather",
  description: "Gives the weather of a city.",
  parameters: z.object({ city: z.string() }),
};
const wireWeather = {
  name: "weather",
  description: "Gives the weather of a city.",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  },
};
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

Deno.test("tools go with their JSON Schema, whatever library it is from", () => {
  const { body } = encoded(anthropic, "claude-haiku-4-5", { tools: [weather] });
  assertEquals(body["tools"], [wireWeather]);
  assertEquals("tool_choice" in body, false);
});

Deno.test("a web search is a tool of the vendor's, used as often as the caller says", () => {
  const search = { type: "web_search_20250305", name: "web_search" };
  const toolsOf = (webSearch: ChatRequest["webSearch"]) =>
    encoded(anthropic, "claude-haiku-4-5", { tools: [weather], webSearch }).body["tools"];
  assertEquals(toolsOf(true), [wireWeather, search]);
  assertEquals(toolsOf({ maxUses: 3 }), [wireWeather, { ...search, max_uses: 3 }]);
  assertEquals(toolsOf(false), [wireWeather]);
});

const CHOICES: readonly (readonly [model: string, request: Partial<ChatRequest>, choice: unknown, notice?: string])[] =
  [
    ["claude-haiku-4-5", {}, undefined],
    ["claude-haiku-4-5", { toolChoice: "auto" }, { type: "auto" }],
    ["claude-haiku-4-5", { toolChoice: "required" }, { type: "any" }],
    ["claude-haiku-4-5", { toolChoice: "none" }, { type: "none" }],
    ["claude-haiku-4-5", { toolChoice: { name: "weather" } }, { type: "tool", name: "weather" }],
    ["claude-haiku-4-5", { parallelToolCalls: true }, undefined],
    ["claude-haiku-4-5", { parallelToolCalls: false }, { type: "auto", disable_parallel_tool_use: true }],
    ["claude-haiku-4-5", { parallelToolCalls: false, toolChoice: "none" }, { type: "none" }],
    [
      "claude-haiku-4-5",
      { parallelToolCalls: false, toolChoice: "required" },
      { type: "any", disable_parallel_tool_use: true },
    ],
    [
      "claude-haiku-4-5",
      { toolChoice: "required", thinkingBudgetTokens: 2_000 },
      { type: "auto" },
      "toolChoice was left out: claude-haiku-4-5 cannot be made to call a tool while it thinks.",
    ],
    ["claude-sonnet-5", { toolChoice: "required", reasoningEffort: "low" }, { type: "any" }],
    [
      "claude-sonnet-5-5",
      { toolChoice: { name: "weather" } },
      { type: "auto" },
      "toolChoice was left out: claude-sonnet-5-5 cannot be made to call a tool.",
    ],
    ["claude-sonnet-5-5", { toolChoice: "auto" }, { type: "auto" }],
  ];
for (const [model, request, choice, notice] of CHOICES) {
  Deno.test(`the choice ${JSON.stringify(request)} is put to ${model}`, () => {
    const { body, notices } = encoded(anthropic, model, { tools: [weather], ...request });
    assertEquals(body["tool_choice"], choice);
    assertEquals(notices, notice === undefined ? [] : [notice]);
  });
}

Deno.test("without tools nothing is said about a choice among them", () => {
  const { body } = encoded(anthropic, "claude-haiku-4-5", { toolChoice: "auto", parallelToolCalls: false, tools: [] });
  assertEquals("tools" in body || "tool_choice" in body, false);
});

Deno.test("a schema goes as the output format, with the level beside it", () => {
  const { body } = encoded(anthropic, "claude-opus-5-5", {
    schema: z.object({ city: z.string(), people: z.int().min(1) }),
    reasoningEffort: "low",
  });
  assertEquals(body["output_config"], {
    effort: "low",
    format: {
      type: "json_schema",
      schema: {
        type: "object",
        properties: {
          city: { type: "string" },
          people: { type: "integer", description: "(minimum: 1, maximum: 9007199254740991)" },
        },
        required: ["city", "people"],
        additionalProperties: false,
      },
    },
  });
  assertEquals("tools" in body, false);
});

Deno.test("a model without an output format is made to answer by a tool", () => {
  const { body } = encoded(anthropic, "claude-opus-4-1", { schema: city });
  assertEquals(
    (body["tools"] as { name: string; input_schema: unknown }[]).map((tool) => [tool.name, tool.input_schema]),
    [
      ["answer_in_schema", city],
    ],
  );
  assertEquals(body["tool_choice"], { type: "tool", name: "answer_in_schema" });
  assertEquals("output_config" in body, false);
});

const ANSWERS: readonly (readonly [request: Partial<ChatRequest>, choice: unknown])[] = [
  [{ tools: [weather] }, { type: "any" }],
  [{ tools: [weather], toolChoice: "auto" }, { type: "any" }],
  [{ tools: [weather], toolChoice: "none" }, { type: "tool", name: "answer_in_schema" }],
  [{ tools: [weather], toolChoice: { name: "weather" } }, { type: "tool", name: "weather" }],
  [{ thinkingBudgetTokens: 2_000 }, { type: "auto" }],
  [{ parallelToolCalls: false }, { type: "tool", name: "answer_in_schema", disable_parallel_tool_use: true }],
];
for (const [request, choice] of ANSWERS) {
  Deno.test(`the answer by a tool leaves room for ${JSON.stringify(request)}`, () => {
    const { body, notices } = encoded(anthropic, "claude-opus-4-1", { schema: city, ...request });
    assertEquals(body["tool_choice"], choice);
    assertEquals(notices, []);
  });
}

Deno.test("an answer that is no object stands in a property of the tool's input", () => {
  const item = { type: "object", properties: { city: { type: "string" } } };
  const schema = { type: "array", items: { $ref: "#/$defs/City" }, $defs: { City: item } };
  const { body } = encoded(anthropic, "claude-opus-4-1", { schema });
  const [tool] = body["tools"] as { readonly input_schema: unknown }[];
  assertEquals(tool?.input_schema, {
    type: "object",
    properties: { answer: { type: "array", items: { $ref: "#/$defs/City" } } },
    required: ["answer"],
    additionalProperties: false,
    $defs: { City: item },
  });
});

Deno.test("a wrapped schema takes its pointers and definitions along", async () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "array",
    items: { anyOf: [{ $ref: "#" }, { $ref: "#/definitions/City" }, { $ref: "#/$defs/Sea" }] },
    $defs: { Sea: { const: "sea" } },
    definitions: { City: { type: "string", minLength: 2 } },
  };
  const { body } = encoded(anthropic, "claude-opus-4-1", { schema });
  const [tool] = body["tools"] as { readonly input_schema: JsonSchema }[];
  const fits = async (answer: unknown) => (await validate(tool?.input_schema as JsonSchema, { answer })).ok;
  assertEquals([await fits(["Rome", ["sea", []]]), await fits([["R"]]), await fits("Rome")], [true, false, false]);
  assertEquals(JSON.stringify(tool?.input_schema).includes("$schema"), false);
});

const Tree: z.ZodType = z.object({
  leaf: z.string(),
  get next() {
    return Tree.nullable();
  },
});
const UNFIT: Readonly<Record<string, z.ZodType | JsonSchema>> = {
  "a map": z.record(z.string(), z.number()),
  "a map inside": z.object({ counts: z.record(z.string(), z.number()) }),
  "an open object": z.looseObject({ a: z.string() }),
  "a schema that contains itself": Tree,
  "a pair": z.object({ pair: z.tuple([z.string(), z.number()]) }),
  "two objects in one": { type: "object", properties: { both: { allOf: [city, city] } } },
  "an object of which nothing is known": { type: "object", properties: { meta: { type: "object" } } },
  "keys by their pattern": { type: "object", patternProperties: { "^a": { type: "string" } } },
};
for (const [name, schema] of Object.entries(UNFIT)) {
  Deno.test(`${name} goes by the answer tool, which is asked for where it cannot be forced`, () => {
    const request = { schema: schema as ChatRequest["schema"] };
    const forced = encoded(anthropic, "claude-haiku-4-5", request);
    assertEquals(forced.body["tool_choice"], { type: "tool", name: "answer_in_schema" });
    const asked = encoded(anthropic, "claude-opus-5-5", request);
    assertEquals(asked.body["tool_choice"], { type: "auto" });
    for (const { body, notices } of [forced, asked]) {
      const [tool] = body["tools"] as { readonly name: string; readonly input_schema: JsonSchema }[];
      assertEquals([tool?.name, "output_config" in body, notices], ["answer_in_schema", false, []]);
      assertEquals(tool?.input_schema["type"], "object");
    }
  });
}

Deno.test("no tool of the caller's may have the name of the answer tool beside a schema", () => {
  const tools = [{ ...weather, name: "answer_in_schema" }];
  assertThrows(() => encoded(anthropic, "claude-haiku-4-5", { tools, schema: city }), ConfigError, "answer_in_schema");
  assertEquals((encoded(anthropic, "claude-haiku-4-5", { tools }).body["tools"] as unknown[]).length, 1);
});

Deno.test("fitsOutputFormat() knows maps and schemas that contain themselves", () => {
  const node = { type: "object", properties: { next: { $ref: "#/$defs/Node" } } };
  const twice = { type: "object", properties: { a: { $ref: "#/$defs/City" }, b: { $ref: "#/$defs/City" } } };
  assertEquals(fitsOutputFormat(city), true);
  assertEquals(fitsOutputFormat({ ...twice, $defs: { City: city } }), true);
  assertEquals(fitsOutputFormat({ ...node, $defs: { Node: node } }), false);
  assertEquals(fitsOutputFormat({ type: "object", properties: { again: { $ref: "#" } } }), false);
  assertEquals(fitsOutputFormat({ type: "object", patternProperties: { "^a": {} } }), false);
  assertEquals(fitsOutputFormat({ type: ["object", "null"] }), false);
  assertEquals(fitsOutputFormat({ type: "object", additionalProperties: true }), false);
  assertEquals(fitsOutputFormat({ type: "object", additionalProperties: false }), true);
  // Properties may be named like keywords, and values may look like schemas.
  const named = { patternProperties: { type: "string" }, prefixItems: { const: { type: "object" } } };
  assertEquals(fitsOutputFormat({ type: "object", properties: named }), true);
});

Deno.test("outputSchema() closes objects and tells in words what the output format does not take", () => {
  assertEquals(
    outputSchema({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        kind: { enum: ["a", "b"], default: "a" },
        tags: { type: "array", items: { type: "string", minLength: 2 }, minItems: 1, maxItems: 3 },
        when: { type: "string", format: "date", description: "The day." },
        code: { type: "string", format: "zip", pattern: "^[0-9]+$", description: "The code." },
        place: { $ref: "#/$defs/Place", description: "beside a reference nothing may stand" },
        shape: { oneOf: [{ type: "object", properties: {} }, { type: "null" }] },
      },
      $defs: { Place: { type: "object", additionalProperties: true } },
    }),
    {
      type: "object",
      properties: {
        kind: { enum: ["a", "b"], default: "a" },
        tags: {
          type: "array",
          items: { type: "string", description: "(minLength: 2)" },
          minItems: 1,
          description: "(maxItems: 3)",
        },
        when: { type: "string", format: "date", description: "The day." },
        code: { type: "string", description: 'The code. (format: "zip", pattern: "^[0-9]+$")' },
        place: { $ref: "#/$defs/Place" },
        shape: { anyOf: [{ type: "object", properties: {}, additionalProperties: false }, { type: "null" }] },
      },
      $defs: { Place: { type: "object", additionalProperties: false } },
      additionalProperties: false,
    },
  );
});
