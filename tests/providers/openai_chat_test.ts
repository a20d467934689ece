import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { ConfigError } from "../../src/error.ts";
import type { RequestOptions } from "../../src/language_model.ts";
import type { Provider } from "../../src/provider.ts";
import { providerNamed } from "../../src/providers/mod.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { defineTool } from "../../src/tool.ts";
import { answers, chatWire, clientFor } from "../support/wires.ts";
import { startVendor } from "../support/vendor_server.ts";

const PLAIN = "gpt-4o-mini";
const REASONING = "o3-mini";
const groq: Provider = { ...openaiChat, name: "groq", baseUrl: "https://groq.test/v1", keyVariable: "GROQ_API_KEY" };

/** A request in the vendor's words, as JSON has it. */
function encode(options: RequestOptions = {}, model = PLAIN, provider = openaiChat) {
  const { body, notices = [] } = provider.encode(model, { messages: [{ role: "user", content: "Hi" }], ...options });
  return { body: JSON.parse(JSON.stringify(body)), notices };
}

/** What stands in every request that says nothing more. */
const BARE = {
  model: PLAIN,
  messages: [{ role: "user", content: "Hi" }],
  store: false,
  stream: true,
  stream_options: { include_usage: true },
};

Deno.test("openaiChat.encode() of nothing but messages asks for a stream with usage, and that nothing is kept", () => {
  assertEquals(encode(), { body: BARE, notices: [] });
});

const weather = defineTool({
  name: "weather",
  description: "Tells the weather.",
  parameters: z.object({ city: z.string() }),
});
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    description: "Tells the weather.",
    parameters: {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    },
    strict: true,
  },
};

const OPTIONS: readonly (readonly [options: RequestOptions, expected: Record<string, unknown>])[] = [
  [{ temperature: 0 }, { temperature: 0 }],
  [{ topP: 0.5 }, { top_p: 0.5 }],
  [{ maxTokens: 7 }, { max_tokens: 7 }],
  [{ stop: "END" }, { stop: "END" }],
  [{ stop: ["A", "B"] }, { stop: ["A", "B"] }],
  [{ seed: 0 }, { seed: 0 }],
  [{ logprobs: true }, { logprobs: true }],
  [{ logprobs: 3 }, { logprobs: true, top_logprobs: 3 }],
  [{ logprobs: 0 }, { logprobs: true, top_logprobs: 0 }],
  [{ logprobs: false }, {}],
  [{ store: true }, { store: true }],
  [{ store: false }, { store: false }],
  [{ webSearch: true }, { web_search_options: {} }],
  [{ webSearch: false }, {}],
  [{ tools: [] }, {}],
  [{ tools: [], toolChoice: "auto", parallelToolCalls: false }, {}],
  [{ tools: [weather] }, { tools: [WEATHER] }],
  [{ tools: [weather], toolChoice: "required" }, { tools: [WEATHER], tool_choice: "required" }],
  [{ tools: [weather], toolChoice: "none" }, { tools: [WEATHER], tool_choice: "none" }],
  [{ tools: [weather], toolChoice: { name: "weather" } }, {
    tools: [WEATHER],
    tool_choice: { type: "function", function: { name: "weather" } },
  }],
  [{ tools: [weather], parallelToolCalls: false }, { tools: [WEATHER], parallel_tool_calls: false }],
  [{ cacheContent: "Long." }, {
    messages: [{ role: "system", content: "Long." }, { role: "user", content: "Hi" }],
  }],
  [{ cacheContent: ["Long.", "Longer."], cacheTools: true }, {
    messages: [
      { role: "system", content: "Long." },
      { role: "system", content: "Longer." },
      { role: "user", content: "Hi" },
    ],
  }],
  [{ attributes: { feature: "f" }, conversationId: "c" }, {}],
  [{ extraBody: { user: "u", temperature: 2, store: null, metadata: { a: "b" } } }, {
    user: "u",
    temperature: 2,
    store: null,
    metadata: { a: "b" },
  }],
];

for (const [options, expected] of OPTIONS) {
  Deno.test(`openaiChat.encode() puts ${JSON.stringify(options)} in OpenAI's words`, () => {
    assertEquals(encode(options), { body: { ...BARE, ...expected }, notices: [] });
  });
}

