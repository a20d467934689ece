/**
 * One attempt of a call: posts, and gives the events of whatever came, a stream or one body.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Call, Progress } from "./connection.ts";
import { ResponseError } from "./error.ts";
import { parseJson, readText } from "./http.ts";
import type { DecodedEvent } from "./provider.ts";
import { sse } from "./sse.ts";

/** One attempt: posts and gives the events of the answer, as a stream or as one body, whichever came. */
export async function* exchange(
  { connection, request, encoded, body }: Call,
  attempt: Attempt,
  progress: Progress,
): AsyncGenerator<DecodedEvent, void, undefined> {
  const { provider, key, ownAuth, baseUrl, maxEventBytes } = connection;
  const streaming = request.streaming ?? true;
  const response = await attempt.post({
    url: urlOf(baseUrl, provider.path),
    headers: {
      "content-type": "application/json",
      accept: streaming ? "text/event-stream" : "application/json",
      ...provider.headers(key),
      ...encoded.headers,
      ...connection.headers,
    },
    body,
    fetch: request.fetch ?? globalThis.fetch,
    hasKey: key !== undefined || ownAuth,
    errorOf: provider.errorOf,
  });
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/html")) {
    const message =
      "The vendor's answer is a web page; check the base URL, and what stands between here and the vendor.";
    throw new ResponseError(message, { reason: "html" });
  }
  const onOutput = () => {
    progress.firstOutputAt ??= performance.now();
  };
  if (!streaming || type.startsWith("application/json")) {
    const text = await readText(attempt.read, maxEventBytes);
    if (text === undefined) throw tooLarge();
    yield* provider.decodeBody(parseJson(text), request);
    return;
  }
  // Without an event this is no stream: then what came decides what it was.
  let prologue: string | undefined = "";
  const onPrologue = (text: string) => {
    prologue = (prologue ?? "") + text;
    // Comments before the first event, as some servers send to keep a connection open: a stream it is.
    if (/^\uFEFF?:/.test(prologue)) prologue = ":";
    if (prologue.length > maxEventBytes) throw tooLarge();
  };
  const events = sse(attempt.read, { maxEventBytes, onPrologue });
  const outputs = (async function* () {
    for await (const event of events) {
      prologue = undefined;
      if (event.event !== "ping") attempt.output();
      yield event;
    }
    const text = prologue?.replace(/^\uFEFF/, "");
    if (text !== undefined && isNoStream(text)) throw new NoStream(text);
  })();
  try {
    for await (const event of provider.decode(outputs, request, onOutput)) {
      if (event.type === "text" || event.type === "thinking" || event.type === "tool_call") onOutput();
      yield event;
    }
  } catch (error) {
    if (!(error instanceof NoStream)) throw error;
    yield* provider.decodeBody(parseJson(error.text), request);
  }
}

/** Not an error of the user's: the body turned out to be no stream, and its text says what it is. */
class NoStream extends Error {
  constructor(readonly text: string) {
    super("The body is no event stream.");
  }
}

/** Whether a body without an event is something else than a stream, were it one that was cut within its first line. */
function isNoStream(text: string): boolean {
  const start = text.trimStart();
  if (start === "" || /^[<{[]/.test(start)) return true;
  if (/^(?:data|event|id|retry)?:/m.test(text)) return false;
  return !["data:", "event:", "id:", "retry:"].some((field) => field.startsWith(start));
}

function urlOf(baseUrl: URL, path: string): string {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  return url.href;
}

function tooLarge(): ResponseError {
  const message = "The answer is longer than maxEventBytes allows; raise it if that is right.";
  return new ResponseError(message, { reason: "too_large" });
}
