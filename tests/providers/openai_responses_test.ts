import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/error.ts";
import type { ChatRequest } from "../../src/language_model.ts";
import type { Message } from "../../src/message.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { decodeStream, encoded, fixture } from "../support/decoding.ts";

const weather = {
  name: "weather",
  description: "Gives the weather of a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const PNG = "iVBORw0KGgoAAAANSUhEUg==";

function inputOf(messages: readonly Message[], request: Partial<ChatRequest> = {}): unknown {
  return encoded(openaiResponses, "gpt-4o", { ...request, messages }).body["input"];
}

Deno.test("openaiResponses is a value that says where and how OpenAI is reached", () => {
  assertEquals(openaiResponses.baseUrl + openaiResponses.path, "https://api.openai.com/v1/responses");
  assertEquals([openaiResponses.name, openaiResponses.api], ["openai", "responses"]);
  assertEquals(openaiResponses.keyVariable, "OPENAI_API_KEY");
  assertEquals(openaiResponses.headers("a-key"), { authorization: "Bearer a-key" });
  assertEquals(openaiResponses.headers(undefined), {});
});

Deno.test("openaiResponses.encode() asks for a stream that is kept nowhere", () => {
  assertEquals(encoded(openaiResponses, "gpt-4o"), {
    body: { model: "gpt-4o", input: [{ role: "user", content: "Hello" }], store: false, stream: true },
    notices: [],
  });
});

Deno.test("openaiResponses.encode() passes the usual options, and extraBody last", () => {
  const { body, notices } = encoded(openaiResponses, "gpt-4o", {
    temperature: 0.2,
    topP: 0.9,
    maxTokens: 100,
    logprobs: 3,
    streaming: false,
    store: true,
    previousResponseId: "resp_1",
    extraBody: { truncation: "auto", top_p: 0.5 },
  });
  assertEquals(notices, []);
  assertEquals(body, {
    model: "gpt-4o",
    input: [{ role: "user", content: "Hello" }],
    previous_response_id: "resp_1",
    max_output_tokens: 100,
    temperature: 0.2,
    top_p: 0.5,
    top_logprobs: 3,
    include: ["message.output_text.logprobs"],
    store: true,
    truncation: "auto",
  });
});

Deno.test("openaiResponses.encode() goes on only from an answer that is kept", () => {
  for (const store of [undefined, false]) {
    const request = { messages: [], previousResponseId: "resp_1", store };
    assertThrows(() => openaiResponses.encode("gpt-4o", request), ConfigError, "store: true");
  }
});

const DROPPED:
  readonly (readonly [what: string, model: string, request: Partial<ChatRequest>, left: object, notice: string[]])[] = [
    [
      "what the API does not have",
      "gpt-4o",
      { topK: 3, seed: 1, stop: "END", temperature: 0.5 },
      { temperature: 0.5 },
      ["topK, seed and stop were left out: OpenAI's Responses do not have them."],
    ],
    [
      "what reasoning models refuse",
      "gpt-5.4",
      { temperature: 0.5, topP: 0.5, logprobs: true },
      {},
      ["logprobs, temperature and topP were left out: gpt-5.4 is a reasoning model and does not take them."],
    ],
    [
      "nothing of that where the model is told not to reason",
      "gpt-5.4",
      { temperature: 0.5, reasoningEffort: "none" },
      { temperature: 0.5, reasoning: { effort: "none" } },
      [],
    ],
    [
      "an effort that the model does not have",
      "gpt-4o",
      { reasoningEffort: "high", thinkingBudgetTokens: 5 },
      {},
      [
        "thinkingBudgetTokens was left out: this API takes reasoningEffort instead.",
        "reasoningEffort was left out: gpt-4o is no reasoning model.",
      ],
    ],
    [
      "nothing of an effort, with which a summary is asked for",
      "gpt-5.4",
      { reasoningEffort: "high" },
      { reasoning: { effort: "high", summary: "auto" } },
      [],
    ],
    ["nothing where the caller wants no logprobs", "gpt-5.4", { logprobs: false }, {}, []],
  ];
for (const [what, model, request, left, expected] of DROPPED) {
  Deno.test(`openaiResponses.encode() leaves out ${what}`, () => {
    const { body, notices } = encoded(openaiResponses, model, request);
    const { temperature, top_p, top_k, seed, stop, top_logprobs, reasoning } = body;
    const sent = JSON.parse(JSON.stringify({ temperature, top_p, top_k, seed, stop, top_logprobs, reasoning }));
    assertEquals(sent, left);
    assertEquals(notices, expected);
  });
}

Deno.test("openaiResponses.encode() has reasoning handed out where it is not kept", () => {
  const included = (model: string, store?: boolean) => encoded(openaiResponses, model, { store }).body["include"];
  assertEquals(included("gpt-5.4"), ["reasoning.encrypted_content"]);
  assertEquals(included("gpt-9"), ["reasoning.encrypted_content"]);
  assertEquals(included("gpt-5.4", true), undefined);
  assertEquals(included("gpt-4o"), undefined); // It refuses this with 400.
});

Deno.test("openaiResponses.encode() sends tools flat, and strict where their schema allows it", () => {
  const loose = {
    name: "now",
    description: "Tells the time.",
    parameters: { type: "object", properties: { zone: {} } },
  };
  const { body } = encoded(openaiResponses, "gpt-4o", {
    tools: [weather, loose],
    webSearch: { maxUses: 2 },
    toolChoice: { name: "weather" },
    parallelToolCalls: false,
  });
  assertEquals(body["tools"], [
    {
      type: "function",
      name: "weather",
      description: "Gives the weather of a city.",
      parameters: { ...weather.parameters, additionalProperties: false },
      strict: true,
    },
    {
      type: "function",
      name: "now",
      description: "Tells the time.",
      parameters: { ...loose.parameters, additionalProperties: false },
      strict: false,
    },
    { type: "web_search" },
  ]);
  assertEquals(body["tool_choice"], { type: "function", name: "weather" });
  assertEquals(body["parallel_tool_calls"], false);
  assertEquals(body["max_tool_calls"], 2);
});

Deno.test("openaiResponses.encode() says nothing of tools where there are none", () => {
  const { body } = encoded(openaiResponses, "gpt-4o", {
    toolChoice: "auto",
    parallelToolCalls: false,
    webSearch: false,
  });
  assertEquals(Object.keys(body), ["model", "input", "store", "stream"]);
  for (const toolChoice of ["auto", "none", "required"] as const) {
    const { body } = encoded(openaiResponses, "gpt-4o", { toolChoice, webSearch: true });
    assertEquals(body["tool_choice"], toolChoice);
  }
});

Deno.test("openaiResponses.encode() sends a schema as the text's format", () => {
  const { body } = encoded(openaiResponses, "gpt-4o", { schema: weather.parameters });
  assertEquals(body["text"], {
    format: {
      type: "json_schema",
      name: "answer",
      schema: { ...weather.parameters, additionalProperties: false },
      strict: true,
    },
  });
});

Deno.test("openaiResponses.encode() makes an item of every message, texts to be cached first", () => {
  assertEquals(
    inputOf([
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: ["Look:", { type: "image", data: PNG }, { type: "image", url: "https://example.com/c.png" }],
      },
      { role: "assistant", content: "A cat." },
      { role: "tool", toolCallId: "call_1", content: "21 °C" },
      { role: "tool", toolCallId: "call_2", content: [{ type: "text", text: "A map:" }, { type: "image", data: PNG }] },
    ], { cacheContent: "A long book." }),
    [
      { role: "system", content: "A long book." },
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look:" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
          { type: "input_image", image_url: "https://example.com/c.png", detail: "auto" },
        ],
      },
      { role: "assistant", content: "A cat." },
      { type: "function_call_output", call_id: "call_1", output: "21 °C" },
      {
        type: "function_call_output",
        call_id: "call_2",
        output: [
          { type: "input_text", text: "A map:" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
        ],
      },
    ],
  );
});