for (
  const [options, expected, left] of [
    [{ webSearch: { maxUses: 2 } }, {}, "webSearch.maxUses was left out: Chat Completions does not have it."],
    [
      { webSearch: true, toolChoice: { name: "web_search" } },
      {},
      "toolChoice was left out: Chat Completions search as they see fit.",
    ],
    [
      { webSearch: true, toolChoice: { name: "web_search" }, tools: [weather] },
      { tools: [WEATHER] },
      "toolChoice was left out: Chat Completions search as they see fit.",
    ],
  ] as const satisfies readonly (readonly [RequestOptions, object, string])[]
) {
  Deno.test(`openaiChat.encode() leaves out of ${JSON.stringify(options)} what cannot be said, with a notice`, () => {
    const { body, notices } = encode(options);
    assertEquals(body, { ...BARE, web_search_options: {}, ...expected });
    assertEquals(notices?.map(({ message }) => message), [left]);
  });
}

Deno.test("openaiChat.encode() says what is chosen among tools of the vendor's own", () => {
  const { body, notices } = encode({
    extraBody: { tools: [{ type: "x" }] },
    toolChoice: "required",
    parallelToolCalls: false,
  });
  assertEquals(body, { ...BARE, tools: [{ type: "x" }], tool_choice: "required", parallel_tool_calls: false });
  assertEquals(notices, []);
});

Deno.test("openaiChat.encode() of streaming: false asks for one body", () => {
  const { stream: _1, stream_options: _2, ...body } = BARE;
  assertEquals(encode({ streaming: false }).body, body);
});

Deno.test("openaiChat.encode() asks for the answer's shape, strictly where that changes nothing", () => {
  const { body } = encode({ schema: z.object({ city: z.string() }) });
  assertEquals(body.response_format, {
    type: "json_schema",
    json_schema: { name: "answer", schema: WEATHER.function.parameters, strict: true },
  });
});

Deno.test("openaiChat.encode() leaves topK out for OpenAI, and says so", () => {
  const { body, notices } = encode({ topK: 4 });
  assertEquals(body, BARE);
  assertEquals(notices, [{ code: "parameter_dropped", message: "topK was left out: OpenAI does not have it." }]);
});

Deno.test("openaiChat.encode() leaves thinkingBudgetTokens out, and says what to say instead", () => {
  const { body, notices } = encode({ thinkingBudgetTokens: 1_000 });
  assertEquals(body, BARE);
  assertEquals(notices.map(({ code }) => code), ["parameter_dropped"]);
  assertStringIncludes(notices[0]!.message, "reasoningEffort");
});

Deno.test("openaiChat.encode() refuses previousResponseId, which belongs to Responses", () => {
  assertThrows(() => encode({ previousResponseId: "resp_1", store: true }), ConfigError, "responses");
});

Deno.test("openaiChat.encode() refuses a schema that has no JSON Schema, naming the option", () => {
  assertThrows(() => encode({ schema: (() => {}) as never }), ConfigError, "schema");
  const tool = { ...weather, parameters: 7 as never };
  assertThrows(() => encode({ tools: [tool] }), ConfigError, "tool weather");
});

// ---- models that reason

for (const model of [REASONING, "o1", "o4-mini", "gpt-5", "gpt-5-mini", "o9-from-the-future", "gpt-77"]) {
  Deno.test(`openaiChat.encode() for ${model} leaves out what reasoning models refuse, and says so`, () => {
    const { body, notices } = encode({ temperature: 0.5, topP: 0.5, logprobs: 2, maxTokens: 9 }, model);
    assertEquals(body, { ...BARE, model, max_completion_tokens: 9 });
    assertEquals(notices.map(({ code }) => code), ["parameter_dropped"]);
    for (const name of ["temperature", "topP", "logprobs"]) assertStringIncludes(notices[0]!.message, name);
  });
}

