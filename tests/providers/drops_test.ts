import { assertEquals } from "@std/assert";
import { gatherDrops } from "../../src/providers/drops.ts";

Deno.test("gatherDrops() tells one notice for each reason, in the order in which they came", () => {
  const drops = gatherDrops();
  assertEquals(drops.notices(), []);
  drops.drop("temperature", "the model does not take it");
  drops.drop("seed", "the vendor does not have it");
  drops.drop("topP", "the model does not take it");
  drops.drop("topK", "the model does not take it");
  assertEquals(drops.notices(), [
    {
      code: "parameter_dropped",
      message: "temperature, topP and topK were left out: the model does not take them.",
    },
    { code: "parameter_dropped", message: "seed was left out: the vendor does not have it." },
  ]);
});

Deno.test("gatherDrops() lets through what is not refused, and notes nothing of what is not given", () => {
  const drops = gatherDrops();
  assertEquals(drops.unless(false, "topK", 3, "no"), 3);
  assertEquals(drops.unless(true, "topK", undefined, "no"), undefined);
  assertEquals(drops.notices(), []);
  assertEquals(drops.unless(true, "topK", 3, "no"), undefined);
  assertEquals(drops.notices().length, 1);
});

Deno.test("gatherDrops() tells what was changed apart from what was left out", () => {
  const drops = gatherDrops();
  drops.change("a was sent as b.");
  drops.drop("seed", "the vendor does not have it");
  assertEquals(drops.notices(), [
    { code: "parameter_dropped", message: "seed was left out: the vendor does not have it." },
    { code: "parameter_changed", message: "a was sent as b." },
  ]);
});
