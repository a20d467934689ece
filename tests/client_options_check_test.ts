import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import {
  type AgentOptions,
  clientOf,
  type ClientOptions,
  createClient,
  createReasoningAgent,
  instrument,
  type LanguageModel,
} from "../mod.ts";
import { checkAgentOptions, checkClientOptions, checkTelemetry } from "../src/client_options_check.ts";
import { ConfigError } from "../src/error.ts";
import { openaiChat } from "../src/providers/openai_chat.ts";
import { chatWire } from "./support/wires.ts";

const NEEDLE = "the-users-own-words";
const HERE = { apiKey: "key-0123456789", telemetry: false, fetch: () => Promise.reject(new Error("asked")) } as const;
const PROVIDER = { ...openaiChat, keyVariable: undefined };
const without = (field: string) => ({ ...PROVIDER, [field]: undefined });
const NO_OBJECTS: readonly unknown[] = [null, NEEDLE, 5, true, 10n, Symbol(NEEDLE), () => NEEDLE, [NEEDLE]];
const NO_FUNCTIONS: readonly unknown[] = [null, NEEDLE, 5, true, {}, [NEEDLE]];

/** What each option of a client refuses, and what it takes. */
const CLIENT: Readonly<Record<string, readonly [wrong: readonly unknown[], right: readonly unknown[]]>> = {
  provider: [
    [
      ...[null, 5, true, 10n, {}, [NEEDLE], { name: NEEDLE }, { ...PROVIDER, keyVariable: 5 }],
      ...["name", "baseUrl", "path", "headers", "encode", "decode", "decodeBody", "errorOf"].map(without),
    ],
    ["openai", PROVIDER],
  ],
  api: [[null, "", NEEDLE, 5, {}], ["chat", "responses"]],
  apiKey: [[null, 5, true, {}, [NEEDLE], () => NEEDLE], ["key"]],
  baseUrl: [[null, 5, true, {}, [NEEDLE]], ["http://localhost/v1"]],
  headers: [
    [null, 5, NEEDLE, true, [["x-a", NEEDLE]], new Map([["x-a", NEEDLE]]), () => NEEDLE],
    [{}, { "x-a": "1" }, new Headers({ "x-a": "1" })],
  ],
  fetch: [NO_FUNCTIONS, [fetch]],
  maxRetries: [[null, "2", NaN, -1, 1.5, true], [0, 2, Infinity]],
  timeouts: [
    [...NO_OBJECTS, new Map(), { idleMs: "5" }, { idleMs: NaN }, { connectMs: null }, { totalMs: 0 }, { idleMs: -1 }, {
      idle: 5,
    }],
    [{}, { connectMs: 1, firstChunkMs: 0.5, idleMs: Infinity, totalMs: undefined }],
  ],
  maxEventBytes: [[null, "1", NaN, 0, -1, 1.5, true], [1, 2 ** 27, Infinity]],
  sdk: [[null, NEEDLE, 5, true, () => NEEDLE, [NEEDLE]], [new OpenAI({ apiKey: "k" })]],
  price: [
    [
      ...NO_OBJECTS,
      {},
      { input: 1 },
      { input: "1", output: 2 },
      { input: NaN, output: 2 },
      { input: -1, output: 2 },
      { input: 1, output: Infinity },
      { input: 1, output: 2, cacheRead: "1" },
      { input: 1, output: 2, cacheWrite1h: null },
      { input: 1, output: 2, above: {} },
      { input: 1, output: 2, above: [null] },
      { input: 1, output: 2, above: [{ input: 1, output: 2 }] },
    ],
    [{ input: 0, output: 0 }, {
      input: 1,
      output: 2,
      cacheRead: 0.1,
      cacheWrite: undefined,
      above: [{ inputTokens: 200_000, input: 2, output: 4 }],
    }],
  ],
  telemetry: [[null, NEEDLE, 5, true, [], () => NEEDLE], [false, {}]],
  temperature: [["0.5", NaN], [0.5]],
  toolChoice: [[{ name: 5 }], ["required"]], // The tools come with the request.
};

const TELEMETRY: Readonly<Record<string, readonly [wrong: readonly unknown[], right: readonly unknown[]]>> = {
  tracer: [[...NO_OBJECTS, {}], [{ startSpan() {} }]],
  meter: [[...NO_OBJECTS, {}], [{ createHistogram() {} }]],
  captureContent: [[null, NEEDLE, 0, {}], [true, false, "input", "output"]],
  redact: [NO_FUNCTIONS, [(text: string) => text]],
  propagateTo: [[null, NEEDLE, {}, [5], [null]], [[], ["https://api.openai.com"]]],
  attributes: [NO_OBJECTS, [{}, { team: "a" }]],
  metricAttributes: [NO_OBJECTS, [{}, { team: "a" }]],
};

const AGENT: Readonly<Record<string, readonly [wrong: readonly unknown[], right: readonly unknown[]]>> = {
  name: [[null, "", 5, {}], ["planner"]],
  toolsModel: [[null, "", 5, {}], ["gpt-4o-mini"]],
  nativeTools: [[null, "false", 0], [true, false]],
  instructions: [[null, 5, [NEEDLE]], ["", "Be brief."]],
  maxIterations: [[null, "5", 0, 1.5, NaN, Infinity], [1, 50]],
  finalAnswer: [[null, "false", 0], [true, false]],
  toolTimeoutMs: [[null, "5", 0, -1, NaN, 0.5], [1, 60_000, Infinity]],
  toolConcurrency: [[null, "5", 0, 1.5], [1, 8]],
  tools: [[null, NEEDLE, {}, [null]], [[]]],
};

