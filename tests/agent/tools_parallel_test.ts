import { assertEquals, assertInstanceOf } from "@std/assert";
import { type PlacedOutcome, runTools } from "../../src/agent/tools.ts";
import { unobserved } from "../../src/step_observer.ts";
import type { Tool } from "../../src/tool.ts";
import { gated, options, outcomeOf, tool } from "../support/agent_tools.ts";
import { fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { call } from "../support/scripted_model.ts";

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
  const told: string[] = [];
  const observer = {
    ...unobserved,
    tool: (...given: Parameters<typeof unobserved.tool>) => {
      told.push(given[0].name);
      return unobserved.tool(...given);
    },
  };
  const how = options([one.tool, two.tool], { signal: controller.signal, concurrency: 1, observer });
  const outcomes = runTools([call("one"), call("two")], how);
  const waiting = outcomes.next().catch((reason) => reason);
  const reason = new Error("enough");
  await one.begun;
  controller.abort(reason);
  assertEquals(await waiting, reason);
  assertEquals(one.contexts[0]?.signal.reason, reason);
  assertEquals([told, two.contexts], [["one"], []]);
});

Deno.test("a tool whose arguments are still being checked at the abort is not run", async () => {
  const checking = Promise.withResolvers<void>();
  const checked = Promise.withResolvers<unknown>();
  const validate = () => {
    checking.resolve();
    return checked.promise;
  };
  const parameters = { "~standard": { version: 1, vendor: "slow", validate } } as const;
  let runs = 0;
  const look: Tool = { name: "look", description: "Looks.", parameters, execute: () => ++runs };
  const controller = new AbortController();
  const running = outcomeOf(look, call("look"), { signal: controller.signal }).catch((reason) => reason);
  await checking.promise;
  controller.abort("enough");
  assertEquals(await running, "enough");
  checked.resolve({ value: {} });
  await new Promise((resolve) => setTimeout(resolve, 0)); // A turn of the event loop, in which it would be run.
  assertEquals(runs, 0);
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