Deno.test("openaiResponses.encode() sends an answer back item by item, nothing of other vendors", () => {
  const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAA" };
  const unkept = { type: "reasoning", id: "rs_2", summary: [] };
  const search = { type: "web_search_call", id: "ws_1", status: "completed" };
  const vendor = (provider: string, data: object) => ({ type: "vendor", provider, data }) as const;
  const messages: readonly Message[] = [{
    role: "assistant",
    content: [
      vendor("openai", reasoning),
      vendor("openai", unkept),
      vendor("anthropic", { type: "server_tool_use" }),
      vendor("openai", search),
      { type: "thinking", text: "Hm.", signature: "EqQB" },
      { type: "image", data: PNG },
      { type: "text", text: "" },
      { type: "text", text: "Let me see." },
      { type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Paris" } },
      { type: "tool_call", id: "call_2", name: "now", arguments: undefined },
    ],
  }, { role: "assistant", content: "" }];
  const rest = [
    search,
    { role: "assistant", content: "Let me see." },
    { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Paris"}' },
    { type: "function_call", call_id: "call_2", name: "now", arguments: "{}" },
  ];
  assertEquals(inputOf(messages), [reasoning, ...rest]);
  // A stored answer's reasoning is known by its id.
  assertEquals(inputOf(messages, { store: true }), [reasoning, unkept, ...rest]);
});

Deno.test("a conversation with tools goes on as OpenAI documents it, reasoning and all", async () => {
  const first: ChatRequest = {
    messages: [{ role: "user", content: "The weather in Paris and Rome?" }],
    tools: [weather],
  };
  const { result } = await decodeStream(openaiResponses, await fixture("openai_responses/reasoning_tools.sse"), first);
  const second: ChatRequest = {
    ...first,
    messages: JSON.parse(JSON.stringify([
      ...first.messages,
      ...result?.messages ?? [],
      { role: "tool", toolCallId: "call_paris", content: "21 °C" },
      { role: "tool", toolCallId: "call_rome", content: "24 °C" },
      { role: "tool", toolCallId: "call_now", content: "noon" },
    ])),
  };
  const { result: answer } = await decodeStream(openaiResponses, await fixture("openai_responses/text.sse"), second);
  const { body } = encoded(openaiResponses, "gpt-5.4", {
    ...second,
    messages: [...second.messages, ...answer?.messages ?? [], { role: "user", content: "And in °F?" }],
  });
  assertEquals(body["input"], [
    { role: "user", content: "The weather in Paris and Rome?" },
    {
      id: "rs_1",
      type: "reasoning",
      summary: [
        { type: "summary_text", text: "**Planning**\n\nTwo cities." },
        { type: "summary_text", text: "**Calling**\n\nTwo calls." },
      ],
      encrypted_content: "gAAAAlate",
    },
    { role: "assistant", content: "I will look both up.", phase: "commentary" },
    { type: "function_call", call_id: "call_paris", name: "weather", arguments: '{"city":"Paris"}' },
    { type: "function_call", call_id: "call_rome", name: "weather", arguments: '{"city":"Rome"}' },
    { type: "function_call", call_id: "call_now", name: "now", arguments: "{}" },
    { type: "function_call_output", call_id: "call_paris", output: "21 °C" },
    { type: "function_call_output", call_id: "call_rome", output: "24 °C" },
    { type: "function_call_output", call_id: "call_now", output: "noon" },
    { role: "assistant", content: "Grüße aus Paris 🗼." },
    { role: "user", content: "And in °F?" },
  ]);
  assertEquals(body["include"], ["reasoning.encrypted_content"]);
  assertEquals(body["store"], false);
});
