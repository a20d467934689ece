import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { alarm, follow, orAborted, sleep, watchSilence } from "../src/deadline.ts";
import { fakeClock } from "./support/clock.ts";
import { countListeners } from "./support/listeners.ts";

Deno.test("follow() aborts with the followed signal's own reason", () => {
  const caller = new AbortController();
  const { signal } = follow(caller.signal);
  const reason = { mine: true };
  caller.abort(reason);
  assert(signal.aborted);
  assertStrictEquals(signal.reason, reason);
});

Deno.test("follow() has aborted at once where the followed signal has", () => {
  const { signal } = follow(AbortSignal.abort("why"));
  assertEquals([signal.aborted, signal.reason], [true, "why"]);
});

Deno.test("follow() aborts for a reason of ours, and the followed signal does not", () => {
  const caller = new AbortController();
  const follower = follow(caller.signal);
  follower.abort("ours");
  assertEquals([follower.signal.reason, caller.signal.aborted], ["ours", false]);
});

Deno.test("follow() does without a signal to follow", () => {
  const { signal, abort, release } = follow(undefined);
  release();
  abort("ours");
  assertEquals(signal.reason, "ours");
});

Deno.test("follow() leaves no listener behind once released", () => {
  const caller = new AbortController();
  const listeners = countListeners(caller.signal);
  const followers = Array.from({ length: 10_000 }, () => follow(caller.signal));
  assertEquals(listeners.count, 10_000);
  for (const { release } of followers) release();
  assertEquals(listeners.count, 0);
  caller.abort();
  assertEquals(followers.map(({ signal }) => signal.aborted), followers.map(() => false));
});

Deno.test("follow() puts no listener on a signal that has aborted", () => {
  const signal = AbortSignal.abort();
  const listeners = countListeners(signal);
  follow(signal);
  assertEquals(listeners.count, 0);
});

Deno.test("sleep() waits as long as it is told and lets go of the signal", async () => {
  using clock = fakeClock();
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  let over = false;
  const sleeping = sleep(1_000, signal).then(() => over = true);
  await clock.tick(999);
  assertEquals([over, listeners.count], [false, 1]);
  await clock.tick(1);
  await sleeping;
  assertEquals([over, listeners.count], [true, 0]);
});

Deno.test("sleep() ends with the signal's reason as soon as it aborts, its timer cleared", async () => {
  using clock = fakeClock();
  const caller = new AbortController();
  const reason = new Error("enough");
  const sleeping = sleep(1_000, caller.signal);
  caller.abort(reason);
  assertStrictEquals(await assertRejects(() => sleeping), reason);
  assertEquals(clock.timers, []);
});

Deno.test("sleep() does not begin under a signal that has aborted", async () => {
  using clock = fakeClock();
  assertEquals(await sleep(1_000, AbortSignal.abort("why")).catch((reason) => reason), "why");
  assertEquals(clock.timers, []);
});

Deno.test("orAborted() gives the promise's value and lets go of the signal", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  assertEquals(await orAborted(Promise.resolve(1), signal), 1);
  assertEquals(listeners.count, 0);
});

Deno.test("orAborted() gives the promise's own failure and lets go of the signal", async () => {
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  const failure = new Error("no");
  assertStrictEquals(await assertRejects(() => orAborted(Promise.reject(failure), signal)), failure);
  assertEquals(listeners.count, 0);
});

Deno.test("orAborted() does not wait for a promise that does not listen to the signal", async () => {
  const caller = new AbortController();
  const waiting = orAborted(new Promise<never>(() => {}), caller.signal);
  caller.abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
});

Deno.test("orAborted() rejects at once under a signal that has aborted", async () => {
  const waiting = orAborted(new Promise<never>(() => {}), AbortSignal.abort("enough"));
  assertEquals(await waiting.catch((reason) => reason), "enough");
});

Deno.test("orAborted() hands on a value that comes too late", async () => {
  const caller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  const late: string[] = [];
  const waiting = orAborted(promise, caller.signal, (value) => late.push(value));
  caller.abort("enough");
  await waiting.catch(() => {});
  resolve("here I am");
  await promise;
  await Promise.resolve();
  assertEquals(late, ["here I am"]);
});

