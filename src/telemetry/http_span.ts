/**
 * A fetch that makes one `http.request` span per attempt, ended when its body ends, fails or is cancelled.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isNoLongerNeeded } from "../deadline.ts";
import { TimeoutError } from "../error.ts";
import { requestIdOf } from "../http.ts";
import { looksLikeKey, mayBeKey } from "../http_header.ts";
import { isDenoBuiltIn, runInContext, suppressed } from "../otel/registry.ts";
import { retryAfterMs } from "../retry.ts";
import type { Context, Tracer } from "../otel_types.ts";
import { portOf } from "../url.ts";
import { isNativeFetch, type Posted, watchedBy } from "../watched_fetch.ts";
import { GENERAL, LLM, SPAN, type Vocabulary } from "./names.ts";
import { observeBody } from "./observe_body.ts";
import { quietly } from "../quietly.ts";
import { errorTypeOf, type OpenSpan, openSpan, type OptionalAttributes } from "./span.ts";

/** The call that a fetch belongs to. */
export interface FetchOwner {
  /** Makes the spans. */
  readonly tracer: Tracer;
  /** The context of the span above. */
  readonly context: Context;
  /** The span above; under Deno's built-in OpenTelemetry it gets what the attempt's span would. */
  readonly above: OpenSpan;
  /** Which names are written. */
  readonly vocabulary: Vocabulary;
  /** Headers that this origin is to get, or none. */
  headersFor(url: URL, context: Context): Readonly<Record<string, string>>;
  /** An attempt begins; gives how many came before it. */
  onAttempt(): number;
  /** The call was ended before its end, or its attempt's signal aborted, whoever did it. */
  onAbort(reason: unknown): void;
}

/** Binds `base` to a call that exists once the first request is sent. */
export function tracedFetch(base: typeof globalThis.fetch, owner: () => FetchOwner): typeof globalThis.fetch {
  const watched: typeof globalThis.fetch = async (input, init) => {
    const { response, end } = await attempt(base, owner(), input, init);
    try {
      return observeBody(response, { onEnd: end });
    } catch (error) { // What the fetch gave is no response with a body to read: its attempt is over.
      end(error);
      throw error;
    }
  };
  return watchedBy(watched, {
    send: (url, init, isSecret) => attempt(base, owner(), url, init, isSecret),
    // What is under way is told first, by its own listeners, and ends first.
    gaveUp: (reason) => queueMicrotask(() => owner().onAbort(reason)),
  });
}

