/**
 * What a call costs beside its tokens at the list price: classes of service, fees, hours of cache, prices of one's own.
 * Each through a whole client, against a server.
 */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type ClientOptions, createClient } from "../src/create_client.ts";
import { ConfigError } from "../src/error.ts";
import { tierMultiplier } from "../src/service_tier.ts";
import type { Cost } from "../src/usage.ts";
import { chatBody, chatChunks, sse } from "./support/chat_wire.ts";
import { named } from "./support/decoding.ts";
import { body, type Handler, startVendor } from "./support/vendor_server.ts";

const STREAM = { headers: { "content-type": "text/event-stream" } };

const TIERS: readonly (readonly [model: string, tier: string | undefined, multiplier: number | undefined])[] = [
  ["gpt-5", undefined, 1],
  ["gpt-5", "default", 1],
  ["gpt-5", "auto", 1],
  ["claude-haiku-4-5", "standard", 1],
  ["gpt-5", "flex", 0.5],
  ["claude-haiku-4-5", "batch", 0.5],
  ["gpt-5", "priority", 2],
  ["gpt-4o", "priority", 1.7],
  ["claude-haiku-4-5", "priority", undefined],
  ["gpt-5", "a tier of tomorrow", undefined],
];

for (const [model, tier, multiplier] of TIERS) {
  Deno.test(`tierMultiplier() of ${model} under ${tier} is ${multiplier}`, () => {
    assertEquals(tierMultiplier(model, tier), multiplier);
  });
}

/** What the client makes of the answer. */
async function costOf(model: string, answer: Handler, options: ClientOptions = {}): Promise<Cost | undefined> {
  await using server = startVendor(answer);
  const baseUrl = model.startsWith("claude") ? server.url.replace(/\/v1$/, "") : server.url;
  return (await createClient(model, { baseUrl, telemetry: false, ...options }).run("Where?")).cost;
}

const MILLION = { prompt_tokens: 100_000, completion_tokens: 10_000, total_tokens: 110_000 };

/** 100,000 in and 10,000 out, under a tier: as a stream, in one body, and from the other API. */
const FORMS: Readonly<Record<string, (tier: string) => readonly [Handler, ClientOptions]>> = {
  "chat, streamed": (service_tier) => {
    const chunks = chatChunks({ usage: MILLION }).map((chunk) => ({ ...chunk, service_tier }));
    return [body(sse(...chunks, "[DONE]"), STREAM), { api: "chat" }];
  },
  "chat, in one body": (service_tier) => {
    return [body({ ...chatBody({ usage: MILLION }), service_tier }), { api: "chat", streaming: false }];
  },
  "responses, streamed": (service_tier) => {
    const usage = { input_tokens: 100_000, output_tokens: 10_000 };
    const response = { id: "r", model: "gpt-5", status: "completed", output: [], service_tier, usage };
    return [body(named({ type: "response.completed", response }), STREAM), { api: "responses" }];
  },
};

for (const [form, answer] of Object.entries(FORMS)) {
  for (const [tier, total] of [["default", 0.225], ["flex", 0.1125], ["priority", 0.45]] as const) {
    Deno.test(`${form}: the tier that the answer names, ${tier}, sets its price`, async () => {
      const cost = await costOf("gpt-5", ...answer(tier));
      assertAlmostEquals(cost?.total ?? NaN, total, 1e-12);
      assertEquals(cost?.source, "catalog");
    });
  }

  Deno.test(`${form}: a tier whose price nobody knows has no cost, and not a wrong one`, async () => {
    assertEquals(await costOf("gpt-5", ...answer("scale")), undefined);
  });

  Deno.test(`${form}: a price of the user's own is final, whatever the tier`, async () => {
    const [handler, options] = answer("priority");
    const cost = await costOf("gpt-5", handler, { ...options, price: { input: 1, output: 1 } });
    assertEquals([cost?.total, cost?.source], [0.11, "override"]);
  });
}

const message = (usage: object, more: object = {}): Handler => {
  const head = { id: "m", type: "message", role: "assistant", model: "claude-haiku-4-5-20251001" };
  const text = [{ type: "text", text: "Paris." }];
  return body({ ...head, content: text, stop_reason: "end_turn", usage, ...more });
};
const IN_ONE = { streaming: false } as const;

Deno.test("Anthropic's fee for each web search stands beside the tokens", async () => {
  const usage = { input_tokens: 1_000, output_tokens: 200, server_tool_use: { web_search_requests: 3 } };
  const cost = await costOf("claude-haiku-4-5", message(usage), IN_ONE);
  assertEquals([cost?.input, cost?.output, cost?.other], [0.001, 0.001, 0.03]);
  assertAlmostEquals(cost?.total ?? NaN, 0.032, 1e-12);
});

Deno.test("a fee is paid beside a price of the user's own, too, and is not multiplied by a tier", async () => {
  const usage = { input_tokens: 1_000, output_tokens: 0, server_tool_use: { web_search_requests: 1 } };
  const own = await costOf("claude-haiku-4-5", message(usage), { ...IN_ONE, price: { input: 2, output: 2 } });
  assertEquals([own?.input, own?.other, own?.source], [0.002, 0.01, "override"]);
  const batch = await costOf("claude-haiku-4-5", message({ ...usage, service_tier: "batch" }), IN_ONE);
  assertEquals([batch?.input, batch?.other], [0.0005, 0.01]);
});

