import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ApiError, ConfigError, LlmError, SchemaError } from "../../src/error.ts";
import type { Message } from "../../src/message.ts";
import { defineTool, type Tool } from "../../src/tool.ts";
import {
  agentOf,
  call,
  eventsOf,
  known,
  resultIn,
  scriptedModel,
  turnCost,
  turnUsage,
} from "../support/scripted_model.ts";

const parameters = { type: "object", properties: { to: { type: "string" } } } as const;
const flights = defineTool<{ to: string }>({
  name: "flights",
  description: "Finds flights.",
  parameters,
  execute: ({ to }) => `A flight to ${to}.`,
});
const hotels = defineTool({ name: "hotels", description: "Finds hotels.", parameters, execute: () => "A hotel." });
const searching = { text: "I look it up.", toolCalls: [call("flights", { to: "Lisbon" })] };
const both = { toolCalls: [call("flights", { to: "Lisbon" }), call("hotels")] };
const done = { text: ["Fly ", "to Lisbon."] };

Deno.test("the agent asks, runs the tool, asks again and gives the answer alone", async () => {
  const scripted = scriptedModel(searching, done);
  const result = await agentOf(scripted, { tools: [flights] }).run("Plan a trip.");
  assertEquals([result.response, result.finishReason, result.toolCalls], ["Fly to Lisbon.", "stop", []]);
  assertEquals(scripted.requests.map(({ messages }) => messages.length), [1, 3]);
});

Deno.test("the reader sees every event with its turn, and after every turn what comes next", async () => {
  const scripted = scriptedModel({ ...searching, thinking: "Hm." }, done);
  const events = await eventsOf(agentOf(scripted, { tools: [flights] }).stream("Plan a trip."));
  assertEquals(events.slice(0, -1), [
    { type: "thinking", delta: "Hm.", iteration: 1 },
    { type: "text", delta: "I look it up.", iteration: 1 },
    call("flights", { to: "Lisbon" }),
    { type: "iteration", number: 1, nextAction: "use_tool" },
    { type: "tool_result", id: "call_flights", name: "flights", result: "A flight to Lisbon.", isError: false },
    { type: "text", delta: "Fly ", iteration: 2 },
    { type: "text", delta: "to Lisbon.", iteration: 2 },
    { type: "iteration", number: 2, nextAction: "finish" },
  ]);
  assertEquals(resultIn(events).thinking, "Hm.");
});

Deno.test("the result carries the whole transcript, and with it the next turn can be asked", async () => {
  const scripted = scriptedModel(both, done);
  const agent = agentOf(scripted, { tools: [flights, hotels], instructions: "Be brief." });
  const question: Message = { role: "user", content: "Plan a trip." };
  const { messages } = await agent.run([question]);
  assertEquals(messages, [
    { role: "assistant", content: [call("flights", { to: "Lisbon" }), call("hotels")] },
    { role: "tool", toolCallId: "call_flights", content: "A flight to Lisbon." },
    { role: "tool", toolCallId: "call_hotels", content: "A hotel." },
    { role: "assistant", content: [{ type: "text", text: "Fly to Lisbon." }] },
  ]);
  const more: Message = { role: "user", content: "And back?" };
  await agent.run([question, ...messages, more]);
  assertEquals(scripted.requests.at(-1)?.messages, [
    { role: "system", content: "Be brief." },
    question,
    ...messages,
    more,
  ]);
});

Deno.test("the user's own messages are never changed", async () => {
  const messages = Object.freeze([Object.freeze({ role: "user", content: "Plan a trip." } as const)]);
  const before = structuredClone(messages);
  const agent = agentOf(scriptedModel(searching, done), { tools: [flights], instructions: "Be brief." });
  await agent.run(messages);
  assertEquals(messages, before);
});

