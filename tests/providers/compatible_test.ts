/**
 * Vendors that speak OpenAI's chat dialect: each is a value of a few words, and all that is said of it here goes through
 * a whole client.
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type ClientOptions, createClient } from "../../src/create_client.ts";
import { AuthenticationError, ConfigError } from "../../src/error.ts";
import type { Result } from "../../src/event.ts";
import type { Provider } from "../../src/provider.ts";
import * as vendors from "../../src/providers/compatible.ts";
import { providerNamed, providerNames } from "../../src/providers/mod.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { chatBody, chatChunks, someUsage, sse } from "../support/chat_wire.ts";
import { withVariables } from "../support/environment.ts";
import { memoryTelemetry, pointNamed, spanNamed, tree } from "../support/telemetry.ts";
import { body, startVendor } from "../support/vendor_server.ts";
import { answers, chatWire } from "../support/wires.ts";

/** What is documented of a vendor. */
interface Row {
  readonly value: Provider;
  readonly url: string;
  /** Undefined where the vendor needs no key. */
  readonly variable?: string;
  /** The name in the GenAI conventions, where it is another. */
  readonly genAi?: string;
  readonly model: string;
}

const ROWS: Readonly<Record<string, Row>> = {
  groq: {
    value: vendors.groq,
    url: "https://api.groq.com/openai/v1/chat/completions",
    variable: "GROQ_API_KEY",
    model: "llama-3.3-70b-versatile",
  },
  mistral: {
    value: vendors.mistral,
    url: "https://api.mistral.ai/v1/chat/completions",
    variable: "MISTRAL_API_KEY",
    genAi: "mistral_ai",
    model: "mistral-large-latest",
  },
  deepseek: {
    value: vendors.deepseek,
    url: "https://api.deepseek.com/v1/chat/completions",
    variable: "DEEPSEEK_API_KEY",
    model: "deepseek-reasoner",
  },
  openrouter: {
    value: vendors.openrouter,
    url: "https://openrouter.ai/api/v1/chat/completions",
    variable: "OPENROUTER_API_KEY",
    model: "meta-llama/llama-3.3-70b-instruct",
  },
  together: {
    value: vendors.together,
    url: "https://api.together.xyz/v1/chat/completions",
    variable: "TOGETHER_API_KEY",
    model: "meta-llama/Llama-3.3-70B-Instruct-Turbo",
  },
  xai: {
    value: vendors.xai,
    url: "https://api.x.ai/v1/chat/completions",
    variable: "XAI_API_KEY",
    genAi: "x_ai",
    model: "grok-4",
  },
  gemini: {
    value: vendors.gemini,
    url: "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    variable: "GEMINI_API_KEY",
    genAi: "gcp.gemini",
    model: "gemini-2.5-flash",
  },
  ollama: { value: vendors.ollama, url: "http://localhost:11434/v1/chat/completions", model: "llama3.2" },
  vllm: { value: vendors.vllm, url: "http://localhost:8000/v1/chat/completions", model: "Qwen/Qwen3-8B" },
  llamaCpp: { value: vendors.llamaCpp, url: "http://localhost:8080/v1/chat/completions", model: "gguf" },
};

const KEY = "vendor-key-0123456789";
const STREAM = { headers: { "content-type": "text/event-stream" } };

/** A fetch that notes one request and answers in one body. */
function noting() {
  const seen: { url: string; headers: Headers; body: Record<string, unknown> }[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    seen.push({ url: String(input), headers: new Headers(init?.headers), body: JSON.parse(String(init?.body)) });
    return Promise.resolve(Response.json(chatWire.body));
  };
  return { fetch, seen };
}

/** No key of any vendor in the environment, but for this one. */
function onlyKey(variable?: string): Disposable {
  const all = Object.values(ROWS).flatMap((row) => row.variable ?? []);
  const none = Object.fromEntries([...all, "OPENAI_API_KEY"].map((name) => [name, undefined]));
  const base = { OPENAI_BASE_URL: "https://elsewhere.test/v1" }; // OpenAI's own: it moves nobody else.
  return withVariables({ ...none, ...base, ...variable === undefined ? {} : { [variable]: KEY } });
}

Deno.test("every ready vendor has its row here", () => {
  assertEquals(providerNamed("llama.cpp"), vendors.llamaCpp); // Its own way of writing it.
  assertEquals(providerNames.toSorted(), [...Object.keys(ROWS), "openai", "anthropic", "azure"].toSorted());
});

