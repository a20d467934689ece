import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { SchemaError } from "../../src/error.ts";
import type { StreamEvent } from "../../src/event.ts";
import { jsonSchemaOf } from "../../src/schema.ts";
import { defineTool } from "../../src/tool.ts";
import {
  agentOf,
  call,
  eventsOf,
  known,
  resultIn,
  scriptedModel,
  step,
  turnCost,
  turnUsage,
} from "../support/scripted_model.ts";

const flights = defineTool<{ to: string }>({
  name: "flights",
  description: "Finds flights.",
  parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
  execute: ({ to }) => to === "Atlantis" ? Promise.reject(new Error("It sank.")) : `A flight to ${to}.`,
});
const thinking = step({ next_action: "continue_thinking" });
const asking = step({ next_action: "use_tool", tool: "flights", arguments: '{"to":"Lisbon"}' });
const done = step({ next_action: "finish", answer: "Fly to Lisbon." });

function nextActions(events: readonly StreamEvent[]): readonly string[] {
  return events.flatMap((event) => event.type === "iteration" ? [event.nextAction] : []);
}

Deno.test("an agent without tools thinks in several turns and gives the answer alone", async () => {
  const scripted = scriptedModel(thinking, thinking, done);
  const events = await eventsOf(agentOf(scripted).stream("Where to?"));
  assertEquals(nextActions(events), ["continue_thinking", "continue_thinking", "finish"]);
  const { response, thinking: thought, messages, usage } = resultIn(events);
  assertEquals([response, thought], ["Fly to Lisbon.", "Let me see.\n\nLet me see.\n\nLet me see."]);
  assertEquals(usage?.totalTokens, 45);
  assertEquals(messages.map(({ role }) => role), ["assistant", "user", "assistant", "user", "assistant"]);
  assertEquals(messages.at(-1), { role: "assistant", content: "Fly to Lisbon." });
  assertEquals(scripted.requests.map(({ tools }) => tools), [undefined, undefined, undefined]);
});

Deno.test("thought and answer of a structured step are told as they arrive, each once", async () => {
  const text = step({ thought: "Hm, well.", next_action: "finish", answer: "Fly to Lisbon." }).text as string;
  const pieces = text.match(/.{1,7}/gs) ?? [];
  const events = await eventsOf(agentOf(scriptedModel({ text: pieces })).stream("Where to?"));
  const told = (type: "text" | "thinking") =>
    events.flatMap((event) => event.type === type ? [event.delta] : []) as string[];
  assert(told("text").length > 1 && told("thinking").length > 1);
  assertEquals([told("thinking").join(""), told("text").join("")], ["Hm, well.", "Fly to Lisbon."]);
});

Deno.test("a structured step has its tool called, and is told in words what it gave", async () => {
  const scripted = scriptedModel(asking, done);
  const events = await eventsOf(agentOf(scripted, { tools: [flights], nativeTools: false }).stream("Where to?"));
  assertEquals(events.filter(({ type }) => type === "tool_call" || type === "tool_result"), [
    { type: "tool_call", id: "step_1", name: "flights", arguments: { to: "Lisbon" } },
    { type: "tool_result", id: "step_1", name: "flights", result: "A flight to Lisbon.", isError: false },
  ]);
  assertEquals(nextActions(events), ["use_tool", "finish"]);
  const { messages, tools } = scripted.requests[1]!;
  assertEquals(messages.at(-1), { role: "user", content: "The tool flights gave: A flight to Lisbon." });
  assertEquals(tools, undefined);
});

Deno.test("a structured step's tool that fails, is unknown or is called wrongly is told to the model", async () => {
  const calls = {
    '{"to":"Atlantis"}': "The tool flights failed: It sank.",
    '{"to":7}': "The tool flights failed: The arguments do not fit the tool's parameters at $.to.",
    '{"to":': "The tool flights failed: The arguments do not fit the tool's parameters at $.",
  };
  for (const [args, said] of Object.entries(calls)) {
    const scripted = scriptedModel(step({ next_action: "use_tool", tool: "flights", arguments: args }), done);
    await agentOf(scripted, { tools: [flights], nativeTools: false }).run("Where to?");
    assertEquals(scripted.requests[1]?.messages.at(-1), { role: "user", content: said });
  }
  const scripted = scriptedModel(step({ next_action: "use_tool", tool: "trains", arguments: "{}" }), done);
  await agentOf(scripted, { tools: [flights], nativeTools: false }).run("Where to?");
  const said = "The tool trains failed: There is no tool of that name; there are: flights.";
  assertEquals(scripted.requests[1]?.messages.at(-1), { role: "user", content: said });
});

Deno.test("what a tool shows in pictures reaches a model that is told in words", async () => {
  const image = { type: "image", data: "AAAA", mediaType: "image/png" } as const;
  const camera = { ...flights, execute: () => [image] };
  const scripted = scriptedModel(asking, done);
  await agentOf(scripted, { tools: [camera], nativeTools: false }).run("Where to?");
  assertEquals(scripted.requests[1]?.messages.at(-1), { role: "user", content: ["The tool flights gave:", image] });
});

Deno.test("endless thinking ends with one closing turn that can only answer", async () => {
  const scripted = scriptedModel(thinking, thinking, thinking, done);
  const events = await eventsOf(agentOf(scripted, { maxIterations: 3 }).stream("Where to?"));
  assertEquals(scripted.requests.length, 4);
  assertEquals(nextActions(events), ["continue_thinking", "continue_thinking", "continue_thinking", "finish"]);
  assertEquals(resultIn(events).response, "Fly to Lisbon.");
});

