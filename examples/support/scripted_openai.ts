/**
 * A server on this machine that speaks OpenAI's chat completions and answers from a script
 * (https://platform.openai.com/docs/api-reference/chat): streams, usage, request ids, rate limits and refusals are as
 * the vendor sends them, only the answers are made up.
 *
 * @module
 */
import { completionOf, dealOut, respond, type ScriptedCall, type Turn, usageOf } from "./scripted_completion.ts";

/** An answer, and how it is given. */
export interface ScriptedAnswer {
  /** The text of the last message of the conversation, a tool's result among them, word for word. */
  readonly question: string;
  /** The answer. */
  readonly answer: string;
  /** The tools that are called instead, where the request offers tools. */
  readonly calls?: readonly ScriptedCall[] | undefined;
  /**
   * Whether the answer is said all the same, before the tools are called.
   * @default false
   */
  readonly speaks?: boolean | undefined;
  /**
   * How often the question is refused with 429 before it is answered.
   * @default 0
   */
  readonly refusals?: number | undefined;
}

/** The server. */
export interface ScriptedOpenai extends AsyncDisposable {
  /** For `baseUrl`, or `OPENAI_BASE_URL`. */
  readonly baseUrl: string;
  /** Lets the program end although the server still listens. */
  unref(): void;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

const unscripted = "I am a script on your own machine and do not know that one; with OPENAI_API_KEY a model answers.";
const limit = 500;
const retryMs = 350;

/** Starts a server on a free port of this machine. */
export function startScriptedOpenai(script: readonly ScriptedAnswer[]): ScriptedOpenai {
  const stop = new AbortController();
  const refused = new Map<string, number>();
  let served = 0;

  const handle = async (request: Request): Promise<Response> => {
    const headers = headersOf(++served);
    const path = new URL(request.url).pathname;
    if (request.method !== "POST" || path !== "/v1/chat/completions") {
      return refusal(404, `Invalid URL (${request.method} ${path})`, { type: "invalid_request_error" }, headers);
    }
    let body: Record<string, unknown>;
    try {
      body = await request.json();
    } catch {
      const message = "We could not parse the JSON body of your request.";
      return refusal(400, message, { type: "invalid_request_error" }, headers);
    }
    const wrong = faultOf(body);
    if (wrong !== undefined) return refusal(400, wrong.message, wrong, headers);
    const question = questionOf(body.messages);
    const scripted = script.find((each) => each.question === question);
    const before = refused.get(question) ?? 0;
    if (before < (scripted?.refusals ?? 0)) {
      refused.set(question, before + 1);
      const message =
        `Rate limit reached for ${body.model} on requests per min (RPM): Limit ${limit}, Used ${limit}, ` +
        `Requested 1. Please try again in ${retryMs}ms.`;
      const again = { "retry-after-ms": String(retryMs), "retry-after": "1", "x-ratelimit-remaining-requests": "0" };
      return refusal(429, message, { type: "requests", code: "rate_limit_exceeded" }, { ...headers, ...again });
    }
    const calls = Array.isArray(body.tools) ? scripted?.calls ?? [] : [];
    const turn: Turn = {
      model: String(body.model),
      pieces: calls.length > 0 && scripted?.speaks !== true ? [] : dealOut(scripted?.answer ?? unscripted),
      calls,
      usage: usageOf(body.messages, scripted?.answer ?? unscripted),
      includeUsage: (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
    };
    return body.stream === true
      ? new Response(respond(turn, stop.signal), { headers: { ...headers, "content-type": "text/event-stream" } })
      : Response.json(await completionOf(turn, stop.signal), { headers });
  };

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, handle);
  const close = async () => {
    stop.abort();
    await server.finished;
  };
  return {
    baseUrl: `http://127.0.0.1:${server.addr.port}/v1`,
    unref: () => server.unref(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The headers of every answer: https://platform.openai.com/docs/api-reference/debugging-requests */
function headersOf(served: number): Record<string, string> {
  return {
    "x-request-id": `req_${crypto.randomUUID().replaceAll("-", "")}`,
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": String(limit),
    "x-ratelimit-remaining-requests": String(Math.max(0, limit - served)),
    "x-ratelimit-limit-tokens": "200000",
    "x-ratelimit-remaining-tokens": String(Math.max(0, 200_000 - served * 40)),
  };
}

/** A refusal: https://platform.openai.com/docs/guides/error-codes */
function refusal(
  status: number,
  message: string,
  { type, param, code }: { readonly type: string; readonly param?: string; readonly code?: string },
  headers: Readonly<Record<string, string>>,
): Response {
  return Response.json({ error: { message, type, param: param ?? null, code: code ?? null } }, { status, headers });
}

/** What the vendor would not take. */
function faultOf(body: Readonly<Record<string, unknown>>) {
  const fault = (message: string, param: string, code: string) => {
    return { message, type: "invalid_request_error", param, code };
  };
  if (typeof body.model !== "string") return fault("you must provide a model parameter", "model", "missing");
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    return fault("Missing required parameter: 'messages'.", "messages", "missing_required_parameter");
  }
  const nowhere = /"url":"(https?:\/\/[^"/]+\.invalid\b[^"]*)"/.exec(JSON.stringify(body.messages))?.[1];
  if (nowhere !== undefined) return fault(`Failed to download image from ${nowhere}.`, "url", "invalid_image_url");
  const { temperature } = body;
  if (typeof temperature !== "number" || temperature <= 2) return undefined;
  const message = `Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got ${temperature} ` +
    "instead.";
  return fault(message, "temperature", "decimal_above_max_value");
}

/** The text of the last message. */
function questionOf(messages: unknown): string {
  const content = (messages as readonly { readonly content?: unknown }[]).at(-1)?.content;
  if (!Array.isArray(content)) return typeof content === "string" ? content : "";
  return content.map(({ text }) => typeof text === "string" ? text : "").join("");
}
