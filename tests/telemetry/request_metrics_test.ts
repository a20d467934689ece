import { assertEquals, assertRejects } from "@std/assert";
import { type ClientOptions, createClient, SchemaError } from "../../mod.ts";
import { chatBody } from "../support/chat_wire.ts";
import { type FlatPoint, memoryTelemetry, pointNamed } from "../support/telemetry.ts";
import { body, chat, refusal, someUsage, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
/** So dear that a token of each kind costs one, two, three and four dollars. */
const price = { input: 1e6, cacheRead: 2e6, cacheWrite: 3e6, output: 4e6 };

function clientOf({ url }: VendorServer, options: ClientOptions = {}) {
  return createClient("gpt-4o-mini", { baseUrl: url, price, ...options });
}

/** Name, unit, and value, or for histograms count and sum; times only count. */
function told(points: readonly FlatPoint[]): readonly unknown[] {
  return points.map(({ name, unit, value, count, sum }) =>
    value === undefined ? [name, unit, count, unit === "s" ? "a time" : sum] : [name, unit, value]
  );
}

function isOwn({ name }: FlatPoint): boolean {
  return name.startsWith("llm_");
}

const own = [
  ["llm_requests_total", "{request}", 1],
  ["llm_requests_failed_total", "{request}", 0],
  ["llm_retries_total", "{request}", 0],
  ["llm_unpriced_requests_total", "{request}", 0],
  ["llm_cost_total_usd", "{USD}", 280],
];
const ownTokensAndTimes = [
  ["llm_tokens_input_total", "{token}", 30],
  ["llm_tokens_output_total", "{token}", 25],
  ["llm_cache_read_tokens_total", "{token}", 60],
  ["llm_cache_write_tokens_total", "{token}", 10],
  ["llm_reasoning_tokens_total", "{token}", 5],
  ["llm_request_duration_seconds", "s", 1, "a time"],
  ["llm_time_to_first_token_seconds", "s", 1, "a time"],
];
const genAi = [
  ["gen_ai.client.token.usage", "{token}", 1, 100],
  ["gen_ai.client.token.usage", "{token}", 1, 25],
  ["gen_ai.client.operation.duration", "s", 1, "a time"],
  ["gen_ai.client.operation.time_to_first_chunk", "s", 1, "a time"],
];
const newestGenAi = [
  ["gen_ai.client.inference.duration", "s", 1, "a time"],
  ["gen_ai.client.inference.time_to_first_chunk", "s", 1, "a time"],
  ["gen_ai.client.inference.usage.input_tokens", "{token}", 100],
  ["gen_ai.client.inference.usage.output_tokens", "{token}", 25],
  ["gen_ai.client.inference.usage.cache_read.input_tokens", "{token}", 60],
  ["gen_ai.client.inference.usage.cache_write.input_tokens", "{token}", 10],
  ["gen_ai.client.inference.usage.reasoning.output_tokens", "{token}", 5],
  ["gen_ai.client.inference.operation.input_tokens", "{token}", 1, 100],
  ["gen_ai.client.inference.operation.output_tokens", "{token}", 1, 25],
];

for (
  const [vocabulary, expected] of [
    ["both", [...own, ...ownTokensAndTimes, ...genAi]],
    ["llm", [...own, ...ownTokensAndTimes]],
    ["gen_ai", [...own, ...newestGenAi]],
  ] as const
) {
  Deno.test(`run() records every metric of vocabulary ${vocabulary}, and no other`, async () => {
    await using telemetry = await memoryTelemetry({ vocabulary });
    await using server = startVendor(chat({ usage: someUsage }));
    await clientOf(server).run(question);
    assertEquals(told(await telemetry.points()), expected);
  });
}

const labels = { "llm.model": "gpt-4o-mini", "llm.provider": "openai" };

Deno.test("all metrics of the project's own have the same labels, whether a request fails, is retried or succeeds", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(
    chat({ usage: someUsage }),
    refusal(503, { "retry-after-ms": "0" }),
    chat(),
    refusal(400),
  );
  const client = clientOf(server);
  await client.run(question);
  await client.run(question, { attributes: { user: "u1" }, conversationId: "talk-1" });
  await assertRejects(() => client.run(question));
  const points = (await telemetry.points()).filter(isOwn);
  assertEquals(points.map(({ labels }) => labels), points.map(() => labels));
  const value = (name: string) => pointNamed(points, name).value;
  assertEquals(value("llm_requests_total"), 3);
  assertEquals(value("llm_requests_failed_total"), 1);
  assertEquals(value("llm_retries_total"), 1);
  assertEquals(pointNamed(points, "llm_request_duration_seconds").count, 3);
});

Deno.test("metrics of the GenAI conventions have the conventions' labels", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  await clientOf(server).run(question);
  const common = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(server.url).port),
  };
  const points = (await telemetry.points()).filter((point) => !isOwn(point));
  assertEquals(points.map(({ labels }) => labels), [
    { ...common, "gen_ai.token.type": "input" },
    { ...common, "gen_ai.token.type": "output" },
    common,
    common,
  ]);
});

Deno.test("metrics of the newest GenAI conventions name the modality of tokens and the error of a failure", async () => {
  await using telemetry = await memoryTelemetry({ vocabulary: "gen_ai" });
  await using server = startVendor(chat({ usage: someUsage }), refusal(400));
  await clientOf(server).run(question);
  await assertRejects(() => clientOf(server).run(question));
  const points = await telemetry.points();
  const modalities = points.filter(({ name }) => name.startsWith("gen_ai.client.inference.usage."))
    .map(({ labels }) => labels["gen_ai.token.modality"]);
  assertEquals(modalities, Array(5).fill("unknown"));
  const durations = points.filter(({ name }) => name === "gen_ai.client.inference.duration");
  assertEquals(durations.map(({ labels }) => labels["error.type"]), [undefined, "400"]);
});

