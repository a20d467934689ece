/**
 * The one place where a dialect meets the network: encode, post, read, decode; retries and deadlines.
 *
 * @module
 */
import { beginAttempt } from "./attempt.ts";
import { conclude, tellWhatCame } from "./conclude.ts";
import { breakable, type Lifeline } from "./breakable.ts";
import type { Call, Connection, Progress } from "./connection.ts";
import { alarm, isReasonOf, orAborted, sleep } from "./deadline.ts";
import { ApiError, ConfigError, LlmError, StreamTruncatedError } from "./error.ts";
import type { NoticeEvent, StreamEvent } from "./event.ts";
import { type Answer, exchange } from "./exchange.ts";
import { isReadByFold } from "./fold.ts";
import { checkHeaderText, isHeaderName, mergedHeaders } from "./http_header.ts";
import type { ChatRequest, LanguageModel } from "./language_model.ts";
import type { EncodedRequest, Provider } from "./provider.ts";
import { backoffMs } from "./retry.ts";
import { mayRetry } from "./retryable.ts";
import { secretsOf, withoutSecrets } from "./secrecy.ts";
import { parseStructured } from "./structured.ts";
import { unawaited } from "./quietly.ts";
import { asOwn } from "./ready.ts";
import { timeoutError } from "./timeouts.ts";
import { portOf } from "./url.ts";
import { watcherOf } from "./watched_fetch.ts";

/** Connects a dialect to the network. */
export function connect(connection: Connection): LanguageModel {
  const { provider, model, baseUrl } = connection;
  const url = urlOf(baseUrl, provider.path);
  return {
    provider: provider.name,
    model,
    api: provider.api,
    server: { address: baseUrl.hostname, port: portOf(baseUrl) },
    stream(request) {
      const encoded = encode(provider, model, request);
      const body = jsonOf(encoded.body);
      const headers = headersOf(connection, request, encoded);
      const secrets = () => secretsOf(connection, headers);
      const begin = (lifeline: Lifeline) => {
        return answer({ connection, url, headers, secrets, request, encoded, body, ...lifeline });
      };
      return {
        [Symbol.asyncIterator]() {
          const events = breakable(request.signal, begin);
          // A schema may be the user's own code.
          return isReadByFold(provider) && request.schema === undefined ? asOwn(events) : events;
        },
      };
    },
  };
}

/** What a dialect fails on is what it was given: a schema that contains itself, a value without a form. */
function encode(provider: Provider, model: string, request: ChatRequest): EncodedRequest {
  let encoded: EncodedRequest | undefined;
  try {
    encoded = provider.encode(model, request);
  } catch (cause) {
    if (cause instanceof LlmError) throw cause;
    throw new ConfigError("The request cannot be put in the vendor's words; look at its schema and tools.", { cause });
  }
  if (typeof encoded === "object" && encoded !== null) return encoded;
  throw new ConfigError(`The provider ${provider.name} encodes nothing: encode must give an object with a body.`);
}

/** The text that has come, for errors that carry it. */
function partialTextOf({ text, said }: Progress): string {
  return said?.text?.() ?? text;
}

/** What comes before the finish. */
type Piece = Exclude<StreamEvent, { readonly type: "finish" }>;