Deno.test("OpenAI's fee for web searches, for searches only", async () => {
  const output = [
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
    { type: "web_search_call", id: "ws_2", status: "completed", action: { type: "open_page", url: "https://a.test" } },
    { type: "message", id: "m", role: "assistant", content: [{ type: "output_text", text: "Paris." }] },
  ];
  const usage = { input_tokens: 1_000, output_tokens: 100 };
  const answer = body({ id: "r", model: "gpt-5", status: "completed", output, usage });
  const cost = await costOf("gpt-5", answer, { ...IN_ONE, api: "responses" });
  assertEquals([cost?.input, cost?.output, cost?.other], [0.00125, 0.001, 0.01]);
});

Deno.test("what is written to Anthropic's cache for an hour has its own price, streamed and in one body", async () => {
  const usage = {
    input_tokens: 10,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 3_000,
    cache_creation: { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 2_000 },
    output_tokens: 0,
  };
  const streamed = named(
    { type: "message_start", message: { id: "m", model: "claude-haiku-4-5-20251001", content: [], usage } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 20 } },
    { type: "message_stop" },
  );
  const price = { input: 1, output: 1, cacheWrite: 10, cacheWrite1h: 100 };
  for (const [answer, options] of [[body(streamed, STREAM), {}], [message(usage), IN_ONE]] as const) {
    const listed = await costOf("claude-haiku-4-5", answer, options);
    assertAlmostEquals(listed?.cacheWrite ?? NaN, (1_000 * 1.25 + 2_000 * 2) / 1e6, 1e-12);
    const own = await costOf("claude-haiku-4-5", answer, { ...options, price });
    assertAlmostEquals(own?.cacheWrite ?? NaN, (1_000 * 10 + 2_000 * 100) / 1e6, 1e-12);
  }
});

Deno.test("a price of the user's own prices a model nobody knows, and its long contexts", async () => {
  const price = { input: 1, output: 2, above: [{ inputTokens: 99_999, input: 10, output: 20 }] };
  const short = { prompt_tokens: 1_000, completion_tokens: 1_000 };
  const answer = (usage: typeof short) => body(chatBody({ model: "ours", usage }));
  assertEquals((await costOf("ours", answer(short), { ...IN_ONE, price }))?.total, 0.003);
  assertAlmostEquals((await costOf("ours", answer(MILLION), { ...IN_ONE, price }))?.total ?? NaN, 1.2, 1e-12);
  assertEquals(await costOf("ours", answer(short), IN_ONE), undefined);
});

Deno.test("a price of the user's own that is no price is told before anything is asked for that price", async () => {
  const price = { input: NaN, output: -1 };
  const answer = body(chatBody({ usage: MILLION }));
  await assertRejects(() => costOf("gpt-5", answer, { ...IN_ONE, api: "chat", price }), ConfigError, "price must be");
});

Deno.test("a pass that made Claude's conversation shorter is counted and paid for", async () => {
  const passes = [
    { type: "compaction", input_tokens: 180_000, output_tokens: 3_500 },
    { type: "message", input_tokens: 23_000, output_tokens: 1_000 },
  ];
  const usage = { input_tokens: 23_000, output_tokens: 1_000, iterations: passes };
  const cost = await costOf("claude-haiku-4-5", message(usage), IN_ONE);
  assertAlmostEquals(cost?.input ?? NaN, 0.203, 1e-12);
  assertAlmostEquals(cost?.output ?? NaN, 4_500 * 5 / 1e6, 1e-12);
});

Deno.test("Claude inside the US alone costs a tenth more, and at another speed nobody knows what", async () => {
  const usage = { input_tokens: 1_000_000, output_tokens: 0 };
  const inUs = await costOf("claude-haiku-4-5", message({ ...usage, inference_geo: "us" }), IN_ONE);
  assertAlmostEquals(inUs?.total ?? NaN, 1.1, 1e-12);
  const anywhere = await costOf("claude-haiku-4-5", message({ ...usage, inference_geo: "global" }), IN_ONE);
  assertEquals(anywhere?.total, 1);
  assertEquals(await costOf("claude-haiku-4-5", message({ ...usage, speed: "fast" }), IN_ONE), undefined);
  assertEquals((await costOf("claude-haiku-4-5", message({ ...usage, speed: "standard" }), IN_ONE))?.total, 1);
});

Deno.test("a price of the user's own stands over the cost that the vendor reports", async () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 0, cost: 0.5 };
  const answer = body(chatBody({ usage }));
  const options: ClientOptions = { ...IN_ONE, provider: "openrouter" };
  const reported = await costOf("a-model", answer, options);
  assertEquals([reported?.total, reported?.source], [0.5, "provider"]);
  const own = await costOf("a-model", answer, { ...options, price: { input: 1, output: 1 } });
  assertEquals([own?.total, own?.source], [0.001, "override"]);
});

Deno.test("OpenAI's search models search at each request, and that has its fee", async () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 0 };
  const fee = async (model: string) => {
    return (await costOf(model, body(chatBody({ model, usage })), { ...IN_ONE, api: "chat" }))?.other;
  };
  assertEquals([await fee("gpt-4o-search-preview"), await fee("gpt-4o")], [0.025, 0]);
});

Deno.test("each pass of Claude is priced for itself: a long-context price holds for a long one alone", async () => {
  const passes = [{ type: "compaction", input_tokens: 80_000, output_tokens: 0 }];
  const usage = { input_tokens: 30_000, output_tokens: 0, iterations: passes };
  const price = { input: 1, output: 1, above: [{ inputTokens: 100_000, input: 10, output: 10 }] };
  const cost = await costOf("claude-haiku-4-5", message(usage), { ...IN_ONE, price });
  assertAlmostEquals(cost?.total ?? NaN, 0.11, 1e-12);
});