Deno.test("times and tokens are spread over buckets that fit them", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  await clientOf(server).run(question);
  const points = await telemetry.points();
  const bounds = (name: string) => points.find((point) => point.name === name)?.bounds;
  const doubling = (count: number) => Array.from({ length: count }, (_, power) => 2 ** power / 100);
  assertEquals(bounds("llm_request_duration_seconds"), doubling(16));
  assertEquals(bounds("llm_time_to_first_token_seconds"), doubling(16));
  assertEquals(bounds("gen_ai.client.operation.duration"), doubling(14));
  assertEquals(bounds("gen_ai.client.operation.time_to_first_chunk"), doubling(14));
  assertEquals(bounds("gen_ai.client.token.usage"), Array.from({ length: 14 }, (_, power) => 4 ** power));
});

Deno.test("a client's metricAttributes stand on all of its metrics, and on no other client's", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  await clientOf(server, { telemetry: { metricAttributes: { tenant: "acme" } } }).run(question);
  const tenants = (await telemetry.points()).map(({ labels }) => labels["tenant"]);
  assertEquals(tenants, tenants.map(() => "acme"));
  await clientOf(server).run(question);
  const requests = await telemetry.points("llm_requests_total");
  assertEquals(requests.map(({ labels, value }) => [labels["tenant"], value]), [["acme", 1], [undefined, 1]]);
});

Deno.test("a client's metricAttributes are those that it was made with", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat(), refusal(400));
  const metricAttributes = { tenant: "acme" };
  const client = clientOf(server, { telemetry: { metricAttributes } });
  metricAttributes.tenant = "other";
  await client.run(question);
  await assertRejects(() => client.run(question));
  const tenants = (await telemetry.points()).map(({ labels }) => labels["tenant"]);
  assertEquals(tenants, tenants.map(() => "acme"));
});

Deno.test("tokens and cost of several requests add up", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  const client = clientOf(server);
  for (let request = 0; request < 3; request++) await client.run(question);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_tokens_input_total").value, 90);
  assertEquals(pointNamed(points, "llm_cost_total_usd").value, 840);
});

Deno.test("with delta temporality an export tells what came since the one before", async () => {
  await using telemetry = await memoryTelemetry({ temporality: "delta" });
  await using server = startVendor(chat({ usage: someUsage }));
  const values: unknown[] = [];
  for (let request = 0; request < 2; request++) {
    await clientOf(server).run(question);
    values.push(pointNamed(await telemetry.points(), "llm_tokens_input_total").value);
  }
  assertEquals(values, [30, 30]);
});

Deno.test("a request without a known price counts as unpriced and has no cost", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage, model: "nobody-knows-it" }));
  await createClient("nobody-knows-it", { baseUrl: server.url }).run(question);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_unpriced_requests_total").value, 1);
  assertEquals(points.filter(({ name }) => name.includes("cost")), []);
});

Deno.test("a request without usage is not unpriced: nobody knows that it cost anything", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await createClient("nobody-knows-it", { baseUrl: server.url }).run(question);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_unpriced_requests_total").value, 0);
  assertEquals(points.filter(({ name }) => name.includes("token") && name !== "llm_time_to_first_token_seconds"), []);
});

Deno.test("an answer that does not fit its schema was paid for all the same", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: "none", usage: someUsage }));
  await assertRejects(() => clientOf(server).run(question, { schema: { type: "object" } }), SchemaError);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_unpriced_requests_total").value, 0);
  assertEquals(pointNamed(points, "llm_cost_total_usd").value, 280);
  const [span] = await telemetry.spans();
  assertEquals([span?.attributes["llm.cost.total"], span?.attributes["llm.tokens.total"]], [280, 125]);
});

Deno.test("a model that the catalogue does not know has no price, whoever answered, on success and failure alike", async () => {
  await using telemetry = await memoryTelemetry();
  const noJson = chat({ text: "none", usage: someUsage });
  await using server = startVendor(noJson, noJson);
  const client = createClient("an-alias", { baseUrl: server.url });
  assertEquals((await client.run(question)).cost, undefined);
  const { cost } = await assertRejects(() => client.run(question, { schema: { type: "object" } }), SchemaError);
  assertEquals(cost, undefined);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_unpriced_requests_total").value, 2);
});

Deno.test("one JSON body has no time to first token", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(body(chatBody({ usage: someUsage })));
  await clientOf(server).run(question, { streaming: false });
  const names = (await telemetry.points()).map(({ name }) => name);
  assertEquals(names.filter((name) => /first_(token|chunk)/.test(name)), []);
});

Deno.test("a trace that is not sampled is counted all the same", async () => {
  const sampler = { shouldSample: () => ({ decision: 0 }), toString: () => "never" };
  await using telemetry = await memoryTelemetry({ sampler });
  await using server = startVendor(chat({ usage: someUsage }));
  const { traceContext } = await clientOf(server).run(question);
  assertEquals(traceContext?.traceFlags, 0);
  assertEquals(await telemetry.spans(), []);
  assertEquals(told((await telemetry.points()).filter(isOwn)), [...own, ...ownTokensAndTimes]);
});
