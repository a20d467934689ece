import { assertEquals, assertStrictEquals } from "@std/assert";
import { type AgentOptions, type Client, defineTool, type StreamEvent, type Tool } from "../../mod.ts";
import { genAiAlone, run, tool, turn, withoutGenAi } from "../support/agent_golden.ts";
import { type PaintedSpan, pictureOf, spanOrder } from "../support/agent_picture.ts";
import { agentFor, type AgentWire, agentWires, says, stallsAfter, type WireTurn } from "../support/agent_wires.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import { type Handler, startVendor, type VendorServer } from "../support/vendor_server.ts";

const parameters = { type: "object", properties: { to: { type: "string" } } };

function declared(name: string, execute: NonNullable<Tool["execute"]>): Tool {
  return defineTool({ name, description: `Finds ${name}.`, parameters, execute: execute as never });
}

const flights = declared("flights", () => "Nine o'clock.");
const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon", seats: 2 } };
const callHotels = { id: "call_2", name: "hotels", arguments: {} };
const asksFlights: WireTurn = { text: "I look it up.", toolCalls: [callFlights] };
const answers: WireTurn = { text: "Fly at nine." };
const thought = { next: "use_tool", length: 13 } as const;
const answer = { next: "finish", length: 12 } as const;
const flightsTool = tool({ name: "flights", id: "call_1", args: 2, length: 13 });

/** A run of an agent, and the picture it should leave. */
interface Scene {
  readonly tools: () => readonly Tool[];
  readonly vendor: (wire: AgentWire) => readonly [Handler, ...Handler[]];
  readonly options?: AgentOptions;
  /** How it is run; to its end unless given. */
  readonly play?: (agent: Client, server: VendorServer) => Promise<void>;
  readonly golden: (wire: AgentWire) => PaintedSpan;
  /** What of turns and tools was open at the same time. */
  readonly overlaps?: readonly (readonly [string, string])[];
}

/** Two tools, neither of which ends before the other has begun. */
function pair(): readonly Tool[] {
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const meet = (own: 0 | 1, result: string) => async () => {
    begun[own].resolve();
    await begun[own === 0 ? 1 : 0].promise;
    return result;
  };
  return [declared("flights", meet(0, "Nine o'clock.")), declared("hotels", meet(1, "A bed."))];
}

/** A tool that ends with its signal alone, and what tells that it has begun. */
const begun: { resolve: () => void; promise: Promise<void> }[] = [];
function endless(): readonly Tool[] {
  const { promise, resolve } = Promise.withResolvers<void>();
  begun.push({ promise, resolve });
  return [declared("flights", () => {
    resolve();
    return new Promise(() => {});
  })];
}

const scenes: Readonly<Record<string, Scene>> = {
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
  "failing tool": {
    tools: () => [declared("flights", () => Promise.reject(new RangeError("Lisbon is too far.")))],
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
  "unknown tool": {
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
  "max iterations": {
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
  "max iterations without a final answer": {
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
  "abort in a tool": {
    tools: endless,
    vendor: (wire) => [says(wire, asksFlights)],
    async play(agent) {
      const controller = new AbortController();
      const running = agent.run("Plan a trip.", { signal: controller.signal }).catch((reason) => reason);
      await begun.at(-1)?.promise;
      controller.abort();
      assertStrictEquals(await running, controller.signal.reason);
    },
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 1, toolCalls: 1, error: "AbortError" },
        turn(wire, 1, thought),
        tool({ name: "flights", id: "call_1", args: 2, error: "AbortError" }),
      ),
  },
  "break in the final answer": {
    tools: () => [flights],
    vendor: (wire) => [says(wire, asksFlights), stallsAfter(wire, "Fly")],
    async play(agent, server) {
      for await (const event of agent.stream("Plan a trip.")) {
        if (event.type === "text" && event.iteration === 2) break;
      }
      await server.connectionClosed(server.requests[1]?.connection ?? 0);
    },
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 2, toolCalls: 1, paid: 1 },
        turn(wire, 1, thought),
        flightsTool,
        turn(wire, 2, "left", { outcome: "cancelled" }),
      ),
  },
};

async function runToItsEnd(agent: Client): Promise<void> {
  await agent.run("Plan a trip.");
}

/** In each vocabulary: what becomes of a golden picture there. */
const vocabularies = {
  both: (golden: PaintedSpan) => golden,
  llm: (golden: PaintedSpan) => withoutGenAi(golden),
  gen_ai: (golden: PaintedSpan, { model }: AgentWire) => genAiAlone(model, golden)[0],
} as const;

for (const wire of agentWires) {
  for (const [name, scene] of Object.entries(scenes)) {
    for (const vocabulary of ["both", "llm", "gen_ai"] as const) {
      Deno.test(`${wire.name}: the tree of a run with ${name}, in vocabulary ${vocabulary}`, async () => {
        const order = spanOrder();
        await using telemetry = await memoryTelemetry({ vocabulary, spanProcessors: [order.processor] });
        await using server = startVendor(...scene.vendor(wire));
        const agent = agentFor(wire, server, { tools: scene.tools(), ...scene.options });
        await (scene.play ?? runToItsEnd)(agent, server);
        assertEquals(telemetry.open, [], "spans that never ended");
        const spans = await telemetry.spans();
        assertEquals([...telemetry.endings.values()].filter((times) => times !== 1), [], "spans that ended twice");
        assertEquals(pictureOf(spans), vocabularies[vocabulary](scene.golden(wire), wire));
        assertEquals(order.outlived(spans), [], "spans that outlived the span above them");
        if (vocabulary !== "gen_ai") assertEquals(order.overlaps(/^reasoning\./), scene.overlaps ?? []);
      });
    }
  }
}

for (const wire of agentWires) {
  Deno.test(`${wire.name}: the vendor is told what the tools gave, in the order of the calls`, async () => {
    await using server = startVendor(
      says(wire, { text: "I look it up.", toolCalls: [callFlights, callHotels] }),
      says(wire, answers),
    );
    const slow = declared("flights", async () => {
      await hotelsDone.promise;
      return "Nine o'clock.";
    });
    const hotelsDone = Promise.withResolvers<void>();
    const quick = declared("hotels", () => {
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
