import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { ConfigError } from "../src/error.ts";
import { anthropic } from "../src/providers/anthropic.ts";
import { openaiChat } from "../src/providers/openai_chat.ts";
import { openaiResponses } from "../src/providers/openai_responses.ts";
import type { Schema } from "../src/schema.ts";
import { parametersOf } from "../src/tool.ts";
import { encoded } from "./support/decoding.ts";

const tool = (parameters: unknown) => ({
  name: "look",
  description: "Looks.",
  parameters: parameters as Schema<unknown>,
});
const node = { type: "object", properties: { next: { $ref: "#/$defs/Node" } } };

const OBJECTS: readonly (readonly [given: unknown, sent: unknown])[] = [
  [{}, { type: "object" }],
  [{ type: "object" }, { type: "object" }],
  [{ $schema: "x", description: "None." }, { type: "object", description: "None." }],
  [{ properties: { a: {} } }, { type: "object", properties: { a: {} } }],
  [{ additionalProperties: false }, { type: "object", additionalProperties: false }],
  [{ type: "object", anyOf: [{ required: ["a"] }] }, { type: "object", anyOf: [{ required: ["a"] }] }],
  [{ $ref: "#/$defs/Node", $defs: { Node: node } }, { ...node, $defs: { Node: node } }],
];
for (const [given, sent] of OBJECTS) {
  Deno.test(`parametersOf() makes ${JSON.stringify(sent)} of ${JSON.stringify(given)}`, () => {
    assertEquals(parametersOf(tool(given)), sent as never);
  });
}

const OTHERS: Readonly<Record<string, unknown>> = {
  "a text": z.string(),
  "a list": z.array(z.string()),
  "a union": z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]),
  "two objects in one": { allOf: [node, node] },
  "an object or null": { type: ["object", "null"] },
  "a word of a list": { enum: ["a", "b"] },
  "a pointer to nowhere": { $ref: "#/$defs/none" },
};
for (const [name, parameters] of Object.entries(OTHERS)) {
  Deno.test(`no dialect sends a tool whose parameters are ${name}, and the reader is told which`, () => {
    for (const provider of [openaiChat, openaiResponses, anthropic]) {
      const { message } = assertThrows(() => encoded(provider, "x", { tools: [tool(parameters)] }), ConfigError);
      assertStringIncludes(message, "parameters of tool look must be an object");
    }
  });
}