for (const [name, { value, url, variable, genAi = name, model }] of Object.entries(ROWS)) {
  for (const [how, provider] of [["by name", name], ["as a value", value]] as const) {
    Deno.test(`${name} ${how}: its address, its key, and nothing that is OpenAI's alone`, async () => {
      using _ = onlyKey(variable);
      const { fetch, seen } = noting();
      const client = createClient(model, { provider, fetch, telemetry: false });
      assertEquals([client.provider, client.model], [name, model]);
      const { cost } = await client.run("Where?", { topK: 5, maxTokens: 9 });
      assertEquals(cost, undefined, "nobody knows its price");
      const [request] = seen;
      assertEquals(request?.url, url);
      assertEquals(request?.headers.get("authorization"), variable === undefined ? null : `Bearer ${KEY}`);
      assertEquals(request?.body, {
        ...name === "openrouter" ? { usage: { include: true } } : {},
        model,
        messages: [{ role: "user", content: "Where?" }],
        ...name === "mistral" ? {} : { top_k: 5 },
        max_tokens: 9,
        stream: true,
        ...name === "mistral" ? {} : { stream_options: { include_usage: true } },
      });
    });
  }

  Deno.test(`${name}: an explicit key goes where the user says, a variable does not`, async () => {
    using _ = onlyKey(variable);
    const { fetch, seen } = noting();
    const options: ClientOptions = { provider: name, baseUrl: "http://proxy.test/v1", fetch, telemetry: false };
    await createClient(model, { ...options, apiKey: "given" }).run("Where?");
    await createClient(model, options).run("Where?");
    assertEquals(seen.map(({ url }) => url), new Array(2).fill("http://proxy.test/v1/chat/completions"));
    assertEquals(seen.map(({ headers }) => headers.get("authorization")), ["Bearer given", null]);
  });

  if (variable !== undefined) {
    Deno.test(`${name}: a missing key is a ConfigError that names its variable`, () => {
      using _ = onlyKey();
      const failure = assertThrows(() => createClient(model, { provider: name, telemetry: false }), ConfigError);
      assertStringIncludes(failure.message, `${variable} is not set`);
    });

    Deno.test(`${name}: its variable does not go to another baseUrl of a value`, () => {
      using _ = onlyKey(variable);
      const provider = { ...value, baseUrl: "https://elsewhere.test/v1" };
      assertThrows(() => createClient(model, { provider, telemetry: false }), ConfigError, "another baseUrl");
    });
  }

  Deno.test(`${name}: its spans and metrics bear its name`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(answers(chatWire));
    await createClient(model, { provider: name, baseUrl: server.url }).run("Where?");
    const spans = await telemetry.spans();
    const request = spanNamed(spans, "llm.request").attributes;
    assertEquals([request["llm.provider"], request["gen_ai.provider.name"]], [name, genAi]);
    assertEquals(tree(spans), ["llm.request", `  llm.${name}.stream`, "    http.request"]);
    const requests = pointNamed(await telemetry.points(), "llm_requests_total");
    assertEquals(requests.labels, { "llm.model": model, "llm.provider": name });
    const unpriced = pointNamed(await telemetry.points(), "llm_unpriced_requests_total");
    assertEquals(unpriced.value, 1, "its price is not known, and not 0");
  });
}

Deno.test("a 401 of a server that was sent no key says why none was sent", async () => {
  using _ = onlyKey("GROQ_API_KEY");
  await using server = startVendor(body({ error: { message: "No key." } }, { status: 401 }));
  const call = createClient("m", { provider: "groq", baseUrl: server.url, telemetry: false }).run("Where?");
  const failure = await call.catch((error) => error);
  assert(failure instanceof AuthenticationError);
  assertStringIncludes(failure.message, "only apiKey is, never a variable");
});

Deno.test("a vendor in five lines", async () => {
  await using server = startVendor(answers(chatWire));
  using _ = withVariables({ ACME_API_KEY: KEY });
  const acme: Provider = {
    ...openaiChat,
    name: "acme",
    baseUrl: server.url,
    keyVariable: "ACME_API_KEY",
  };
  const { response, provider, usage } = await createClient("acme-1", { provider: acme, telemetry: false }).run(
    "Where?",
  );
  assertEquals([response, provider, usage?.totalTokens], ["Paris.", "acme", 125]);
  const [request] = server.requests;
  assertEquals(request?.headers.get("authorization"), `Bearer ${KEY}`);
  assert(!("store" in (request?.body as object)), "an option of OpenAI's own");
});

/** An answer of that vendor's, read by a client. */
async function read(provider: string, streamed: string, whole: object) {
  const results: Result[] = [];
  for (const handler of [body(streamed, STREAM), body(whole)]) {
    await using server = startVendor(handler);
    const streaming = results.length === 0;
    const client = createClient("a-model", { provider, baseUrl: server.url, telemetry: false });
    results.push(await client.run("Where?", { streaming }));
  }
  return results;
}

