import { assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import {
  readStep,
  readStepText,
  stepInstructions,
  stepJsonSchema,
  type StepPlan,
  stepSchema,
} from "../../src/agent/step_schema.ts";
import { jsonSchemaOf, validate } from "../../src/schema.ts";
import type { Tool } from "../../src/tool.ts";

const parameters = { type: "object", properties: { to: { type: "string" } } };
const flights: Tool = { name: "flights", description: "Finds flights.", parameters };
const plain: StepPlan = { tools: [], answer: undefined, closing: false };
const withTool: StepPlan = { ...plain, tools: [flights] };

Deno.test("a step without tools thinks on or finishes", () => {
  assertEquals(stepJsonSchema(plain), {
    type: "object",
    properties: {
      thought: { type: "string" },
      next_action: { type: "string", enum: ["continue_thinking", "finish"] },
      answer: { type: ["string", "null"] },
    },
    required: ["thought", "next_action", "answer"],
    additionalProperties: false,
  });
});

Deno.test("a step with tools names one of them and its arguments", () => {
  const { properties, required } = stepJsonSchema(withTool);
  const { tool, arguments: args, next_action } = properties as Record<string, Record<string, unknown>>;
  assertEquals(tool, { type: ["string", "null"], enum: ["flights", null] });
  assertEquals(args?.["type"], ["string", "null"]);
  assertEquals(next_action?.["enum"], ["continue_thinking", "use_tool", "finish"]);
  assertEquals(required, ["thought", "next_action", "tool", "arguments", "answer"]);
});

Deno.test("the closing step can only be an answer", () => {
  const { properties } = stepJsonSchema({ ...plain, closing: true });
  const { next_action, answer } = properties as Record<string, unknown>;
  assertEquals([next_action, answer], [{ type: "string", enum: ["finish"] }, { type: "string" }]);
});

Deno.test("the answer has the request's own schema, and its definitions stand where pointers look for them", async () => {
  const answer = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { city: { $ref: "#/$defs/City" } },
    required: ["city"],
    $defs: { City: { type: "string", minLength: 2 } },
  };
  const schema = stepJsonSchema({ ...plain, answer });
  const own = { type: "object", properties: { city: { $ref: "#/$defs/City" } }, required: ["city"] };
  assertEquals((schema["properties"] as Record<string, unknown>)["answer"], { anyOf: [own, { type: "null" }] });
  assertEquals(schema["$defs"], { City: { type: "string", minLength: 2 } });
  const step = (city: string) => ({ thought: "", next_action: "finish", answer: { city } });
  assertEquals((await validate(schema, step("Lisbon"))).ok, true);
  assertEquals((await validate(schema, step("L"))).ok, false);
});

Deno.test("an answer whose schema contains itself still does, inside the step", async () => {
  const node: z.ZodType = z.lazy(() => z.object({ name: z.string(), next: z.union([node, z.null()]) }));
  for (
    const answer of [
      jsonSchemaOf(node as never, "schema"),
      {
        type: "object",
        properties: { name: { type: "string" }, next: { anyOf: [{ $ref: "#" }, { type: "null" }] } },
        required: ["name", "next"],
      },
    ]
  ) {
    const schema = stepJsonSchema({ ...plain, answer });
    const step = (name: unknown) => ({
      thought: "",
      next_action: "finish",
      answer: { name: "a", next: { name, next: null } },
    });
    assertEquals((await validate(schema, step("b"))).ok, true);
    assertEquals((await validate(schema, step(7))).ok, false);
  }
});

Deno.test("pointers into an answer's schema lead to where it now stands", async () => {
  const answer = {
    type: "object",
    properties: {
      from: { type: "string", minLength: 2 },
      to: { $ref: "#/properties/from" },
      seats: { $ref: "#/$defs/whole_answer" },
    },
    $defs: { whole_answer: { type: "integer" } },
  };
  const schema = stepJsonSchema({ ...plain, answer, closing: true });
  const step = (to: string) => ({ thought: "", next_action: "finish", answer: { from: "Oslo", to, seats: 2 } });
  assertEquals((await validate(schema, step("Rome"))).ok, true);
  assertEquals((await validate(schema, step("R"))).ok, false);
});

