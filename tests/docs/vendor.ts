/**
 * A vendor for the pages' programs: it says the same to every request, in the dialects of OpenAI's chat and of Anthropic.
 *
 * @module
 */

const answer = "Paris.";

async function answerTo(request: Request): Promise<Response> {
  const { stream, model } = await request.json();
  const anthropic = new URL(request.url).pathname.endsWith("/messages");
  if (stream !== true) return Response.json(anthropic ? anthropicBody(model) : chatBody(model));
  const events = anthropic ? anthropicEvents(model) : chatEvents(model);
  return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
}

function chatBody(model: string): object {
  const message = { role: "assistant", content: answer };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 },
  };
}

function chatEvents(model: string): string[] {
  const chunk = (fields: object) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", model, ...fields });
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason }] });
  const { usage } = chatBody(model) as { usage: object };
  const chunks = [
    choice({ role: "assistant", content: answer }, null),
    choice({}, "stop"),
    chunk({ choices: [], usage }),
  ];
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"];
}

function anthropicBody(model: string): object {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: answer }],
    stop_reason: "end_turn",
    usage: { input_tokens: 14, output_tokens: 2 },
  };
}

function anthropicEvents(model: string): string[] {
  const events = [
    { type: "message_start", message: { ...anthropicBody(model), content: [], stop_reason: null } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: answer } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** The vendor. */
export interface Vendor extends AsyncDisposable {
  /** What a program must be told to ask it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts the vendor on a free port. */
export function startVendor(): Vendor {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answerTo);
  const base = `http://127.0.0.1:${server.addr.port}`;
  return {
    env: {
      OPENAI_API_KEY: "not-a-key",
      OPENAI_BASE_URL: `${base}/v1`,
      ANTHROPIC_API_KEY: "not-a-key",
      ANTHROPIC_BASE_URL: base,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
