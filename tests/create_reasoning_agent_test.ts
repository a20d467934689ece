import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { type AgentOptions, createReasoningAgent } from "../src/create_reasoning_agent.ts";
import { ConfigError } from "../src/error.ts";
import type { StreamEvent } from "../src/event.ts";
import { defineTool } from "../src/tool.ts";
import { finder, flights } from "./support/agent_scene.ts";
import { agentFor, agentWires, chatAgent as wire, price, says, type WireTurn } from "./support/agent_wires.ts";
import { chatChunks } from "./support/chat_wire.ts";
import { startVendor, type VendorServer } from "./support/vendor_server.ts";

const question = "Plan a trip.";
const asks: WireTurn = { text: "I look it up.", toolCalls: [{ id: "call_1", name: "flights", arguments: {} }] };
const answers: WireTurn = { text: "Fly at nine." };
const off = { telemetry: false } as const;

type Body = Readonly<Record<string, unknown>>;

function bodies({ requests }: VendorServer): readonly Body[] {
  return requests.map(({ body }) => body as Body);
}

function agentOn({ url }: VendorServer, model: string, options: AgentOptions = {}) {
  return createReasoningAgent(model, { baseUrl: url, provider: "openai", ...off, ...options });
}

for (const each of agentWires) {
  Deno.test(`${each.name}: an agent is a client like any other: run() and stream() give the same`, async () => {
    await using server = startVendor(says(each, asks), says(each, answers), says(each, asks), says(each, answers));
    const agent = agentFor(each, server, { tools: [flights], ...off });
    assertEquals([agent.provider, agent.model], [each.provider.name, each.model]);
    const { durationSeconds: _1, timeToFirstTokenSeconds: _2, ...run } = await agent.run(question);
    const events: StreamEvent[] = await Array.fromAsync(agent.stream(question));
    const last = events.at(-1);
    assertEquals(last?.type === "finish" && { ...last.result, ...run }, last?.type === "finish" && last.result);
    assertEquals([run.response, run.usage?.totalTokens, run.cost?.total], ["Fly at nine.", 250, 560]);
    const text = events.flatMap((event) => event.type === "text" ? [[event.delta, event.iteration]] : []);
    assertEquals(text, [["I look it up.", 1], ["Fly at nine.", 2]]);
  });

  Deno.test(`${each.name}: the transcript of one run asks the next`, async () => {
    await using server = startVendor(says(each, asks), says(each, answers));
    const agent = agentFor(each, server, { tools: [flights], ...off });
    const { messages } = await agent.run(question);
    await agent.run([{ role: "user", content: question }, ...messages, { role: "user", content: "And back?" }]);
    assertEquals(each.results(server.requests.at(-1)?.body), [{ id: "call_1", content: "Nine o'clock." }]);
  });

  Deno.test(`${each.name}: a name that the model made up and vendors refuse does not stand in the transcript`, async () => {
    const call = { id: "call_1", name: "find flights!", arguments: {} };
    await using server = startVendor(says(each, { text: "Hm.", toolCalls: [call] }), says(each, answers));
    const agent = agentFor(each, server, { tools: [flights], ...off });
    const events: StreamEvent[] = await Array.fromAsync(agent.stream(question));
    const told = events.flatMap((event) =>
      event.type === "tool_call" || event.type === "tool_result" ? [event.name] : []
    );
    assertEquals(told, ["find flights!", "find flights!"]);
    const body = JSON.stringify(bodies(server)[1]);
    assertEquals([body.includes("find flights!"), body.includes('"find_flights_"')], [false, true]);
  });

  Deno.test(`${each.name}: an agent without tools thinks in steps of a schema, and answers in the user's own`, async () => {
    const step = (fields: object) => ({ text: JSON.stringify({ thought: "Hm.", answer: null, ...fields }) });
    await using server = startVendor(
      says(each, step({ next_action: "continue_thinking" })),
      says(each, step({ next_action: "finish", answer: { city: "Lisbon" } })),
    );
    const schema = z.object({ city: z.string().transform((city) => city.toUpperCase()) });
    const { parsed, response, thinking } = await agentFor(each, server, off).run<{ city: string }>(question, {
      schema,
    });
    assertEquals([parsed, response, thinking], [{ city: "LISBON" }, '{"city":"Lisbon"}', "Hm.\n\nHm."]);
  });
}

for (const each of agentWires) {
  Deno.test(`${each.name}: each turn is one request, and the closing one has no tools that it may call`, async () => {
    await using server = startVendor(says(each, asks));
    const agent = agentFor(each, server, { tools: [flights], maxIterations: 2, parallelToolCalls: true, ...off });
    assertEquals((await agent.run(question)).response, "I look it up.");
    const [first, second, closing, ...more] = bodies(server).map(({ tools, tool_choice, parallel_tool_calls }) => {
      return [(tools as unknown[] | undefined)?.length, tool_choice, parallel_tool_calls];
    });
    assertEquals([first?.[0], second?.[0], more.length], [1, 1, 0]);
    // Anthropic refuses calls of tools that it is not told of.
    const expected = each.name === "anthropic" ? [1, { type: "none" }, undefined] : [undefined, undefined, undefined];
    assertEquals(closing, expected);
  });
}

