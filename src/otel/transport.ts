/**
 * Sends one OTLP/HTTP request (https://opentelemetry.io/docs/specs/otlp/#otlphttp) by fetch, with retries, within one
 * deadline.
 *
 * @module
 */
import { readBounded } from "../body_reader.ts";
import { follow, orAborted, sleep } from "../deadline.ts";
import { backoffMs, retryAfterMs } from "../retry.ts";
import { mayConnect, unrefTimer } from "../runtime.ts";
import { placeOf } from "../url.ts";
import { runInContext, suppressed } from "./registry.ts";

/** Where and how a signal is sent. */
export interface TransportOptions {
  /** With its path. */
  readonly url: string;
  /** Beside content-type and content-encoding. */
  readonly headers: Readonly<Record<string, string>>;
  /** As in `application/x-protobuf`. */
  readonly contentType: string;
  /** Compress from 1 KiB on, where the runtime can. */
  readonly gzip: boolean;
  /** For everything, retries included. */
  readonly timeoutMs: number;
}

/** What became of a request. */
export type Sent =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly reason: string; readonly status?: number | undefined };

/** How one request is sent. */
export interface SendOptions {
  /** Gives up at once. */
  readonly signal: AbortSignal;
  /** False: a refused connection is not tried again, as when the program is about to end. */
  readonly retryConnection: boolean;
  /** Aborts when that comes true in the middle: a wait for another attempt then ends, and none is made. */
  readonly hurry?: AbortSignal | undefined;
}

const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const LONGEST_RESPONSE = 64 * 1024;
/** What a body can add to a status that is success is only a count: not worth a whole deadline. */
const LONGEST_RESPONSE_MS = 1_000;
/** A back end that asks to be tried again at once is not asked in a tight loop. */
const SHORTEST_WAIT_MS = 100;
const GZIP_FROM = 1024;

/** Sends; never throws. What goes wrong is a reason without key or query. */
export async function send(body: Uint8Array, options: TransportOptions, how: SendOptions): Promise<Sent> {
  if (options.timeoutMs <= 0) return { ok: false, reason: `${placeOf(options.url)} did not answer in time` };
  const call = follow(how.signal);
  const { signal } = call;
  const timer = setTimeout(() => call.abort(new DOMException("timeout", "TimeoutError")), options.timeoutMs);
  unrefTimer(timer); // Nothing here keeps a program alive: whoever awaits a flush is held by the flush's own deadline.
  const deadline = performance.now() + options.timeoutMs;
  let reason = `${placeOf(options.url)} did not answer in time`;
  try {
    const { payload, encoding } = await compress(body, options.gzip);
    for (let attempt = 0;; attempt++) {
      const outcome = await once(payload, encoding, options, signal);
      if (outcome.ok || !outcome.retryable || signal.aborted) return outcome;
      if (outcome.status === undefined && (!how.retryConnection || how.hurry?.aborted)) return outcome;
      reason = outcome.reason;
      const waitMs = Math.max(SHORTEST_WAIT_MS, outcome.retryAfterMs ?? backoffMs(attempt));
      if (performance.now() + waitMs >= deadline) return outcome;
      await pause(waitMs, signal, how.hurry);
    }
  } catch {
    return { ok: false, reason }; // The wait for another attempt ended: what the last one met is the reason.
  } finally {
    clearTimeout(timer);
    call.release();
  }
}

/** Waits for the next attempt, unless there is none to be any more. */
async function pause(ms: number, signal: AbortSignal, hurry: AbortSignal | undefined): Promise<void> {
  const wait = follow(signal);
  const stop = () => wait.abort(hurry?.reason);
  hurry?.addEventListener("abort", stop, { once: true });
  try {
    await sleep(ms, wait.signal, unrefTimer);
  } finally {
    wait.release();
    hurry?.removeEventListener("abort", stop);
  }
}

type Attempted =
  | (Sent & { readonly ok: true })
  | (Sent & { readonly ok: false; readonly retryable: boolean; readonly retryAfterMs?: number | undefined });

async function once(
  payload: Uint8Array,
  encoding: Readonly<Record<string, string>>,
  { url, headers, contentType }: TransportOptions,
  signal: AbortSignal,
): Promise<Attempted> {
  const target = new URL(url);
  // Deno's prompt would stop the whole program, in the middle of its work, for the sake of its telemetry.
  if (!mayConnect(target)) {
    return { ok: false, reason: `${placeOf(url)} needs the permission --allow-net=${target.host}`, retryable: false };
  }
  let response: Response;
  try {
    // Suppressed, so that a fetch that somebody instrumented makes no spans of the export of spans.
    const sent = runInContext(suppressed(), () =>
      fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": contentType, ...encoding },
        body: payload as Uint8Array<ArrayBuffer>,
        redirect: "manual",
        signal,
      }));
    response = await orAborted(sent, signal, (late) => void late.body?.cancel().catch(() => {}));
  } catch {
    const reason = signal.aborted ? "did not answer in time" : "cannot be reached";
    return { ok: false, reason: `${placeOf(url)} ${reason}`, retryable: !signal.aborted };
  }
  const { status } = response;
  if (!response.ok) {
    response.body?.cancel().catch(() => {}); // The status says it all; the body may be a web page, or endless.
    const retryable = RETRYABLE.has(status);
    const reason = `${placeOf(url)} answered HTTP ${status}`;
    return { ok: false, reason, status, retryable, retryAfterMs: retryAfterMs(response.headers) };
  }
  if ((response.headers.get("content-type") ?? "").startsWith("text/html")) {
    response.body?.cancel().catch(() => {});
    const reason = `${placeOf(url)} answered with a web page, so it is no OTLP receiver`;
    return { ok: false, reason, retryable: false };
  }
  return { ok: true, body: await bounded(response, signal) };
}

/** What came of the response's body, up to a limit of size and time: partial success is short. */
async function bounded({ body }: Response, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await readBounded(body, { maxBytes: LONGEST_RESPONSE, ms: LONGEST_RESPONSE_MS, signal });
  return bytes.length < LONGEST_RESPONSE ? bytes : new Uint8Array();
}

async function compress(
  body: Uint8Array,
  gzip: boolean,
): Promise<{ readonly payload: Uint8Array; readonly encoding: Readonly<Record<string, string>> }> {
  if (!gzip || body.length < GZIP_FROM || typeof CompressionStream === "undefined") {
    return { payload: body, encoding: {} };
  }
  try {
    const stream = new Blob([body as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
    const payload = new Uint8Array(await new Response(stream).arrayBuffer());
    return { payload, encoding: { "content-encoding": "gzip" } };
  } catch {
    return { payload: body, encoding: {} }; // A runtime that has the class and not the format.
  }
}
