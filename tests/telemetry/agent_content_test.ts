import { assertEquals } from "@std/assert";
import type { ClientTelemetry, Tool } from "../../mod.ts";
import { finder } from "../support/agent_scene.ts";
import { agentFor, chatAgent as wire, says } from "../support/agent_wires.ts";
import { type FlatSpan, memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { startVendor } from "../support/vendor_server.ts";

const asks = { toolCalls: [{ id: "call_1", name: "flights", arguments: { to: "Lisbon", for: "Ada" } }] };
const offer = { carrier: "TAP", note: "for Ada" };

/** The spans of one run. */
async function spansOf(telemetry: ClientTelemetry, tool: Tool = finder("flights", () => offer)) {
  await using memory = await memoryTelemetry();
  await using server = startVendor(says(wire, asks), says(wire, { text: "Fly at nine." }));
  await agentFor(wire, server, { tools: [tool], telemetry }).run("Plan a trip.");
  return await memory.spans();
}

function contentOf({ attributes }: FlatSpan): Readonly<Record<string, unknown>> {
  const content = Object.entries(attributes).filter(([name]) => /call\.(arguments|result)$|messages$/.test(name));
  return Object.fromEntries(content.map(([name, value]) => [name, JSON.parse(String(value))]));
}

Deno.test("what tools are given and give is recorded nowhere unless that is asked for", async () => {
  for (const span of await spansOf({})) {
    assertEquals(contentOf(span), {});
    assertEquals(JSON.stringify(span).includes("Ada"), false);
  }
});

Deno.test("captureContent records what tools are given and give, and what the run was asked and answered", async () => {
  const spans = await spansOf({ captureContent: true });
  assertEquals(contentOf(spanNamed(spans, "reasoning.tool.flights")), {
    "gen_ai.tool.call.arguments": { to: "Lisbon", for: "Ada" },
    "gen_ai.tool.call.result": offer,
  });
  const run = contentOf(spanNamed(spans, "llm.reasoning_agent.stream"));
  assertEquals(run["gen_ai.input.messages"], [
    { role: "user", parts: [{ type: "text", content: "Plan a trip." }] },
  ]);
  const answered = run["gen_ai.output.messages"] as readonly { readonly role: string }[];
  assertEquals(answered.map(({ role }) => role), ["assistant", "tool", "assistant"]);
});

Deno.test("captureContent of one direction records that one alone", async () => {
  const names = async (captureContent: "input" | "output") => {
    const spans = await spansOf({ captureContent });
    return Object.keys(contentOf(spanNamed(spans, "reasoning.tool.flights")));
  };
  assertEquals(await names("input"), ["gen_ai.tool.call.arguments"]);
  assertEquals(await names("output"), ["gen_ai.tool.call.result"]);
});

Deno.test("redact runs over what tools are given and give; where it throws nothing is recorded", async () => {
  const spans = await spansOf({ captureContent: true, redact: (text) => text.replaceAll("Ada", "[name]") });
  assertEquals(contentOf(spanNamed(spans, "reasoning.tool.flights")), {
    "gen_ai.tool.call.arguments": { to: "Lisbon", for: "[name]" },
    "gen_ai.tool.call.result": { carrier: "TAP", note: "for [name]" },
  });
  const broken = await spansOf({
    captureContent: true,
    redact() {
      throw new Error("broken");
    },
  });
  assertEquals(contentOf(spanNamed(broken, "reasoning.tool.flights")), {});
});

class TravelError extends Error {
  override readonly name = "A name of many words, Ada among them";
}

Deno.test("a tool's failure is told by its class alone, and not by a name that may hold content", async () => {
  const failing = (error: Error) => finder("flights", () => Promise.reject(error));
  const told = async (error: Error) => {
    const { attributes, statusMessage } = spanNamed(await spansOf({}, failing(error)), "reasoning.tool.flights");
    return [attributes["error.type"], statusMessage];
  };
  assertEquals(await told(new RangeError("Ada is too far.")), ["RangeError", "The step failed: RangeError."]);
  assertEquals(await told(new TravelError()), ["TravelError", "The step failed: TravelError."]);
});
