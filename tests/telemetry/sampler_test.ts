import { assert, assertEquals } from "@std/assert";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { type Attributes, createClient, getTracer, models } from "../../mod.ts";
import { costBasedSampler, extractContext } from "../../src/telemetry/mod.ts";
import { memoryTelemetry, pointNamed, tree } from "../support/telemetry.ts";
import { chat, someUsage, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const [lowest, highest] = ["0".repeat(31) + "1", "f".repeat(32)] as const;
const CLIENT = 2;
const [DROP, KEEP] = [0, 2] as const;

type Sampler = ReturnType<typeof costBasedSampler>;

function decisionOf(
  sampler: Sampler,
  attributes: Attributes,
  traceId: string = lowest,
  context = ROOT_CONTEXT,
): number {
  return sampler.shouldSample(context, traceId, "llm.request", CLIENT, attributes, []).decision;
}

/** Trace ids as programs make them, the same at every run. */
function* traceIds(count: number): Generator<string> {
  let state = 2026n;
  for (let made = 0; made < count; made++) {
    let id = "";
    while (id.length < 32) {
      // Knuth's generator of 64 bits; its upper half is the random one.
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
      id += (state >> 32n).toString(16).padStart(8, "0");
    }
    yield id;
  }
}

/** Decided by a share of nothing and by one of everything, so that only what a row says makes the difference. */
const always = costBasedSampler({ cheapRatio: 0, otherRatio: 0 });

const kept: Readonly<Record<string, Attributes>> = {
  "a request that thinks": { "llm.model": "gpt-4o-mini", "llm.reasoning.effort": "low" },
  "a request that thinks, under GenAI names": {
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.request.reasoning.level": "low",
  },
  "an agent": { "llm.model": "gpt-4o-mini", "llm.operation": "reasoning" },
  "an agent, under GenAI names": { "gen_ai.request.model": "gpt-4o-mini", "gen_ai.operation.name": "invoke_agent" },
  "an expensive model": { "llm.model": "gpt-4o" },
  "an expensive model, under GenAI names": { "gen_ai.request.model": "gpt-4o" },
};
for (const [name, attributes] of Object.entries(kept)) {
  Deno.test(`costBasedSampler() keeps ${name}, whatever its id`, () => {
    assertEquals([lowest, highest].map((id) => decisionOf(always, attributes, id)), [KEEP, KEEP]);
  });
}

/** What is decided by which share. */
const shared: Readonly<Record<string, readonly [attributes: Attributes, share: "cheapRatio" | "otherRatio"]>> = {
  "a cheap model": [{ "llm.model": "gpt-4o-mini", "llm.operation": "chat" }, "cheapRatio"],
  "a cheap model, under GenAI names": [{ "gen_ai.request.model": "gpt-4o-mini" }, "cheapRatio"],
  "a cheap model told not to think": [{ "llm.model": "gpt-4o-mini", "llm.reasoning.effort": "none" }, "cheapRatio"],
  "a model without a price": [{ "llm.model": "llama-3" }, "otherRatio"],
  "a model named like a property of every object": [{ "llm.model": "constructor" }, "otherRatio"],
  "a root that tells no model": [{ "http.route": "/trips" }, "otherRatio"],
  "a root without attributes": [{}, "otherRatio"],
};
for (const [name, [attributes, share]] of Object.entries(shared)) {
  Deno.test(`costBasedSampler() decides about ${name} by ${share} alone`, () => {
    const other = share === "cheapRatio" ? "otherRatio" : "cheapRatio";
    assertEquals(decisionOf(costBasedSampler({ [share]: 1, [other]: 0 }), attributes, lowest), KEEP);
    assertEquals(decisionOf(costBasedSampler({ [share]: 0, [other]: 1 }), attributes, highest), DROP);
  });
}

for (const limit of [undefined, 0, 1, 10, 25, 1e9]) {
  Deno.test(`costBasedSampler() keeps every model of the catalogue from ${limit ?? "the default of 10"} dollars on`, () => {
    const sampler = costBasedSampler({ cheapRatio: 0, otherRatio: 0, expensiveUsdPerMillion: limit });
    for (const { name, aliases, price } of models()) {
      const expected = price !== undefined && price.output >= (limit ?? 10) ? KEEP : DROP;
      for (const each of [name, ...aliases]) assertEquals(decisionOf(sampler, { "llm.model": each }), expected, each);
    }
  });
}

for (const parentFlags of [0, 1] as const) {
  Deno.test(`costBasedSampler() follows a parent that is ${parentFlags === 1 ? "" : "not "}sampled`, () => {
    const parent = { traceId: highest, spanId: "1234567890123456", traceFlags: parentFlags };
    for (const isRemote of [true, false]) {
      const context = trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote });
      for (const attributes of [...Object.values(kept), ...Object.values(shared).map(([attributes]) => attributes)]) {
        const sampler = costBasedSampler({ cheapRatio: 1 - parentFlags, otherRatio: 1 - parentFlags });
        assertEquals(decisionOf(sampler, attributes, highest, context), parentFlags === 1 ? KEEP : DROP);
      }
    }
  });
}

Deno.test("costBasedSampler() takes a parent of zeros for none", () => {
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: lowest, spanId: "0".repeat(16), traceFlags: 0 });
  assertEquals(decisionOf(always, { "llm.model": "gpt-4o" }, lowest, context), KEEP);
});

