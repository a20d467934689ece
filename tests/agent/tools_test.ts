import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import * as v from "valibot";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { z } from "zod";
import { checkTools, type PlacedOutcome, runTools, type ToolRunOptions } from "../../src/agent/tools.ts";
import { ConfigError } from "../../src/error.ts";
import type { ToolCall } from "../../src/message.ts";
import { unobserved } from "../../src/step_observer.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";
import { fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { call } from "../support/scripted_model.ts";

/** A tool that takes anything. */
function tool(name: string, execute: (args: never, context: ToolContext) => unknown): Tool {
  return { name, description: "Does it.", parameters: { type: "object" }, execute };
}

/** A tool that ends when the test says so. */
function gated(name: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const contexts: ToolContext[] = [];
  const execute = (_: never, context: ToolContext) => {
    contexts.push(context);
    begun.resolve();
    return promise;
  };
  return { tool: tool(name, execute), open: () => resolve(name), begun: begun.promise, contexts };
}

function options(tools: readonly Tool[], more: Partial<ToolRunOptions> = {}): ToolRunOptions {
  const { signal } = new AbortController();
  return { tools, timeoutMs: 60_000, concurrency: 8, signal, caller: undefined, observer: unobserved, ...more };
}

/** What a single call comes to. */
async function outcomeOf(tools: Tool | readonly Tool[], asked: ToolCall, more: Partial<ToolRunOptions> = {}) {
  const [only] = await Array.fromAsync(runTools([asked], options([tools].flat(), more)));
  assert(only !== undefined);
  return only.outcome;
}

Deno.test("a result goes to the reader as it is and to the model as text", async () => {
  const { event, message } = await outcomeOf(tool("look", () => ({ celsius: 21 })), call("look"));
  assertEquals(event, { type: "tool_result", id: "call_look", name: "look", result: { celsius: 21 }, isError: false });
  assertEquals(message, { role: "tool", toolCallId: "call_look", content: '{"celsius":21}' });
});

Deno.test("lists of texts and images go to the model as they are", async () => {
  const parts = [{ type: "text", text: "Here." }, { type: "image", data: "AAAA", mediaType: "image/png" }];
  assertEquals((await outcomeOf(tool("look", () => parts), call("look"))).message.content, parts as never);
});

Deno.test("a tool is handed its checked arguments, the call's id and a signal", async () => {
  const seen: unknown[] = [];
  const look = tool("look", (...given) => void seen.push(...given));
  await outcomeOf(look, call("look", { city: "Lisbon" }, "call_7"));
  const [args, context] = seen as [unknown, ToolContext];
  assertEquals([args, context.callId, context.signal.aborted], [{ city: "Lisbon" }, "call_7", false]);
});

const schemas = {
  "a JSON Schema": { type: "object", properties: { days: { type: "integer" } }, required: ["days"] },
  "a zod schema": z.object({ days: z.number().int() }),
  "a valibot schema": toStandardJsonSchema(v.object({ days: v.pipe(v.number(), v.integer()) })),
} as const;

for (const [name, parameters] of Object.entries(schemas)) {
  Deno.test(`arguments that do not fit ${name} are told to the model, and the tool is not run`, async () => {
    let runs = 0;
    const stay: Tool = { name: "stay", description: "Stays.", parameters, execute: () => ++runs };
    const { event, message } = await outcomeOf(stay, call("stay", { days: "two" }));
    assertEquals([event.isError, message.isError, runs], [true, true, 0]);
    assertEquals(message.content, "The arguments do not fit the tool's parameters at $.days.");
  });
}

Deno.test("a schema that transforms gives the tool what it made of the arguments", async () => {
  const parameters = z.object({ days: z.number().transform((days) => days * 24) });
  const stay: Tool = { name: "stay", description: "Stays.", parameters, execute: ({ days }: { days: number }) => days };
  assertEquals((await outcomeOf(stay, call("stay", { days: 2 }))).event.result, 48);
});

for (const args of ["{", 7, null, ["Lisbon"]]) {
  Deno.test(`arguments that are ${JSON.stringify(args)} fit no tool`, async () => {
    const { message } = await outcomeOf(tool("look", () => "never"), call("look", args));
    assertEquals(message.content, "The arguments do not fit the tool's parameters at $.");
  });
}

Deno.test("a tool that the model made up is an error to the model, which learns what there is", async () => {
  const tools = [tool("flights", () => "never"), tool("hotels", () => "never")];
  const { event, message } = await outcomeOf(tools, call("trains"));
  assertEquals([event.name, event.isError], ["trains", true]);
  assertEquals(message.content, "There is no tool of that name; there are: flights, hotels.");
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;
const hostile = Object.defineProperty(new Error(), "message", {
  get: () => {
    throw new Error("no");
  },
});
const failures: Readonly<Record<string, readonly [execute: () => unknown, said: string]>> = {
  "throws": [() => {
    throw new Error("No seats left.");
  }, "No seats left."],
  "rejects": [() => Promise.reject(new Error("No seats left.")), "No seats left."],
  "throws a text": [() => Promise.reject("No seats left."), "No seats left."],
  "throws nothing": [() => Promise.reject(undefined), "The tool failed without saying why."],
  "throws an error without a message": [() => Promise.reject(new Error()), "The tool failed without saying why."],
  "throws an error whose message throws": [() => Promise.reject(hostile), "The tool failed without saying why."],
  "throws a message of 1 MB": [() => Promise.reject(new Error("x".repeat(1e6))), "x".repeat(10_000)],
  "returns something circular": [
    () => circular,
    "The tool's result has no JSON form (it contains itself, or a BigInt); return text instead.",
  ],
  "returns a BigInt": [
    () => ({ price: 5n }),
    "The tool's result has no JSON form (it contains itself, or a BigInt); return text instead.",
  ],
  "returns 10 MB": [() => "x".repeat(1e7), "The tool's result is longer than 1000000 characters."],
  "returns an image of 10 MB": [
    () => [{ type: "image", data: "A".repeat(1.4e7), mediaType: "image/png" }],
    "The tool's result has an image that is too large.",
  ],
};

for (const [what, [execute, said]] of Object.entries(failures)) {
  Deno.test(`a tool that ${what} is an error to the model`, async () => {
    const { event, message } = await outcomeOf(tool("look", execute), call("look"));
    assertEquals([event.isError, event.result], [true, said]);
    assertEquals(message, { role: "tool", toolCallId: "call_look", content: said, isError: true });
  });
}

Deno.test("an image of some MB is a result", async () => {
  const { event } = await outcomeOf(
    tool("look", () => [{ type: "image", data: "A".repeat(4e6), mediaType: "image/png" }]),
    call("look"),
  );
  assertEquals(event.isError, false);
});

Deno.test("a tool that gives nothing has the result null", async () => {
  assertEquals((await outcomeOf(tool("look", () => undefined), call("look"))).message.content, "null");
});

Deno.test("the calls of one turn run at the same time, and their outcomes come as they end", async () => {
  const [slow, quick] = [gated("slow"), gated("quick")];
  const outcomes = runTools([call("slow"), call("quick")], options([slow.tool, quick.tool]));
  const first = outcomes.next();
  quick.open();
  assertEquals((await first).value?.index, 1);
  slow.open();
  assertEquals((await outcomes.next()).value?.index, 0);
  assertEquals((await outcomes.next()).done, true);
});

Deno.test("no more than `concurrency` tools run at once, and the next begins as one ends, whether or not it is read", async () => {
  const gates = ["a", "b", "c"].map(gated);
  const begun = () => gates.map(({ contexts }) => contexts.length);
  const calls = gates.map(({ tool }) => call(tool.name));
  const outcomes = runTools(calls, options(gates.map(({ tool }) => tool), { concurrency: 2 }));
  const first = outcomes.next();
  await Promise.all([gates[0]!.begun, gates[1]!.begun]);
  assertEquals(begun(), [1, 1, 0]);
  gates[1]!.open();
  assertEquals((await first).value?.index, 1);
  await gates[2]!.begun;
  assertEquals(begun(), [1, 1, 1]);
  gates[2]!.open();
  assertEquals((await outcomes.next()).value?.index, 2);
  gates[0]!.open();
  assertEquals((await outcomes.next()).value?.index, 0);
  assertEquals((await outcomes.next()).done, true);
});

Deno.test("a tool that hangs past its signal is given up when its time is up", async () => {
  using clock = fakeClock();
  const signals: AbortSignal[] = [];
  const deaf = tool("deaf", (_, { signal }) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  const outcome = outcomeOf(deaf, call("deaf"), { timeoutMs: 5_000 });
  await clock.armed(5_000);
  assertEquals(signals[0]?.aborted, false);
  await clock.tick(5_000);
  const { message } = await outcome;
  assertEquals(message.content, "The tool did not answer within 5000 ms.");
  assertEquals([signals[0]?.aborted, (signals[0]?.reason as Error).name], [true, "TimeoutError"]);
  assertEquals(clock.timers, []);
});

Deno.test("each tool has its own time, and one that is too late takes no other with it", async () => {
  using clock = fakeClock();
  const other = gated("other");
  const deaf = tool("deaf", () => new Promise(() => {}));
  const outcomes = runTools([call("deaf"), call("other")], options([deaf, other.tool], { timeoutMs: 5_000 }));
  const first = outcomes.next();
  await clock.armed(5_000);
  await clock.tick(4_999);
  other.open();
  assertEquals((await first).value?.outcome.event.result, "other");
  await clock.tick(1);
  assertEquals((await outcomes.next()).value?.outcome.event.isError, true);
  assertEquals(clock.timers, []);
});

Deno.test("a schema that never answers is bounded by the tool's time, too", async () => {
  using clock = fakeClock();
  const parameters = { "~standard": { version: 1, vendor: "slow", validate: () => new Promise(() => {}) } } as const;
  const look: Tool = { name: "look", description: "Looks.", parameters, execute: () => "never" };
  const outcome = outcomeOf(look, call("look"), { timeoutMs: 5_000 });
  await clock.armed(5_000);
  await clock.tick(5_000);
  assertEquals((await outcome).message.content, "The tool did not answer within 5000 ms.");
});

Deno.test("a time beyond what a timer can wait is the longest that it can", async () => {
  using clock = fakeClock();
  const slow = gated("slow");
  const outcome = outcomeOf(slow.tool, call("slow"), { timeoutMs: 2 ** 40 });
  await clock.armed(2 ** 31 - 1);
  slow.open();
  assertEquals((await outcome).event.isError, false);
  assertEquals(clock.timers, []);
});

Deno.test("an abort reaches every tool with its own reason, and no further tool begins", async () => {
  const [one, two] = [gated("one"), gated("two")];
  const controller = new AbortController();
  const how = options([one.tool, two.tool], { signal: controller.signal, concurrency: 1 });
  const outcomes = runTools([call("one"), call("two")], how);
  const waiting = outcomes.next().catch((reason) => reason);
  const reason = new Error("enough");
  await one.begun;
  controller.abort(reason);
  assertEquals(await waiting, reason);
  assertEquals(one.contexts[0]?.signal.reason, reason);
  assertEquals(two.contexts, []);
});

Deno.test("whoever leaves in the middle takes the tools along", async () => {
  const [quick, slow] = [gated("quick"), gated("slow")];
  void slow.begun.then(quick.open);
  for await (const _ of runTools([call("quick"), call("slow")], options([quick.tool, slow.tool]))) break;
  const reason = slow.contexts[0]?.signal.reason;
  assertInstanceOf(reason, DOMException);
  assertEquals([slow.contexts[0]?.signal.aborted, reason.name], [true, "AbortError"]);
});

Deno.test("tools leave no listener on the signal that they follow", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const calls = Array.from({ length: 20 }, (_, index) => call("look", {}, `call_${index}`));
  const outcomes: PlacedOutcome[] = await Array.fromAsync(
    runTools(calls, options([tool("look", () => "Yes.")], { signal })),
  );
  assertEquals([outcomes.length, listeners.most, listeners.count], [20, 1, 0]);
});

Deno.test("checkTools() refuses a tool without a name", () => {
  for (const name of ["", "find flights", "x".repeat(65), undefined as unknown as string]) {
    let refused: unknown;
    try {
      checkTools([tool(name, () => "never")]);
    } catch (error) {
      refused = error;
    }
    assertInstanceOf(refused, ConfigError);
  }
});
