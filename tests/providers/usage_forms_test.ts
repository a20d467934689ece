/**
 * Tokens and costs in the forms in which vendors and gateways count them.
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { createClient, type Result, type Usage } from "../../mod.ts";
import { usageOfAnthropic } from "../../src/providers/anthropic_usage.ts";
import { body, startVendor } from "../support/vendor_server.ts";

/** The result of one answer in one body. */
async function resultOf(provider: string, model: string, answer: object): Promise<Result> {
  await using server = startVendor(body(answer));
  const client = createClient(model, { provider, baseUrl: server.url, streaming: false });
  return await client.run("Hi");
}

function chat(usage: object): object {
  return { id: "1", choices: [{ index: 0, finish_reason: "stop", message: { content: "Hi" } }], usage };
}

const COUNTED: Readonly<Record<string, readonly [provider: string, usage: object, parts: readonly number[]]>> = {
  "OpenAI": ["openai", {
    prompt_tokens: 100,
    completion_tokens: 10,
    prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 30 },
    completion_tokens_details: { reasoning_tokens: 4 },
  }, [30, 40, 30, 10, 4]],
  "Moonshot and Together": ["together", { prompt_tokens: 100, completion_tokens: 10, cached_tokens: 40 }, [
    60,
    40,
    0,
    10,
    0,
  ]],
  "DeepSeek": ["deepseek", {
    prompt_tokens: 100,
    completion_tokens: 10,
    prompt_cache_hit_tokens: 40,
    prompt_tokens_details: {},
  }, [60, 40, 0, 10, 0]],
  "a gateway before Anthropic": ["openai", {
    prompt_tokens: 100,
    completion_tokens: 10,
    cache_read_input_tokens: 40,
    cache_creation_input_tokens: 30,
    prompt_tokens_details: { cached_tokens: 40, cache_creation_tokens: 30 },
  }, [30, 40, 30, 10, 0]],
  "xAI, with its thoughts beside": ["xai", {
    prompt_tokens: 20,
    completion_tokens: 10,
    total_tokens: 37,
    completion_tokens_details: { reasoning_tokens: 7 },
  }, [20, 0, 0, 17, 7]],
  "Gemini, with its thoughts in the total alone": ["gemini", {
    prompt_tokens: 20,
    completion_tokens: 151,
    total_tokens: 553,
  }, [20, 0, 0, 533, 382]],
  "another vendor whose total is more": ["groq", { prompt_tokens: 20, completion_tokens: 10, total_tokens: 99 }, [
    20,
    0,
    0,
    10,
    0,
  ]],
};
for (const [name, [provider, usage, parts]] of Object.entries(COUNTED)) {
  Deno.test(`tokens as counted by ${name} are told in disjoint parts`, async () => {
    const { usage: told } = await resultOf(provider, "some-model", chat(usage));
    const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = told as Usage;
    assertEquals([inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens], parts);
  });
}

const tokens = { prompt_tokens: 10, completion_tokens: 2 };
const COSTS: Readonly<Record<string, readonly [provider: string, usage: object, total: number | undefined]>> = {
  "xAI in ticks": ["xai", { ...tokens, cost_in_usd_ticks: 1_330_500 }, 0.00013305],
  "xAI without ticks": ["xai", tokens, undefined],
  "OpenRouter": ["openrouter", { ...tokens, cost: 0.001 }, 0.001],
  "OpenRouter, with a key of one's own": ["openrouter", {
    ...tokens,
    cost: 0.0002,
    is_byok: true,
    cost_details: { upstream_inference_cost: 0.0033 },
  }, 0.0035],
  "OpenRouter, with a key of one's own and nothing more": [
    "openrouter",
    { ...tokens, cost: 0, is_byok: true },
    undefined,
  ],
};
for (const [name, [provider, usage, total]] of Object.entries(COSTS)) {
  Deno.test(`the cost that is reported by ${name} is ${total}`, async () => {
    const { cost } = await resultOf(provider, "some-model", chat(usage));
    if (total === undefined) assertEquals(cost, undefined);
    else {
      assertAlmostEquals(cost?.total ?? NaN, total, 1e-12);
      assertEquals(cost?.source, "provider");
    }
  });
}

