import { assertEquals, assertRejects } from "@std/assert";
import { BadRequestError, ConfigError, SchemaError } from "../../mod.ts";
import { run, tool, turn } from "../support/agent_golden.ts";
import { finder, flights, leaves } from "../support/agent_scene.ts";
import { agentFor, chatAgent as wire, says, type WireTurn } from "../support/agent_wires.ts";
import { memoryTelemetry, spanNamed, tree } from "../support/telemetry.ts";
import { refusal, startVendor } from "../support/vendor_server.ts";

const question = "Plan a trip.";
const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon" } };
const asks: WireTurn = { text: "I look it up.", toolCalls: [callFlights] };
const answers: WireTurn = { text: "Fly at nine." };
const thought = { next: "use_tool", length: 13 } as const;
const flightsTool = tool({ name: "flights", id: "call_1", args: 1, length: 13 });

Deno.test("a vendor's refusal in a later turn fails the turn and the run, and is found by its traceContext", async () => {
  const failed = { outcome: "error", error: "400" } as const;
  const golden = run(
    wire,
    { outcome: "error", iterations: 2, toolCalls: 1, paid: 1, error: "400" },
    turn(wire, 1, thought),
    flightsTool,
    turn(wire, 2, "left", failed),
  );
  await leaves([says(wire, asks), refusal(400)], {}, golden, async ({ agent, telemetry }) => {
    const error = await assertRejects(() => agent.run(question), BadRequestError);
    assertEquals(error.usage?.totalTokens, 125);
    const failedRequest = (await telemetry.spans()).filter(({ name }) => name === "llm.request").at(-1);
    assertEquals(error.traceContext?.spanId, failedRequest?.id);
  });
});

Deno.test("a structured answer that does not fit fails its turn and the run, not the request that gave it", async () => {
  const steps = { thought: "", next_action: "finish", answer: { city: 7 } };
  const golden = run(
    wire,
    { outcome: "error", iterations: 1, toolCalls: 0, error: "SchemaError" },
    { ...turn(wire, 1, "left"), error: "ERROR SchemaError" },
  );
  await leaves([says(wire, { text: JSON.stringify(steps) })], { tools: [] }, golden, async ({ agent, telemetry }) => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const error = await assertRejects(() => agent.run(question, { schema }), SchemaError);
    assertEquals(error.path, "$.city");
    const { id } = spanNamed(await telemetry.spans(), "llm.reasoning_agent.stream");
    assertEquals(error.traceContext?.spanId, id);
  });
});

Deno.test("a request that is retried stands with all its attempts below its turn", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after-ms": "0" }), says(wire, answers));
  await agentFor(wire, server, { tools: [flights] }).run(question);
  assertEquals(tree(await telemetry.spans()), [
    "llm.reasoning_agent.stream",
    "  reasoning.final_answer",
    "    llm.request",
    "      llm.openai.stream",
    "        http.request",
    "        http.request",
  ]);
});

Deno.test("a run that is never read, and one that is asked wrongly, leave nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const agent = agentFor(wire, server, { tools: [flights] });
  agent.stream(question);
  await assertRejects(() => agent.run(""), ConfigError);
  await assertRejects(() => agent.run(question, { tools: [flights, flights] }), ConfigError);
  await assertRejects(() => agent.run(question, { previousResponseId: "resp_1", store: true }), ConfigError);
  assertEquals([telemetry.open, await telemetry.spans(), await telemetry.points()], [[], [], []]);
  assertEquals(server.requests, []);
});

class NoSeatsError extends Error {
  override readonly name = "NoSeatsError";
}

const thrown: Readonly<Record<string, readonly [error: unknown, type: string]>> = {
  "an error": [new TypeError("no"), "TypeError"],
  "an error of its own class": [new NoSeatsError("no"), "NoSeatsError"],
  "an error with a name written onto it": [Object.assign(new RangeError("no"), { name: "User_4711" }), "RangeError"],
  "no error": [{ name: "User_4711", message: "no" }, "Error"],
  "a text": ["User_4711", "Error"],
  "a refusal of the platform": [new DOMException("no", "TimeoutError"), "TimeoutError"],
  "an error of this library": [new BadRequestError("no", { status: 400 }), "400"],
  "something that throws when it is looked at": [
    new Proxy(new Error("no"), {
      getPrototypeOf() {
        throw new Error("never");
      },
    }),
    "Error",
  ],
};

for (const [what, [error, type]] of Object.entries(thrown)) {
  Deno.test(`a tool that throws ${what} has the error.type ${type}, which is no user's word`, async () => {
    await using telemetry = await memoryTelemetry({ vocabulary: "gen_ai" });
    await using server = startVendor(says(wire, asks), says(wire, answers));
    await agentFor(wire, server, { tools: [finder("flights", () => Promise.reject(error))] }).run(question);
    const { status, attributes } = spanNamed(await telemetry.spans(), "execute_tool flights");
    const [point] = await telemetry.points("gen_ai.execute_tool.duration");
    assertEquals([status, attributes["error.type"], point?.labels["error.type"]], ["ERROR", type, type]);
  });
}
