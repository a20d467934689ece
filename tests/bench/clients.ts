/**
 * Who is measured: each asks the vendor once, reads the whole answer, and gives its length.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import { type Client, createClient, flushTelemetry, startTelemetry } from "@sik/llms";
import type { Dialect } from "./works.ts";

/** One who asks. */
export interface Asker {
  /** Asks once, and gives the length of the answer's text. */
  ask(dialect: Dialect, model: string): Promise<number>;
  /** What is still under way when a round ends is paid for in that round. */
  settle?(): Promise<unknown>;
}

/** Makes an asker that talks to a vendor at `url`. */
export type MakeAsker = (url: string) => Asker | Promise<Asker>;

const KEY = "test-key";
const question = [{ role: "user", content: "What is the capital of France?" }] as const;
const isPlain = (model: string) => model === "plain";

/** A chunk, or a whole answer, of any of the dialects. */
interface Raw {
  readonly type?: string;
  readonly choices?: readonly { readonly delta?: { readonly content?: string }; readonly message?: Text }[];
  readonly delta?: string | { readonly text?: string };
  readonly content?: readonly { readonly text: string }[];
  readonly output?: readonly { readonly content: readonly { readonly text: string }[] }[];
}

interface Text {
  readonly content: string;
}

/** How the floor speaks a dialect. */
interface RawDialect {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  request(model: string, stream: boolean): object;
  /** The text in a chunk. */
  piece(chunk: Raw): string;
  /** The text of a whole answer. */
  whole(answer: Raw): string;
}

const bearer = { authorization: `Bearer ${KEY}` };
const raw: Readonly<Record<Dialect, RawDialect>> = {
  chat: {
    path: "/v1/chat/completions",
    headers: bearer,
    request: (model, stream) => ({
      model,
      messages: question,
      ...stream ? { stream, stream_options: { include_usage: true } } : {},
    }),
    piece: ({ choices }) => choices?.[0]?.delta?.content ?? "",
    whole: ({ choices }) => choices?.[0]?.message?.content ?? "",
  },
  responses: {
    path: "/v1/responses",
    headers: bearer,
    request: (model, stream) => ({ model, input: question, ...stream ? { stream } : {} }),
    piece: ({ type, delta }) => type === "response.output_text.delta" && typeof delta === "string" ? delta : "",
    whole: ({ output }) => output?.[0]?.content[0]?.text ?? "",
  },
  anthropic: {
    path: "/v1/messages",
    headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01" },
    request: (model, stream) => ({ model, max_tokens: 8_000, messages: question, ...stream ? { stream } : {} }),
    piece: ({ delta }) => typeof delta === "object" ? delta.text ?? "" : "",
    whole: ({ content }) => content?.[0]?.text ?? "",
  },
};