async function* answer(call: Call): AsyncGenerator<readonly StreamEvent[], void, undefined> {
  const { connection, request, encoded, signal, abort, release } = call;
  const { maxRetries, timeouts } = connection;
  if (signal.aborted) throw signal.reason;
  const progress: Progress = {
    text: "",
    startedAt: performance.now(),
    firstOutputAt: undefined,
    requestId: undefined,
    said: undefined,
  };
  const { totalMs } = timeouts;
  const callOff = alarm(totalMs, () => abort(timeoutError("total", timeouts, partialTextOf(progress))));
  const watcher = watcherOf(request.fetch);
  // A reader that pauses may never come back: what was aborted waits for nothing, and is told of at once.
  const onAbort = () => {
    callOff();
    watcher?.gaveUp(signal.reason);
  };
  if (totalMs !== undefined || watcher !== undefined) signal.addEventListener("abort", onAbort, { once: true });
  try {
    const notices = (encoded.notices ?? []).map((notice): NoticeEvent => ({ type: "notice", ...notice }));
    if (connection.notices.length + notices.length > 0) yield [...connection.notices, ...notices];
    for (let retry = 0;; retry++) {
      if (signal.aborted) throw signal.reason;
      const streaming = request.streaming ?? true;
      const attempt = beginAttempt({ signal, timeouts, streaming, partialText: () => partialTextOf(progress) });
      progress.requestId = undefined;
      progress.said = undefined;
      let failure: unknown;
      let shown = false;
      let given: Answer | undefined;
      try {
        given = await exchange(call, attempt, progress);
        for (let events = await given.next(); events !== undefined; events = await given.next()) {
          const last = events.at(-1);
          const ending = last?.type === "finish" ? last : undefined;
          const pieces = (ending === undefined ? events : events.slice(0, -1)) as readonly Piece[];
          for (const piece of pieces) {
            if (piece.type === "text") progress.text += piece.delta;
            else if (piece.type === "server_tool") shown = true; // The vendor has searched, and is paid for it.
          }
          if (pieces.length > 0) yield pieces;
          if (signal.aborted) throw signal.reason;
          if (ending === undefined) continue;
          const result = conclude(call, ending.result, progress);
          const { schema } = request;
          const parsed = schema && await orAborted(parseStructured(schema, result), signal);
          await attempt.drain();
          if (signal.aborted) throw signal.reason;
          // Nothing is held while the last event is handed over: its reader may never ask again.
          attempt.close();
          callOff();
          release();
          yield [{ type: "finish", result: schema ? { ...result, parsed } : result }];
          return;
        }
        const message = "The stream ended before the answer did; what came stands in partialText.";
        throw new StreamTruncatedError(message, { partialText: partialTextOf(progress) });
      } catch (error) {
        failure = signal.aborted ? signal.reason : error;
        // The caller's own reason stays as the caller made it.
        if (!isReasonOf(request.signal, failure)) {
          tellWhatCame(failure, connection, progress);
          if (!signal.aborted) withoutSecrets(failure, call.secrets());
        }
        if (
          shown || progress.firstOutputAt !== undefined || retry >= maxRetries || signal.aborted || !mayRetry(failure)
        ) {
          throw failure;
        }
      } finally {
        attempt.close();
        // A dialect of the user's own that cannot end, or fails at it, changes nothing of how the call did.
        unawaited(given?.close?.());
      }
      const waitMs = (failure instanceof ApiError ? failure.retryAfterMs : undefined) ?? backoffMs(retry);
      const notice = retryNotice(failure, waitMs, retry + 1, maxRetries);
      failure = undefined; // Its stack holds the reader that waited, which could not be collected if it is dropped here.
      yield [notice];
      await sleep(waitMs, signal);
    }
  } finally {
    callOff();
  }
}

function retryNotice(failure: unknown, waitMs: number, retry: number, of: number): NoticeEvent {
  const what = failure instanceof ApiError
    ? `HTTP ${failure.status}`
    : failure instanceof LlmError
    ? failure.name
    : "a failure";
  return {
    type: "notice",
    code: "retry",
    message: `Retry ${retry} of ${of} after ${what}, in ${Math.round(waitMs)} ms.`,
  };
}

function urlOf(baseUrl: URL, path: string): string {
  const url = new URL(baseUrl);
  const at = path.indexOf("?");
  const place = (at < 0 ? path : path.slice(0, at)).replace(/^\/+/, "");
  const base = url.pathname.replace(/\/+$/, "");
  url.pathname = place === "" ? base : `${base}/${place}`;
  if (at >= 0) url.search = [url.search.slice(1), path.slice(at + 1)].filter(Boolean).join("&");
  return url.href;
}

/** What a request is sent with; a provider of the user's own may say anything. */
function headersOf(
  { provider, key, headers: own }: Connection,
  { streaming = true }: ChatRequest,
  encoded: EncodedRequest,
): Record<string, string> {
  const general = { "content-type": "application/json", accept: streaming ? "text/event-stream" : "application/json" };
  let headers: Record<string, string>;
  try {
    headers = mergedHeaders(general, provider.headers(key), encoded.headers, own);
  } catch (cause) {
    const failure = new ConfigError(`The provider ${provider.name} gives no headers: its function threw.`, { cause });
    throw withoutSecrets(failure, { all: key === undefined ? [] : [key] });
  }
  for (const name in headers) {
    if (!isHeaderName(name)) {
      throw new ConfigError(`The provider ${provider.name} gives a header without a usable name.`);
    }
    checkHeaderText(`The header ${name} of the provider ${provider.name}`, headers[name]);
  }
  return headers;
}

function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    const hint = "it contains itself, or a BigInt";
    throw new ConfigError(`The request has no JSON form: ${hint}; look at extraBody, tools and tool arguments.`, {
      cause,
    });
  }
}
