/**
 * A vendor on a free port of this machine, for programs that run in a process of their own: speaks OpenAI's chat
 * completions and always says the same.
 *
 * @module
 */

/** One request, as the vendor saw it. */
export interface ChatRequestSeen {
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The vendor. */
export interface ChatServer extends AsyncDisposable {
  /** For `baseUrl` and `OPENAI_BASE_URL`. */
  readonly url: string;
  /** As in `--allow-net`. */
  readonly host: string;
  /** Every request, refused ones included. */
  requests(): readonly ChatRequestSeen[];
}

/** How the vendor behaves. */
export interface ChatServerOptions {
  /** Comes before the answer; what it gives is sent instead. `attempt` counts all requests from 1. */
  readonly respond?: ((attempt: number) => Response | undefined | Promise<Response | undefined>) | undefined;
}

/** What the vendor says. */
export const ANSWER = "Paris.";

/** What the vendor says it counted. */
export const USAGE = {
  prompt_tokens: 14,
  completion_tokens: 2,
  total_tokens: 16,
  prompt_tokens_details: { cached_tokens: 4 },
} as const;

/** Starts a vendor. `await using vendor = startChatServer()` closes it at the end of the block. */
export function startChatServer(options: ChatServerOptions = {}): ChatServer {
  const seen: ChatRequestSeen[] = [];
  const stop = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, async (request) => {
    const body = await request.json();
    seen.push({ headers: new Headers(request.headers), body }); // A copy: the request's own die with it.
    const attempt = seen.length;
    return await options.respond?.(attempt) ?? answer(String(body.model), body.stream === true, attempt);
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    url: `http://${host}/v1`,
    host,
    requests: () => [...seen],
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

function answer(model: string, stream: boolean, attempt: number): Response {
  const headers = { "x-request-id": `req-${attempt}` };
  const id = `chatcmpl-${attempt}`;
  if (!stream) {
    const message = { role: "assistant", content: ANSWER };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    return Response.json({ id, object: "chat.completion", model, choices, usage: USAGE }, { headers });
  }
  const chunk = (fields: object) =>
    `data: ${JSON.stringify({ id, object: "chat.completion.chunk", model, ...fields })}`;
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason }] });
  const events = [
    choice({ role: "assistant", content: "" }, null),
    choice({ content: "Par" }, null),
    choice({ content: "is." }, null),
    choice({}, "stop"),
    chunk({ choices: [], usage: USAGE }),
    "data: [DONE]",
  ];
  const body = ReadableStream.from(events.map((event) => `${event}\n\n`)).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { ...headers, "content-type": "text/event-stream" } });
}
