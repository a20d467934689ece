/**
 * One HTTP attempt: post, and either a response that can be read or one typed error. Who retries is somewhere else.
 *
 * @module
 */
import { orAborted } from "./deadline.ts";
import { ApiError, ConnectionError, ResponseError, TimeoutError } from "./error.ts";
import { LONGEST_RETRY_AFTER_MS, retryAfterMs } from "./retry.ts";
import { quietly } from "./quietly.ts";
import { secret } from "./secret.ts";
import { codeOf, errorOfStatus, identifier, isRetryableStatus, type VendorError } from "./vendor_error.ts";

/** What is posted. */
export interface Post {
  /** Where to. */
  readonly url: string;
  /** All of them; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON text. */
  readonly body: string;
  /** What it is sent with. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends the attempt with its own reason. */
  readonly signal: AbortSignal;
  /** Whether a key goes along: a 401 without one says so. */
  readonly hasKey: boolean;
  /** Reads a refusal in the vendor's dialect. */
  errorOf(status: number, body: unknown): VendorError;
  /** Is told when the headers are there: a refusal's body is waited for on a clock of its own. */
  onHeaders?(): void;
}

/** What came of a post. */
export interface Posted {
  /** The response; its body is still to be read. */
  readonly response: Response;
  /** Whether the runtime's own fetch gave it: such a response lets go of its socket when its signal aborts. */
  readonly isNative: boolean;
  /** To be told once when the body was read to its end or let go of, or why reading it failed. */
  end(failure?: unknown): void;
}

/** One who watches a call by the fetch that it is handed. */
export interface Watcher {
  /** Sends as the fetch does, and gives a response that nobody watches: its reader tells of its end, which costs less. */
  send(url: string, init: RequestInit): Promise<Posted>;
  /** The call was ended before its end, between two attempts perhaps, where no response tells of it. */
  gaveUp(reason: unknown): void;
}

const watchers = secret<Watcher>(); // No copy or proxy of a fetch is passed by.

/** Lets whoever asks by a fetch tell its watcher what the fetch itself would have to find out. */
export function watchedBy(fetch: typeof globalThis.fetch, watcher: Watcher): typeof globalThis.fetch {
  watchers.set(fetch, watcher);
  return fetch;
}

/** Who watches a fetch. */
export function watcherOf(fetch: typeof globalThis.fetch | undefined): Watcher | undefined {
  return fetch && watchers.get(fetch);
}

/** The runtime's own, as it was when this module was loaded. */
const nativeFetch = globalThis.fetch;

/** Whether a fetch is the runtime's own. */
export function isNativeFetch(fetch: typeof globalThis.fetch): boolean {
  return fetch === nativeFetch;
}

const ERROR_BODY_BYTES = 64 * 1024;
const ERROR_BODY_MS = 5_000;

/** Errors that another attempt cannot help, although their class is one that is retried. */
const final = new WeakSet<object>();

/** True where the error is one that another attempt may help. */
export function mayRetry(error: unknown): boolean {
  if (!(error instanceof Error) || final.has(error)) return false;
  if (error instanceof ConnectionError) return true;
  if (error instanceof TimeoutError) return error.phase === "connect";
  if (!(error instanceof ApiError)) return false;
  return isRetryableStatus(error.status) && error.code !== "insufficient_quota" &&
    (error.retryAfterMs ?? 0) <= LONGEST_RETRY_AFTER_MS;
}

/**
 * Posts once. Redirects are never followed, so that key and prompt stay with the configured origin.
 *
 * @throws {ConnectionError} when no response came.
 * @throws {ApiError} or one of its subclasses when the vendor refused.
 */
