/**
 * A server on this machine that speaks Anthropic's Messages and answers from a script
 * (https://platform.claude.com/docs/en/api/messages): streams, thoughts with their seals, and a prompt cache that counts
 * are as the vendor sends them, only the answers are made up.
 *
 * @module
 */
import { modelInfo } from "@sik/llms";
import { dealOut } from "./scripted_completion.ts";

/** An answer. */
export interface ScriptedClaudeAnswer {
  /** The text of the last message of the conversation, word for word. */
  readonly question: string;
  /** What the model thinks before it answers, where the request lets it think. */
  readonly thought?: string | undefined;
  /** The answer. */
  readonly answer: string;
}

/** The server. */
export interface ScriptedAnthropic extends AsyncDisposable {
  /** For `baseUrl`, or `ANTHROPIC_BASE_URL`. */
  readonly baseUrl: string;
  /** Lets the program end although the server still listens. */
  unref(): void;
}

/** A request, as far as it is looked at. */
interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly thinking?: { readonly type: string };
  readonly system?: readonly Block[];
  readonly messages: readonly { readonly content: string | readonly Block[] }[];
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly cache_control?: { readonly ttl?: string };
}

const unscripted =
  "I am a script on your own machine and do not know that one; with ANTHROPIC_API_KEY a model answers.";

/** Starts a server on a free port of this machine. */
export function startScriptedAnthropic(script: readonly ScriptedClaudeAnswer[]): ScriptedAnthropic {
  const cached = new Set<string>();

  const handle = async (request: Request): Promise<Response> => {
    const headers = { "request-id": `req_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}` };
    const path = new URL(request.url).pathname;
    if (path !== "/v1/messages" || request.headers.get("anthropic-version") === null) {
      const error = { type: "invalid_request_error", message: `Not understood: ${path}, or no anthropic-version.` };
      return Response.json({ type: "error", error }, { status: 400, headers });
    }
    const asked: Asked = await request.json();
    const question = textOf(asked.messages.at(-1)?.content ?? "");
    const { answer, thought } = script.find((each) => each.question === question) ?? { answer: unscripted };
    const thinks = thought !== undefined && asked.thinking?.type !== undefined && asked.thinking.type !== "disabled";
    const blocks = [
      ...thinks ? [{ type: "thinking", thinking: thought, signature: btoa(`sealed: ${thought.length}`) }] : [],
      { type: "text", text: answer },
    ];
    const spent = { output_tokens: tokens(answer) + (thinks ? tokens(thought) : 0) };
    const thoughts = { output_tokens_details: { thinking_tokens: thinks ? tokens(thought) : 0 } };
    const message = {
      id: `msg_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`,
      type: "message",
      role: "assistant",
      model: modelInfo(asked.model)?.aliases.at(-1) ?? asked.model,
      content: blocks,
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { ...inputOf(asked, cached), ...spent, ...thoughts },
    };
    if (asked.stream !== true) return Response.json(message, { headers });
    const events = ReadableStream.from(eventsOf(message)).pipeThrough(new TextEncoderStream());
    return new Response(events, { headers: { ...headers, "content-type": "text/event-stream" } });
  };

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  return {
    baseUrl: `http://127.0.0.1:${server.addr.port}`,
    unref: () => server.unref(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The answer event by event: https://platform.claude.com/docs/en/build-with-claude/streaming */
function* eventsOf<
  M extends { readonly content: readonly Readonly<Record<string, unknown>>[]; readonly usage: object },
>(
  message: M,
): Generator<string, void, undefined> {
  const event = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const usage = { ...message.usage, output_tokens: 1, output_tokens_details: undefined };
  yield event("message_start", { message: { ...message, content: [], stop_reason: null, usage } });
  for (const [index, block] of message.content.entries()) {
    const kind = block["type"] === "thinking" ? "thinking" : "text";
    yield event("content_block_start", { index, content_block: { type: kind, [kind]: "" } });
    for (const piece of dealOut(String(block[kind]))) {
      yield event("content_block_delta", { index, delta: { type: `${kind}_delta`, [kind]: piece } });
    }
    const { signature } = block;
    if (signature !== undefined) {
      yield event("content_block_delta", { index, delta: { type: "signature_delta", signature } });
    }
    yield event("content_block_stop", { index });
  }
  yield event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage: message.usage });
  yield event("message_stop", {});
}

/** The tokens of the prompt: what stands before the last mark is written to the cache once, and read from then on. */
function inputOf({ model, system = [], messages }: Asked, cached: Set<string>) {
  const blocks = [...system, ...messages.flatMap(({ content }) => typeof content === "string" ? [] : content)];
  const marked = blocks.findLastIndex((block) => block.cache_control !== undefined);
  const prefix = textOf(blocks.slice(0, marked + 1));
  const rest = textOf(blocks.slice(marked + 1)) +
    messages.map(({ content }) => typeof content === "string" ? content : "").join("");
  const known = cached.has(model + prefix);
  if (prefix !== "") cached.add(model + prefix);
  const written = known ? 0 : tokens(prefix);
  const forAnHour = blocks[marked]?.cache_control?.ttl === "1h";
  return {
    input_tokens: tokens(rest) + 3,
    cache_read_input_tokens: known ? tokens(prefix) : 0,
    cache_creation_input_tokens: written,
    cache_creation: {
      ephemeral_5m_input_tokens: forAnHour ? 0 : written,
      ephemeral_1h_input_tokens: forAnHour ? written : 0,
    },
  };
}

function tokens(text: string): number {
  return dealOut(text).length;
}

function textOf(content: string | readonly Block[]): string {
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}