Deno.test("orAborted() leaves a failure that comes too late to nobody", async () => {
  const caller = new AbortController();
  const { promise, reject } = Promise.withResolvers<string>();
  const waiting = orAborted(promise, caller.signal);
  caller.abort("enough");
  await waiting.catch(() => {});
  reject(new Error("an unhandled rejection would fail this test"));
  await promise.catch(() => {});
});

Deno.test("watchSilence() tells of a wait that reaches the limit", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  silence.wait();
  await clock.tick(999);
  assertEquals(told, 0);
  await clock.tick(1);
  assertEquals(told, 1);
});

Deno.test("watchSilence() does not count the reader's own pauses", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  silence.wait();
  await clock.tick(600);
  silence.rest();
  await clock.tick(10_000);
  silence.wait();
  await clock.tick(399);
  assertEquals(told, 0);
  await clock.tick(1);
  assertEquals(told, 1);
});

Deno.test("watchSilence() adds waits up in which something came that was no output", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  for (let comment = 0; comment < 3; comment++) {
    silence.wait();
    await clock.tick(250);
    silence.rest();
  }
  silence.wait();
  assertEquals([told, ...clock.timers.map(Math.round)], [0, 250]);
  await clock.tick(251);
  assertEquals(told, 1);
});

Deno.test("watchSilence() begins anew at each output, with the limit that then holds", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  silence.wait();
  await clock.tick(900);
  silence.rest();
  silence.heard(500);
  silence.wait();
  assertEquals([told, ...clock.timers], [0, 500]);
  await clock.tick(500);
  assertEquals(told, 1);
});

Deno.test("watchSilence() keeps a timer for the next wait, which rings for nobody and goes with stop()", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  assertEquals(clock.timers, []);
  silence.wait();
  silence.rest();
  assertEquals(clock.timers, [1_000]);
  await clock.tick(3_600_000);
  assertEquals([told, ...clock.timers], [0]);
  silence.wait();
  assertEquals(clock.timers, [1_000]);
  silence.stop();
  assertEquals(clock.timers, []);
});

Deno.test("watchSilence() sets one timer for many waits", async () => {
  using clock = fakeClock();
  let told = 0;
  const silence = watchSilence(1_000, () => told++);
  for (let chunk = 0; chunk < 5; chunk++) {
    silence.wait();
    await clock.tick(150);
    silence.rest();
    silence.heard(1_000);
  }
  assertEquals(clock.timers, [250]);
  silence.wait();
  await clock.tick(999);
  assertEquals([told, ...clock.timers], [0, 1]);
  await clock.tick(1);
  assertEquals(told, 1);
});

Deno.test("watchSilence() sets no timer where silence may last for ever", () => {
  using clock = fakeClock();
  const silence = watchSilence(Infinity, () => {});
  silence.wait();
  assertEquals(clock.timers, []);
  silence.rest();
  silence.heard(Infinity);
  silence.wait();
  assertEquals(clock.timers, []);
});

Deno.test("watchSilence() sets no timer that the runtimes would cut to a millisecond", () => {
  using clock = fakeClock();
  const silence = watchSilence(2 ** 40, () => {});
  silence.wait();
  // https://developer.mozilla.org/docs/Web/API/Window/setTimeout#maximum_delay_value
  assert(clock.timers.every((ms) => ms <= 2 ** 31 - 1), `${clock.timers}`);
  silence.rest();
});

Deno.test("alarm() rings once its time has gone, and not where it was called off", async () => {
  using clock = fakeClock();
  const rung: string[] = [];
  alarm(1_000, () => rung.push("first"));
  const callOff = alarm(1_000, () => rung.push("second"));
  await clock.tick(999);
  callOff();
  assertEquals(rung, []);
  await clock.tick(1);
  assertEquals([rung, clock.timers], [["first"], []]);
});

for (const ms of [undefined, Infinity]) {
  Deno.test(`alarm() makes no timer for ${ms}`, () => {
    using clock = fakeClock();
    const callOff = alarm(ms, () => {});
    assertEquals(clock.timers, []);
    callOff();
  });
}