Deno.test("a tool that changes its arguments does not change what the model asked for", async () => {
  const vandal = defineTool<Record<string, unknown>>({
    name: "flights",
    description: "Finds flights.",
    parameters,
    execute(args) {
      for (const key of Object.keys(args)) delete args[key];
      return "Gone.";
    },
  });
  const { messages } = await agentOf(scriptedModel(searching, done), { tools: [vandal] }).run("Plan a trip.");
  assertEquals(messages[0], {
    role: "assistant",
    content: [{ type: "text", text: "I look it up." }, call("flights", { to: "Lisbon" })],
  });
});

Deno.test("usage and cost are summed over all turns and stand in the result once", async () => {
  const { usage, cost } = await agentOf(scriptedModel(searching, searching, done), { tools: [flights] }).run("Plan.");
  assertEquals([usage?.inputTokens, usage?.outputTokens, usage?.totalTokens], [30, 15, 45]);
  assertEquals([cost?.total, cost?.input, cost?.output], [9, 3, 6]);
});

Deno.test("a turn without usage makes the sum unknown", async () => {
  const scripted = scriptedModel({ ...searching, usage: undefined, cost: undefined }, done);
  const { usage, cost } = await agentOf(scripted, { tools: [flights] }).run("Plan a trip.");
  assertEquals([usage, cost], [undefined, undefined]);
});

Deno.test("an agent that never stops asking for tools gets one closing turn without them", async () => {
  const scripted = scriptedModel(searching, searching, searching, done);
  const events = await eventsOf(agentOf(scripted, { tools: [flights], maxIterations: 3 }).stream("Plan a trip."));
  assertEquals(scripted.requests.map(({ toolChoice }) => toolChoice), [undefined, undefined, undefined, "none"]);
  const told = events.filter(({ type }) => type === "iteration" || type === "notice" || type === "tool_result");
  assertEquals(told.map((event) => event.type === "iteration" ? event.nextAction : event.type), [
    ...["use_tool", "tool_result", "use_tool", "tool_result", "use_tool", "tool_result"],
    ...["notice", "finish"],
  ]);
  assertEquals(resultIn(events).response, "Fly to Lisbon.");
});

Deno.test("a closing turn that calls a tool all the same runs none, and leaves no call without a result", async () => {
  let runs = 0;
  const counted = { ...flights, execute: () => ++runs } as Tool;
  const scripted = scriptedModel(searching);
  const events = await eventsOf(agentOf(scripted, { tools: [counted], maxIterations: 2 }).stream("Plan a trip."));
  assertEquals([scripted.requests.length, runs], [3, 2]);
  const { response, toolCalls, messages } = resultIn(events);
  assertEquals([response, toolCalls], ["I look it up.", []]);
  assertEquals(messages.at(-1), { role: "assistant", content: [{ type: "text", text: "I look it up." }] });
  assertEquals(events.filter(({ type }) => type === "tool_call").length, 2);
});

Deno.test("without a final answer the run ends after the last tools, with no answer and a notice", async () => {
  const scripted = scriptedModel(searching);
  const agent = agentOf(scripted, { tools: [flights], maxIterations: 2, finalAnswer: false });
  const events = await eventsOf(agent.stream("Plan a trip."));
  assertEquals(scripted.requests.length, 2);
  const { response, finishReason, messages, usage } = resultIn(events);
  assertEquals([response, finishReason, messages.length, usage?.totalTokens], ["", "max_iterations", 4, 30]);
  assertEquals(events.at(-2)?.type === "notice" && events.at(-2), {
    type: "notice",
    code: "max_iterations",
    message: "The agent has used up its turns; maxIterations changes how many it has.",
  });
});

Deno.test("a tool that must be called need be called in the first turn only", async () => {
  for (const forced of ["required", { name: "flights" }] as const) {
    const scripted = scriptedModel(searching, searching, done);
    await agentOf(scripted, { tools: [flights] }).run("Plan a trip.", { toolChoice: forced });
    assertEquals(scripted.requests.map(({ toolChoice }) => toolChoice), [forced, undefined, undefined]);
  }
  const scripted = scriptedModel(searching, done);
  await agentOf(scripted, { tools: [flights] }).run("Plan a trip.", { toolChoice: "auto" });
  assertEquals(scripted.requests.map(({ toolChoice }) => toolChoice), ["auto", "auto"]);
});

