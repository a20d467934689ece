import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FLOOR, OFF, ON } from "./askers/mod.ts";
import { guardLine, isOver, targetOf } from "./guard.ts";
import { type Work, works } from "./works.ts";

const work: Work = {
  name: "a call",
  model: "plain",
  dialect: "chat",
  calls: 1,
  targets: { off: { aim: 2 }, on: { aim: 2, held: { ratio: 4, because: "It sends spans." } } },
};

Deno.test("a ratio may leave its target by a quarter, and not by more", () => {
  assertEquals([2.49, 2.51].map((ratio) => isOver({ work, name: OFF, ratio })), [false, true]);
});

Deno.test("where the target is not reached yet the held ratio is the limit, with its reason", () => {
  assertEquals([4.99, 5.01].map((ratio) => isOver({ work, name: ON, ratio })), [false, true]);
  const line = guardLine({ work, name: ON, ratio: 3 });
  assertEquals(
    line,
    `ok a call, ${ON}: 3.00× the floor, at most 5.00; target 2, held at 4: It sends spans.`,
  );
});

Deno.test("a target that is reached while another ratio is held is told", () => {
  assertStringIncludes(guardLine({ work, name: ON, ratio: 1.9 }), "nothing need be held");
});

Deno.test("of the others nothing is asked", () => {
  assertEquals(targetOf({ work, name: FLOOR }), undefined);
  assert(!isOver({ work, name: "openai", ratio: 100 }));
});

Deno.test("a held ratio stands above its target, and says why", () => {
  for (const { targets } of works) {
    for (const { aim, held } of [targets?.off, targets?.on].filter((target) => target !== undefined)) {
      assert(held === undefined || held.ratio > aim && held.because.length > 0);
    }
  }
});