const chunk = (delta: object) => ({ id: "1", model: "a-model", choices: [{ index: 0, delta, finish_reason: null }] });
const ending = (usage: object) => ({
  id: "1",
  model: "a-model",
  choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
  usage,
});
const message = (message: object, usage: object) => ({
  id: "1",
  model: "a-model",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop" }],
  usage,
});

Deno.test("openrouter's own cost stands on the result, on the span and in the metrics", async () => {
  const usage = { ...someUsage, cost: 0.00042, is_byok: false, cost_details: { upstream_inference_cost: null } };
  for (const streaming of [true, false]) {
    await using telemetry = await memoryTelemetry();
    const streamed = sse(...chatChunks({ text: "Paris." }), { choices: [], usage }, "[DONE]");
    const whole = { ...chatBody({ text: "Paris." }), usage };
    await using server = startVendor(streaming ? body(`: OPENROUTER PROCESSING\n\n${streamed}`, STREAM) : body(whole));
    const client = createClient("openai/gpt-4o-mini", { provider: "openrouter", baseUrl: server.url });
    const { cost } = await client.run("Where?", { streaming });
    assertEquals([cost?.total, cost?.other, cost?.input, cost?.source], [0.00042, 0.00042, 0, "provider"]);
    const { attributes } = spanNamed(await telemetry.spans(), "llm.request");
    assertEquals([attributes["llm.cost.total"], attributes["llm.cost.source"]], [0.00042, "provider"]);
    assertEquals(pointNamed(await telemetry.points(), "llm_cost_total_usd").value, 0.00042);
  }
});

Deno.test("openrouter without a cost has none, and not 0", async () => {
  const streamed = sse(chunk({ content: "Paris." }), ending({ prompt_tokens: 3, completion_tokens: 2 }), "[DONE]");
  const whole = message({ content: "Paris." }, { prompt_tokens: 3, completion_tokens: 2 });
  for (const { cost } of await read("openrouter", streamed, whole)) assertEquals(cost, undefined);
});

Deno.test("DeepSeek's cached tokens and thoughts", async () => {
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 25,
    total_tokens: 125,
    prompt_cache_hit_tokens: 64,
    prompt_cache_miss_tokens: 36,
    completion_tokens_details: { reasoning_tokens: 20 },
  };
  const pieces = [chunk({ reasoning_content: "France, " }), chunk({ reasoning_content: "so…" })];
  const streamed = sse(...pieces, chunk({ content: "Paris.", reasoning_content: null }), ending(usage), "[DONE]");
  const whole = message({ reasoning_content: "France, so…", content: "Paris." }, usage);
  for (const result of await read("deepseek", streamed, whole)) {
    assertEquals([result.response, result.thinking], ["Paris.", "France, so…"]);
    assertEquals(result.usage, {
      inputTokens: 36,
      cacheReadTokens: 64,
      cacheWriteTokens: 0,
      outputTokens: 25,
      reasoningTokens: 20,
      totalTokens: 125,
    });
  }
});

Deno.test("xAI counts its thoughts beside the output, and both are output", async () => {
  const usage = {
    prompt_tokens: 32,
    completion_tokens: 9,
    total_tokens: 135,
    prompt_tokens_details: { cached_tokens: 6 },
    completion_tokens_details: { reasoning_tokens: 94 },
  };
  const streamed = sse(chunk({ content: "Paris." }), ending(usage), "[DONE]");
  for (const { usage: counted } of await read("xai", streamed, message({ content: "Paris." }, usage))) {
    assertEquals([counted?.outputTokens, counted?.reasoningTokens, counted?.totalTokens], [103, 94, 135]);
  }
});

Deno.test("Mistral is sent no field that it would refuse: the seed has another name", async () => {
  const { fetch, seen } = noting();
  const options: ClientOptions = { provider: "mistral", apiKey: KEY, fetch, telemetry: false };
  await createClient("m", options).run("Where?", { seed: 7, extraBody: { safe_prompt: true } });
  const { seed, random_seed, safe_prompt, stream_options } = seen[0]?.body ?? {};
  assertEquals([seed, random_seed, safe_prompt, stream_options], [undefined, 7, true, undefined]);
});

Deno.test("Mistral's blocks of thoughts and text", async () => {
  const thoughts = { type: "thinking", thinking: [{ type: "text", text: "France, so…" }] };
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const pieces = [chunk({ content: [thoughts] }), chunk({ content: [{ type: "text", text: "Paris." }] })];
  const whole = message({ content: [thoughts, { type: "text", text: "Paris." }] }, usage);
  for (const result of await read("mistral", sse(...pieces, ending(usage), "[DONE]"), whole)) {
    assertEquals([result.response, result.thinking], ["Paris.", "France, so…"]);
  }
});
