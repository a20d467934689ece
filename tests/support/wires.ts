/**
 * One answer, "Paris.", in the words of each dialect: what the tables of faults are played in.
 *
 * @module
 */
import type { Client } from "../../src/client.ts";
import { type ClientOptions, createClient } from "../../src/create_client.ts";
import type { Provider } from "../../src/provider.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { chatBody, chatChunks, someUsage, sse } from "./chat_wire.ts";
import { body, type Handler, type VendorServer } from "./vendor_server.ts";

/** A dialect on the wire. */
export interface Wire {
  readonly name: string;
  readonly provider: Provider;
  readonly model: string;
  /** A whole stream whose text comes in these pieces. */
  stream(pieces: readonly string[]): string;
  /** A stream's beginning, up to and with its first piece of text, "Par". */
  readonly opening: string;
  /** The rest of the text, "is.", and all that says that the answer is whole. */
  readonly rest: string;
  /** The same answer in one body. */
  readonly body: object;
  /** A refusal, as a body; its message is {@linkcode VENDORS_WORDS}. */
  refusal(type?: string): object;
  /** The same refusal, as an event of a stream. */
  errorEvent(type: string): string;
  /** Events and pieces of the stream that nobody knows, or knows yet. */
  readonly unknown: string;
}

/** What every refusal says. */
export const VENDORS_WORDS = "The vendor's own words.";

const chunks = chatChunks({ text: ["Par", "is."], usage: someUsage });
const chatRefusal = (type?: string) => ({ error: { message: VENDORS_WORDS, type: type ?? "a_type", code: null } });

/** OpenAI's chat completions. */
export const chatWire: Wire = {
  name: "chat",
  provider: openaiChat,
  model: "gpt-4o-mini",
  stream: (text) => sse(...chatChunks({ text, usage: someUsage }), "[DONE]"),
  opening: sse(...chunks.slice(0, 2)),
  rest: sse(...chunks.slice(2), "[DONE]"),
  body: chatBody({ text: "Paris.", usage: someUsage }),
  refusal: chatRefusal,
  errorEvent: (type) => sse(chatRefusal(type)),
  unknown: 'event: news\ndata: {"type":"news"}\n\n' +
    sse({ object: "chat.completion.telepathy" }, "[]", "7", "null", {
      choices: [{ index: 0, delta: { smell: "rose" } }],
    }),
};

const messageStart = (usage: object) => ({
  type: "message_start",
  message: { id: "msg_1", type: "message", role: "assistant", model: "claude-haiku-4-5-20251001", content: [], usage },
});
const blockStart = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const blockDelta = (text: string) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });
const messageEnd = [
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 25 } },
  { type: "message_stop" },
];
const anthropicRefusal = (type = "a_type") => ({ type: "error", error: { type, message: VENDORS_WORDS } });

/** Anthropic's messages. */
export const anthropicWire: Wire = {
  name: "anthropic",
  provider: anthropic,
  model: "claude-haiku-4-5",
  stream: (text) => typedSse(messageStart({ input_tokens: 30 }), blockStart, ...text.map(blockDelta), ...messageEnd),
  opening: typedSse(messageStart({ input_tokens: 30 }), blockStart, blockDelta("Par")),
  rest: typedSse(blockDelta("is."), ...messageEnd),
  body: {
    ...messageStart({ input_tokens: 30, output_tokens: 25 }).message,
    content: [{ type: "text", text: "Paris." }],
    stop_reason: "end_turn",
  },
  refusal: anthropicRefusal,
  errorEvent: (type) => sse(anthropicRefusal(type)),
  unknown: typedSse(
    { type: "weather_report" },
    { type: "content_block_delta", index: 0, delta: { type: "smell_delta", smell: "rose" } },
  ) + sse("[]", "7", "null"),
};

const response = (text: string, more: object) => ({
  id: "resp_1",
  object: "response",
  model: "gpt-4o-mini-2024-07-18",
  error: null,
  output: [outputMessage(text)],
  ...more,
});
const outputMessage = (text: string) => ({
  id: "item_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
});
const responseUsage = { input_tokens: 30, output_tokens: 25, total_tokens: 55 };
const created = { type: "response.created", response: { ...response("", { status: "in_progress" }), output: [] } };
const itemAdded = {
  type: "response.output_item.added",
  output_index: 0,
  item: { ...outputMessage(""), status: "in_progress", content: [] },
};
const outputDelta = (delta: string) => ({
  type: "response.output_text.delta",
  item_id: "item_1",
  output_index: 0,
  content_index: 0,
  delta,
});
const completed = (text: string) => [
  { type: "response.output_item.done", output_index: 0, item: outputMessage(text) },
  { type: "response.completed", response: response(text, { status: "completed", usage: responseUsage }) },
];

/** OpenAI's Responses. */
export const responsesWire: Wire = {
  name: "responses",
  provider: openaiResponses,
  model: "gpt-4o-mini",
  stream: (text) => typedSse(created, itemAdded, ...text.map(outputDelta), ...completed(text.join(""))),
  opening: typedSse(created, itemAdded, outputDelta("Par")),
  rest: typedSse(outputDelta("is."), ...completed("Paris.")),
  body: response("Paris.", { status: "completed", usage: responseUsage }),
  refusal: chatRefusal,
  errorEvent: (type) => sse({ type: "error", code: type, message: VENDORS_WORDS, param: null }),
  unknown: typedSse({ type: "response.weather_report" }, { type: "news", delta: "no" }) + sse("[]", "7", "null"),
};

/** Events that bear their type as their name. */
function typedSse(...events: readonly { readonly type: string; readonly [field: string]: unknown }[]): string {
  return events.map((event) => `event: ${event.type}\n${sse(event)}`).join("");
}

/** Every dialect. */
export const wires: readonly Wire[] = [chatWire, responsesWire, anthropicWire];

/** A client that speaks the dialect to the server, without telemetry. */
export function clientFor(wire: Wire, server: Pick<VendorServer, "url">, options: ClientOptions = {}): Client {
  const { model, provider } = wire;
  return createClient(model, { provider, baseUrl: server.url, apiKey: "test-key", telemetry: false, ...options });
}

/** The whole answer: as a stream where the request asks for one, else in one body. */
export function answers(wire: Wire): Handler {
  return async (reply, request) => {
    if ((request.body as { readonly stream?: unknown }).stream !== true) return await body(wire.body)(reply, request);
    await reply.head();
    await reply.write(wire.opening + wire.rest);
    await reply.end();
  };
}
