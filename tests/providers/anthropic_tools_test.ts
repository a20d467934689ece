import { assertEquals } from "@std/assert";
import * as z from "zod";
import type { ChatRequest } from "../../src/language_model.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { fitsOutputFormat, outputSchema } from "../../src/providers/anthropic_schema.ts";
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
    $defs: { City: item },
  });
});

Deno.test("a map or a recursive schema goes by a tool where the model can be made to call one", () => {
  const map = { type: "object", additionalProperties: { type: "number" } };
  const byTool = encoded(anthropic, "claude-haiku-4-5", { schema: map }).body;
  assertEquals(byTool["tool_choice"], { type: "tool", name: "answer_in_schema" });
  const byFormat = encoded(anthropic, "claude-opus-5-5", { schema: map }).body;
  assertEquals("tools" in byFormat, false);
});

Deno.test("fitsOutputFormat() knows maps and schemas that contain themselves", () => {
  const node = { type: "object", properties: { next: { $ref: "#/$defs/Node" } } };
  const twice = { type: "object", properties: { a: { $ref: "#/$defs/City" }, b: { $ref: "#/$defs/City" } } };
  assertEquals(fitsOutputFormat(city), true);
  assertEquals(fitsOutputFormat({ ...twice, $defs: { City: city } }), true);
  assertEquals(fitsOutputFormat({ ...node, $defs: { Node: node } }), false);
  assertEquals(fitsOutputFormat({ type: "object", properties: { again: { $ref: "#" } } }), false);
  assertEquals(fitsOutputFormat({ type: "object", patternProperties: { "^a": {} } }), false);
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