async function attempt(
  base: typeof globalThis.fetch,
  call: FetchOwner,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
  isSecret: (text: string) => boolean = (text) => echoesKey(text, init?.headers),
): Promise<Posted> {
  const asked = input instanceof Request ? input : undefined;
  const url = parsed(asked?.url ?? String(input));
  const method = init?.method ?? asked?.method ?? "GET";
  const before = call.onAttempt();
  // There Deno's own span of each fetch, which no suppression stops, is the attempt.
  const span = isDenoBuiltIn() ? undefined : openSpan(call.tracer, {
    name: call.vocabulary === "gen_ai" ? method : SPAN.http,
    kind: SpanKind.CLIENT,
    parent: call.context,
    attributes: [{
      [GENERAL.method]: method,
      [GENERAL.serverAddress]: url.hostname,
      [GENERAL.serverPort]: portOf(url),
      [GENERAL.urlFull]: `${url.origin}${url.pathname}`,
      [GENERAL.resendCount]: before === 0 ? undefined : before,
    }],
  });
  const context = span?.context ?? call.context;
  const signal = init?.signal ?? asked?.signal;
  let over = false;
  const onAbort = () => end(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const end = (failure?: unknown) => {
    if (over) return;
    over = true;
    signal?.removeEventListener("abort", onAbort);
    const cause = signal?.aborted ? causeOf(failure, signal.reason) : failure;
    // A reason may be anything, a text too.
    const otherwise = signal?.aborted && cause === signal.reason ? "AbortError" : undefined;
    span?.end(cause === undefined || isNoLongerNeeded(cause) ? undefined : failureOf(cause, otherwise));
    // The body may be cancelled by an abort before the listener here is told: either way the call is, once.
    if (signal?.aborted) call.onAbort(signal.reason);
  };
  try {
    const extra = quietly(() => call.headersFor(url, context)) ?? {};
    const own = init?.headers ?? asked?.headers;
    const headers = Object.keys(extra).length === 0 ? init?.headers : { ...headersOf(own), ...extra };
    const response = await runInContext(
      suppressed(context),
      () => base(input, headers === undefined ? init : { ...init, headers }),
    );
    const told = span ?? call.above;
    // A fetch of the user's own may give anything; what is wrong with it is told where it is read.
    const status = response?.status ?? 0;
    if (told.isRecording) {
      told.set(quietly(() => responseAttributes(response, isSecret, span === undefined, call.vocabulary)) ?? {});
    }
    return { response, isNative: isNativeFetch(base), end: status < 400 ? end : () => end(new StatusFailure(status)) };
  } catch (error) {
    end(error ?? new Error("fetch failed without saying why"));
    throw error;
  }
}

/**
 * Why an attempt ended under an abort. What failed then failed for the abort's reason; a body that is cancelled is over,
 * whoever wished it, unless the vendor was silent for too long.
 */
function causeOf(failure: unknown, reason: unknown): unknown {
  if (failure instanceof StatusFailure) return failure;
  const wasSilent = reason instanceof TimeoutError && reason.phase !== "total";
  return failure === undefined && !wasSilent ? undefined : reason;
}

/** A client asks the same address each time. */
const addresses = new Map<string, URL>();
const MOST_ADDRESSES = 100;

function parsed(href: string): URL {
  let url = addresses.get(href);
  if (url === undefined) {
    if (addresses.size >= MOST_ADDRESSES) addresses.clear();
    addresses.set(href, url = new URL(href));
  }
  return url;
}

function headersOf(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}

function responseAttributes(
  { headers, status }: Response,
  isSecret: (text: string) => boolean,
  onStreamSpan: boolean,
  vocabulary: Vocabulary,
): OptionalAttributes {
  const general = { [GENERAL.statusCode]: onStreamSpan ? undefined : status };
  if (vocabulary === "gen_ai") return general; // The conventions have no names for what follows.
  const waitMs = retryAfterMs(headers);
  const id = requestIdOf(headers);
  return {
    ...general,
    // A gateway may send back the key that it was sent.
    [LLM.httpRequestId]: id === undefined || looksLikeKey(id) || isSecret(id) ? undefined : id,
    [LLM.httpRetryAfter]: waitMs === undefined ? undefined : waitMs / 1000,
    [LLM.httpRemainingRequests]: remaining(headers, "requests"),
    [LLM.httpRemainingTokens]: remaining(headers, "tokens"),
  };
}

/** Of a fetch of somebody else's only the headers tell what is a key. */
function echoesKey(text: string, headers: HeadersInit | undefined): boolean {
  const values = Object.entries(headersOf(headers)).filter(([name]) => mayBeKey(name)).map(([, value]) => value);
  return values.flatMap((value) => [value, value.split(" ").at(-1) ?? ""])
    .some((key) => key.length >= 8 && text.includes(key));
}

/** OpenAI's name for it, then Anthropic's. */
function remaining(headers: Headers, what: "requests" | "tokens"): number | undefined {
  const value = headers.get(`x-ratelimit-remaining-${what}`) ?? headers.get(`anthropic-ratelimit-${what}-remaining`);
  return value === null || !/^\d+$/.test(value) ? undefined : Number(value);
}

/** An attempt that the vendor refused; its type is the status. */
class StatusFailure extends Error {
  constructor(status: number) {
    super();
    this.name = String(status);
  }
}

/** A runtime's own error text may hold the URL's query: only the error's name is told. */
function failureOf(error: unknown, otherwise?: string): { readonly type: string; readonly message: string } {
  const type = errorTypeOf(error, otherwise);
  return { type, message: `The attempt failed: ${type}.` };
}
