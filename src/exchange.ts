/**
 * One attempt of a call: posts, and gives the events of whatever came, a stream or one body.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Call, Progress } from "./connection.ts";
import { orAborted } from "./deadline.ts";
import { ResponseError } from "./error.ts";
import { foldOf } from "./fold.ts";
import { parseJson, requestIdOf } from "./http.ts";
import type { ChatRequest } from "./language_model.ts";
import { gatherPrologue, tooLarge } from "./prologue.ts";
import type { DecodedEvent, Fold, Provider } from "./provider.ts";
import { type ServerSentEvent, sse, sseReader } from "./sse.ts";

/** The events of an answer. */
export interface Answer {
  /** Those that came next, at least one; undefined at the end. */
  next(): Promise<readonly DecodedEvent[] | undefined>;
  /** Lets go of whoever gives them, before the end. */
  close?(): Promise<unknown>;
}

/** One attempt: posts, and gives the events of the answer, as a stream or as one body, whichever came, in lists as they came. */
export async function exchange(
  { connection, url, request, encoded, body: sent, signal }: Call,
  attempt: Attempt,
  progress: Progress,
): Promise<Answer> {
  const { provider, key, ownAuth, maxEventBytes } = connection;
  const streaming = request.streaming ?? true;
  const response = await attempt.post({
    url,
    headers: headersOf(
      { "content-type": "application/json", accept: streaming ? "text/event-stream" : "application/json" },
      provider.headers(key),
      encoded.headers,
      connection.headers,
    ),
    body: sent,
    fetch: request.fetch ?? globalThis.fetch,
    hasKey: key !== undefined || ownAuth,
    errorOf: (status, body) => provider.errorOf(status, body),
  });
  progress.requestId = requestIdOf(response.headers);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/html")) {
    const message =
      "The vendor's answer is a web page; check the base URL, and what stands between here and the vendor.";
    throw new ResponseError(message, { reason: "html" });
  }
  const body = streaming && !type.startsWith("application/json")
    ? undefined
    : parseJson(await attempt.readText(maxEventBytes) ?? tooLarge());
  // What is in a body came at once: it has no first token, and what is wrong with it may be asked again.
  const onOutput = body !== undefined ? () => {} : () => {
    attempt.output();
    progress.firstOutputAt ??= performance.now();
  };
  const fold = foldOf(provider, request, onOutput);
  progress.said = fold;
  const reading: Reading = { attempt, provider, request, maxEventBytes, onOutput, signal };
  if (fold === undefined) return readForeign(reading, body);
  return body === undefined ? readStream(reading, fold) : readBody(fold, body);
}

/** A later source stands over an earlier one, however it spells a name: a header that is said twice is joined on the wire. */
function headersOf(...sources: readonly (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const source of sources) {
    for (const name of Object.keys(source ?? {})) headers[name.toLowerCase()] = source?.[name] ?? "";
  }
  return headers;
}

/** Where events are read from, and how. */
interface Reading {
  readonly attempt: Attempt;
  readonly provider: Provider;
  readonly request: ChatRequest;
  readonly maxEventBytes: number;
  readonly onOutput: () => void;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** A whole body gives all its events at once; where the fold fails on it, those that came before are given first. */
function readBody(fold: Fold, body: unknown): Answer {
  let events: DecodedEvent[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    fold.takeBody(body, events);
    fold.finish(events);
  } catch (error) {
    failure = { error };
  }
  return {
    next() {
      const ready = events;
      events = [];
      if (ready.length > 0) return Promise.resolve(ready);
      return failure === undefined ? Promise.resolve(undefined) : Promise.reject(failure.error);
    },
  };
}

/** What one read of the network gave is folded in one go: between two waits there is none. */
function readStream({ attempt, maxEventBytes, onOutput }: Reading, fold: Fold): Answer {
  let out: DecodedEvent[] = [];
  const prologue = gatherPrologue(maxEventBytes);
  let over = false, heard = false;
  let failure: { readonly error: unknown } | undefined;
  const reader = sseReader({ maxEventBytes, onPrologue: prologue.add }, (event) => {
    if (over) return;
    prologue.end();
    heard ||= !isHeartbeat(event);
    over = fold.take(event, out);
  });
  const step = (bytes: Uint8Array | undefined): void => {
    reader.feed(bytes);
    if (heard) attempt.heard();
    heard = false;
    if (bytes === undefined && !over) {
      const text = prologue.text();
      if (text !== undefined) fold.takeBody(parseJson(text), out);
      over = true;
    }
    if (over) fold.finish(out);
  };
  return {
    async next() {
      while (!over && failure === undefined) {
        try {
          step(await attempt.read());
        } catch (error) {
          failure = { error };
        }
        if (out.length === 0) continue;
        const ready = out;
        out = [];
        if (ready.some(isOutput)) onOutput();
        return ready;
      }
      if (failure !== undefined) throw failure.error; // What came before it was given first.
      return undefined;
    },
  };
}

/**
 * A provider with readers of its own is handed the events one by one, and gives its own so. What else it may wait for does
 * not outlive the call.
 */
function readForeign(reading: Reading, body: unknown): Answer {
  const events = foreignEvents(reading, body);
  return {
    async next() {
      const { value, done } = await orAborted(events.next(), reading.signal);
      return done ? undefined : [value];
    },
    close: () => orAborted(events.return(), reading.signal),
  };
}

async function* foreignEvents(
  { attempt, provider, request, maxEventBytes, onOutput }: Reading,
  body: unknown,
): AsyncGenerator<DecodedEvent, void, undefined> {
  const prologue = gatherPrologue(maxEventBytes);
  const events = (async function* () {
    for await (const event of sse(attempt.read, { maxEventBytes, onPrologue: prologue.add })) {
      prologue.end();
      if (!isHeartbeat(event)) attempt.heard();
      yield event;
    }
    const text = prologue.text();
    if (text !== undefined) throw new NoStream(text);
  })();
  try {
    if (body !== undefined) {
      yield* provider.decodeBody(body, request);
      return;
    }
    for await (const event of provider.decode(events, request, onOutput)) {
      if (isOutput(event)) onOutput();
      yield event;
    }
  } catch (error) {
    if (error instanceof SyntaxError) { // Its message quotes what it could not parse.
      throw new ResponseError("The provider's reader met what is not valid JSON.", { reason: "json" });
    }
    if (!(error instanceof NoStream)) throw error;
    yield* provider.decodeBody(parseJson(error.text), request);
  }
}

/** Longer than any of them. */
const HEARTBEAT_LENGTH = 80;

/** What vendors and gateways send to keep a connection open: it says nothing of the answer. */
function isHeartbeat({ event, data }: ServerSentEvent): boolean {
  if (event === "ping" || event === "keepalive") return true;
  return data.length < HEARTBEAT_LENGTH && /"type"\s*:\s*"(?:ping|keepalive)"|"choices"\s*:\s*\[\s*\]/.test(data);
}

function isOutput({ type }: DecodedEvent): boolean {
  return type === "text" || type === "thinking" || type === "tool_call";
}

/** Not an error of the user's: the body turned out to be no stream, and its text says what it is. */
class NoStream extends Error {
  constructor(readonly text: string) {
    super("The body is no event stream.");
  }
}
