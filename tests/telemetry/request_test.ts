import { assert, assertEquals } from "@std/assert";
import { createClient, type Message, openaiChat } from "../../mod.ts";
import { chatBody } from "../support/chat_wire.ts";
import { type FlatSpan, memoryTelemetry, spanNamed, tree, type Values } from "../support/telemetry.ts";
import { body, chat, refusal, someUsage, startVendor, type VendorServer } from "../support/vendor_server.ts";

const messages: readonly Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: ["What is the capital", { type: "text", text: " of France?" }] },
];
const options = { temperature: 0.5, topP: 0.9, maxTokens: 50, seed: 7, stop: "\n", conversationId: "talk-1" };
const rateLimits = {
  "x-request-id": "req_1",
  "x-ratelimit-remaining-requests": "59",
  "x-ratelimit-remaining-tokens": "149984",
};

const times = ["llm.duration_seconds", "llm.time_to_first_token_seconds", "gen_ai.response.time_to_first_chunk"];

/** The attributes, times that are times apart. */
function attributesOf({ attributes }: FlatSpan): Values {
  const isTime = (name: string, value: unknown) => times.includes(name) && typeof value === "number" && value > 0;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, isTime(name, value) ? "a time" : value]),
  );
}

function portOf({ url }: VendorServer): number {
  return Number(new URL(url).port);
}

/** What stands on every request's span. */
function general(server: VendorServer): Values {
  return { "server.address": "127.0.0.1", "server.port": portOf(server) };
}

const llm: Values = {
  "llm.model": "gpt-4o-mini",
  "llm.provider": "openai",
  "llm.operation": "chat",
  "llm.streaming": true,
  "llm.messages.count": 2,
  "llm.input.content_length": 39,
  "llm.request.temperature": 0.5,
  "llm.request.top_p": 0.9,
  "llm.request.max_tokens": 50,
  "llm.request.seed": 7,
  "llm.stream.outcome": "completed",
  "llm.duration_seconds": "a time",
  "llm.time_to_first_token_seconds": "a time",
  "llm.retries": 0,
  "llm.response.id": "chatcmpl-1",
  "llm.response.model": "gpt-4o-mini-2024-07-18",
  "llm.response.finish_reason": "stop",
  "llm.tool_calls.count": 0,
  "llm.tokens.input": 30,
  "llm.tokens.cache_read": 60,
  "llm.tokens.cache_write": 10,
  "llm.tokens.output": 25,
  "llm.tokens.reasoning": 5,
  "llm.tokens.total": 125,
  "llm.cost.input": 30,
  "llm.cost.cache_read": 120,
  "llm.cost.cache_write": 30,
  "llm.cost.output": 100,
  "llm.cost.other": 0,
  "llm.cost.total": 280,
  "llm.cost.source": "override",
};
/** So dear that a token of each kind costs one, two, three and four dollars. */
const price = { input: 1e6, cacheRead: 2e6, cacheWrite: 3e6, output: 4e6 };

const genAi: Values = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.conversation.id": "talk-1",
  "gen_ai.request.temperature": 0.5,
  "gen_ai.request.top_p": 0.9,
  "gen_ai.request.max_tokens": 50,
  "gen_ai.request.seed": 7,
  "gen_ai.request.stop_sequences": ["\n"],
  "gen_ai.request.stream": true,
  "gen_ai.output.type": "text",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.response.time_to_first_chunk": "a time",
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.output_tokens": 25,
  "gen_ai.usage.cache_read.input_tokens": 60,
  "gen_ai.usage.cache_write.input_tokens": 10,
  "gen_ai.usage.reasoning.output_tokens": 5,
  "openai.api.type": "chat_completions",
  "openai.response.service_tier": "default",
  "openai.response.system_fingerprint": "fp_1",
};
/** Under the name that readers of today know, where both vocabularies are written. */
const genAiOfToday: Values = { ...genAi, "gen_ai.usage.cache_creation.input_tokens": 10 };

const streamSpan: Values = {
  "llm.model": "gpt-4o-mini",
  "llm.provider": "openai",
  "llm.streaming": true,
  "llm.request.temperature": 0.5,
  "llm.stream.chunks": 1,
};

function httpSpan(server: VendorServer): Values {
  return {
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "server.address": "127.0.0.1",
    "server.port": portOf(server),
    "url.full": `${server.url}/chat/completions`,
    "llm.http.request_id": "req_1",
    "llm.http.ratelimit.remaining_requests": 59,
    "llm.http.ratelimit.remaining_tokens": 149984,
  };
}