Deno.test("text of the answer is told while it streams", async () => {
  const goOn = Promise.withResolvers<void>();
  await using server = startVendor(says(wire, asks), async (reply) => {
    const [first, second, ...rest] = chatChunks({ text: ["Fly ", "at nine."] }).map((chunk) =>
      `data: ${JSON.stringify(chunk)}\n\n`
    );
    await reply.head();
    await reply.write(`${first}${second}`);
    await goOn.promise;
    await reply.write(rest.join(""));
    await reply.end();
  });
  const told: string[] = [];
  for await (const event of agentFor(wire, server, { tools: [flights], ...off }).stream(question)) {
    if (event.type !== "text" || event.iteration !== 2) continue;
    told.push(event.delta);
    goOn.resolve();
  }
  assertEquals(told, ["Fly ", "at nine."]);
});

Deno.test("instructions stand before the conversation", async () => {
  await using server = startVendor(says(wire, answers));
  await agentFor(wire, server, { tools: [flights], instructions: "Be brief.", ...off }).run(question);
  assertEquals(bodies(server)[0]?.["messages"], [
    { role: "system", content: "Be brief." },
    { role: "user", content: question },
  ]);
});

Deno.test("reasoningEffort is medium by default, and told to models that reason alone", async () => {
  await using server = startVendor(says(wire, answers));
  const effortsOf = async (model: string, options: AgentOptions = {}) => {
    await agentOn(server, model, { tools: [flights], ...options }).run(question);
    return bodies(server).at(-1)?.["reasoning_effort"];
  };
  assertEquals(await effortsOf("gpt-5"), "medium");
  assertEquals(await effortsOf("gpt-5", { reasoningEffort: "low" }), "low");
  assertEquals(await effortsOf("gpt-4o-mini"), undefined);
  assertEquals(await effortsOf("gpt-7-of-tomorrow"), "medium");
  for (const model of ["gpt-3.5-turbo", "llama-3.3-70b", "gpt-of-tomorrow"]) {
    assertEquals(await effortsOf(model), undefined);
  }
  assertEquals(await effortsOf("llama-that-thinks", { reasoningEffort: "low" }), "low");
});

Deno.test("a reasoningEffort that is asked for of a model that does not reason is left out with a notice", async () => {
  await using server = startVendor(says(wire, answers));
  const noticesOf = async (options: AgentOptions) => {
    const events = await Array.fromAsync(
      agentOn(server, "gpt-4o-mini", { tools: [flights], ...options }).stream("Go."),
    );
    return events.flatMap((event) => event.type === "notice" ? [event.message] : []);
  };
  const left = "reasoningEffort was left out: gpt-4o-mini is no reasoning model.";
  assertEquals([await noticesOf({}), await noticesOf({ reasoningEffort: "high" })], [[], [left]]);
  assertEquals(bodies(server).map(({ reasoning_effort }) => reasoning_effort), [undefined, undefined]);
});

for (const secret of [{ apiKey: "sk-secret" }, { headers: { "x-key": "sk-secret" } }]) {
  Deno.test(`${Object.keys(secret)} given for a model goes to no toolsModel of another vendor`, () => {
    const make = (options: AgentOptions) => () => {
      createReasoningAgent("gpt-4o", { toolsModel: "claude-haiku-4-5", ...off, ...secret, ...options });
    };
    const error = assertThrows(make({ baseUrl: "http://localhost:8080/v1" }), ConfigError);
    assertStringIncludes(error.message, "toolsModel is reached at anthropic, the model at openai: where baseUrl is a");
    assertThrows(make({ apiKey: "sk-secret" }), ConfigError, "give no apiKey, headers or sdk here");
    // One provider is one vendor, whatever the names of its models.
    make({ baseUrl: "http://localhost:8080/v1", provider: "openai" })();
  });
}

Deno.test("an official client goes to no toolsModel of another vendor", () => {
  const post = () => ({ asResponse: () => Promise.reject(new Error("Nothing is sent.")) });
  const sdk = { baseURL: "https://api.openai.com/v1", post };
  const make = () => createReasoningAgent("gpt-4o", { toolsModel: "claude-haiku-4-5", sdk, ...off });
  assertThrows(make, ConfigError, "toolsModel is reached at anthropic");
});

Deno.test("toolsModel takes the turns that may call tools, at its own price and without the other's effort", async () => {
  await using server = startVendor(says(wire, asks), says(wire, answers));
  const options = { toolsModel: "gpt-4o-mini", tools: [flights], maxIterations: 1, price };
  const { cost, model } = await agentOn(server, "gpt-5", options).run(question);
  assertEquals(bodies(server).map((body) => [body["model"], body["reasoning_effort"]]), [
    ["gpt-4o-mini", undefined],
    ["gpt-5", "medium"],
  ]);
  assertEquals([model, Math.floor(cost?.total ?? 0)], ["gpt-5", 280]);
});

