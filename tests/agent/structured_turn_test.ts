import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { ConfigError, SchemaError } from "../../src/error.ts";
import type { StreamEvent } from "../../src/event.ts";
import { jsonSchemaOf } from "../../src/schema.ts";
import { defineTool } from "../../src/tool.ts";
import { agentOf, eventsOf, known, resultIn, scriptedModel, step } from "../support/scripted_model.ts";
import { thinkingForEver } from "../support/schemas.ts";

const flights = defineTool<{ to: string }>({
  name: "flights",
  description: "Finds flights.",
  parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
  execute: ({ to }) => to === "Atlantis" ? Promise.reject(new Error("It sank.")) : `A flight to ${to}.`,
});
const asking = step({ next_action: "use_tool", tool: "flights", arguments: '{"to":"Lisbon"}' });
const done = step({ next_action: "finish", answer: "Fly to Lisbon." });

function nextActions(events: readonly StreamEvent[]): readonly string[] {
  return events.flatMap((event) => event.type === "iteration" ? [event.nextAction] : []);
}

/** What the reader was told while it streamed. */
function toldOf(events: readonly StreamEvent[], type: "text" | "thinking"): string {
  return events.map((event) => event.type === type ? event.delta : "").join("");
}

const cuts: Readonly<Record<string, readonly [response: string, thinking: string]>> = {
  '{"thought": "Le': ["", "Le"],
  '{"thought": "Let me see.", "next_action": "finish", "answer": "Fly to Lis': ["Fly to Lis", "Let me see."],
  '{"answer": "Fly to Lisbon.", "thought": "Le': ["Fly to Lisbon.", "Le"],
};

for (const [text, expected] of Object.entries(cuts)) {
  Deno.test(`the step ${text} cut by length is what the reader saw of it`, async () => {
    const scripted = scriptedModel({ text: text.match(/.{1,7}/gs) ?? [], finishReason: "length" });
    const events = await eventsOf(agentOf(scripted).stream("Where to?"));
    const { response, thinking: thought, finishReason } = resultIn(events);
    assertEquals([response, thought, finishReason], [...expected, "length"]);
    assertEquals([toldOf(events, "text"), toldOf(events, "thinking")], [...expected]);
  });
}

const inWords: Readonly<Record<string, string>> = {
  "braces before it": `I think {x}: ${done.text}`,
  "words behind it": `\`\`\`json\n${done.text}\n\`\`\`\nHope that helps {smile}`,
  "a second step": `${done.text}\n${step({ thought: "No.", next_action: "finish", answer: "Stay." }).text}`,
};

for (const holdsSchema of [false, undefined]) {
  for (const [what, text] of Object.entries(inWords)) {
    Deno.test(`a step with ${what} is the same while it streams and at the end (${holdsSchema})`, async () => {
      const scripted = scriptedModel({ text: text.match(/.{1,7}/gs) ?? [] });
      const agent = agentOf(scripted, { model: known(scripted, { holdsSchema }) });
      const events = await eventsOf(agent.stream("Where to?"));
      const { response, thinking: thought } = resultIn(events);
      assertEquals([response, thought], ["Fly to Lisbon.", "Let me see."]);
      assertEquals([toldOf(events, "text"), toldOf(events, "thinking")], [response, thought]);
    });
  }
}

Deno.test("a model that nobody knows is told its form in both ways, and may answer in words", async () => {
  const scripted = scriptedModel(asking, { text: "Fly {now} to Lisbon." });
  const model = known(scripted, { holdsSchema: undefined });
  const events = await eventsOf(agentOf(scripted, { model, tools: [flights], nativeTools: false }).stream("Where to?"));
  for (const { schema, messages } of scripted.requests) {
    assertEquals(Object.keys(jsonSchemaOf(schema!, "schema")["properties"]!).length, 5);
    assertStringIncludes(messages[0]?.content as string, "it fits this JSON Schema");
  }
  assertEquals(nextActions(events), ["use_tool", "finish"]);
  assertEquals([resultIn(events).response, toldOf(events, "text")], ["Fly {now} to Lisbon.", "Fly {now} to Lisbon."]);
});