function message(usage: object): object {
  const content = [{ type: "text", text: "Hi" }];
  return { id: "msg_1", type: "message", role: "assistant", model: "claude", content, stop_reason: "end_turn", usage };
}

Deno.test("another model that answered instead of the one that was asked has its own price", async () => {
  const answered = { input_tokens: 412, output_tokens: 264 };
  const { usage, cost } = await resultOf(
    "anthropic",
    "claude-fable-5",
    message({
      ...answered,
      iterations: [
        { type: "message", model: "claude-fable-5", input_tokens: 408, output_tokens: 0 },
        { type: "fallback_message", model: "claude-opus-4-8", ...answered },
      ],
    }),
  );
  assertEquals(usage?.totalTokens, 676);
  const alone = await resultOf("anthropic", "claude-opus-4-8", message(answered));
  assertEquals(cost, alone.cost);
});

Deno.test("another model's advice is counted, and has its own price", async () => {
  const own = { input_tokens: 2414, output_tokens: 3200 };
  const advice = { input_tokens: 2728, output_tokens: 874 };
  const iterations = [{ type: "message", ...own }, { type: "advisor_message", model: "claude-opus-4-7", ...advice }];
  const { usage, cost } = await resultOf("anthropic", "claude-sonnet-4-6", message({ ...own, iterations }));
  assertEquals([usage?.inputTokens, usage?.outputTokens], [2414 + 2728, 3200 + 874]);
  const alone = await resultOf("anthropic", "claude-sonnet-4-6", message(own));
  const advisor = await resultOf("anthropic", "claude-opus-4-7", message(advice));
  assertAlmostEquals(cost?.total ?? NaN, (alone.cost?.total ?? NaN) + (advisor.cost?.total ?? NaN), 1e-12);
  const unknown = [iterations[0], { ...iterations[1], model: "claude-nobody-knows-9" }];
  assertEquals(
    (await resultOf("anthropic", "claude-sonnet-4-6", message({ ...own, iterations: unknown }))).cost,
    undefined,
  );
});

const split = (hour: number, minutes: number) => ({
  cache_creation: { ephemeral_1h_input_tokens: hour, ephemeral_5m_input_tokens: minutes },
});
const WRITTEN: Readonly<Record<string, readonly [usage: object, hour: number | undefined]>> = {
  "of both classes": [{ cache_creation_input_tokens: 30, ...split(10, 20) }, 10],
  "that grew in the one class that there is": [{ cache_creation_input_tokens: 3_000, ...split(1_000, 0) }, 3_000],
  "that grew for five minutes": [{ cache_creation_input_tokens: 3_000, ...split(0, 1_000) }, undefined],
  "as the passes tell it": [{
    cache_creation_input_tokens: 3_000,
    ...split(1_000, 500),
    iterations: [{ type: "message", ...split(1_000, 500) }, { type: "message", ...split(500, 1_000) }],
  }, 1_500],
};
for (const [name, [usage, hour]] of Object.entries(WRITTEN)) {
  Deno.test(`usageOfAnthropic() knows the class of what was written to the cache, ${name}`, () => {
    assertEquals(usageOfAnthropic({ input_tokens: 1, output_tokens: 1, ...usage }).cacheWrite1hTokens, hour);
  });
}

Deno.test("an answer with images drawn by another model has no cost that is known", async () => {
  const output = [{
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "Here.", annotations: [] }],
  }];
  const response = {
    id: "resp_1",
    status: "completed",
    model: "gpt-5",
    output,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const ask = async (more: object) => {
    await using server = startVendor(body({ ...response, ...more }));
    const client = createClient("gpt-5", {
      api: "responses",
      provider: "openai",
      baseUrl: server.url,
      streaming: false,
    });
    return (await client.run("Draw.")).cost?.source;
  };
  assertEquals(await ask({}), "catalog");
  assertEquals(await ask({ tool_usage: { image_gen: { output_tokens: 4_160 } } }), undefined);
});
