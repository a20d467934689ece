/**
 * One answer, "Paris.", in the words of each dialect: what the tables of faults are played in.
 *
 * @module
 */
import type { Client } from "../../src/client.ts";
import { type ClientOptions, createClient } from "../../src/create_client.ts";
import type { Provider } from "../../src/provider.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
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

/** Every dialect. */
export const wires: readonly Wire[] = [chatWire];

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
