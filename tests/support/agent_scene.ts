/**
 * Runs of agents that leave golden pictures: each scene is played in every dialect and in every vocabulary.
 *
 * @module
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  type AgentOptions,
  type Client,
  defineTool,
  type StreamEvent,
  type Tool,
  type ToolContext,
} from "../../mod.ts";
import { genAiAlone, withoutGenAi } from "./agent_golden.ts";
import { type PaintedSpan, pictureOf, spanOrder } from "./agent_picture.ts";
import { agentFor, type AgentWire, agentWires, chatAgent } from "./agent_wires.ts";
import { type MemoryTelemetry, memoryTelemetry, pointNamed } from "./telemetry.ts";
import { type Handler, startVendor, type VendorServer } from "./vendor_server.ts";

/** A run of an agent, and the picture it should leave. */
export interface Scene {
  readonly tools: () => readonly Tool[];
  readonly vendor: (wire: AgentWire) => readonly [Handler, ...Handler[]];
  readonly options?: AgentOptions;
  /** How it is run; to its end unless given. */
  readonly play?: (agent: Client, server: VendorServer) => Promise<void>;
  readonly golden: (wire: AgentWire) => PaintedSpan;
  /** What of turns and tools was open at the same time. */
  readonly overlaps?: readonly (readonly [string, string])[];
}

/** A tool that finds something. */
export function finder(name: string, execute: () => unknown): Tool {
  const parameters = { type: "object", properties: { to: { type: "string" } } };
  return defineTool({ name, description: `Finds ${name}.`, parameters, execute });
}

/** Finds a flight, in 13 characters. */
export const flights: Tool = finder("flights", () => "Nine o'clock.");

/** A tool that ends with its signal alone, and what tells that it has begun. */
export function endless(): { readonly tools: () => readonly Tool[]; readonly begun: () => Promise<void> | undefined } {
  const news: PromiseWithResolvers<void>[] = [];
  return {
    tools() {
      const begun = Promise.withResolvers<void>();
      news.push(begun);
      return [finder("flights", () => {
        begun.resolve();
        return new Promise(() => {});
      })];
    },
    begun: () => news.at(-1)?.promise,
  };
}

/** Runs the agent and aborts it as soon as `ready`. */
export async function abortWhen(agent: Client, ready: () => Promise<void> | undefined): Promise<void> {
  const controller = new AbortController();
  const running = reasonOf(agent.run("Plan a trip.", { signal: controller.signal }));
  await ready();
  controller.abort();
  assertStrictEquals(await running, controller.signal.reason);
}

/** Breaks off at the first text of the second turn, whose request must then be closed. */
export async function breakInSecondTurn(agent: Client, server: VendorServer): Promise<void> {
  for await (const event of agent.stream("Plan a trip.")) if (event.type === "text" && event.iteration === 2) break;
  await server.connectionClosed(server.requests[1]?.connection ?? 0);
}

/** In each vocabulary: what becomes of a golden picture there. */
const vocabularies = {
  both: (golden: PaintedSpan) => golden,
  llm: (golden: PaintedSpan) => withoutGenAi(golden),
  gen_ai: (golden: PaintedSpan, { model }: AgentWire) => genAiAlone(model, golden)[0],
} as const;

/** Registers one test for each dialect, scene and vocabulary. */
export function testScenes(kind: string, scenes: Readonly<Record<string, Scene>>): void {
  for (const wire of agentWires) {
    for (const [name, scene] of Object.entries(scenes)) {
      for (const vocabulary of ["both", "llm", "gen_ai"] as const) {
        const title = `${wire.name}: the tree of a ${kind} run with ${name}, in vocabulary ${vocabulary}`;
        Deno.test(title, () => playScene(wire, scene, vocabulary));
      }
    }
  }
}

async function playScene(wire: AgentWire, scene: Scene, vocabulary: keyof typeof vocabularies): Promise<void> {
  const order = spanOrder();
  await using telemetry = await memoryTelemetry({ vocabulary, spanProcessors: [order.processor] });
  await using server = startVendor(...scene.vendor(wire));
  const agent = agentFor(wire, server, { tools: scene.tools(), ...scene.options });
  if (scene.play === undefined) await agent.run("Plan a trip.");
  else await scene.play(agent, server);
  await assertPicture(telemetry, order, vocabularies[vocabulary](scene.golden(wire), wire));
  if (vocabulary !== "gen_ai") assertEquals(order.overlaps(/^reasoning\./), scene.overlaps ?? []);
}

/** A tool that hangs past its signal, and what the test sees of it. */
export function deaf(name: string): { readonly tool: Tool; readonly begun: Promise<AbortSignal> } {
  const begun = Promise.withResolvers<AbortSignal>();
  const execute = (_args: never, { signal }: ToolContext) => {
    begun.resolve(signal);
    return new Promise(() => {});
  };
  return { tool: { ...finder(name, () => {}), execute }, begun: begun.promise };
}

/** What is rejected with, whatever it is. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => "nothing was rejected", (reason) => reason);
}

/** What a run is played with. */
export interface Played {
  readonly agent: Client;
  readonly server: VendorServer;
  readonly telemetry: MemoryTelemetry;
}

/** Plays one run against OpenAI's chat completions, and compares the picture of what is left when it is over. */
export async function leaves(
  vendor: readonly [Handler, ...Handler[]],
  options: AgentOptions,
  golden: PaintedSpan,
  play: (played: Played) => Promise<void>,
): Promise<void> {
  const order = spanOrder();
  await using telemetry = await memoryTelemetry({ spanProcessors: [order.processor] });
  await using server = startVendor(...vendor);
  await play({ agent: agentFor(chatAgent, server, { tools: [flights], ...options }), server, telemetry });
  await assertPicture(telemetry, order, golden);
  assertEquals(pointNamed(await telemetry.points(), "llm_reasoning_requests_total").value, 1);
}

/** Every span ended once and inside the one above it, and together they are the golden picture. */
async function assertPicture(
  telemetry: MemoryTelemetry,
  order: ReturnType<typeof spanOrder>,
  golden: PaintedSpan | undefined,
): Promise<void> {
  assertEquals(telemetry.open, [], "spans that never ended");
  const spans = await telemetry.spans();
  assertEquals([...telemetry.endings.values()].filter((times) => times !== 1), [], "spans that ended twice");
  assertEquals(pictureOf(spans), golden);
  assertEquals(order.outlived(spans), [], "spans that outlived the span above them");
}

/** Reads until an event fits. */
export async function readTo(reader: AsyncIterator<StreamEvent>, fits: (event: StreamEvent) => boolean): Promise<void> {
  for (let next = await reader.next(); !next.done; next = await reader.next()) if (fits(next.value)) return;
}