/** The limit: fetch, server-sent events, JSON, and nothing else. */
function floor(url: string): Asker {
  const post = ({ path, headers, request }: RawDialect, model: string) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(request(model, !isPlain(model))),
    });

  async function* chunks(dialect: RawDialect, model: string) {
    const response = await post(dialect, model);
    const ready: Raw[] = [];
    const parser = createParser({
      onEvent({ data }) {
        if (data !== "[DONE]") ready.push(JSON.parse(data));
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
      parser.feed(decoder.decode(next.value, { stream: true }));
      yield* ready;
      ready.length = 0;
    }
  }

  return {
    async ask(name, model) {
      const dialect = raw[name];
      if (isPlain(model)) return dialect.whole(await (await post(dialect, model)).json()).length;
      let text = "";
      for await (const chunk of chunks(dialect, model)) text += dialect.piece(chunk);
      return text.length;
    },
  };
}

/** Ours; the price is the user's own, so that cost is computed as for a model of the catalogue. */
async function ours(url: string, on: boolean): Promise<Asker> {
  if (on) await startTelemetry({ enabled: true, endpoint: url, onError: ({ message }) => console.error(message) });
  const clients = new Map<string, Client>();
  const clientOf = (dialect: Dialect, model: string): Client => {
    const known = clients.get(dialect + model);
    if (known !== undefined) return known;
    const where = dialect === "anthropic"
      ? { provider: "anthropic", baseUrl: url }
      : { provider: "openai", api: dialect, baseUrl: `${url}/v1` };
    const price = { input: 1, output: 1 };
    const client = createClient(model, { ...where, apiKey: KEY, price, telemetry: on ? undefined : false });
    clients.set(dialect + model, client);
    return client;
  };
  return {
    async ask(dialect, model) {
      const client = clientOf(dialect, model);
      if (isPlain(model)) return (await client.run(question, { streaming: false })).response.length;
      let text = "";
      for await (const event of client.stream(question)) if (event.type === "text") text += event.delta;
      return text.length;
    },
    ...on ? { settle: () => flushTelemetry() } : {},
  };
}

/** OpenAI's official SDK. */
async function openai(url: string): Promise<Asker> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const messages = [...question];
  return {
    async ask(dialect, model) {
      let text = "";
      if (dialect === "responses") {
        if (isPlain(model)) return (await client.responses.create({ model, input: messages })).output_text.length;
        for await (const event of await client.responses.create({ model, input: messages, stream: true })) {
          if (event.type === "response.output_text.delta") text += event.delta;
        }
        return text.length;
      }
      if (isPlain(model)) {
        const { choices } = await client.chat.completions.create({ model, messages });
        return choices[0]?.message.content?.length ?? 0;
      }
      const options = { model, messages, stream: true, stream_options: { include_usage: true } } as const;
      for await (const { choices } of await client.chat.completions.create(options)) {
        text += choices[0]?.delta?.content ?? "";
      }
      return text.length;
    },
  };
}

/** Anthropic's official SDK. */
async function anthropic(url: string): Promise<Asker> {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const client = new Anthropic({ apiKey: KEY, baseURL: url });
  const messages = [...question];
  return {
    async ask(_dialect, model) {
      const options = { model, max_tokens: 8_000, messages };
      if (isPlain(model)) {
        const [block] = (await client.messages.create(options)).content;
        return block?.type === "text" ? block.text.length : 0;
      }
      let text = "";
      for await (const event of await client.messages.create({ ...options, stream: true })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") text += event.delta.text;
      }
      return text.length;
    },
  };
}

/** What is used of the AI SDK, whose types are not loaded: it is no dependency of this repository. */
interface AiSdk {
  generateText(options: object): Promise<{ readonly text: string }>;
  streamText(options: object): { readonly textStream: AsyncIterable<string> };
}

/** The Vercel AI SDK with its OpenAI provider. */
async function ai(url: string): Promise<Asker> {
  const [sdk, provider] = ["npm:ai@^7", "npm:@ai-sdk/openai@^4"]; // Computed: the type check does not follow them.
  const { generateText, streamText } = await import(sdk as string) as AiSdk;
  const { createOpenAI } = await import(provider as string);
  const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const messages = [...question];
  return {
    async ask(dialect, model) {
      const options = { model: dialect === "chat" ? openai.chat(model) : openai.responses(model), messages };
      if (isPlain(model)) return (await generateText(options)).text.length;
      let text = "";
      for await (const piece of streamText(options).textStream) text += piece;
      return text.length;
    },
  };
}

/** One who is measured. */
export interface Measured {
  /** Makes the asker. */
  readonly make: MakeAsker;
  /** What it speaks. */
  readonly dialects: readonly Dialect[];
}

const everything: readonly Dialect[] = ["chat", "responses", "anthropic"];

/** Everyone, by the name in the table. */
export const askers: Readonly<Record<string, Measured>> = {
  "raw floor": { make: floor, dialects: everything },
  "ours, telemetry off": { make: (url) => ours(url, false), dialects: everything },
  "ours, telemetry on": { make: (url) => ours(url, true), dialects: everything },
  "openai": { make: openai, dialects: ["chat", "responses"] },
  "@anthropic-ai/sdk": { make: anthropic, dialects: ["anthropic"] },
  "ai": { make: ai, dialects: ["chat"] },
};