Deno.test("the closing step of an agent with tools has no tool to ask for", async () => {
  const scripted = scriptedModel(asking, done);
  await agentOf(scripted, { tools: [flights], nativeTools: false, maxIterations: 1 }).run("Where to?");
  const fields = scripted.requests.map(({ schema }) => Object.keys(jsonSchemaOf(schema!, "schema")["properties"]!));
  assertEquals(fields, [
    ["thought", "next_action", "tool", "arguments", "answer"],
    ["thought", "next_action", "answer"],
  ]);
});

Deno.test("a closing turn that thinks on all the same is the answer", async () => {
  const scripted = scriptedModel(step({ thought: "Lisbon, I would say.", next_action: "continue_thinking" }));
  const { response } = await agentOf(scripted, { maxIterations: 2 }).run("Where to?");
  assertEquals([response, scripted.requests.length], ["Lisbon, I would say.", 3]);
});

Deno.test("endless thinking without a final answer makes exactly maxIterations requests", async () => {
  const scripted = scriptedModel(thinking);
  const { response } = await agentOf(scripted, { maxIterations: 3, finalAnswer: false }).run("Where to?");
  assertEquals([response, scripted.requests.length], ["", 3]);
});

Deno.test("the user's own schema shapes the answer, and gives what it makes of it", async () => {
  const schema = z.object({ city: z.string().transform((city) => city.toUpperCase()) });
  const scripted = scriptedModel(thinking, step({ next_action: "finish", answer: { city: "Lisbon" } }));
  const events = await eventsOf(agentOf(scripted).stream("Where to?", { schema }));
  const { parsed, response } = resultIn(events);
  assertEquals([parsed, response], [{ city: "LISBON" }, '{"city":"Lisbon"}']);
  assertEquals(events.filter(({ type }) => type === "text"), [
    { type: "text", delta: '{"city":"Lisbon"}', iteration: 2 },
  ]);
});

Deno.test("a thought is no answer where the user's schema asks for one", async () => {
  const scripted = scriptedModel(step({ next_action: "finish" }));
  await assertRejects(() => agentOf(scripted).run("Where to?", { schema: z.string() }), SchemaError);
});

for (const answer of [{ city: 7 }, null]) {
  Deno.test(`an answer ${JSON.stringify(answer)} that does not fit the user's schema is a SchemaError`, async () => {
    const schema = z.object({ city: z.string() });
    const scripted = scriptedModel(thinking, step({ next_action: "finish", answer }));
    const error = await assertRejects(() => agentOf(scripted).run("Where to?", { schema }), SchemaError);
    assertEquals(error.path, answer === null ? "$" : "$.city");
    assertEquals([error.usage?.totalTokens, error.cost?.total], [30, 6]);
  });
}

Deno.test("a user's schema that fails by itself is a SchemaError with its error as the cause", async () => {
  const cause = new Error("broken");
  const standard = { version: 1, vendor: "own", validate: () => Promise.reject(cause) } as const;
  const schema = { "~standard": { ...standard, jsonSchema: { input: () => ({ type: "string" }) } } };
  const error = await assertRejects(() => agentOf(scriptedModel(done)).run("Where to?", { schema }), SchemaError);
  assertEquals(error.cause, cause);
});

Deno.test("a refusal and a cut step are surfaced as they are", async () => {
  const refused = await agentOf(scriptedModel({ refusal: "No.", finishReason: "refusal" })).run("Where to?");
  assertEquals([refused.response, refused.refusal, refused.finishReason], ["", "No.", "refusal"]);
  const filtered = await agentOf(scriptedModel({ text: "Fly", finishReason: "content_filter" })).run("Where to?");
  assertEquals([filtered.response, filtered.finishReason], ["Fly", "content_filter"]);
});

Deno.test("a model that cannot be held to a schema is asked in words, and may answer in words", async () => {
  const free = scriptedModel({ text: `Sure:\n\`\`\`json\n${thinking.text}\n\`\`\`` }, { text: "Lisbon, of course." });
  const agent = agentOf(free, { model: known(free, { holdsSchema: false }) });
  const events = await eventsOf(agent.stream("Where to?"));
  assertEquals(free.requests.map(({ schema }) => schema), [undefined, undefined]);
  assertEquals(nextActions(events), ["continue_thinking", "finish"]);
  const { response, thinking: thought } = resultIn(events);
  assertEquals([response, thought], ["Lisbon, of course.", "Let me see."]);
});

Deno.test("a structured agent's transcript asks its next turn", async () => {
  const scripted = scriptedModel(thinking, done);
  const agent = agentOf(scripted, { instructions: "Be brief." });
  const question = { role: "user", content: "Where to?" } as const;
  const { messages } = await agent.run([question]);
  await agent.run([question, ...messages, { role: "user", content: "And back?" }]);
  const asked = scripted.requests.at(-1)!.messages.map(({ role }) => role);
  assertEquals(asked, ["system", "system", "user", "assistant", "user", "assistant", "user"]);
});

Deno.test("the vendor's own thoughts and the step's thought are both the thought", async () => {
  const { thinking: thought, cost, usage } = await agentOf(scriptedModel({ ...done, thinking: "Deep." })).run(
    "Where to?",
  );
  assertEquals(thought, "Deep.\n\nLet me see.");
  assertEquals([cost, usage], [turnCost, turnUsage]);
});

Deno.test("toolChoice none runs no tool, whatever the model calls", async () => {
  let ran = 0;
  const tool = { ...flights, execute: () => ran++ };
  const agent = agentOf(scriptedModel({ text: "No.", toolCalls: [call("flights", { to: "Rome" })] }), {
    tools: [tool],
  });
  const events = await eventsOf(agent.stream("Hi", { toolChoice: "none" }));
  assertEquals([ran, events.some(({ type }) => type === "tool_call")], [0, false]);
  assertEquals(resultIn(events).messages, [{ role: "assistant", content: [{ type: "text", text: "No." }] }]);
});
