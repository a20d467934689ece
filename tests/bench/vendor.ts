/**
 * A vendor in a process of its own, so that its work is nobody's but its own: answers in the three dialects, in as many
 * chunks and writes as the model's name says, and a back end that takes telemetry and counts its spans. Prints its
 * port. Each asker has a door of its own, the first part of every path.
 *
 * @module
 */
import { countSpans } from "./span_count.ts";
import { shapeOf } from "./works.ts";

const encoder = new TextEncoder();
const events = (...list: readonly { readonly type: string; readonly [field: string]: unknown }[]) =>
  list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);

/** A dialect: its chunks around the pieces of text, and its answer in one body. */
interface Dialect {
  readonly path: string;
  head(): readonly string[];
  piece(text: string): string;
  tail(text: string): readonly string[];
  readonly body: object;
}

const chunk = {
  id: "chatcmpl-9x8y7z6w5v4u3t2s1r0q",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "gpt-4o-mini-2024-07-18",
  service_tier: "default",
  system_fingerprint: "fp_44709d6fcb",
};
const chatPiece = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`;
const chatUsage = { prompt_tokens: 14, completion_tokens: 8, total_tokens: 22 };

const chat: Dialect = {
  path: "/v1/chat/completions",
  head: () => [chatPiece({ role: "assistant", content: "" })],
  piece: (content) => chatPiece({ content }),
  tail: () => [
    chatPiece({}, "stop"),
    `data: ${JSON.stringify({ ...chunk, choices: [], usage: chatUsage })}\n\n`,
    "data: [DONE]\n\n",
  ],
  body: {
    ...chunk,
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: "Paris." }, finish_reason: "stop" }],
    usage: chatUsage,
  },
};

const response = { id: "resp_1", object: "response", created_at: 1_700_000_000, model: "gpt-4o-mini-2024-07-18" };
const message = (text: string) => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
});
const responseUsage = { input_tokens: 14, output_tokens: 8, total_tokens: 22 };
const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
const completed = (text: string) => ({
  ...response,
  status: "completed",
  output: [message(text)],
  usage: responseUsage,
});

const responses: Dialect = {
  path: "/v1/responses",
  head: () =>
    events(
      { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
      { type: "response.output_item.added", output_index: 0, item: { ...message(""), content: [] } },
    ),
  piece: (delta) => events({ type: "response.output_text.delta", ...place, delta, logprobs: [] }).join(""),
  tail: (text) =>
    events(
      { type: "response.output_text.done", ...place, text },
      { type: "response.output_item.done", output_index: 0, item: message(text) },
      { type: "response.completed", response: completed(text) },
    ),
  body: completed("Paris."),
};

const claude = { id: "msg_1", type: "message", role: "assistant", model: "claude-haiku-4-5-20251001" };
const anthropic: Dialect = {
  path: "/v1/messages",
  head: () =>
    events(
      { type: "message_start", message: { ...claude, content: [], usage: { input_tokens: 14, output_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ),
  piece: (text) => events({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }).join(""),
  tail: () =>
    events(
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 8 } },
      { type: "message_stop" },
    ),
  body: {
    ...claude,
    content: [{ type: "text", text: "Paris." }],
    stop_reason: "end_turn",
    usage: { input_tokens: 14, output_tokens: 8 },
  },
};

const dialects = [chat, responses, anthropic];
const known = new Map<string, readonly Uint8Array[]>();

/** The writes of a stream, made once. */
function writesOf(dialect: Dialect, chunks: number, perWrite: number): readonly Uint8Array[] {
  const key = `${dialect.path} ${chunks} ${perWrite}`;
  const ready = known.get(key);
  if (ready !== undefined) return ready;
  const words = Array.from({ length: chunks }, (_, index) => ` word${index}`);
  const pieces = [...dialect.head(), ...words.map(dialect.piece), ...dialect.tail(words.join(""))];
  const writes: Uint8Array[] = [];
  for (let at = 0; at < pieces.length; at += perWrite) {
    writes.push(encoder.encode(pieces.slice(at, at + perWrite).join("")));
  }
  known.set(key, writes);
  return writes;
}

function stream(writes: readonly Uint8Array[]): Response {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const write = writes[at++];
      if (write === undefined) controller.close();
      else controller.enqueue(write);
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** By door. */
const spans = new Map<string, number>();

/** Takes telemetry; whoever asks for `/spans` is told how many have come through the door. */
async function backEnd(request: Request, door: string, path: string): Promise<Response> {
  const known = () => spans.get(door) ?? 0;
  if (path === "/spans") return Response.json(known());
  const more = path === "/v1/traces" ? await countSpans(request) : await request.arrayBuffer().then(() => 0);
  spans.set(door, known() + more);
  return Response.json({});
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(port),
}, async (request) => {
  const [, door = "", path = ""] = /^(\/\d+)(\/.*)$/.exec(new URL(request.url).pathname) ?? [];
  const dialect = dialects.find((each) => path === each.path);
  if (dialect === undefined) return await backEnd(request, door, path);
  const { model } = await request.json() as { readonly model: string };
  const shape = shapeOf(model);
  return shape === undefined ? Response.json(dialect.body) : stream(writesOf(dialect, shape.chunks, shape.perWrite));
});
await Deno.stdin.readable.pipeTo(new WritableStream()); // Until whoever started it lets it end.
Deno.exit();