Deno.test("toolsModel takes the turns that may call tools, the model the closing one", async () => {
  const cheap = scriptedModel(searching);
  const dear = scriptedModel(done);
  const agent = agentOf(dear, {
    model: known(dear, { reasons: true }),
    toolsModel: known(cheap),
    tools: [flights],
    maxIterations: 2,
  });
  const { response } = await agent.run("Plan a trip.");
  assertEquals(response, "Fly to Lisbon.");
  assertEquals(cheap.requests.map(({ reasoningEffort }) => reasoningEffort), [undefined, undefined]);
  assertEquals(dear.requests.map(({ reasoningEffort }) => reasoningEffort), ["medium"]);
});

Deno.test("an effort that is asked for is told to every model, whose provider says where it does not have it", async () => {
  const scripted = scriptedModel(done);
  const agent = agentOf(scripted, { model: known(scripted, { reasons: false }), tools: [flights] });
  await agent.run("Plan a trip.", { reasoningEffort: "medium" });
  await agent.run("Plan a trip.");
  assertEquals(scripted.requests.map(({ reasoningEffort }) => reasoningEffort), ["medium", undefined]);
  const junk = { reasoningEffort: "user-123" as never };
  await assertRejects(() => agent.run("Plan a trip.", junk), ConfigError, "reasoningEffort must be");
});

Deno.test("an agent without tools thinks with its model alone", async () => {
  const [cheap, dear] = [scriptedModel(done), scriptedModel(done)];
  await agentOf(dear, { toolsModel: known(cheap) }).run("Plan a trip.");
  assertEquals([cheap.requests.length, dear.requests.length], [0, 1]);
});

Deno.test("messages that the user adds to the list while the agent runs do not reach its model", async () => {
  const scripted = scriptedModel(searching, done);
  const messages: Message[] = [{ role: "user", content: "Plan a trip." }];
  for await (const event of agentOf(scripted, { tools: [flights] }).stream(messages)) {
    if (event.type === "iteration") messages.push({ role: "user", content: "And another." });
  }
  assertEquals(scripted.requests[1]?.messages.map(({ role }) => role), ["user", "assistant", "tool"]);
});

Deno.test("every retry is told, and what all turns have to say of the same options once", async () => {
  const retry = { type: "notice", code: "retry", message: "Retry 1 of 2 after HTTP 429." } as const;
  const dropped = { type: "notice", code: "parameter_dropped", message: "topK was left out." } as const;
  const notices = [dropped, retry];
  const scripted = scriptedModel({ ...searching, notices }, { ...done, notices });
  const events = await eventsOf(agentOf(scripted, { tools: [flights] }).stream("Plan a trip."));
  assertEquals(events.filter(({ type }) => type === "notice"), [dropped, retry, retry]);
});

Deno.test("a vendor that pauses in the middle of its own tools is asked to go on", async () => {
  const scripted = scriptedModel({ text: "Searching the web.", finishReason: "pause_turn" }, done);
  const events = await eventsOf(agentOf(scripted, { tools: [flights] }).stream("Plan a trip."));
  assertEquals(scripted.requests[1]?.messages.at(-1)?.role, "assistant");
  assertEquals(events.filter(({ type }) => type === "iteration"), [
    { type: "iteration", number: 1, nextAction: "continue_thinking" },
    { type: "iteration", number: 2, nextAction: "finish" },
  ]);
});

Deno.test("a refusal and a cut answer are surfaced as they are", async () => {
  const refused = await agentOf(scriptedModel({ refusal: "No.", finishReason: "refusal" }), { tools: [flights] })
    .run("Plan a heist.");
  assertEquals([refused.response, refused.refusal, refused.finishReason], ["", "No.", "refusal"]);
  const cut = await agentOf(scriptedModel({ text: "Fly t", finishReason: "length" }), { tools: [flights] }).run(
    "Plan.",
  );
  assertEquals([cut.response, cut.finishReason], ["Fly t", "length"]);
});

