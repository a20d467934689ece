/** Whoever adds up every span, or every metric, of a tree finds each token and each dollar once. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  createClient,
  createReasoningAgent,
  defineTool,
  getTracer,
  type Result,
  type TelemetryOptions,
} from "../../mod.ts";
import { type FlatPoint, type FlatSpan, memoryTelemetry, tree } from "../support/telemetry.ts";
import {
  chat,
  type Handler,
  type RawUsage,
  refusal,
  startVendor,
  type VendorRequest,
} from "../support/vendor_server.ts";

/** Another usage for every request, so that nothing stands in for something else. */
function usageOf(number: number): RawUsage {
  return {
    prompt_tokens: 1_000 * number + 300 + 20,
    completion_tokens: 7 * number + 3,
    prompt_tokens_details: { cached_tokens: 300, cache_write_tokens: 20 },
    completion_tokens_details: { reasoning_tokens: number },
  };
}

const toolCalls = [
  { id: "call_1", name: "look_up", arguments: '{"word":"xyzzy"}' },
  { id: "call_2", name: "look_up", arguments: '{"word":"plugh"}' },
];

/** Answers every request with its own usage: the agent's first turn with calls, every seventh request with a refusal. */
const vendor: Handler = (reply, request) => {
  if (request.number % 7 === 0) return refusal(503, { "retry-after-ms": "1" })(reply, request);
  const usage = usageOf(request.number);
  return wantsTools(request) ? chat({ toolCalls, usage })(reply, request) : chat({ usage })(reply, request);
};

function wantsTools({ body }: VendorRequest): boolean {
  const { tools = [], messages } = body as { tools?: readonly unknown[]; messages: readonly { role: string }[] };
  return tools.length > 0 && !messages.some(({ role }) => role === "tool");
}

/** Runs the tree and gives all that was recorded of it, and the answers. */
async function run(options: TelemetryOptions) {
  await using telemetry = await memoryTelemetry(options);
  await using server = startVendor(vendor);
  const client = createClient("gpt-4o-mini", { baseUrl: server.url });
  const results: Result[] = [];
  const lookUp = defineTool<{ word: string }>({
    name: "look_up",
    description: "Looks a word up.",
    parameters: { type: "object", properties: { word: { type: "string" } } },
    async execute({ word }, { context }) {
      // A tool that asks a model itself, below its own span.
      const inner = await client.run(`What is ${word}?`, { parent: context });
      results.push(inner);
      return inner.response;
    },
  });
  const agent = createReasoningAgent("gpt-4o-mini", { baseUrl: server.url, tools: [lookUp] });

  await getTracer("test").startActiveSpan("visit", async (visit) => {
    results.push(await client.run("One?"));
    await getTracer("test").startActiveSpan("inner", async (inner) => {
      results.push(...await client.sample("Two?", 3));
      inner.end();
    });
    results.push(...(await client.generateMultiple(["Three?", "Four?"], { sampleN: 2 })).flat());
    for await (const event of client.stream("Five?")) if (event.type === "finish") results.push(event.result);
    visit.end();
  });
  const thought = await agent.run("Six?");
  const usages = server.requests.filter(({ number }) => number % 7 !== 0).map(({ number }) => usageOf(number));
  return { spans: await telemetry.spans(), points: await telemetry.points(), results, thought, usages };
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, value) => total + (typeof value === "number" ? value : 0), 0);
}

function attribute(spans: readonly FlatSpan[], name: string): number {
  return sum(spans.map(({ attributes }) => attributes[name]));
}

