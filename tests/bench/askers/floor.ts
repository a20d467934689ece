/**
 * The limit: `fetch`, server-sent events, JSON, and nothing else.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import type { Dialect } from "../works.ts";
import { type Asker, isPlain, KEY, question } from "./asker.ts";

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

/** The limit. */
export function floor(url: string): Asker {
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