for (
  const [model, options] of [["gpt-4o-search-preview", {}], ["gpt-4o-mini", { nativeTools: false }]] as const
) {
  Deno.test(`${model} ${JSON.stringify(options)} is asked for tools in structured steps`, async () => {
    const step = (fields: object) => ({ text: JSON.stringify({ thought: "Hm.", answer: null, ...fields }) });
    await using server = startVendor(
      says(wire, step({ next_action: "use_tool", tool: "flights", arguments: "{}" })),
      says(wire, step({ next_action: "finish", tool: null, arguments: null, answer: "Fly at nine." })),
    );
    const { response } = await agentOn(server, model, { tools: [flights], ...options }).run(question);
    assertEquals(response, "Fly at nine.");
    assertEquals(bodies(server).map(({ tools, response_format }) => [tools, typeof response_format]), [
      [undefined, "object"],
      [undefined, "object"],
    ]);
  });
}

Deno.test("an older Claude is held to its steps in the way that its dialect has", async () => {
  const step = { thought: "Hm.", next_action: "finish", answer: "Yes." };
  const claude = agentWires.find(({ name }) => name === "anthropic")!;
  await using server = startVendor(
    says(claude, { toolCalls: [{ id: "call_1", name: "answer_in_schema", arguments: step }] }),
  );
  const agent = agentFor({ ...claude, model: "claude-3-5-haiku-latest" }, server, off);
  assertEquals((await agent.run(question)).response, "Yes.");
  assertEquals(bodies(server)[0]?.["tool_choice"], { type: "tool", name: "answer_in_schema" });
});

Deno.test("a model that can be held to no schema is asked for its steps in words", async () => {
  await using server = startVendor(
    says(wire, { text: '{"thought": "Hm.", "next_action": "finish", "answer": "Yes."}' }),
  );
  assertEquals((await agentOn(server, "chatgpt-4o-latest").run(question)).response, "Yes.");
  assertEquals(bodies(server)[0]?.["response_format"], undefined);
});

Deno.test("a model that the catalogue does not list is asked for its steps in both ways, and answers in words", async () => {
  await using server = startVendor(says(wire, { text: "Fly at nine." }));
  const options = { tools: [flights], nativeTools: false };
  assertEquals((await agentOn(server, "qwen3", options).run(question)).response, "Fly at nine.");
  const [{ messages, response_format } = {}] = bodies(server);
  assertStringIncludes(JSON.stringify(messages), "it fits this JSON Schema");
  assertEquals(typeof response_format, "object");
});

Deno.test("a tool's own time is toolTimeoutMs", async () => {
  await using server = startVendor(says(wire, asks), says(wire, answers));
  const slow = finder("flights", () => new Promise(() => {}));
  const agent = agentFor(wire, server, { tools: [slow], toolTimeoutMs: 1, ...off });
  const events: StreamEvent[] = await Array.fromAsync(agent.stream(question));
  const result = events.find(({ type }) => type === "tool_result");
  assertEquals(result?.type === "tool_result" && result.result, "The tool did not answer within 1 ms.");
});

Deno.test("an agent that is made wrongly is a ConfigError at once", () => {
  const { execute: _, ...idle } = flights;
  const faults: Readonly<Record<string, AgentOptions>> = {
    "maxIterations must be": { maxIterations: 0 },
    "toolTimeoutMs must be": { toolTimeoutMs: 0.5 },
    "toolConcurrency must be": { toolConcurrency: -1 },
    "no execute": { tools: [idle] },
    "Two tools are named flights.": { tools: [flights, flights] },
    "name must be a text": { name: "" },
    "name must be a text that": { name: 5 as never },
    "tools must be a list": { tools: null as never },
    "tools[0] must be a tool": { tools: [null as never] },
    "instructions must be": { instructions: 5 as never },
    "finalAnswer must be": { finalAnswer: "no" as never },
    "nativeTools must be": { nativeTools: 1 as never },
    "reasoningEffort must be": { reasoningEffort: "most" as never },
    "is not known": { toolsModel: "nobody-knows-it", baseUrl: undefined },
  };
  for (const [message, options] of Object.entries(faults)) {
    const make = () => createReasoningAgent("gpt-4o-mini", { apiKey: "test-key", ...off, ...options });
    assertThrows(make, ConfigError, message);
  }
});

Deno.test("what is asked wrongly is a ConfigError before anything is sent, for both models", async () => {
  await using server = startVendor(says(wire, answers));
  const broken = defineTool({ name: "broken", description: "Breaks.", parameters: new Map() as never, execute() {} });
  const agent = agentOn(server, "gpt-4o-mini", { tools: [flights], toolsModel: "gpt-4o" });
  await assertRejects(() => agent.run(question, { tools: [broken] }), ConfigError, "parameters of tool broken");
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  await assertRejects(() => agent.run(question, { extraBody: circular }), ConfigError, "JSON");
  assertEquals(server.requests, []);
});
