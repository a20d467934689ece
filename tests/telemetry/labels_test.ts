import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import type { LanguageModel } from "../../mod.ts";
import { fixedLabels, labelsFor } from "../../src/telemetry/labels.ts";

const model: LanguageModel = { provider: "openai", model: "gpt-5", stream: () => (async function* () {})() };

Deno.test("requests that are alike have the very same labels, and nobody can change them", () => {
  const labelsOf = labelsFor(model, { team: "blue" });
  const labels = labelsOf("gpt-5-1", undefined);
  assertStrictEquals(labelsOf("gpt-5-1", undefined), labels);
  assertEquals(labels.own, { "llm.model": "gpt-5", "llm.provider": "openai", team: "blue" });
  assertEquals(labels.genAiInput["gen_ai.token.type"], "input");
  for (const each of Object.values(labels)) assertEquals([Object.isFrozen(each), each["team"]], [true, "blue"]);
});

Deno.test("another model that answered, or a failure, makes other labels", () => {
  const labelsOf = labelsFor(model, {});
  const labels = labelsOf("gpt-5-1", undefined);
  assertNotStrictEquals(labelsOf("gpt-5-2", undefined), labels);
  assertEquals(labelsOf(undefined, "429").genAiEnded["error.type"], "429");
  assertEquals("error.type" in labels.genAiEnded, false);
});

Deno.test("a label whose value cannot be read costs no other", () => {
  const own = {
    get broken(): string {
      throw new Error("not yours");
    },
    team: "blue",
  };
  const fixed = fixedLabels({ metricAttributes: own });
  assertEquals(labelsFor(model, fixed)(undefined, undefined).own, {
    "llm.model": "gpt-5",
    "llm.provider": "openai",
    team: "blue",
  });
});

Deno.test("a vendor that names a new model in each answer does not fill the memory with labels", () => {
  const labelsOf = labelsFor(model, {});
  const first = labelsOf("0", undefined);
  for (let n = 1; n <= 100; n++) labelsOf(String(n), undefined);
  assertNotStrictEquals(labelsOf("0", undefined), first);
});