Deno.test("plain words where the user gave a schema are the answer in that schema, or a SchemaError", async () => {
  const schema = z.object({ city: z.string() });
  const answering = (text: string) => agentOf(scriptedModel({ text })).run("Where to?", { schema });
  assertEquals((await answering('{"city": "Lisbon"}')).parsed, { city: "Lisbon" });
  for (const text of ["Lisbon.", '{"town": "Lisbon"}']) await assertRejects(() => answering(text), SchemaError);
});

Deno.test("null is an answer where the user's schema takes it", async () => {
  const scripted = scriptedModel(step({ next_action: "finish", answer: null }));
  const { parsed, response } = await agentOf(scripted).run("Where to?", { schema: z.string().nullable() });
  assertEquals([parsed, response], [null, "null"]);
});

Deno.test("an answer that is missing does not fit, whatever the user's schema takes", async () => {
  const scripted = scriptedModel({ text: '{"thought": "Hm.", "next_action": "finish"}' });
  for (const schema of [z.any(), z.string().optional(), {}]) {
    const error = await assertRejects(() => agentOf(scripted).run("Where to?", { schema }), SchemaError);
    assertEquals(error.path, "$");
  }
});

Deno.test("toolChoice none runs no tool in structured steps", async () => {
  const scripted = scriptedModel(asking, done);
  const events = await eventsOf(
    agentOf(scripted, { tools: [flights], nativeTools: false }).stream("Where to?", { toolChoice: "none" }),
  );
  assertEquals(nextActions(events), ["continue_thinking", "finish"]);
  assertEquals(events.filter(({ type }) => type === "tool_call" || type === "tool_result"), []);
  assertEquals((scripted.requests[0]?.messages[0]?.content as string).includes("flights"), false);
});

for (const toolChoice of ["required", { name: "flights" }] as const) {
  Deno.test(`toolChoice ${JSON.stringify(toolChoice)} binds the first structured step`, async () => {
    const trains = { ...flights, name: "trains" };
    const scripted = scriptedModel(asking, done);
    await agentOf(scripted, { tools: [flights, trains], nativeTools: false }).run("Where to?", { toolChoice });
    const actions = scripted.requests.map(({ schema }) => {
      const { next_action, tool } = jsonSchemaOf(schema!, "schema")["properties"] as Record<string, { enum: unknown }>;
      return [next_action?.enum, tool?.enum];
    });
    assertEquals(actions, [
      [["use_tool"], toolChoice === "required" ? ["flights", "trains"] : ["flights"]],
      [["continue_thinking", "use_tool", "finish"], ["flights", "trains", null]],
    ]);
  });
}

Deno.test("a tool that toolChoice does not name is not run, and one that is none of the tools is a ConfigError", async () => {
  const trains = { ...flights, name: "trains" };
  const scripted = scriptedModel(asking, done);
  const agent = agentOf(scripted, { tools: [flights, trains], nativeTools: false });
  const events = await eventsOf(agent.stream("Where to?", { toolChoice: { name: "trains" } }));
  assertEquals(nextActions(events), ["continue_thinking", "finish"]);
  await assertRejects(
    () => agent.run("Where to?", { toolChoice: { name: "ships" } }),
    ConfigError,
    "none of the tools",
  );
  assertEquals(scripted.requests.length, 2);
});

Deno.test("a schema that never says whether the answer fits holds no run beyond its abort, its time or its reader", async () => {
  const { schema, asked } = thinkingForEver();
  const controller = new AbortController();
  const events = () =>
    agentOf(scriptedModel(step({ next_action: "finish", answer: {} })))
      .stream("Where?", { schema, signal: controller.signal })[Symbol.asyncIterator]();
  const left = events();
  const waiting = readAll(left);
  await asked;
  assertEquals((await left.return()).done, true);
  await waiting;
  const aborted = readAll(events()).catch((error) => error);
  controller.abort("enough");
  assertEquals(await aborted, "enough");
});

async function readAll(events: AsyncIterator<StreamEvent>): Promise<void> {
  while (!(await events.next()).done);
}