for (const [name, [wrong, right]] of Object.entries(CLIENT)) {
  Deno.test(`createClient() and createReasoningAgent() refuse a wrong ${name}`, () => {
    const { fetch: _, ...own } = HERE;
    for (const value of wrong) {
      for (const make of [createClient, createReasoningAgent]) {
        const options = { ...(name === "sdk" ? { telemetry: false } : own), [name]: value } as ClientOptions;
        const { message } = assertThrows(() => make("gpt-4o-mini", options), ConfigError);
        assertStringIncludes(message, name);
        assert(!message.includes(NEEDLE), message);
      }
    }
  });

  Deno.test(`a right ${name} is taken, and one that is undefined`, () => {
    for (const value of [...right, undefined]) checkClientOptions({ [name]: value });
  });
}

for (const [name, [wrong, right]] of Object.entries(TELEMETRY)) {
  Deno.test(`createClient() and instrument() refuse a wrong telemetry.${name}`, () => {
    for (const value of wrong) {
      const telemetry = { [name]: value } as object;
      for (
        const make of [() => createClient("gpt-4o-mini", { ...HERE, telemetry }), () => instrument(MODEL, telemetry)]
      ) {
        assert(!assertThrows(make, ConfigError, `telemetry.${name} must be`).message.includes(NEEDLE));
      }
    }
    for (const value of [...right, undefined]) checkTelemetry({ [name]: value });
  });
}

for (const [name, [wrong, right]] of Object.entries(AGENT)) {
  Deno.test(`createReasoningAgent() refuses a wrong ${name}`, () => {
    for (const value of wrong) {
      const options = { ...HERE, [name]: value } as AgentOptions;
      assert(
        !assertThrows(() => createReasoningAgent("gpt-4o-mini", options), ConfigError, name).message.includes(NEEDLE),
      );
    }
    for (const value of [...right, undefined]) checkAgentOptions({ [name]: value });
  });
}

const MODEL: LanguageModel = {
  provider: "test",
  model: "silent",
  stream() {
    throw new Error("asked");
  },
};
const NO_MODELS: readonly unknown[] = [...NO_OBJECTS, undefined, {}, { ...MODEL, stream: undefined }, { stream() {} }];
Deno.test("clientOf() and instrument() refuse what is no language model", () => {
  for (const model of NO_MODELS as readonly LanguageModel[]) {
    for (const make of [() => clientOf(model), () => instrument(model)]) {
      assertThrows(make, ConfigError, "A language model must be");
    }
  }
  for (const options of NO_OBJECTS as readonly object[]) {
    assertThrows(() => instrument(MODEL, options), ConfigError, "telemetry of a client must be");
  }
});

Deno.test("what a Headers holds is sent, as it was when the client was made", async () => {
  const seen: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = (_, init) => {
    seen.push(new Headers(init?.headers).get("x-team"));
    return Promise.resolve(Response.json(chatWire.body));
  };
  const headers = new Headers({ "X-Team": "blue" });
  const given = { ...HERE, fetch, headers, streaming: false } as unknown as ClientOptions; // As a program without types.
  const client = createClient("gpt-4o-mini", given);
  headers.set("x-team", "red");
  await client.run("Hi");
  assertEquals(seen, ["blue"]);
});

Deno.test("a Headers with a value that no header may have is refused by name", () => {
  const headers = new Headers({ "x-team": "caf\u00e9" });
  const given = { ...HERE, headers } as unknown as ClientOptions;
  assertThrows(() => createClient("gpt-4o-mini", given), ConfigError, 'headers["x-team"]');
});

Deno.test("a model is not asked in one vendor's dialect through the other's SDK", async () => {
  const openai = new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1:9/v1" });
  const anthropic = new Anthropic({ apiKey: "k", baseURL: "http://127.0.0.1:9" });
  const make = (model: string, options: ClientOptions) => () => createClient(model, { telemetry: false, ...options });
  assertThrows(make("claude-haiku-4-5", { sdk: openai }), ConfigError, "sdk is OpenAI's");
  assertThrows(make("llama", { sdk: openai, provider: "anthropic" }), ConfigError, "sdk is OpenAI's");
  assertThrows(make("gpt-4o-mini", { sdk: anthropic }), ConfigError, "sdk is Anthropic's");
  assertThrows(make("gpt-5", { sdk: anthropic, api: "responses" }), ConfigError, "sdk is Anthropic's");
  assertEquals(make("claude-haiku-4-5", { sdk: openai, provider: "openai" })().provider, "openai");
  assertEquals(make("claude-haiku-4-5", { sdk: anthropic })().provider, "anthropic");
  assertEquals(make("kimi-k3", { sdk: anthropic, provider: "anthropic" })().provider, "anthropic");
  // Of another client nothing can be told.
  const own = { baseURL: "http://127.0.0.1:9", post: () => ({ asResponse: () => Promise.reject(new Error("asked")) }) };
  await assertRejects(() => make("claude-haiku-4-5", { sdk: own, maxRetries: 0 })().run("Hi"), Error);
});
