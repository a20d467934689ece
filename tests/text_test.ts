import { assertEquals } from "@std/assert";
import { cutOnCodePoint } from "../src/text.ts";

Deno.test("cutOnCodePoint() gives as much as fits, and no half of a character", () => {
  assertEquals(["a😀b", "a😀b", "a😀b", "a😀b", ""].map((text, longest) => cutOnCodePoint(text, longest + 1)), [
    "a",
    "a",
    "a😀",
    "a😀b",
    "",
  ]);
});
