import { assertEquals } from "@std/assert";
import type { StreamEvent, Tool } from "../../mod.ts";
import { run, tool, turn } from "../support/agent_golden.ts";
import { abortWhen, breakInSecondTurn, endless, finder, flights, testScenes } from "../support/agent_scene.ts";
import { agentFor, agentWires, says, stallsAfter, type WireTurn } from "../support/agent_wires.ts";
import { startVendor } from "../support/vendor_server.ts";

const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon", seats: 2 } };
const callHotels = { id: "call_2", name: "hotels", arguments: {} };
const asksFlights: WireTurn = { text: "I look it up.", toolCalls: [callFlights] };
const answers: WireTurn = { text: "Fly at nine." };
const thought = { next: "use_tool", length: 13 } as const;
const answer = { next: "finish", length: 12 } as const;
const flightsTool = tool({ name: "flights", id: "call_1", args: 2, length: 13 });

/** Two tools, neither of which ends before the other has begun. */
function pair(): readonly Tool[] {
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const meet = (own: 0 | 1, result: string) => async () => {
    begun[own].resolve();
    await begun[own === 0 ? 1 : 0].promise;
    return result;
  };
  return [finder("flights", meet(0, "Nine o'clock.")), finder("hotels", meet(1, "A bed."))];
}

const waiting = endless();

testScenes("native", {
  "one tool": {
    tools: () => [flights],
    vendor: (wire) => [says(wire, asksFlights), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, thought),
        flightsTool,
        turn(wire, 2, answer),
      ),
  },
  "parallel tools": {
    tools: pair,
    vendor: (wire) => [says(wire, { toolCalls: [callFlights, callHotels] }), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 2 },
        turn(wire, 1, { next: "use_tool", length: 0 }),
        flightsTool,
        tool({ name: "hotels", id: "call_2", args: 0, length: 6 }),
        turn(wire, 2, answer),
      ),
    overlaps: [["reasoning.tool.flights", "reasoning.tool.hotels"]],
  },
  "a failing tool": {
    tools: () => [finder("flights", () => Promise.reject(new RangeError("Lisbon is too far.")))],
    vendor: (wire) => [says(wire, asksFlights), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, thought),
        tool({ name: "flights", id: "call_1", args: 2, error: "RangeError" }),
        turn(wire, 2, answer),
      ),
  },
  "an unknown tool": {
    tools: () => [flights],
    vendor: (wire) => [says(wire, { toolCalls: [{ ...callFlights, name: "trains" }] }), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, { next: "use_tool", length: 0 }),
        tool({ name: "unknown", invented: "trains", id: "call_1", args: 2, error: "UnknownToolError" }),
        turn(wire, 2, answer),
      ),
  },
  "all iterations used up": {
    tools: () => [flights],
    options: { maxIterations: 1 },
    vendor: (wire) => [says(wire, asksFlights), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "max_iterations", iterations: 2, toolCalls: 1 },
        turn(wire, 1, thought),
        flightsTool,
        turn(wire, 2, answer),
      ),
  },
  "all iterations used up and no final answer": {
    tools: () => [flights],
    options: { maxIterations: 1, finalAnswer: false },
    vendor: (wire) => [says(wire, asksFlights)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "max_iterations", iterations: 1, toolCalls: 1 },
        turn(wire, 1, thought),
        flightsTool,
      ),
  },
  "an abort in a tool": {
    tools: waiting.tools,
    vendor: (wire) => [says(wire, asksFlights)],
    play: (agent) => abortWhen(agent, waiting.begun),
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 1, toolCalls: 1, error: "AbortError" },
        turn(wire, 1, thought),
        tool({ name: "flights", id: "call_1", args: 2, error: "AbortError" }),
      ),
  },
  "a break in the final answer": {
    tools: () => [flights],
    vendor: (wire) => [says(wire, asksFlights), stallsAfter(wire, "Fly")],
    play: breakInSecondTurn,
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 2, toolCalls: 1, paid: 1 },
        turn(wire, 1, thought),
        flightsTool,
        turn(wire, 2, "left", { outcome: "cancelled" }),
      ),
  },
});

for (const wire of agentWires) {
  Deno.test(`${wire.name}: the vendor is told what the tools gave, in the order of the calls`, async () => {
    await using server = startVendor(
      says(wire, { text: "I look it up.", toolCalls: [callFlights, callHotels] }),
      says(wire, answers),
    );
    const hotelsDone = Promise.withResolvers<void>();
    const slow = finder("flights", async () => {
      await hotelsDone.promise;
      return "Nine o'clock.";
    });
    const quick = finder("hotels", () => {
      hotelsDone.resolve();
      return Promise.reject(new Error("No beds."));
    });
    const events: StreamEvent[] = await Array.fromAsync(
      agentFor(wire, server, { tools: [slow, quick], telemetry: false }).stream("Plan a trip."),
    );
    assertEquals(events.flatMap((event) => event.type === "tool_result" ? [event.name] : []), ["hotels", "flights"]);
    assertEquals(wire.results(server.requests[1]?.body), [
      { id: "call_1", content: "Nine o'clock." },
      { id: "call_2", content: "No beds." },
    ]);
  });
}
