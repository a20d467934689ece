import { assertEquals } from "@std/assert";
import { median, pairedRatio, slope } from "./statistics.ts";

Deno.test("the median is the middle value, of an even number the mean of both", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2]), median([10, 9, 100])], [2, 2.5, 10]);
  assertEquals(median([]), NaN);
});

Deno.test("a paired ratio compares each round with the one beside it", () => {
  // The machine was half as fast in the second round, for both.
  assertEquals(pairedRatio([110, 220, 110], [100, 200, 100]), 1.1);
});

Deno.test("a slope is what y grows per x, and zero where it only swings", () => {
  assertEquals(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assertEquals(slope([[0, 1], [1, 2], [2, 2], [3, 1]]), 0);
  assertEquals(slope([[1, 1]]), NaN);
});
