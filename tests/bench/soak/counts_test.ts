import { assertEquals } from "@std/assert";
import { verdict } from "./counts.ts";
import { kindOf } from "./kinds.ts";

const total = { made: 100, failed: 4, requests: 100, failures: 4, surprises: [] };
const flat = Array.from({ length: 10 }, (_, at) => ({ minute: at + 1, heapMB: 10 + at % 2 * 0.1, sockets: 20 }));
const met = (...args: Parameters<typeof verdict>) => verdict(...args).map(({ isMet }) => isMet);

Deno.test("a soak is well whose heap and sockets stay flat and whose calls are all in the metrics", () => {
  assertEquals(met(flat, total), [true, true, true, true, true]);
});

Deno.test("what only grows while it warms up is flat", () => {
  const warming = flat.map((sample, at) => at < 2 ? { ...sample, heapMB: 5 * at } : sample);
  assertEquals(met(warming, total)[0], true);
});

Deno.test("a heap that grows, sockets that stay open, calls and failures that are missing or odd are told", () => {
  const growing = flat.map((sample) => ({ ...sample, heapMB: sample.minute, sockets: 5 * sample.minute }));
  const odd = { ...total, requests: 99, failures: 5, surprises: ["long ended in error: Error"] };
  assertEquals(met(growing, odd), [false, false, false, false, false]);
});

Deno.test("a tenth of the calls is faulty, and every kind has its turn", () => {
  const kinds = Array.from({ length: 700 }, (_, number) => kindOf(number));
  const count = (kind: string) => kinds.filter((each) => each === kind).length;
  assertEquals(["cut", "reset", "429", "500", "stall", "break", "abort"].map(count), Array(7).fill(10));
  assertEquals(["plain", "short", "long"].map(count), [210, 210, 210]);
});
