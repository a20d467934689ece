import { assertEquals } from "@std/assert";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { getTracer, type Tool } from "../../mod.ts";
import { finder, flights } from "../support/agent_scene.ts";
import { agentFor, chatAgent as wire, says } from "../support/agent_wires.ts";
import { memoryTelemetry, spanNamed, tree } from "../support/telemetry.ts";
import { type Handler, refusal, startVendor } from "../support/vendor_server.ts";

const asks = { toolCalls: [{ id: "call_1", name: "flights", arguments: {} }] };
const answers = { text: "Fly at nine." };
const request = ["    llm.request", "      llm.openai.stream", "        http.request"];

Deno.test("spans that a tool makes stand below the tool's", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), says(wire, answers));
  const tool = finder("flights", async () => {
    await Promise.resolve();
    getTracer("test").startSpan("timetable").end();
    return "Nine o'clock.";
  });
  await agentFor(wire, server, { tools: [tool] }).run("Plan a trip.");
  assertEquals(tree(await telemetry.spans()), [
    "llm.reasoning_agent.stream",
    "  reasoning.thinking.iteration_1",
    ...request,
    "  reasoning.tool.flights",
    "    timetable",
    "  reasoning.final_answer",
    ...request,
  ]);
});

Deno.test("without a context manager the tree of a run is the same, and a tool hands its context on by hand", async () => {
  await using telemetry = await memoryTelemetry({ registerGlobally: false });
  await using server = startVendor(says(wire, asks), says(wire, { text: "Nine." }), says(wire, answers));
  const inner = agentFor(wire, server, { tools: [finder("trains", () => "none")] });
  const tool: Tool = {
    ...flights,
    execute: async (_args: never, { context }) => (await inner.run("Find a flight.", { parent: context })).response,
  };
  await agentFor(wire, server, { tools: [tool] }).run("Plan a trip.");
  assertEquals(tree(await telemetry.spans()), [
    "llm.reasoning_agent.stream",
    "  reasoning.thinking.iteration_1",
    ...request,
    "  reasoning.tool.flights",
    "    llm.reasoning_agent.stream",
    "      reasoning.final_answer",
    ...request.map((line) => `    ${line}`),
    "  reasoning.final_answer",
    ...request,
  ]);
});

Deno.test("an agent that is another's tool stands below it, with a run of its own", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), says(wire, answers), says(wire, { text: "Book it." }));
  const inner = agentFor(wire, server, { tools: [finder("trains", () => "none")], name: "searcher" });
  const tool = finder("flights", async () => (await inner.run("Find a flight.")).response);
  const { usage, cost } = await agentFor(wire, server, { tools: [tool] }).run("Plan a trip.");
  const spans = await telemetry.spans();
  assertEquals(tree(spans).filter((line) => !/request|openai/.test(line)), [
    "llm.reasoning_agent.stream",
    "  reasoning.thinking.iteration_1",
    "  reasoning.tool.flights",
    "    llm.reasoning_agent.stream",
    "      reasoning.final_answer",
    "  reasoning.final_answer",
  ]);
  assertEquals([usage?.totalTokens, cost?.total], [250, 560]);
});

Deno.test("a run stands below its caller's span, or below the parent it is given", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const agent = agentFor(wire, server, { tools: [flights] });
  await getTracer("test").startActiveSpan("caller", async (span) => {
    await agent.run("Plan a trip.");
    span.end();
  });
  const other = getTracer("test").startSpan("by hand", {}, ROOT_CONTEXT);
  await agent.run("Plan a trip.", { parent: trace.setSpan(ROOT_CONTEXT, other) });
  other.end();
  assertEquals(tree(await telemetry.spans()).filter((line) => !/request|openai|answer/.test(line)), [
    "caller",
    "  llm.reasoning_agent.stream",
    "by hand",
    "  llm.reasoning_agent.stream",
  ]);
});

Deno.test("sample() of an agent is the parent of its runs", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const results = await agentFor(wire, server, { tools: [flights] }).sample("Plan a trip.", 2);
  assertEquals(results.map(({ response }) => response), ["Fly at nine.", "Fly at nine."]);
  const spans = await telemetry.spans();
  const sample = spanNamed(spans, "llm.sample");
  const runs = spans.filter(({ name }) => name === "llm.reasoning_agent.stream");
  assertEquals(runs.map(({ parentId }) => parentId), [sample.id, sample.id]);
});

