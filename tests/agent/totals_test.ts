import { assertEquals, assertStrictEquals } from "@std/assert";
import { addResult, noTotals, withTotals } from "../../src/agent/totals.ts";
import { LlmError } from "../../src/error.ts";
import { type Cost, usageOf } from "../../src/usage.ts";

const usage = usageOf({
  inputTokens: 1,
  cacheReadTokens: 2,
  cacheWriteTokens: 3,
  outputTokens: 40,
  reasoningTokens: 30,
});
const cost: Cost = {
  input: 1,
  output: 2,
  cacheRead: 3,
  cacheWrite: 4,
  other: 5,
  total: 15,
  currency: "USD",
  source: "catalog",
};

Deno.test("addResult() adds every class of tokens and every part of the cost", () => {
  const totals = noTotals();
  addResult(totals, { usage, cost });
  addResult(totals, { usage, cost });
  assertEquals(totals, {
    requests: 2,
    usage: usageOf({ inputTokens: 2, cacheReadTokens: 4, cacheWriteTokens: 6, outputTokens: 80, reasoningTokens: 60 }),
    cost: { ...cost, input: 2, output: 4, cacheRead: 6, cacheWrite: 8, other: 10, total: 30 },
  });
});

Deno.test("a sum with an unknown part is unknown, wherever that part stands", () => {
  for (const unknown of [0, 1, 2]) {
    const totals = noTotals();
    for (const place of [0, 1, 2]) addResult(totals, place === unknown ? {} : { usage, cost });
    assertEquals([totals.usage, totals.cost], [undefined, undefined]);
  }
});

Deno.test("a cost in part the vendor's own and in part reckoned is reckoned", () => {
  const totals = noTotals();
  addResult(totals, { usage, cost: { ...cost, source: "provider" } });
  assertEquals(totals.cost?.source, "provider");
  addResult(totals, { usage, cost });
  assertEquals(totals.cost?.source, "catalog");
});

Deno.test("withTotals() adds what the turns before used to what the failed one used", () => {
  const totals = noTotals();
  addResult(totals, { usage, cost });
  const failed = new LlmError("It failed.", { usage, cost });
  assertStrictEquals(withTotals(failed, totals), failed);
  assertEquals([failed.usage?.totalTokens, failed.cost?.total], [92, 30]);
});

Deno.test("withTotals() knows no sum where a turn before is unknown, or the failed one's price", () => {
  const totals = noTotals();
  addResult(totals, {});
  const failed = new LlmError("It failed.", { usage, cost });
  withTotals(failed, totals);
  assertEquals([failed.usage, failed.cost], [undefined, undefined]);
  const known = noTotals();
  addResult(known, { usage, cost });
  const unpriced = new LlmError("It failed.", { usage });
  withTotals(unpriced, known);
  assertEquals([unpriced.usage?.totalTokens, unpriced.cost], [92, undefined]);
});

Deno.test("withTotals() of an error that used nothing gives what the turns before used", () => {
  const totals = noTotals();
  addResult(totals, { usage, cost });
  const failed = new LlmError("It failed.");
  withTotals(failed, totals);
  assertEquals([failed.usage, failed.cost], [usage, cost]);
});

Deno.test("withTotals() leaves an error of the first turn as it is, and one of nobody's class", () => {
  const failed = new LlmError("It failed.", { usage, cost });
  withTotals(failed, noTotals());
  assertEquals([failed.usage, failed.cost], [usage, cost]);
  assertEquals(withTotals("enough", noTotals()), "enough");
});
