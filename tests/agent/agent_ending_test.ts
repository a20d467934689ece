import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { TimeoutError } from "../../src/error.ts";
import type { StreamEvent } from "../../src/event.ts";
import { defineTool, type Tool } from "../../src/tool.ts";
import { fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { agentOf, call, scriptedModel, turnUsage } from "../support/scripted_model.ts";

const flights = defineTool({
  name: "flights",
  description: "Finds flights.",
  parameters: { type: "object" },
  execute: () => "Nine o'clock.",
});
const searching = { text: "I look it up.", toolCalls: [call("flights", { to: "Lisbon" })] };
const done = { text: ["Fly ", "to Lisbon."] };

/** Reads until an event of this type. */
async function readTo(events: AsyncIterator<StreamEvent>, type: StreamEvent["type"]): Promise<void> {
  while ((await events.next()).value.type !== type);
}

Deno.test("an agent whose signal is already aborted asks nobody", async () => {
  const scripted = scriptedModel(done);
  const signal = AbortSignal.abort("enough");
  const reason = await agentOf(scripted, { tools: [flights] }).run("Plan.", { signal }).catch((reason) => reason);
  assertEquals([reason, scripted.requests.length], ["enough", 0]);
});

Deno.test("an abort between two turns ends the run before the next request", async () => {
  const scripted = scriptedModel(searching, done);
  const controller = new AbortController();
  const reader = agentOf(scripted, { tools: [flights] }).stream("Plan.", { signal: controller.signal })
    [Symbol.asyncIterator]();
  await readTo(reader, "tool_result");
  controller.abort("enough");
  assertEquals(await reader.next().catch((reason) => reason), "enough");
  assertEquals(scripted.requests.length, 1);
});

for (
  const [where, finalAnswer] of [["iteration", true], ["notice", false]] as const
) {
  Deno.test(`an abort at the last ${where} event is told to the reader that reads on`, async () => {
    const controller = new AbortController();
    const scripted = where === "iteration" ? scriptedModel(done) : scriptedModel(searching);
    const reader = agentOf(scripted, { tools: [flights], maxIterations: 1, finalAnswer })
      .stream("Plan.", { signal: controller.signal })[Symbol.asyncIterator]();
    await readTo(reader, where);
    controller.abort("enough");
    assertEquals(await reader.next().catch((reason) => reason), "enough");
  });
}

Deno.test("an abort after the model asked for tools runs none of them", async () => {
  let runs = 0;
  const controller = new AbortController();
  const counted = { ...flights, execute: () => ++runs } as Tool;
  const reader = agentOf(scriptedModel(searching, done), { tools: [counted] })
    .stream("Plan.", { signal: controller.signal })[Symbol.asyncIterator]();
  await readTo(reader, "iteration");
  controller.abort("enough");
  assertEquals(await reader.next().catch((reason) => reason), "enough");
  assertEquals(runs, 0);
});

Deno.test("a reader that breaks off in a turn ends the model's stream", async () => {
  const scripted = scriptedModel({ text: "Fly", stalls: true });
  for await (const event of agentOf(scripted, { tools: [flights] }).stream("Plan a trip.")) {
    if (event.type === "text") break;
  }
  assertEquals([scripted.ended, scripted.brokenOff], [1, 1]);
});

Deno.test("return() in the middle of a wait for the model ends its stream, and the wait", async () => {
  const scripted = scriptedModel({ text: "Fly", stalls: true });
  const reader = agentOf(scripted, { tools: [flights] }).stream("Plan a trip.")[Symbol.asyncIterator]();
  await reader.next();
  const waiting = reader.next();
  assertEquals(await reader.return(), { value: undefined, done: true });
  assertEquals(await waiting, { value: undefined, done: true });
  assertEquals(scripted.ended, 1);
});

Deno.test("the caller's signal has no listener left once the answer is handed over", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const reader = agentOf(scriptedModel(searching, done), { tools: [flights] }).stream("Plan.", { signal })
    [Symbol.asyncIterator]();
  await readTo(reader, "finish");
  assert(listeners.most > 0);
  assertEquals(listeners.count, 0);
});

Deno.test("totalMs is the end of the whole run, whatever its turns and tools take", async () => {
  using clock = fakeClock();
  const scripted = scriptedModel(searching, done);
  let reason: unknown;
  const slow = defineTool({
    ...flights,
    execute: (_args, { signal }) => {
      signal.addEventListener("abort", () => reason = signal.reason);
      return new Promise(() => {});
    },
  });
  const running = agentOf(scripted, { tools: [slow], totalMs: 1_000 }).run("Plan.").catch((error) => error);
  await clock.armed(60_000); // The tool's own.
  await clock.tick(1_000);
  const error = await running;
  assertInstanceOf(error, TimeoutError);
  assertEquals([error.phase, error.partialText], ["total", "I look it up."]);
  assertEquals(error.usage, turnUsage);
  assertEquals([reason, scripted.requests.length, clock.timers], [error, 1, []]);
});

Deno.test("instructions of white space alone are none, and lists that change later change nothing", async () => {
  const scripted = scriptedModel(searching, done);
  const tools: Tool[] = [{ ...flights, execute: () => void tools.splice(0) }];
  await agentOf(scripted, { tools, instructions: " \n" }).run("Plan.");
  const [first, second] = scripted.requests;
  assertEquals(first?.messages, [{ role: "user", content: "Plan." }]);
  assertEquals([first?.tools?.length, second?.tools?.length], [1, 1]);
});