Deno.test("the caller's own attributes stand on the run and on its requests, the conversation's id too", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), says(wire, answers));
  await agentFor(wire, server, { tools: [flights] })
    .run("Plan a trip.", { attributes: { feature: "trips" }, conversationId: "talk-1" });
  const spans = (await telemetry.spans()).filter(({ name }) => /^llm\.re/.test(name));
  assertEquals(spans.length, 3);
  for (const { attributes } of spans) {
    assertEquals([attributes["feature"], attributes["gen_ai.conversation.id"]], ["trips", "talk-1"]);
  }
});

Deno.test("the result's traceContext is the run's", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const { traceContext } = await agentFor(wire, server, { tools: [flights] }).run("Plan a trip.");
  const { traceId, id } = spanNamed(await telemetry.spans(), "llm.reasoning_agent.stream");
  assertEquals(traceContext, { traceId, spanId: id, traceFlags: 1 });
});

Deno.test("an agent without telemetry leaves none, and its requests leave none", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), says(wire, answers));
  const { traceContext } = await agentFor(wire, server, { tools: [flights], telemetry: false }).run("Plan a trip.");
  assertEquals([traceContext, await telemetry.spans(), await telemetry.points()], [undefined, [], []]);
});

/**
 * Answers by what it is asked, not by when: a question and its tool's result bear the same number. Every tenth run is
 * refused in its second turn.
 */
const numbered: Handler = (reply, request) => {
  const { messages } = request.body as { readonly messages: readonly { readonly content: string }[] };
  const number = Number(/\d+/.exec(messages[0]!.content)?.[0]);
  if (messages.length === 1) {
    const toolCalls = [{ id: `call_${number}`, name: "flights", arguments: { number } }];
    return says(wire, { toolCalls })(reply, request);
  }
  if (number % 10 === 3) return refusal(400)(reply, request);
  return says(wire, { text: `Answer ${number} of ${messages.at(-1)?.content}` })(reply, request);
};

/** How the run of that number should end: another tenth has a tool that fails. */
function expectedOf(number: number): string {
  if (number % 10 === 3) return "BadRequestError";
  return number % 10 === 7 ? `Answer ${number} of no flight ${number}` : `Answer ${number} of flight ${number}`;
}

Deno.test("a hundred runs at once, some of them failing, keep to their own trees, tools and answers", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(numbered);
  const tool: Tool = {
    ...flights,
    async execute({ number }: { readonly number: number }) {
      // Turns of the event loop, so that no two tools go side by side.
      for (let turn = 0; turn < number * 7 % 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      getTracer("test").startSpan(`timetable ${number}`).end();
      if (number % 10 === 7) throw new Error(`no flight ${number}`);
      return `flight ${number}`;
    },
  };
  const agent = agentFor(wire, server, { tools: [tool] });
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const outcomes = await Promise.all(numbers.map(async (number) => {
    try {
      return (await agent.run(`Question ${number}`)).response;
    } catch (error) {
      return (error as Error).name;
    }
  }));
  assertEquals(outcomes, numbers.map(expectedOf));
  assertEquals(telemetry.open, []);

  const byTrace = Map.groupBy(await telemetry.spans(), ({ traceId }) => traceId);
  assertEquals(byTrace.size, numbers.length);
  for (const own of byTrace.values()) {
    assertEquals(own.length, 11);
    const run = spanNamed(own, "llm.reasoning_agent.stream");
    const tool = spanNamed(own, "reasoning.tool.flights");
    const timetable = own.find(({ name }) => name.startsWith("timetable"));
    const number = Number(timetable?.name.split(" ")[1]);
    assertEquals([timetable?.parentId, tool.parentId], [tool.id, run.id]);
    assertEquals(tool.attributes["tool.call_id"], `call_${number}`);
    assertEquals([tool.status, run.status], [
      number % 10 === 7 ? "ERROR" : "UNSET",
      number % 10 === 3 ? "ERROR" : "UNSET",
    ]);
  }
});