for (const [vocabulary, expected] of [["both", { ...llm, ...genAiOfToday }], ["llm", llm]] as const) {
  Deno.test(`run() writes three spans in vocabulary ${vocabulary}`, async () => {
    await using telemetry = await memoryTelemetry({ vocabulary });
    await using server = startVendor(chat({ usage: someUsage }, rateLimits));
    await createClient("gpt-4o-mini", { baseUrl: server.url, price }).run(messages, options);
    const spans = await telemetry.spans();
    assertEquals(tree(spans), ["llm.request", "  llm.openai.stream", "    http.request"]);
    const [request, stream, attempt] = spans;
    assert(request && stream && attempt);
    assertEquals([request.kind, stream.kind, attempt.kind], ["CLIENT", "INTERNAL", "CLIENT"]);
    assertEquals(attributesOf(request), { ...general(server), ...expected });
    assertEquals(attributesOf(stream), streamSpan);
    assertEquals(attributesOf(attempt), httpSpan(server));
  });
}

Deno.test("run() writes two spans in vocabulary gen_ai", async () => {
  await using telemetry = await memoryTelemetry({ vocabulary: "gen_ai" });
  await using server = startVendor(chat({ usage: someUsage }, rateLimits));
  await createClient("gpt-4o-mini", { baseUrl: server.url, price }).run(messages, options);
  const spans = await telemetry.spans();
  assertEquals(tree(spans), ["chat gpt-4o-mini", "  POST"]);
  const [request, attempt] = spans;
  assert(request && attempt);
  assertEquals([request.kind, attempt.kind], ["CLIENT", "CLIENT"]);
  assertEquals(attributesOf(request), { ...general(server), ...genAi });
  const known = Object.entries(httpSpan(server)).filter(([name]) => !name.startsWith("llm."));
  assertEquals(attributesOf(attempt), Object.fromEntries(known));
});

Deno.test("the environment's opt-in to the newest conventions gives vocabulary gen_ai", async () => {
  const env = { OTEL_SEMCONV_STABILITY_OPT_IN: "http, gen_ai_latest_experimental" };
  await using telemetry = await memoryTelemetry({ env });
  await using server = startVendor(chat());
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages);
  assertEquals(tree(await telemetry.spans()), ["chat gpt-4o-mini", "  POST"]);
});

Deno.test("run() of one JSON body has no time to first token and says that it does not stream", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(body(chatBody()));
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages, { streaming: false });
  const { attributes } = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals(attributes["llm.streaming"], false);
  const streamed = ["llm.time_to_first_token_seconds", "gen_ai.response.time_to_first_chunk", "gen_ai.request.stream"];
  assertEquals(streamed.filter((name) => name in attributes), []);
});

Deno.test("run() without usage writes no token and no cost attribute", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages);
  const { attributes } = spanNamed(await telemetry.spans(), "llm.request");
  const names = Object.keys(attributes).filter((name) => /^(llm\.(tokens|cost)|gen_ai\.usage)\./.test(name));
  assertEquals(names, []);
});

Deno.test("run() with tool calls and a schema tells of both", async () => {
  await using telemetry = await memoryTelemetry();
  const toolCalls = [1, 2].map((n) => ({ id: `call_${n}`, name: "search", arguments: "{}" }));
  await using server = startVendor(chat({ toolCalls }));
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages, { schema: { type: "object" } });
  const { attributes } = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals(attributes["llm.tool_calls.count"], 2);
  assertEquals(attributes["llm.response.finish_reason"], "tool_calls");
  assertEquals(attributes["gen_ai.output.type"], "json");
});

Deno.test("run() tells the vendor's name as the GenAI conventions spell it", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const provider = { ...openaiChat, name: "xai", keyVariable: undefined };
  await createClient("grok", { provider, baseUrl: server.url }).run(messages);
  const spans = await telemetry.spans();
  assertEquals(tree(spans), ["llm.request", "  llm.xai.stream", "    http.request"]);
  const { attributes } = spanNamed(spans, "llm.request");
  assertEquals([attributes["llm.provider"], attributes["gen_ai.provider.name"]], ["xai", "x_ai"]);
});

Deno.test("url.full has no query, although the base URL has one", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await createClient("gpt-4o-mini", { baseUrl: `${server.url}?version=2` }).run(messages);
  assertEquals(server.requests[0]?.path, "/v1/chat/completions?version=2");
  const { attributes } = spanNamed(await telemetry.spans(), "http.request");
  assertEquals(attributes["url.full"], `${server.url}/chat/completions`);
});

