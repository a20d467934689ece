import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { BatchError, ResponseError } from "../src/error.ts";
import type { Result, StreamEvent } from "../src/event.ts";
import { resultOf, runAll } from "../src/run.ts";

const RESULT: Result = {
  response: "Paris.",
  toolCalls: [],
  finishReason: "stop",
  provider: "test",
  model: "test",
  durationSeconds: 0,
  messages: [],
};

async function* streamOf(...events: readonly StreamEvent[]): AsyncGenerator<StreamEvent> {
  yield* events;
}

Deno.test("resultOf() reads to the end and keeps the result", async () => {
  let read = 0;
  const stream = async function* (): AsyncGenerator<StreamEvent> {
    yield { type: "text", delta: "Paris." };
    read++;
    yield { type: "finish", result: RESULT };
    read++;
  };
  assertStrictEquals(await resultOf(stream()), RESULT);
  assertEquals(read, 2);
});

Deno.test("resultOf() keeps the last of several results", async () => {
  const first: StreamEvent = { type: "finish", result: { ...RESULT, response: "no" } };
  assertStrictEquals(await resultOf(streamOf(first, { type: "finish", result: RESULT })), RESULT);
});

Deno.test("resultOf() refuses a stream without a result", async () => {
  const failure = await assertRejects(() => resultOf(streamOf({ type: "text", delta: "Par" })), ResponseError);
  assertEquals(failure.reason, "protocol");
});

Deno.test("resultOf() gives the stream's own failure", async () => {
  const own = new Error("own");
  // deno-lint-ignore require-yield
  const stream = async function* (): AsyncGenerator<StreamEvent> {
    throw own;
  };
  assertStrictEquals(await assertRejects(() => resultOf(stream())), own);
});

Deno.test("runAll() gives the results in order, whatever the order of the ends", async () => {
  const ends = Array.from({ length: 3 }, () => Promise.withResolvers<string>());
  const all = runAll(3, 3, undefined, (index) => ends[index]!.promise);
  for (const index of [2, 0, 1]) ends[index]!.resolve(`answer ${index}`);
  assertEquals(await all, ["answer 0", "answer 1", "answer 2"]);
});

Deno.test("runAll() runs as many at once as allowed, and no more", async () => {
  let running = 0;
  let most = 0;
  await runAll(20, 4, undefined, async () => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    running--;
  });
  assertEquals(most, 4);
});

Deno.test("runAll() begins the next as soon as one ends", async () => {
  const begun: number[] = [];
  const ends = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const third = Promise.withResolvers<void>();
  const all = runAll(3, 2, undefined, (index) => {
    begun.push(index);
    if (index === 2) third.resolve();
    return ends[index]!.promise;
  });
  ends[1]!.resolve();
  await third.promise;
  assertEquals(begun, [0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await all;
});

Deno.test("runAll() of nothing gives nothing", async () => {
  assertEquals(await runAll(0, 8, undefined, () => Promise.reject(new Error("never called"))), []);
});

Deno.test("runAll() goes on after a failure and gives all results and errors, in order", async () => {
  const own = new Error("own");
  const run = (index: number) => index % 2 === 1 ? Promise.reject(own) : Promise.resolve(index);
  const failure = await assertRejects(() => runAll(5, 2, undefined, run), BatchError);
  assertEquals(failure.results, [0, undefined, 2, undefined, 4]);
  assertEquals(failure.errors, [undefined, own, undefined, own, undefined]);
  assertEquals(failure.message, "2 of 5 requests failed; results and errors stand in order on this error.");
});

Deno.test("runAll() takes what throws at once for a failure", async () => {
  const own = new Error("own");
  const failure = await assertRejects(() => {
    return runAll(1, 1, undefined, () => {
      throw own;
    });
  }, BatchError);
  assertEquals(failure.errors, [own]);
});

Deno.test("runAll() has an error for a failure that did not say why", async () => {
  const failure = await assertRejects(() => runAll(1, 1, undefined, () => Promise.reject(undefined)), BatchError);
  assertInstanceOf(failure.errors[0], Error);
});

Deno.test("runAll() begins no more once the signal aborts, and throws its reason", async () => {
  const controller = new AbortController();
  const begun: number[] = [];
  const reason = new Error("enough");
  const run = (index: number): Promise<number> => {
    begun.push(index);
    if (index === 1) controller.abort(reason);
    return index === 1 ? Promise.reject(reason) : Promise.resolve(index);
  };
  assertStrictEquals(await runAll(5, 1, controller.signal, run).catch((error: unknown) => error), reason);
  assertEquals(begun, [0, 1]);
});

Deno.test("runAll() gives the results of what was complete before the signal aborted", async () => {
  const controller = new AbortController();
  const results = await runAll(2, 2, controller.signal, (index) => Promise.resolve(index));
  controller.abort();
  assertEquals(results, [0, 1]);
});