function counted(points: readonly FlatPoint[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  return sum(
    points.filter((point) => point.name === name)
      .filter((point) => Object.entries(labels).every(([key, value]) => point.labels[key] === value))
      .map(({ value, sum }) => value ?? sum),
  );
}

/** What the vendor said that all requests took together, in disjoint parts. */
function totalsOf(usages: readonly RawUsage[]) {
  const input = sum(usages.map(({ prompt_tokens }) => prompt_tokens));
  const cacheRead = sum(usages.map(({ prompt_tokens_details: details }) => details?.cached_tokens));
  const cacheWrite = sum(usages.map(({ prompt_tokens_details: details }) => details?.cache_write_tokens));
  const output = sum(usages.map(({ completion_tokens }) => completion_tokens));
  const reasoning = sum(usages.map(({ completion_tokens_details: details }) => details?.reasoning_tokens));
  return { all: input, input: input - cacheRead - cacheWrite, cacheRead, cacheWrite, output, reasoning };
}

Deno.test("the tree has everything that could be counted twice", async () => {
  const { spans, usages, results } = await run({});
  const lines = tree(spans).map((line) => line.trim());
  const count = (name: string) => lines.filter((line) => line === name).length;
  assertEquals([count("llm.sample"), count("llm.batch_generate"), count("llm.reasoning_agent.stream")], [1, 1, 1]);
  assertEquals([count("reasoning.tool.look_up"), count("llm.request")], [2, results.length + 2]);
  assertEquals(usages.length, count("llm.request"), "each request was answered once");
  assert(count("http.request") > usages.length, "and some only at the second attempt");
  const inTools = spans.filter(({ name }) => name === "reasoning.tool.look_up").map(({ id }) => id);
  assertEquals(spans.filter(({ parentId }) => inTools.includes(parentId ?? "")).map(({ name }) => name), [
    "llm.request",
    "llm.request",
  ]);
});

Deno.test("every span added up has each token once, in both vocabularies", async () => {
  const { spans, usages } = await run({});
  const totals = totalsOf(usages);
  assertEquals({
    input: attribute(spans, "llm.tokens.input"),
    cacheRead: attribute(spans, "llm.tokens.cache_read"),
    cacheWrite: attribute(spans, "llm.tokens.cache_write"),
    output: attribute(spans, "llm.tokens.output"),
    reasoning: attribute(spans, "llm.tokens.reasoning"),
    all: attribute(spans, "llm.tokens.total") - attribute(spans, "llm.tokens.output"),
  }, totals);
  assertEquals({
    input: attribute(spans, "gen_ai.usage.input_tokens") - totals.cacheRead - totals.cacheWrite,
    cacheRead: attribute(spans, "gen_ai.usage.cache_read.input_tokens"),
    cacheWrite: attribute(spans, "gen_ai.usage.cache_write.input_tokens"),
    output: attribute(spans, "gen_ai.usage.output_tokens"),
    reasoning: attribute(spans, "gen_ai.usage.reasoning.output_tokens"),
    all: attribute(spans, "gen_ai.usage.input_tokens"),
  }, totals);
});

Deno.test("every metric added up has each token once, in both vocabularies", async () => {
  const { points, usages } = await run({});
  const totals = totalsOf(usages);
  assertEquals({
    input: counted(points, "llm_tokens_input_total"),
    cacheRead: counted(points, "llm_cache_read_tokens_total"),
    cacheWrite: counted(points, "llm_cache_write_tokens_total"),
    output: counted(points, "llm_tokens_output_total"),
    reasoning: counted(points, "llm_reasoning_tokens_total"),
    all: counted(points, "gen_ai.client.token.usage", { "gen_ai.token.type": "input" }),
  }, totals);
  assertEquals(counted(points, "gen_ai.client.token.usage", { "gen_ai.token.type": "output" }), totals.output);
  assertEquals(counted(points, "gen_ai.client.token.usage"), totals.all + totals.output, "no third type");
});

Deno.test("every span and every metric added up have each token once under GenAI names alone", async () => {
  const { spans, points, usages } = await run({ vocabulary: "gen_ai" });
  const { all, output, cacheRead, cacheWrite, reasoning } = totalsOf(usages);
  const parts = ["input_tokens", "output_tokens", "cache_read.input_tokens", "cache_write.input_tokens"];
  const expected = [all, output, cacheRead, cacheWrite, reasoning];
  const names = [...parts, "reasoning.output_tokens"];
  assertEquals(names.map((name) => attribute(spans, `gen_ai.usage.${name}`)), expected);
  assertEquals(names.map((name) => counted(points, `gen_ai.client.inference.usage.${name}`)), expected);
  assertEquals(
    ["input_tokens", "output_tokens"].map((name) => counted(points, `gen_ai.client.inference.operation.${name}`)),
    [all, output],
  );
  const own = spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /^llm\.tokens/.test(name));
  assertEquals(own, []);
});

Deno.test("every span and every metric added up have each dollar once", async () => {
  const { spans, points, results, thought } = await run({});
  const dollars = sum([...results, thought].map(({ cost }) => cost?.total));
  assert(dollars > 0);
  assertAlmostEquals(attribute(spans, "llm.cost.total"), dollars, 1e-12);
  assertAlmostEquals(counted(points, "llm_cost_total_usd"), dollars, 1e-12);
  const parts = ["input", "output", "cache_read", "cache_write", "other"].map((part) => {
    return attribute(spans, `llm.cost.${part}`);
  });
  assertAlmostEquals(sum(parts), dollars, 1e-12);
});

Deno.test("the agent's span has the sums of its own turns, under names that nobody adds up", async () => {
  const { spans, thought } = await run({});
  const [agent] = spans.filter(({ name }) => name === "llm.reasoning_agent.stream");
  const aggregated = Object.entries(agent?.attributes ?? {}).filter(([name]) => /tokens|cost|usage/.test(name));
  assert(aggregated.length >= 7);
  assertEquals(aggregated.filter(([name]) => !name.startsWith("llm.aggregated.")), []);
  assertEquals(agent?.attributes["llm.aggregated.tokens.total"], thought.usage?.totalTokens);
  assertEquals(agent?.attributes["llm.aggregated.cost.total"], thought.cost?.total);
});

Deno.test("every request is counted once, and timed once", async () => {
  const { spans, points, usages } = await run({});
  const requests = usages.length;
  const times = (name: string) => sum(points.filter((point) => point.name === name).map(({ count }) => count));
  const timed = ["llm_request_duration_seconds", "llm_time_to_first_token_seconds", "gen_ai.client.operation.duration"];
  assertEquals(timed.map(times), timed.map(() => requests));
  assertEquals(counted(points, "llm_requests_total"), requests);
  assertEquals(counted(points, "llm_requests_failed_total"), 0);
  assertEquals(counted(points, "llm_retries_total"), attribute(spans, "llm.retries"));
  assertEquals(
    counted(points, "llm_retries_total"),
    spans.filter(({ name }) => name === "http.request").length - requests,
  );
});
