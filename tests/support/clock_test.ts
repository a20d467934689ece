import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fakeClock } from "./clock.ts";

Deno.test("clock runs timers when they fall due, in order, and gives them their arguments", async () => {
  using clock = fakeClock();
  const ran: unknown[] = [];
  setTimeout((word: string) => ran.push([word, clock.elapsed]), 20, "second");
  setTimeout(() => ran.push(["first", clock.elapsed]), 10);
  await clock.tick(15);
  assertEquals(ran, [["first", 10]]);
  await clock.tick(5);
  assertEquals(ran, [["first", 10], ["second", 20]]);
});

Deno.test("clock runs a timer that a timer sets, if it falls due in the same tick", async () => {
  using clock = fakeClock();
  const ran: number[] = [];
  setTimeout(() => setTimeout(() => ran.push(clock.elapsed), 10), 10);
  await clock.tick(30);
  assertEquals(ran, [20]);
});

Deno.test("clock never runs a timer that was cleared", async () => {
  using clock = fakeClock();
  const ran: string[] = [];
  const timer = setTimeout(() => ran.push("cleared"), 10);
  clearTimeout(timer);
  assertEquals(clock.timers, []);
  await clock.tick(20);
  assertEquals(ran, []);
});

Deno.test("clock moves performance.now() and Date.now() with its ticks, and not without", async () => {
  using clock = fakeClock();
  const before = [performance.now(), Date.now()];
  await new Promise((resolve) => setTimeout(resolve, 0)); // Some real time goes by.
  assertEquals([performance.now(), Date.now()], before);
  await clock.tick(3_600_000);
  assertEquals([performance.now(), Date.now()], before.map((time) => time + 3_600_000));
});

Deno.test("clock says when a timer is set, and which are", async () => {
  using clock = fakeClock();
  const armed = clock.armed(30_000);
  const timers = [setTimeout(() => {}, 60_000), setTimeout(() => {}, 30_000)];
  await armed;
  await clock.armed((ms) => ms > 50_000);
  assertEquals(clock.timers, [30_000, 60_000]);
  timers.forEach(clearTimeout);
});

Deno.test("clock leaves timers real that were set before it, and those of 0 ms", async () => {
  const before = new Promise((resolve) => setTimeout(resolve, 1));
  using _clock = fakeClock();
  await before;
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("clock can clear a timer that was set before it", async () => {
  let ran = false;
  const timer = setTimeout(() => ran = true, 1);
  using _clock = fakeClock();
  clearTimeout(timer);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(ran, false); // Were it not cleared, the sanitizer would say so.
});

Deno.test("clock puts everything back at the end of its block", async () => {
  const all = () => [setTimeout, clearTimeout, performance.now, Date.now];
  const before = all();
  {
    using _clock = fakeClock();
    all().forEach((replaced, which) => assertNotEquals(replaced, before[which]));
  }
  assertEquals(all().map((restored, which) => restored === before[which]), [true, true, true, true]);
  assertEquals(Object.hasOwn(performance, "now"), false);
  await assertRejects(() => new Promise((_resolve, reject) => setTimeout(reject, 1, new Error("in real time"))));
});