Deno.test("what every turn's request would tell again is told once", async () => {
  const notice = { type: "notice", code: "parameter_dropped", message: "seed was dropped." } as const;
  const scripted = scriptedModel({ ...searching, notices: [notice] }, { ...done, notices: [notice] });
  const events = await eventsOf(agentOf(scripted, { tools: [flights] }).stream("Plan a trip."));
  assertEquals(events.filter(({ type }) => type === "notice"), [notice]);
});

Deno.test("the tools of a request stand instead of the agent's", async () => {
  const scripted = scriptedModel(done);
  await agentOf(scripted, { tools: [flights] }).run("Plan a trip.", { tools: [hotels] });
  assertEquals(scripted.requests[0]?.tools, [hotels]);
});

Deno.test("tools that cannot be run are refused before anything is sent", async () => {
  const { execute: _, ...idle } = flights;
  const faults: Readonly<Record<string, readonly Tool[]>> = {
    "tools[0] must be a tool": [null as never],
    "The tool flights has no execute": [idle],
    "Two tools are named flights.": [flights, flights],
    "A tool's name must be": [{ ...flights, name: "find flights" }],
  };
  for (const [message, tools] of Object.entries(faults)) {
    assertThrows(() => agentOf(scriptedModel(done), { tools }), ConfigError, message);
    const scripted = scriptedModel(done);
    await assertRejects(() => agentOf(scripted).run("Hi", { tools }), ConfigError, message);
    assertEquals(scripted.requests, []);
  }
});

Deno.test("an error in a later turn carries what the turns before it used", async () => {
  const failure = new ApiError("It failed.", { status: 500 });
  const agent = agentOf(scriptedModel(searching, { error: failure }), { tools: [flights] });
  const error = await assertRejects(() => agent.run("Plan a trip."), ApiError);
  assertStrictEquals(error, failure);
  assertEquals([error.usage, error.cost], [turnUsage, turnCost]);
});

Deno.test("an error that was paid for carries the sum", async () => {
  const failure = new SchemaError("It does not fit.", { path: "$", usage: turnUsage, cost: turnCost });
  const agent = agentOf(scriptedModel(searching, { error: failure }), { tools: [flights] });
  const error = await assertRejects(() => agent.run("Plan a trip."), LlmError);
  assertEquals([error.usage?.totalTokens, error.cost?.total], [30, 6]);
});

Deno.test("the signal's own reason is not written to: it is the caller's, and may end other runs", async () => {
  const controller = new AbortController();
  const reason = new LlmError("mine");
  const scripted = scriptedModel(searching, { text: "Fly", stalls: true });
  const error = await (async () => {
    for await (const event of agentOf(scripted, { tools: [flights] }).stream("Plan.", { signal: controller.signal })) {
      if (event.type === "text" && event.iteration === 2) controller.abort(reason);
    }
  })().catch((error) => error);
  assertStrictEquals(error, reason);
  assertEquals([reason.usage, reason.cost], [undefined, undefined]);
});

Deno.test("an error of nobody's class reaches the caller as it is", async () => {
  const failure = new RangeError("odd");
  const agent = agentOf(scriptedModel(searching, { error: failure }), { tools: [flights] });
  assertStrictEquals(await assertRejects(() => agent.run("Plan a trip.")), failure);
});

Deno.test("time to first token is measured to the first output, and only where it streams", async () => {
  const agent = agentOf(scriptedModel({ thinking: "Hm.", text: "Yes." }), { tools: [flights] });
  const streamed = await agent.run("Sure?");
  assert((streamed.timeToFirstTokenSeconds ?? 2) <= streamed.durationSeconds);
  assertEquals((await agent.run("Sure?", { streaming: false })).timeToFirstTokenSeconds, undefined);
});
