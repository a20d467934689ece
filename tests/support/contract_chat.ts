/**
 * The contract in OpenAI's chat completions, as its reference documents them
 * (https://platform.openai.com/docs/api-reference/chat).
 *
 * @module
 */
import { type ChatAnswer, someUsage, sse } from "./chat_wire.ts";
import { PARAMETERS, PNG } from "./contract_parts.ts";
import type { Contract, Said } from "./contract.ts";
import { chatWire } from "./wires.ts";

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "gpt-4o-mini-2024-07-18", service_tier: "default" };

function finishReason({ calls = [], isCut = false }: Said): ChatAnswer["finishReason"] {
  return isCut ? "length" : calls.length > 0 ? "tool_calls" : "stop";
}

function stream(said: Said): string {
  const { thought, text = [], calls = [], refusal } = said;
  const chunk = (delta: object, finish_reason: string | undefined = undefined) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish_reason ?? null }],
    usage: null,
  });
  const half = (index: number, from: number, to?: number) => {
    const written = calls[index]?.arguments ?? "";
    const at = (share: number) => Math.ceil(written.length * share);
    return { tool_calls: [{ index, function: { arguments: written.slice(at(from), at(to ?? 1)) } }] };
  };
  return sse(
    chunk({ role: "assistant", content: "", refusal: null }),
    // OpenAI shows no thoughts in this API; the servers that do call them so.
    ...thought === undefined ? [] : [chunk({ reasoning_content: thought })],
    ...text.map((content) => chunk({ content })),
    ...calls.map(({ id, name }, index) =>
      chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] })
    ),
    ...calls.map((_, index) => chunk(half(index, 0, 0.5))),
    ...calls.map((_, index) => chunk(half(index, 0.5))),
    ...refusal === undefined ? [] : [chunk({ refusal })],
    chunk({}, finishReason(said)),
    { ...head, object: "chat.completion.chunk", choices: [], usage: someUsage },
    "[DONE]",
  );
}

function body(said: Said): object {
  const { thought, text, calls, refusal = null } = said;
  const tool_calls = calls?.map(({ id, name, arguments: written }) => ({
    id,
    type: "function",
    function: { name, arguments: written },
  }));
  const message = {
    role: "assistant",
    content: text?.join("") ?? null,
    refusal,
    reasoning_content: thought,
    tool_calls,
  };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason(said) }];
  return { ...head, object: "chat.completion", choices, usage: someUsage };
}

const call = (id: string, city: string) => ({
  id,
  type: "function",
  function: { name: "weather", arguments: JSON.stringify({ city }) },
});

/** The contract in chat completions. */
export const chatContract: Contract = {
  wire: chatWire,
  thinker: "o4-mini",
  finishReasons: { said: "stop", tools: "tool_calls", cut: "length", refused: "stop" },
  cost: (30 * 0.15 + 60 * 0.075 + 10 * 0.15 + 25 * 0.6) / 1e6,
  stream,
  body,
  requests: {
    plain: {
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: "Where?" }],
      store: false,
      stream: true,
      stream_options: { include_usage: true },
    },
    tools: {
      tools: [{
        type: "function",
        function: {
          name: "weather",
          description: "Tells the weather of a city.",
          parameters: PARAMETERS,
          strict: true,
        },
      }],
      tool_choice: "required",
      parallel_tool_calls: false,
    },
    schema: {
      response_format: { type: "json_schema", json_schema: { name: "answer", schema: PARAMETERS, strict: true } },
    },
    images: {
      messages: [{
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: "https://pictures.test/cat.jpg" } },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      }],
    },
    thinking: { model: "o4-mini", reasoning_effort: "low", max_completion_tokens: 500, temperature: undefined },
  },
  // https://platform.openai.com/docs/guides/function-calling: each result is a message of its own.
  history: {
    messages: [
      { role: "system", content: "Be short." },
      { role: "user", content: "How is the weather in Paris and Rome?" },
      {
        role: "assistant",
        content: "I will look.",
        tool_calls: [call("call_paris", "Paris"), call("call_rome", "Rome")],
      },
      { role: "tool", tool_call_id: "call_paris", content: '{"sky":"sunny"}' },
      { role: "tool", tool_call_id: "call_rome", content: "No such station." },
      { role: "assistant", content: "Sunny in Paris, Rome is unknown." },
      { role: "user", content: "And in Oslo?" },
      { role: "assistant", content: null, tool_calls: [call("call_oslo", "Oslo")] },
      { role: "tool", tool_call_id: "call_oslo", content: "snow" },
      { role: "assistant", content: "It snows in Oslo." },
      { role: "user", content: "Which is the coldest?" },
    ],
  },
};
