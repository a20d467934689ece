/**
 * Who is measured: each asks the vendor once, reads the whole answer, and gives its length.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import { createClient, flushTelemetry, startTelemetry } from "@sik/llms";

/** One who asks. */
export interface Asker {
  /** Asks once, and gives the length of the answer's text. */
  ask(model: string): Promise<number>;
  /** What is still under way when a round ends is paid for in that round. */
  settle?(): Promise<unknown>;
}

/** Makes an asker that talks to a vendor at `url`. */
export type MakeAsker = (url: string) => Asker | Promise<Asker>;

const KEY = "test-key";
const question = [{ role: "user", content: "What is the capital of France?" }] as const;
const isPlain = (model: string) => model === "plain";

/** The limit: fetch, server-sent events, JSON, and nothing else. */
function floor(url: string): Asker {
  const post = (model: string, more: object) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model, messages: question, ...more }),
    });

  async function* chunks(model: string) {
    const response = await post(model, { stream: true, stream_options: { include_usage: true } });
    const ready: { readonly choices: readonly { readonly delta?: { readonly content?: string } }[] }[] = [];
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
    async ask(model) {
      if (isPlain(model)) {
        const body = await (await post(model, {})).json();
        return body.choices[0].message.content.length;
      }
      let text = "";
      for await (const { choices } of chunks(model)) text += choices[0]?.delta?.content ?? "";
      return text.length;
    },
  };
}

async function ours(url: string, on: boolean): Promise<Asker> {
  if (on) await startTelemetry({ enabled: true, endpoint: url, onError: ({ message }) => console.error(message) });
  const telemetry = on ? undefined : false;
  return {
    async ask(model) {
      // The price is the user's own, so that cost is computed as for a model of the catalogue.
      const price = { input: 1, output: 1 };
      const client = clients.get(model) ?? createClient(model, { baseUrl: `${url}/v1`, apiKey: KEY, price, telemetry });
      clients.set(model, client);
      if (isPlain(model)) return (await client.run(question, { streaming: false })).response.length;
      let text = "";
      for await (const event of client.stream(question)) if (event.type === "text") text += event.delta;
      return text.length;
    },
    ...on ? { settle: () => flushTelemetry() } : {},
  };
}

const clients = new Map<string, ReturnType<typeof createClient>>();

/** OpenAI's official SDK. */
async function openai(url: string): Promise<Asker> {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const messages = [...question];
  return {
    async ask(model) {
      if (isPlain(model)) {
        const { choices } = await client.chat.completions.create({ model, messages });
        return choices[0]?.message.content?.length ?? 0;
      }
      let text = "";
      const options = { model, messages, stream: true, stream_options: { include_usage: true } } as const;
      for await (const { choices } of await client.chat.completions.create(options)) {
        text += choices[0]?.delta?.content ?? "";
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
  const [sdk, provider] = ["npm:ai@^5", "npm:@ai-sdk/openai@^2"]; // Computed: the type check does not follow them.
  const { generateText, streamText } = await import(sdk as string) as AiSdk;
  const { createOpenAI } = await import(provider as string);
  const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const messages = [...question];
  return {
    async ask(model) {
      const options = { model: openai.chat(model), messages };
      if (isPlain(model)) return (await generateText(options)).text.length;
      let text = "";
      for await (const piece of streamText(options).textStream) text += piece;
      return text.length;
    },
  };
}

/** Everyone, by the name in the table. */
export const askers: Readonly<Record<string, MakeAsker>> = {
  "raw floor": floor,
  "ours, telemetry off": (url) => ours(url, false),
  "ours, telemetry on": (url) => ours(url, true),
  "openai": openai,
  "ai": ai,
};