for (const model of [PLAIN, "gpt-4.1", "chatgpt-4o-latest", "gpt-5-chat-latest", "llama-3.3-70b", "gpt-4-turbo"]) {
  Deno.test(`openaiChat.encode() for ${model}, which does not reason, leaves everything in`, () => {
    const { body, notices } = encode({ temperature: 0.5, topP: 0.5, logprobs: true, maxTokens: 9 }, model);
    assertEquals(body, { ...BARE, model, temperature: 0.5, top_p: 0.5, logprobs: true, max_tokens: 9 });
    assertEquals(notices, []);
  });
}

Deno.test("openaiChat.encode() hands the effort of a reasoning model on", () => {
  assertEquals(encode({ reasoningEffort: "low" }, REASONING).body.reasoning_effort, "low");
});

Deno.test("openaiChat.encode() keeps the temperature of a reasoning model that is not to think", () => {
  const { body, notices } = encode({ reasoningEffort: "none", temperature: 0.5 }, "gpt-5.1");
  assertEquals([body.reasoning_effort, body.temperature, notices], ["none", 0.5, []]);
});

Deno.test("openaiChat.encode() leaves the effort out for a model that does not reason, and says so", () => {
  const { body, notices } = encode({ reasoningEffort: "high" });
  assertEquals(body, BARE);
  assertEquals(notices.map(({ code }) => code), ["parameter_dropped"]);
});

Deno.test("openaiChat.encode() needs no notice to leave out an effort of none", () => {
  assertEquals(encode({ reasoningEffort: "none" }), { body: BARE, notices: [] });
});

Deno.test("openaiChat.encode() hands the effort on for a model that nobody knows", () => {
  assertEquals(encode({ reasoningEffort: "high" }, "qwen3-32b").body.reasoning_effort, "high");
});

Deno.test("notices of what was left out reach the reader before the answer", async () => {
  await using server = startVendor(answers(chatWire));
  const types: string[] = [];
  for await (const event of clientFor(chatWire, server).stream("Hi", { topK: 4 })) types.push(event.type);
  assertEquals(types, ["notice", "text", "text", "finish"]);
});

// ---- other vendors

Deno.test("a vendor that speaks OpenAI's dialect gets none of what is OpenAI's alone", () => {
  const { store: _, ...body } = BARE;
  assertEquals(encode({}, "llama-3.3-70b", groq), { body: { ...body, model: "llama-3.3-70b" }, notices: [] });
});

Deno.test("a vendor that speaks OpenAI's dialect gets topK, and store only when asked", () => {
  const { body, notices } = encode({ topK: 4, store: false }, "llama-3.3-70b", groq);
  assertEquals([body.top_k, body.store, notices], [4, false, []]);
});

Deno.test("Azure refuses what OpenAI refuses, and is told of keeping answers only when asked", () => {
  const azure = providerNamed("azure");
  const { body, notices } = encode({ topK: 4 }, PLAIN, azure);
  assertEquals([body.top_k, body.store, notices.length], [undefined, undefined, 1]);
  assertEquals(encode({ store: true }, PLAIN, azure).body.store, true);
});

Deno.test("openaiChat sends the key as a bearer's token, and nothing without one", () => {
  assertEquals(openaiChat.headers("k"), { authorization: "Bearer k" });
  assertEquals(openaiChat.headers(undefined), {});
});

Deno.test("a request goes to the dialect's path, as JSON, with the key", async () => {
  await using server = startVendor(answers(chatWire));
  await clientFor(chatWire, server, { headers: { "X-Team": "blue" } }).run("Hi", { streaming: false });
  const [{ method, path, headers, body } = {} as never] = server.requests;
  assertEquals([method, path, headers.get("content-type"), headers.get("accept"), headers.get("authorization")], [
    "POST",
    "/v1/chat/completions",
    "application/json",
    "application/json",
    "Bearer test-key",
  ]);
  assertEquals(headers.get("x-team"), "blue");
  assertEquals(body, { model: PLAIN, messages: [{ role: "user", content: "Hi" }], store: false });
});

Deno.test("a streamed request accepts an event stream", async () => {
  await using server = startVendor(answers(chatWire));
  await clientFor(chatWire, server).run("Hi");
  assertEquals(server.requests[0]?.headers.get("accept"), "text/event-stream");
});
