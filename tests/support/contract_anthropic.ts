/**
 * The contract in Anthropic's Messages, as their reference documents them (https://platform.claude.com/docs/en/api/messages).
 *
 * @module
 */
import { PARAMETERS, PNG } from "./contract_parts.ts";
import type { Contract, Said } from "./contract.ts";
import { named, type WireEvent } from "./decoding.ts";
import { anthropicWire } from "./wires.ts";

const SIGNATURE = "EqQBsigned";

const counts = {
  input_tokens: 30,
  cache_read_input_tokens: 60,
  cache_creation_input_tokens: 10,
  cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 0 },
  service_tier: "standard",
};
const counted = { output_tokens: 25, output_tokens_details: { thinking_tokens: 5 } };

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The blocks of the answer, as they are when they are complete. */
function blocksOf({ thought, text, calls = [] }: Said): readonly Block[] {
  return [
    ...thought === undefined ? [] : [{ type: "thinking", thinking: thought, signature: SIGNATURE }],
    ...text === undefined ? [] : [{ type: "text", text: text.join("") }],
    ...calls.map(({ id, name, arguments: written }) => ({ type: "tool_use", id, name, input: JSON.parse(written) })),
  ];
}

function endOf({ calls = [], refusal, isCut = false }: Said): object {
  const stop_details = refusal === undefined ? null : { type: "refusal", category: null, explanation: refusal };
  const stop_reason = isCut
    ? "max_tokens"
    : refusal !== undefined
    ? "refusal"
    : calls.length > 0
    ? "tool_use"
    : "end_turn";
  return { stop_reason, stop_sequence: null, stop_details };
}

const head = { id: "msg_1", type: "message", role: "assistant", model: "claude-haiku-4-5-20251001" };

function stream(said: Said): string {
  const { text = [], calls = [] } = said;
  const usage = { ...counts, output_tokens: 1 };
  return named(
    {
      type: "message_start",
      message: { ...head, content: [], stop_reason: null, stop_sequence: null, stop_details: null, usage },
    },
    { type: "ping" },
    ...blocksOf(said).flatMap((block, index): WireEvent[] => {
      const delta = (delta: object): WireEvent => ({ type: "content_block_delta", index, delta });
      const begin = (content_block: object): WireEvent => ({ type: "content_block_start", index, content_block });
      const stop: WireEvent = { type: "content_block_stop", index };
      if (block.type === "thinking") {
        const { thinking, signature } = block;
        const open = begin({ type: "thinking", thinking: "", signature: "" });
        return [
          open,
          delta({ type: "thinking_delta", thinking }),
          delta({ type: "signature_delta", signature }),
          stop,
        ];
      }
      if (block.type === "text") {
        return [begin({ type: "text", text: "" }), ...text.map((text) => delta({ type: "text_delta", text })), stop];
      }
      const written = calls.find(({ id }) => id === block["id"])?.arguments ?? "";
      const pieces = ["", written.slice(0, 5), written.slice(5)];
      return [
        begin({ ...block, input: {} }),
        ...pieces.map((partial_json) => delta({ type: "input_json_delta", partial_json })),
        stop,
      ];
    }),
    { type: "message_delta", delta: endOf(said), usage: counted },
    { type: "message_stop" },
  );
}

function body(said: Said): object {
  return { ...head, content: blocksOf(said), ...endOf(said), usage: { ...counts, ...counted } };
}

const use = (id: string, city: string) => ({ type: "tool_use", id, name: "weather", input: { city } });

/** The contract in Messages. */
export const anthropicContract: Contract = {
  wire: anthropicWire,
  thinker: "claude-haiku-4-5",
  finishReasons: { said: "end_turn", tools: "tool_use", cut: "max_tokens", refused: "refusal" },
  cost: (30 * 1 + 60 * 0.1 + 10 * 1.25 + 25 * 5) / 1e6,
  stream,
  body,
  requests: {
    plain: {
      model: "claude-haiku-4-5",
      max_tokens: 8_000,
      messages: [{ role: "user", content: "Where?" }],
      stream: true,
    },
    tools: {
      tools: [{ name: "weather", description: "Tells the weather of a city.", input_schema: PARAMETERS }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    },
    schema: { output_config: { format: { type: "json_schema", schema: PARAMETERS } } },
    images: {
      messages: [{
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", source: { type: "url", url: "https://pictures.test/cat.jpg" } },
          { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        ],
      }],
    },
    // The answer's 500 and the thoughts' 4,000.
    thinking: {
      model: "claude-haiku-4-5",
      thinking: { type: "enabled", budget_tokens: 4_000 },
      max_tokens: 4_500,
      temperature: undefined,
    },
  },
  // https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use: all results of a turn stand in one
  // message; thoughts go back with their seal.
  history: {
    system: [{ type: "text", text: "Be short." }],
    messages: [
      { role: "user", content: "How is the weather in Paris and Rome?" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Two cities.", signature: SIGNATURE },
          { type: "text", text: "I will look." },
          use("call_paris", "Paris"),
          use("call_rome", "Rome"),
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_paris", content: '{"sky":"sunny"}' },
          { type: "tool_result", tool_use_id: "call_rome", content: "No such station.", is_error: true },
        ],
      },
      { role: "assistant", content: "Sunny in Paris, Rome is unknown." },
      { role: "user", content: "And in Oslo?" },
      { role: "assistant", content: [use("call_oslo", "Oslo")] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_oslo", content: "snow" }] },
      { role: "assistant", content: "It snows in Oslo." },
      { role: "user", content: "Which is the coldest?" },
    ],
  },
};
