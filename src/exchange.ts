/**
 * One attempt of a call: posts, and gives the events of whatever came, a stream or one body.
 *
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Call, Progress } from "./connection.ts";
import { orAborted } from "./deadline.ts";
import { LlmError, ResponseError } from "./error.ts";
import { foldOf } from "./fold.ts";
import { mayBeKey } from "./http_header.ts";
import { parseJson, requestIdOf } from "./http.ts";
import type { ChatRequest } from "./language_model.ts";
import { gatherPrologue, tooLarge } from "./prologue.ts";
import type { DecodedEvent, Fold, Provider } from "./provider.ts";
import { holdsKey } from "./secrecy.ts";
import { isHeartbeat, type ServerSentEvent, sse, sseReader } from "./sse.ts";

/** The events of an answer. */
export interface Answer {
  /** Those that came next, at least one; undefined at the end. */
  next(): Promise<readonly DecodedEvent[] | undefined>;
  /** Lets go of whoever gives them, before the end. */
  close?(): Promise<unknown>;
}

/** One attempt: posts, and gives the events of the answer, as a stream or as one body, whichever came, in lists as they came. */
export async function exchange(
  { connection, url, headers, secrets, request, body: sent, signal }: Call,
  attempt: Attempt,
  progress: Progress,
): Promise<Answer> {
  const { provider, ownAuth, maxEventBytes } = connection;
  const streaming = request.streaming ?? true;
  const response = await attempt.post({
    url,
    headers,
    body: sent,
    fetch: request.fetch ?? globalThis.fetch,
    hasKey: ownAuth || Object.keys(headers).some(mayBeKey),
    isSecret: (text) => holdsKey(text, secrets()),
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
    heard ||= isSign(event);
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
      if (done) return undefined;
      if (!isEvent(value)) throw readersFault(new TypeError("what it gave is no event"));
      return [value];
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
      if (isSign(event)) attempt.heard();
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
    if (!(error instanceof NoStream)) throw readersFault(error);
    try {
      yield* provider.decodeBody(parseJson(error.text), request);
    } catch (error) {
      throw readersFault(error);
    }
  }
}

/** What a provider's own reader gives may be anything. */
function isEvent(value: DecodedEvent | null | undefined): boolean {
  if (value?.type !== "finish") return typeof value?.type === "string";
  const { response, toolCalls, messages } = value.result ?? {};
  return typeof response === "string" && Array.isArray(toolCalls) && Array.isArray(messages);
}

/** What a provider's own reader threw, as one of this library's errors. */
function readersFault(error: unknown): unknown {
  if (error instanceof LlmError) return error;
  if (error instanceof SyntaxError) { // Its message quotes what it could not parse.
    return new ResponseError("The provider's reader met what is not valid JSON.", { reason: "json" });
  }
  const hint = "the cause says why";
  return new ResponseError(`The provider's own reader failed on the answer: ${hint}.`, {
    reason: "protocol",
    cause: error,
  });
}

/** Whether an event says something of the answer, and not only that the connection is open. */
function isSign(event: ServerSentEvent): boolean {
  const { data } = event;
  return !isHeartbeat(event) && data !== "{}" && !TELLS_NOTHING.test(data) && !hasNoChoice(data);
}

/** The same by its data: an event that has no name. */
const TELLS_NOTHING = /^\s*\{\s*"type"\s*:\s*"(?:ping|keepalive|heartbeat)"/;

/** A chunk without a choice tells something where it counts tokens; as a heartbeat it is not long. */
function hasNoChoice(data: string): boolean {
  if (data.length > 1_000 || !data.includes('"choices"')) return false;
  return /"choices"\s*:\s*\[\s*\]/.test(data) && !/"usage"\s*:\s*\{/.test(data);
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
