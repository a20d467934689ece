import { assertEquals, assertStrictEquals } from "@std/assert";
import { LlmError } from "../../mod.ts";
import { run, tool, turn } from "../support/agent_golden.ts";
import { deaf, flights, leaves, readTo, reasonOf } from "../support/agent_scene.ts";
import { agentFor, chatAgent as wire, says, stallsAfter, type WireTurn } from "../support/agent_wires.ts";
import { fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { refusal, startVendor } from "../support/vendor_server.ts";

const question = "Plan a trip.";
const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon" } };
const callHotels = { id: "call_2", name: "hotels", arguments: {} };
const asks: WireTurn = { text: "I look it up.", toolCalls: [callFlights] };
const asksBoth: WireTurn = { toolCalls: [callFlights, callHotels] };
const answers: WireTurn = { text: "Fly at nine." };
const thought = { next: "use_tool", length: 13 } as const;
const flightsTool = tool({ name: "flights", id: "call_1", args: 1, length: 13 });

const cancelled = { outcome: "cancelled", error: "AbortError" } as const;
const cutOff = { ...cancelled, midStream: true } as const;
const aborted = { outcome: "cancelled", error: "AbortError", toolCalls: 0, iterations: 1, paid: 0 } as const;

Deno.test("a run aborted before it began asks nobody and ends as cancelled", async () => {
  await leaves([says(wire, answers)], {}, run(wire, { ...aborted, iterations: 0 }), async ({ agent, server }) => {
    const signal = AbortSignal.abort();
    assertStrictEquals(await reasonOf(agent.run(question, { signal })), signal.reason);
    assertEquals(server.requests, []);
  });
});

Deno.test("a run aborted before a turn's headers have come ends as cancelled, and so does the turn", async () => {
  const golden = run(wire, aborted, turn(wire, 1, "left", cancelled));
  await leaves([(reply) => reply.stall()], {}, golden, async ({ agent, server }) => {
    const controller = new AbortController();
    const running = reasonOf(agent.run(question, { signal: controller.signal }));
    await server.request(1);
    controller.abort();
    assertStrictEquals(await running, controller.signal.reason);
    await server.connectionClosed(1);
  });
});

Deno.test("a run aborted in the middle of a turn's stream ends as cancelled", async () => {
  const golden = run(wire, aborted, turn(wire, 1, "left", cutOff));
  await leaves([stallsAfter(wire, "Fly")], {}, golden, async ({ agent, server }) => {
    const controller = new AbortController();
    const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reasonOf(reader.next());
    controller.abort();
    assertStrictEquals(await waiting, controller.signal.reason);
    await server.connectionClosed(1);
  });
});

Deno.test("a run aborted while its reader is elsewhere ends at once, and tells the reader later", async () => {
  const golden = run(wire, aborted, turn(wire, 1, "left", cutOff));
  await leaves([stallsAfter(wire, "Fly")], {}, golden, async ({ agent, server, telemetry }) => {
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    await reader.next();
    controller.abort();
    await telemetry.ended("llm.reasoning_agent.stream");
    await server.connectionClosed(1);
    assertEquals(telemetry.open, []);
    assertStrictEquals(await reasonOf(reader.next()), controller.signal.reason);
    assertEquals(listeners.count, 0);
  });
});

Deno.test("a run aborted in a tool while its reader looks at another's result ends at once", async () => {
  const hotels = deaf("hotels");
  const golden = run(
    wire,
    { ...aborted, toolCalls: 2, paid: 1 },
    turn(wire, 1, { next: "use_tool", length: 0 }),
    flightsTool,
    tool({ name: "hotels", id: "call_2", args: 0, error: "AbortError" }),
  );
  await leaves([says(wire, asksBoth)], { tools: [flights, hotels.tool] }, golden, async ({ agent, telemetry }) => {
    const controller = new AbortController();
    const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    await readTo(reader, ({ type }) => type === "tool_result");
    const signal = await hotels.begun;
    controller.abort();
    assertEquals([signal.aborted, signal.reason], [true, controller.signal.reason]);
    await telemetry.ended("llm.reasoning_agent.stream");
    assertStrictEquals(await reasonOf(reader.next()), controller.signal.reason);
  });
});

Deno.test("a run aborted in the retry wait of its second turn ends as cancelled, and leaves no timer", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), refusal(503, { "retry-after": "30" }));
  const controller = new AbortController();
  {
    using clock = fakeClock();
    const agent = agentFor(wire, server, { tools: [flights] });
    const running = reasonOf(agent.run(question, { signal: controller.signal }));
    await clock.armed(30_000);
    controller.abort();
    assertStrictEquals(await running, controller.signal.reason);
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  assertEquals([server.requests.length, telemetry.open], [2, []]);
  const agent = spanNamed(await telemetry.spans(), "llm.reasoning_agent.stream");
  assertEquals([agent.status, agent.attributes["error.type"]], ["ERROR", "AbortError"]);
  assertEquals(agent.attributes["llm.reasoning.outcome"], "cancelled");
});

Deno.test("a run aborted at its last iteration event ends as cancelled, and so it is told to who reads on", async () => {
  const golden = run(wire, { ...aborted, paid: 1 }, turn(wire, 1, { next: "finish", length: 12 }));
  await leaves([says(wire, answers)], { tools: [flights] }, golden, async ({ agent, telemetry }) => {
    const controller = new AbortController();
    const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    await readTo(reader, ({ type }) => type === "iteration");
    controller.abort();
    await telemetry.ended("llm.reasoning_agent.stream");
    assertStrictEquals(await reasonOf(reader.next()), controller.signal.reason);
  });
});

Deno.test("a reason of this library's own classes is not written to by the runs that it ends", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, asks));
  const controller = new AbortController();
  const reason = new LlmError("mine");
  const hotels = deaf("flights");
  const running = reasonOf(
    agentFor(wire, server, { tools: [hotels.tool] }).run(question, { signal: controller.signal }),
  );
  await hotels.begun;
  controller.abort(reason);
  assertStrictEquals(await running, reason);
  assertEquals([reason.usage, reason.traceContext], [undefined, undefined]);
});

class UserGone extends Error {
  override readonly name = "UserGone";
}

Deno.test("a run aborted with an error of the caller's own is recorded under that error's name alone", async () => {
  const hotels = deaf("flights");
  const golden = run(
    wire,
    { ...aborted, toolCalls: 1, paid: 1, error: "UserGone" },
    turn(wire, 1, thought),
    tool({ name: "flights", id: "call_1", args: 1, error: "UserGone" }),
  );
  await leaves([says(wire, asks)], { tools: [hotels.tool] }, golden, async ({ agent, telemetry }) => {
    const controller = new AbortController();
    const running = reasonOf(agent.run(question, { signal: controller.signal }));
    await hotels.begun;
    const reason = new UserGone("with words that stay with the caller");
    controller.abort(reason);
    assertStrictEquals(await running, reason);
    const messages = (await telemetry.spans()).map(({ statusMessage }) => statusMessage ?? "");
    assertEquals(messages.filter((message) => message.includes("words")), []);
  });
});

Deno.test("a signal that outlives its runs keeps no listener of one that is over", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const agent = agentFor(wire, server, { tools: [flights] });
  for (const _ of [1, 2]) await agent.run(question, { signal });
  assertEquals([listeners.most > 0, listeners.count], [true, 0]);
});
