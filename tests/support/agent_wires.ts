/**
 * Turns of an agent in the words of each dialect, for scripted vendors.
 *
 * @module
 */
import type { AgentOptions } from "../../src/create_reasoning_agent.ts";
import { createReasoningAgent } from "../../src/create_reasoning_agent.ts";
import type { Client } from "../../src/client.ts";
import type { Provider } from "../../src/provider.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { chatChunks, someUsage, sse } from "./chat_wire.ts";
import type { Handler, VendorServer } from "./vendor_server.ts";

/** What the vendor's model says in one turn; every turn uses what {@linkcode turnTokens} says. */
export interface WireTurn {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: object }[];
}

/** What the vendor was told of a tool. */
export interface WireResult {
  readonly id: string;
  readonly content: unknown;
}

/** A dialect, as an agent speaks it. */
export interface AgentWire {
  readonly name: string;
  readonly provider: Provider;
  readonly model: string;
  /** Of the 25 output tokens of each turn. */
  readonly reasoningTokens: number;
  /** A whole turn as a stream of events. */
  turn(turn: WireTurn): string;
  /** The beginning of a turn, up to and with its first piece of text. */
  opening(text: string): string;
  /** The results of tools in a request's body. */
  results(body: unknown): readonly WireResult[];
}

/** 30 at full price, 60 read from the cache, 10 written to it, 25 out: 125. */
export const turnTokens = { input: 30, cacheRead: 60, cacheWrite: 10, output: 25, total: 125 } as const;
/** So dear that a token of each kind costs one, two, three and four dollars, and a turn 280. */
export const price = { input: 1e6, cacheRead: 2e6, cacheWrite: 3e6, output: 4e6 } as const;

type Fields = Readonly<Record<string, unknown>>;

function typedSse(...events: readonly (Fields & { readonly type: string })[]): string {
  return events.map((event) => `event: ${event.type}\n${sse(event)}`).join("");
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value : [];
}

const chat: AgentWire = {
  name: "chat",
  provider: openaiChat,
  model: "gpt-4o-mini",
  reasoningTokens: 5,
  turn({ text, toolCalls = [] }) {
    const calls = toolCalls.map((call) => ({ ...call, arguments: JSON.stringify(call.arguments) }));
    const texts = text === undefined ? {} : { text };
    return sse(
      ...chatChunks({ ...texts, ...calls.length === 0 ? {} : { toolCalls: calls }, usage: someUsage }),
      "[DONE]",
    );
  },
  opening: (text) => sse(...chatChunks({ text, finishReason: undefined })),
  results: (body) =>
    listOf((body as Fields)["messages"]).filter(({ role }) => role === "tool")
      .map(({ tool_call_id, content }) => ({ id: String(tool_call_id), content })),
};

const responseUsage = {
  input_tokens: 100,
  output_tokens: 25,
  total_tokens: 125,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  output_tokens_details: { reasoning_tokens: 5 },
};
const responseHead = { id: "resp_1", object: "response", model: "gpt-4o-mini-2024-07-18", error: null };
const responseText = (text: string) => ({
  id: "item_0",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
});
const responseOpening = (text: string) => [
  { type: "response.created", response: { ...responseHead, status: "in_progress", output: [] } },
  {
    type: "response.output_item.added",
    output_index: 0,
    item: { ...responseText(""), status: "in_progress", content: [] },
  },
  { type: "response.output_text.delta", item_id: "item_0", output_index: 0, content_index: 0, delta: text },
];

const responses: AgentWire = {
  name: "responses",
  provider: openaiResponses,
  model: "gpt-4o-mini",
  reasoningTokens: 5,
  turn({ text, toolCalls = [] }) {
    const calls = toolCalls.map(({ id, name, arguments: args }, index) => ({
      id: `item_${index + 1}`,
      type: "function_call",
      call_id: id,
      name,
      arguments: JSON.stringify(args),
      status: "completed",
    }));
    const output = [...text === undefined ? [] : [responseText(text)], ...calls];
    const first = text === undefined ? 0 : 1;
    return typedSse(
      ...text === undefined ? responseOpening("").slice(0, 1) : responseOpening(text),
      ...text === undefined ? [] : [{ type: "response.output_item.done", output_index: 0, item: responseText(text) }],
      ...calls.flatMap((item, index) => [
        { type: "response.output_item.added", output_index: first + index, item: { ...item, arguments: "" } },
        { type: "response.output_item.done", output_index: first + index, item },
      ]),
      {
        type: "response.completed",
        response: { ...responseHead, status: "completed", output, usage: responseUsage },
      },
    );
  },
  opening: (text) => typedSse(...responseOpening(text)),
  results: (body) =>
    listOf((body as Fields)["input"]).filter(({ type }) => type === "function_call_output")
      .map(({ call_id, output }) => ({ id: String(call_id), content: output })),
};

const messageUsage = {
  input_tokens: 30,
  cache_read_input_tokens: 60,
  cache_creation_input_tokens: 10,
  output_tokens: 1,
};
const messageStart = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5-20251001",
    content: [],
    usage: messageUsage,
  },
};
const blockOf = (index: number, content_block: object, ...deltas: readonly object[]) => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
];

const messages: AgentWire = {
  name: "anthropic",
  provider: anthropic,
  model: "claude-haiku-4-5",
  reasoningTokens: 0,
  turn({ text, toolCalls = [] }) {
    const blocks = [
      ...text === undefined ? [] : [[{ type: "text", text: "" }, { type: "text_delta", text }] as const],
      ...toolCalls.map(({ id, name, arguments: args }) =>
        [
          { type: "tool_use", id, name, input: {} },
          { type: "input_json_delta", partial_json: JSON.stringify(args) },
        ] as const
      ),
    ];
    const stop_reason = toolCalls.length > 0 ? "tool_use" : "end_turn";
    return typedSse(
      messageStart,
      ...blocks.flatMap(([block, delta], index) => [
        ...blockOf(index, block, delta),
        { type: "content_block_stop", index },
      ]),
      { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 25 } },
      { type: "message_stop" },
    );
  },
  opening: (text) => typedSse(messageStart, ...blockOf(0, { type: "text", text: "" }, { type: "text_delta", text })),
  results: (body) =>
    listOf((body as Fields)["messages"]).flatMap(({ content }) => listOf(content))
      .filter(({ type }) => type === "tool_result")
      .map(({ tool_use_id, content }) => ({ id: String(tool_use_id), content })),
};

/** Every dialect. */
export const agentWires: readonly AgentWire[] = [chat, responses, messages];
/** OpenAI's chat completions, where one dialect is enough. */
export const chatAgent: AgentWire = chat;

/** Answers with a whole turn. */
export function says(wire: AgentWire, turn: WireTurn): Handler {
  return async (reply) => {
    await reply.head();
    await reply.write(wire.turn(turn));
    await reply.end();
  };
}

/** Answers with the beginning of a turn, and stays open. */
export function stallsAfter(wire: AgentWire, text: string): Handler {
  return async (reply) => {
    await reply.head();
    await reply.write(wire.opening(text));
    await reply.stall();
  };
}

/** An agent that speaks the dialect to the server. */
export function agentFor(
  { provider, model }: AgentWire,
  server: Pick<VendorServer, "url">,
  options: AgentOptions = {},
): Client {
  const how = { provider, baseUrl: server.url, apiKey: "test-key", price, name: "trip_planner" };
  return createReasoningAgent(model, { ...how, ...options });
}