export async function post(request: Post): Promise<Posted> {
  const { signal, url } = request;
  let posted: Posted;
  try {
    posted = await orAborted(send(request), signal, ({ response, end }) => {
      // Cancelling is best effort: nobody waits for a response that comes too late.
      end();
      response.body?.cancel().catch(() => {});
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw connectionErrorOf(error, url);
  }
  request.onHeaders?.();
  if (!isReadable(posted.response)) {
    posted.end();
    const hint = "it must give a Response whose body nobody has read";
    throw new ResponseError(`The fetch that the client was given has no answer to read; ${hint}.`, {
      reason: "protocol",
    });
  }
  if (posted.response.ok) return posted;
  try {
    throw await refusalOf(posted.response, request);
  } finally {
    posted.end();
  }
}

/** A fetch of the user's own may give anything. */
function isReadable(response: Response | undefined): boolean {
  return typeof response?.status === "number" && typeof response.headers?.get === "function" &&
    (response.body === null || typeof response.body?.getReader === "function" && !response.body.locked);
}

async function send({ url, headers, body, fetch, signal }: Post): Promise<Posted> {
  const init: RequestInit = { method: "POST", headers, body, redirect: "manual", signal };
  const watcher = watcherOf(fetch);
  if (watcher !== undefined) return await watcher.send(url, init);
  const response = await fetch(url, init); // Not called as a method: workerd's fetch refuses another `this`.
  return { response, isNative: isNativeFetch(fetch), end() {} };
}

/** The request id of an answer, under the names that vendors give it. */
export function requestIdOf(headers: Headers): string | undefined {
  return headers.get("x-request-id") ?? headers.get("request-id") ?? undefined;
}

/** Reads a body as text, up to `maxBytes`; undefined when it is longer. */
export async function readText(
  read: () => Promise<Uint8Array | undefined>,
  maxBytes: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (let bytes = await read(); bytes !== undefined; bytes = await read()) {
    length += bytes.length;
    if (length > maxBytes) return undefined;
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

/** Parses an answer; what is no JSON is named by what it looks like, never quoted. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const start = text.trimStart();
    if (start === "") throw new ResponseError("The vendor's answer is empty.", { reason: "empty" });
    if (start.startsWith("<")) {
      const hint = "check the base URL, and what stands between here and the vendor";
      throw new ResponseError(`The vendor's answer is a web page; ${hint}.`, { reason: "html" });
    }
    throw new ResponseError("The vendor's answer is not valid JSON.", { reason: "json" });
  }
}

/**
 * The error of a request that got no response. The runtime's own text may hold the URL with its query, so the cause
 * keeps only its name and its code.
 */
export function connectionErrorOf(error: unknown, url: string): ConnectionError {
  const host = new URL(url).host;
  const code = systemCodeOf(error);
  const cause = new Error(code ?? "the runtime gave no code");
  cause.name = identifier((error as { readonly name?: unknown } | null)?.name) ?? "Error";
  cause.stack = `${cause.name}: ${cause.message}`;
  const said = code === undefined ? "" : ` (${code})`;
  if (cause.name === "NotCapable" || cause.name === "PermissionDenied") {
    const denied = new ConnectionError(`Connecting to ${host} is not permitted; run with --allow-net=${host}.`, {
      cause,
    });
    final.add(denied);
    return denied;
  }
  if (isTlsFailure(error, code)) {
    const failed = new ConnectionError(`No secure connection to ${host}${said}; check its certificate.`, { cause });
    final.add(failed);
    return failed;
  }
  return new ConnectionError(`No connection to ${host}${said}; check the base URL and the network.`, { cause });
}

/** Node and Deno put the system's code on the cause, Bun on the error itself, workerd nowhere. */
function systemCodeOf(error: unknown): string | undefined {
  for (let at = error as { code?: unknown; cause?: unknown } | undefined, depth = 0; at && depth < 4; depth++) {
    const code = identifier(at.code);
    if (code !== undefined) return code;
    at = at.cause as typeof at;
  }
  // Deno says it in its text alone.
  const number = /\(os error (\d{1,5})\)/.exec(error instanceof Error ? error.message : "")?.[1];
  return number === undefined ? undefined : `os_error_${number}`;
}

/** What fails before anybody looked at a certificate, and may be lost in the handshake as anywhere. */
const LOST: ReadonlySet<string | undefined> = new Set(
  ["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"],
);

function isTlsFailure(error: unknown, code: string | undefined): boolean {
  if (LOST.has(code)) return false;
  if (code !== undefined && /CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(code)) return true;
  // Without the address: its host or path may be named so.
  const texts = [error, (error as { readonly cause?: unknown } | null)?.cause].map((e) =>
    e instanceof Error ? e.message.replaceAll(/https?:\/\/\S+/g, "") : ""
  );
  // The last two are rustls, Deno's: the other side refuses the handshake, or speaks no TLS.
  if (texts.some((text) => /handshake eof|before secure TLS connection/i.test(text))) return false;
  return texts.some((text) => /certificate|\bTLS\b|\bSSL\b|fatal alert|corrupt message/i.test(text));
}

async function refusalOf(response: Response, request: Post): Promise<ApiError> {
  const { headers, status } = response;
  const body = await errorBodyOf(response, request.signal);
  // A provider of the user's own may fail on it: then the status alone types the error.
  const said = quietly(() => request.errorOf(status, body));
  const vendor = typeof said?.message === "string" ? said : { message: "" };
  const error = errorOfStatus({
    status,
    code: codeOf(vendor),
    requestId: requestIdOf(headers),
    retryAfterMs: retryAfterMs(headers),
    vendorMessage: vendor.message === "" ? undefined : vendor.message,
  });
  if (headers.get("x-should-retry") === "false" || vendor.retryable === false) final.add(error);
  if (status === 401 && !request.hasKey) {
    error.message = "The vendor asks for a key (HTTP 401) and none was sent: with a baseUrl only apiKey is, never a " +
      "variable of the environment; give apiKey.";
  }
  return error;
}

/** The body of a refusal, bounded in time and bytes; whatever of it came is better than none. */
async function errorBodyOf(response: Response, signal: AbortSignal): Promise<unknown> {
  const reader = response.body?.getReader();
  if (reader === undefined) return undefined;
  const stop = () => void reader.cancel().catch(() => {}); // Cancelling is best effort: the socket is given up anyway.
  const timer = setTimeout(stop, ERROR_BODY_MS);
  signal.addEventListener("abort", stop, { once: true });
  let text = "";
  try {
    const decoder = new TextDecoder();
    for (let length = 0; length < ERROR_BODY_BYTES;) {
      const { value, done } = await reader.read();
      if (done) break;
      length += value.length;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status alone types the error; its body was a help only.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop();
  }
  if (signal.aborted) throw signal.reason;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
