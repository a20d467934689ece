import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Client, StreamEvent } from "../../mod.ts";
import { run, tool, turn } from "../support/agent_golden.ts";
import type { PaintedSpan } from "../support/agent_picture.ts";
import { deaf, flights, leaves, readTo, reasonOf } from "../support/agent_scene.ts";
import { chatAgent as wire, says, stallsAfter, type WireTurn } from "../support/agent_wires.ts";

const question = "Plan a trip.";
const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon" } };
const callHotels = { id: "call_2", name: "hotels", arguments: {} };
const asks: WireTurn = { text: "I look it up.", toolCalls: [callFlights] };
const asksBoth: WireTurn = { toolCalls: [callFlights, callHotels] };
const answers: WireTurn = { text: "Fly at nine." };
const thought = { next: "use_tool", length: 13 } as const;
const flightsTool = tool({ name: "flights", id: "call_1", args: 1, length: 13 });

/** Where a reader may break off, and what is left then: nothing failed. */
const left = { outcome: "cancelled", iterations: 1, toolCalls: 0 } as const;
const breaks: Readonly<Record<string, readonly [at: (event: StreamEvent) => boolean, golden: PaintedSpan]>> = {
  "a turn's text": [
    ({ type }) => type === "text",
    run(wire, { ...left, paid: 0 }, turn(wire, 1, "left", { outcome: "cancelled" })),
  ],
  "a tool call": [
    ({ type }) => type === "tool_call",
    run(wire, { ...left, paid: 0 }, turn(wire, 1, "left", { outcome: "cancelled" })),
  ],
  "the end of a turn": [
    ({ type }) => type === "iteration",
    run(wire, left, turn(wire, 1, thought)),
  ],
  "a tool's result": [
    ({ type }) => type === "tool_result",
    run(wire, { ...left, toolCalls: 1 }, turn(wire, 1, thought), flightsTool),
  ],
  "the end of the last turn": [
    (event) => event.type === "iteration" && event.nextAction === "finish",
    run(
      wire,
      { outcome: "cancelled", iterations: 2, toolCalls: 1 },
      turn(wire, 1, thought),
      flightsTool,
      turn(wire, 2, { next: "finish", length: 12 }),
    ),
  ],
};

for (const [where, [at, golden]] of Object.entries(breaks)) {
  Deno.test(`a break at ${where} ends the run as cancelled, and nothing failed`, async () => {
    await leaves([says(wire, asks), says(wire, answers)], {}, golden, async ({ agent }) => {
      for await (const event of agent.stream(question)) if (at(event)) break;
    });
  });
}

Deno.test("a break at the notice that all turns are used up leaves its reason on the run", async () => {
  const golden = run(wire, { ...left, toolCalls: 1 }, turn(wire, 1, thought), flightsTool);
  await leaves([says(wire, asks)], { maxIterations: 1 }, golden, async ({ agent }) => {
    for await (const event of agent.stream(question)) if (event.type === "notice") break;
  });
});

Deno.test("a break at one tool's result stops the others: their signal aborts, and nothing failed", async () => {
  const hotels = deaf("hotels");
  const golden = run(
    wire,
    { ...left, toolCalls: 2 },
    turn(wire, 1, { next: "use_tool", length: 0 }),
    flightsTool,
    tool({ name: "hotels", id: "call_2", args: 0 }),
  );
  await leaves([says(wire, asksBoth)], { tools: [flights, hotels.tool] }, golden, async ({ agent }) => {
    for await (const event of agent.stream(question)) if (event.type === "tool_result") break;
    assertEquals((await hotels.begun).aborted, true);
  });
});

for (const way of ["return", "throw"] as const) {
  Deno.test(`${way}() in the middle of a wait for a turn ends it as cancelled, and nothing failed`, async () => {
    const golden = run(wire, { ...left, paid: 0 }, turn(wire, 1, "left", { outcome: "cancelled" }));
    await leaves([stallsAfter(wire, "Fly")], {}, golden, async ({ agent, server }) => {
      const reader = agent.stream(question)[Symbol.asyncIterator]();
      await reader.next();
      const waiting = reader.next();
      if (way === "return") assertEquals(await reader.return(), { value: undefined, done: true });
      else assertEquals(await reasonOf(reader.throw("own")), "own");
      assertEquals((await waiting).done, true);
      await server.connectionClosed(1);
    });
  });
}

Deno.test("return() in the middle of a wait for a tool ends it, and nothing failed", async () => {
  const slow = deaf("flights");
  const golden = run(
    wire,
    { ...left, toolCalls: 1 },
    turn(wire, 1, thought),
    tool({ name: "flights", id: "call_1", args: 1 }),
  );
  await leaves([says(wire, asks)], { tools: [slow.tool] }, golden, async ({ agent }) => {
    const reader = agent.stream(question)[Symbol.asyncIterator]();
    await readTo(reader, ({ type }) => type === "iteration");
    const waiting = reader.next();
    const signal = await slow.begun;
    await reader.return();
    assertEquals([(await waiting).done, signal.aborted], [true, true]);
  });
});

/** Reads one event and lets go of the iterator, without a word. */
async function readAndDrop(agent: Client): Promise<void> {
  const { value } = await agent.stream(question)[Symbol.asyncIterator]().next();
  assert(value.type === "text");
}

Deno.test("a run whose iterator was dropped midway ends as cancelled when it is collected", async () => {
  const golden = run(wire, { ...left, paid: 0 }, turn(wire, 1, "left", { outcome: "cancelled" }));
  await leaves([stallsAfter(wire, "Fly")], {}, golden, async ({ agent, server, telemetry }) => {
    await readAndDrop(agent);
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    let over = false;
    const done = telemetry.ended("llm.reasoning_agent.stream").finally(() => over = true);
    while (!over) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 0)); // A turn of the event loop, in which finalizers run.
    }
    await done;
    await server.connectionClosed(1);
  });
});
