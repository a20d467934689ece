import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createClient, getTracer, isTelemetryEnabled, type TelemetryOptions } from "../../mod.ts";
import { type Evaluation, recordEvaluation } from "../../src/telemetry/mod.ts";
import { type FlatSpan, memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { chat, startVendor } from "../support/vendor_server.ts";

const target = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
const full: Evaluation = {
  name: "relevance",
  score: 0.9,
  label: "pass",
  criteria: "Names the capital.",
  explanation: "It does.",
  attributes: { judge: "gpt-4o" },
};

/** The one span that an evaluation made. */
async function spanOf(evaluation: Evaluation, options: TelemetryOptions = {}, judged = target): Promise<FlatSpan> {
  await using telemetry = await memoryTelemetry(options);
  const recorded = recordEvaluation(judged, evaluation);
  const [span, another] = await telemetry.spans();
  assert(span !== undefined && another === undefined);
  assertEquals(recorded, { traceId: span.traceId, spanId: span.id, traceFlags: 1 });
  return span;
}

Deno.test("recordEvaluation() records a span with all that was judged, under both vocabularies", async () => {
  const { name, kind, status, attributes } = await spanOf(full);
  assertEquals([name, kind, status], ["evaluation.relevance", "INTERNAL", "UNSET"]);
  assertEquals(attributes, {
    "evaluation.score": 0.9,
    "evaluation.criteria": "Names the capital.",
    "evaluation.label": "pass",
    "gen_ai.evaluation.name": "relevance",
    "gen_ai.evaluation.score.value": 0.9,
    "gen_ai.evaluation.score.label": "pass",
    "gen_ai.evaluation.explanation": "It does.",
    "judge": "gpt-4o",
  });
});

for (const vocabulary of ["llm", "gen_ai"] as const) {
  Deno.test(`recordEvaluation() records names of ${vocabulary} alone where these alone are written`, async () => {
    const { name, attributes } = await spanOf(full, { vocabulary });
    assertEquals(name, "evaluation.relevance");
    const { judge, ...named } = attributes;
    assertEquals(judge, "gpt-4o");
    assertEquals(Object.keys(named).filter((key) => key.startsWith("gen_ai.") !== (vocabulary === "gen_ai")), []);
    assert(Object.keys(named).length >= 3);
  });
}

Deno.test("recordEvaluation() leaves out what was not judged, and keeps a score of 0", async () => {
  const { attributes } = await spanOf({ name: "toxicity", score: 0 });
  assertEquals(attributes, {
    "evaluation.score": 0,
    "gen_ai.evaluation.name": "toxicity",
    "gen_ai.evaluation.score.value": 0,
  });
});

Deno.test("recordEvaluation() lets no attribute of the caller's stand in for a judgement", async () => {
  const { attributes } = await spanOf({ ...full, attributes: { "evaluation.score": -1 } });
  assertEquals(attributes["evaluation.score"], 0.9);
});

Deno.test("recordEvaluation() links to the request that it judges, from a trace of its own", async () => {
  await using telemetry = await memoryTelemetry();
  await using vendor = startVendor(chat());
  const { traceContext } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("What is the capital?");
  assert(traceContext !== undefined);
  recordEvaluation(traceContext, full);
  const spans = await telemetry.spans();
  const request = spanNamed(spans, "llm.request");
  const evaluation = spanNamed(spans, "evaluation.relevance");
  assertEquals(evaluation.links, [{
    context: { traceId: request.traceId, spanId: request.id, traceFlags: 1 },
    attributes: { "link.type": "evaluation_of_generation" },
  }]);
  assertNotEquals(evaluation.traceId, request.traceId);
  assertEquals(evaluation.parentId, undefined);
});

Deno.test("recordEvaluation() stands below the caller's span", async () => {
  await using telemetry = await memoryTelemetry();
  getTracer("test").startActiveSpan("nightly evaluation", (span) => {
    recordEvaluation(target, full);
    span.end();
  });
  const spans = await telemetry.spans();
  assertEquals(spanNamed(spans, "evaluation.relevance").parentId, spanNamed(spans, "nightly evaluation").id);
});

for (
  const [name, judged] of Object.entries({
    "zeros": { ...target, traceId: "0".repeat(32) },
    "what is no target at all, as a program without types may give": null as unknown as typeof target,
  })
) {
  Deno.test(`recordEvaluation() of ${name} is recorded without a link`, async () => {
    assertEquals((await spanOf(full, {}, judged)).links, []);
  });
}

Deno.test("recordEvaluation() gives nothing and throws nothing while telemetry is off", () => {
  assertEquals(isTelemetryEnabled(), false);
  assertEquals(recordEvaluation(target, full), undefined);
});

Deno.test("what is no evaluation is not recorded, and throws nothing", async () => {
  await using telemetry = await memoryTelemetry();
  for (const evaluation of [undefined, null, {}, { name: "" }, { name: 5 }]) {
    assertEquals(recordEvaluation(target, evaluation as unknown as Evaluation), undefined);
  }
  assertEquals(await telemetry.spans(), []);
});