for (
  const [options, attributes, share] of [
    [{}, { "llm.model": "gpt-4o-mini" }, 0.1],
    [{}, {}, 0.2],
    [{ cheapRatio: 0.5 }, { "llm.model": "gpt-4o-mini" }, 0.5],
    [{ otherRatio: 0.01 }, {}, 0.01],
    [{ cheapRatio: NaN }, { "llm.model": "gpt-4o-mini" }, 0.1],
    [{ cheapRatio: -1 }, { "llm.model": "gpt-4o-mini" }, 0],
    [{ otherRatio: 7 }, {}, 1],
  ] as const
) {
  Deno.test(`costBasedSampler(${Deno.inspect(options)}) keeps ${share} of ${Deno.inspect(attributes)}`, () => {
    const sampler = costBasedSampler(options);
    const count = 50_000;
    let keeps = 0;
    for (const id of traceIds(count)) keeps += decisionOf(sampler, attributes, id) / KEEP;
    // Five standard deviations of a share of that size.
    assert(Math.abs(keeps / count - share) <= 5 * Math.sqrt(share * (1 - share) / count), `${keeps} of ${count}`);
  });
}

Deno.test("costBasedSampler() decides alike in every service, and at a smaller share keeps some of the same", () => {
  const attributes = { "llm.model": "gpt-4o-mini" };
  const keptAt = (cheapRatio: number) => {
    const sampler = costBasedSampler({ cheapRatio });
    return new Set([...traceIds(5_000)].filter((id) => decisionOf(sampler, attributes, id) === KEEP));
  };
  const [some, more] = [keptAt(0.1), keptAt(0.3)];
  assertEquals(keptAt(0.1), some);
  assert(some.size > 0 && some.isSubsetOf(more) && some.size < more.size);
});

Deno.test("costBasedSampler() keeps the ids of the highest random bits, as the specification's own sampler does", () => {
  const sampler = costBasedSampler({ otherRatio: 0.5 });
  const upper = "f".repeat(18); // The first 72 bits need not be random.
  assertEquals([`${upper}80000000000000`, `${upper}7fffffffffffff`].map((id) => decisionOf(sampler, {}, id)), [
    KEEP,
    DROP,
  ]);
});

Deno.test("costBasedSampler() says in a log what it goes by", () => {
  assertEquals(String(costBasedSampler({ cheapRatio: 0.5 })), "CostBasedSampler{cheap=0.5,other=0.2,expensive=10}");
});

Deno.test("zero-config with costBasedSampler() leaves a cheap request out whole, and its metrics stand", async () => {
  await using telemetry = await memoryTelemetry({ sampler: costBasedSampler({ cheapRatio: 0 }) });
  await using vendor = startVendor(chat({ usage: someUsage }));
  const cheap = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question);
  assertEquals(await telemetry.spans(), []);
  assertEquals([cheap.traceContext?.traceFlags, cheap.traceContext?.traceId.length], [0, 32]);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_requests_total").value, 1);
  assertEquals(pointNamed(points, "llm_tokens_output_total").value, 25);
  assertEquals(pointNamed(points, "llm_cost_total_usd").value, cheap.cost?.total);
});

Deno.test("zero-config with costBasedSampler() records an expensive request whole", async () => {
  await using telemetry = await memoryTelemetry({ sampler: costBasedSampler({ cheapRatio: 0, otherRatio: 0 }) });
  await using vendor = startVendor(chat());
  await createClient("gpt-4o", { baseUrl: vendor.url }).run(question);
  assertEquals(tree(await telemetry.spans()), ["llm.request", "  llm.openai.stream", "    http.request"]);
});

Deno.test("zero-config with costBasedSampler() and GenAI names alone records by model all the same", async () => {
  const sampler = costBasedSampler({ cheapRatio: 0, otherRatio: 0 });
  await using telemetry = await memoryTelemetry({ sampler, vocabulary: "gen_ai" });
  await using vendor = startVendor(chat());
  for (const model of ["gpt-4o", "gpt-4o-mini"]) await createClient(model, { baseUrl: vendor.url }).run(question);
  assertEquals(tree(await telemetry.spans()), ["chat gpt-4o", "  POST"]);
});

Deno.test("a request under a span that was left out is left out with it, however expensive", async () => {
  await using telemetry = await memoryTelemetry({ sampler: costBasedSampler({ otherRatio: 0 }) });
  await using vendor = startVendor(chat());
  await getTracer("test").startActiveSpan("plan trip", async (span) => {
    await createClient("gpt-4o", { baseUrl: vendor.url }).run(question);
    span.end();
  });
  assertEquals(await telemetry.spans(), []);
});

Deno.test("the user's own provider takes costBasedSampler(), and keeps the state of a remote parent", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: costBasedSampler({ cheapRatio: 0, otherRatio: 0 }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  await using vendor = startVendor(chat());
  const parent = extractContext({
    traceparent: "00-12345678901234567890123456789012-1234567890123456-01",
    tracestate: "foo=1",
  });
  const tracer = provider.getTracer("mine");
  for (const model of ["gpt-4o-mini", "gpt-4o"]) {
    await createClient(model, { baseUrl: vendor.url, telemetry: { tracer } }).run(question);
  }
  await createClient("gpt-4o-mini", { baseUrl: vendor.url, telemetry: { tracer } }).run(question, { parent });
  await provider.forceFlush();
  const requests = exporter.getFinishedSpans().filter(({ name }) => name === "llm.request");
  assertEquals(requests.map(({ attributes }) => attributes["llm.model"]), ["gpt-4o", "gpt-4o-mini"]);
  assertEquals(requests.map((span) => span.spanContext().traceState?.serialize()), [undefined, "foo=1"]);
  await provider.shutdown();
});