Deno.test("a step is read from what fits, and from what is a little off", () => {
  const whole = { thought: "Hm.", next_action: "use_tool", tool: "flights", arguments: '{"to":"Rome"}', answer: null };
  const step = {
    thought: "Hm.",
    nextAction: "use_tool",
    tool: "flights",
    arguments: { to: "Rome" },
    answer: null,
  };
  assertEquals(readStep(whole), step as never);
  assertEquals(readStep({ ...whole, arguments: { to: "Rome" } }), step as never);
  const actionOf = (fields: object) => readStep(fields)?.nextAction;
  assertEquals(actionOf({ next_action: "use_tool", tool: null }), "continue_thinking");
  assertEquals(actionOf({ next_action: "dance", answer: "Yes." }), "finish");
  assertEquals(actionOf({ tool: "flights" }), "use_tool");
  assertEquals(actionOf({}), "continue_thinking");
  assertEquals(readStep({ arguments: "{" })?.arguments, "{");
  assertEquals(readStep({ arguments: " " })?.arguments, {});
});

Deno.test("what is no object is no step", async () => {
  for (const value of ["finish", null, 7, []]) {
    assertEquals(readStep(value), undefined);
    assertEquals(await validate(stepSchema(plain), value), { ok: false, path: "$" });
  }
});

Deno.test("a tool that is not in the list is still read: it is told to the model, and the run goes on", async () => {
  const validation = await validate(stepSchema(withTool), { thought: "", next_action: "use_tool", tool: "trains" });
  assertEquals(validation.ok && (validation.value as { tool: string }).tool, "trains");
});

Deno.test("a step stands in a text with words before it and a fence around it", () => {
  const json = '{"thought": "Hm.", "next_action": "finish", "answer": "Yes."}';
  for (const text of [json, `Sure:\n\`\`\`json\n${json}\n\`\`\``, `${json}\n`]) {
    assertEquals(readStepText(text)?.answer, "Yes.");
  }
  for (const text of ["Yes.", "{ no", "", "} {"]) assertEquals(readStepText(text), undefined);
});

Deno.test("a step is found among words in braces, other objects and further steps: the first is the step", () => {
  const first = '{"thought": "a } b {", "next_action": "continue_thinking"}';
  const second = '{"thought": "u", "next_action": "finish", "answer": "Yes."}';
  const broken = '{"a": nothing} ';
  for (const before of ["", "I think {x}: ", "Like { this } ", '{"city": {"name": "Rome"}} ', broken, '{"', "{{{{ "]) {
    for (const behind of ["", `\n${second}`, "\nHope that helps {smile}", " }"]) {
      const step = readStepText(before + first + behind);
      assertEquals([step?.thought, step?.nextAction], ["a } b {", "continue_thinking"], before + behind);
    }
  }
  assertEquals(readStepText(`{"step": ${first}}`)?.thought, "a } b {");
  for (const none of ['{"city": "Rome"}', '{"thought": "cut", "answer": {"thought": "no"}', broken]) {
    assertEquals(readStepText(none), undefined);
  }
});

Deno.test("a long text of braces is no step, and is not tried brace by brace, which would not end", () => {
  for (const piece of ["{", '{"a":', '{"a":[']) assertEquals(readStepText(piece.repeat(200_000)), undefined);
});

Deno.test("a step that must use a tool can do nothing else", () => {
  const plan = { ...withTool, forced: true };
  const { tool, next_action } = stepJsonSchema(plan)["properties"] as Record<string, unknown>;
  assertEquals([tool, next_action], [
    { type: "string", enum: ["flights"] },
    { type: "string", enum: ["use_tool"] },
  ]);
  assertStringIncludes(stepInstructions(plan, false), "This time choose use_tool");
});

Deno.test("the model is told how to take steps, which tools there are, and the form where only words can hold it", () => {
  assertStringIncludes(stepInstructions(withTool, false), "- flights: Finds flights. Arguments: {");
  assertStringIncludes(stepInstructions(plain, true), JSON.stringify(stepJsonSchema(plain)));
  assertStringIncludes(stepInstructions({ ...plain, closing: true }, false), "No turns are left");
});
