import { assertEquals } from "@std/assert";
import type { ChatRequest } from "../../src/language_model.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { defineTool } from "../../src/tool.ts";
import { encoded } from "../support/decoding.ts";

const weather = defineTool({ name: "weather", description: "Tells the weather.", parameters: {} });

Deno.test("openaiResponses.encode() chooses the vendor's own search by its type, and a tool of that name as a tool", () => {
  const toolChoice = { name: "web_search" } as const;
  const choiceOf = (request: Partial<ChatRequest>) => encoded(openaiResponses, "gpt-4o", request).body["tool_choice"];
  assertEquals(choiceOf({ toolChoice, webSearch: true }), { type: "web_search" });
  const own = { ...weather, name: "web_search" };
  assertEquals(choiceOf({ toolChoice, tools: [own] }), { type: "function", name: "web_search" });
});

Deno.test("openaiResponses.encode() says what is chosen among tools of the vendor's own", () => {
  const tools = [{ type: "file_search" }];
  const { body } = encoded(openaiResponses, "gpt-4o", { extraBody: { tools }, toolChoice: "required" });
  assertEquals([body["tools"], body["tool_choice"]], [tools, "required"]);
});