Deno.test("run() that is tried again shows every attempt and how many came before it", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(
    refusal(503, { "retry-after-ms": "3", "x-request-id": "req_a" }),
    refusal(429, { "retry-after": "0", "x-request-id": "req_b" }),
    chat({}, { "x-request-id": "req_c" }),
  );
  const { traceContext } = await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages);
  const spans = await telemetry.spans();
  const attempts = spans.filter(({ name }) => name === "http.request");
  const told = (name: string) => attempts.map(({ attributes }) => attributes[name]);
  assertEquals(told("http.response.status_code"), [503, 429, 200]);
  assertEquals(told("http.request.resend_count"), [undefined, 1, 2]);
  assertEquals(told("llm.http.request_id"), ["req_a", "req_b", "req_c"]);
  assertEquals(told("llm.http.retry_after_seconds"), [0.003, 0, undefined]);
  const request = spanNamed(spans, "llm.request");
  assertEquals(request.attributes["llm.retries"], 2);
  assertEquals(request.status, "UNSET");
  assertEquals(traceContext, { traceId: request.traceId, spanId: request.id, traceFlags: 1 });
});

Deno.test("rate limits are told under Anthropic's names too, and left out where they are no numbers", async () => {
  await using telemetry = await memoryTelemetry();
  const headers = { "request-id": "req_1", "anthropic-ratelimit-requests-remaining": "59" };
  await using server = startVendor(chat({}, { ...headers, "anthropic-ratelimit-tokens-remaining": "many" }));
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(messages);
  const { attributes } = spanNamed(await telemetry.spans(), "http.request");
  const names = ["llm.http.request_id", "llm.http.ratelimit.remaining_requests"];
  assertEquals(names.map((name) => attributes[name]), ["req_1", 59]);
  assertEquals("llm.http.ratelimit.remaining_tokens" in attributes, false);
});

Deno.test("the effort of a reasoning model is told in both vocabularies", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await createClient("o4-mini", { baseUrl: server.url, reasoningEffort: "low" }).run(messages);
  const { attributes } = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals([attributes["llm.reasoning.effort"], attributes["gen_ai.request.reasoning.level"]], ["low", "low"]);
});

Deno.test("attributes of the client and of the request stand on the request's span alone", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", {
    baseUrl: server.url,
    attributes: { feature: "chat", tier: "free" },
    telemetry: { attributes: { team: "travel" } },
  });
  await client.run(messages, { attributes: { tier: "paid", user: "u1" } });
  const own = ["feature", "tier", "user", "team"];
  const told = (await telemetry.spans()).map(({ attributes }) => own.map((name) => attributes[name]));
  const none = own.map(() => undefined);
  assertEquals(told, [["chat", "paid", "u1", "travel"], none, none]);
});

Deno.test("attributes that a sampler reads are there when the request's span begins", async () => {
  const seen: Values[] = [];
  const sampler = {
    shouldSample: (...[, , name, , attributes]: [unknown, string, string, number, Values]) => {
      if (name === "llm.request") seen.push(attributes);
      return { decision: 2 };
    },
    toString: () => "watching",
  };
  await using _telemetry = await memoryTelemetry({ sampler });
  await using server = startVendor(chat());
  await createClient("o4-mini", { baseUrl: server.url, reasoningEffort: "low" }).run(messages);
  const names = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "llm.model", "llm.provider"];
  names.push("llm.operation", "llm.reasoning.effort", "server.address", "server.port");
  assertEquals(names.filter((name) => seen[0]?.[name] === undefined), []);
});

const IDS: Readonly<Record<string, readonly [id: string, headers: Record<string, string>, told: boolean]>> = {
  "the caller's own": ["corr-12345678", { "x-request-id": "corr-12345678" }, true],
  "a short one that stands in a key": ["1", { authorization: "Bearer 12345678" }, true],
  "a header's key": ["my-gateways-key", { "api-key": "my-gateways-key" }, false],
  "what begins as a key": ["sk-proj-0123456789abcdef", {}, false],
};
for (const [name, [id, headers, told]] of Object.entries(IDS)) {
  Deno.test(`an answer's id that is ${name} ${told ? "stands" : "does not stand"} on the attempt's span`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(body(chatBody({}), { headers: { "x-request-id": id } }));
    const client = createClient("gpt-4o-mini", { baseUrl: server.url, headers });
    await client.run("What is the capital of France?", { streaming: false });
    const { attributes } = spanNamed(await telemetry.spans(), "http.request");
    assertEquals([attributes["llm.http.request_id"], attributes["http.response.status_code"]], [
      told ? id : undefined,
      200,
    ]);
  });
}
