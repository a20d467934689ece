/**
 * One HTTP attempt: post, and either a response that can be read or one typed error. Who retries is somewhere else.
 *
 * @module
 */
import { readBounded } from "./body_reader.ts";
import { connectionErrorOf } from "./connection_error.ts";
import { orAborted } from "./deadline.ts";
import { type ApiError, ResponseError } from "./error.ts";
import { quietly } from "./quietly.ts";
import { retryAfterMs } from "./retry.ts";
import { neverAgain } from "./retryable.ts";
import { codeOf, errorOfStatus, type VendorError } from "./vendor_error.ts";
import { isNativeFetch, type Posted, watcherOf } from "./watched_fetch.ts";

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
  /** Whether a text holds what must not be told. */
  isSecret(text: string): boolean;
  /** Reads a refusal in the vendor's dialect. */
  errorOf(status: number, body: unknown): VendorError;
  /** Is told when the headers are there: a refusal's body is waited for on a clock of its own. */
  onHeaders?(): void;
}

const ERROR_BODY_BYTES = 64 * 1024;
const ERROR_BODY_MS = 5_000;

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

async function send({ url, headers, body, fetch, signal, isSecret }: Post): Promise<Posted> {
  const init: RequestInit = { method: "POST", headers, body, redirect: "manual", signal };
  const watcher = watcherOf(fetch);
  if (watcher !== undefined) return await watcher.send(url, init, isSecret);
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
  if (headers.get("x-should-retry") === "false" || vendor.retryable === false) neverAgain(error);
  if (status === 401 && !request.hasKey) {
    error.message = "The vendor asks for a key (HTTP 401) and none was sent: with a baseUrl only apiKey is, never a " +
      "variable of the environment; give apiKey.";
  }
  return error;
}

/** The body of a refusal, bounded in time and bytes; whatever of it came is better than none. */
async function errorBodyOf({ body }: Response, signal: AbortSignal): Promise<unknown> {
  // The status alone types the error; its body is a help only.
  const bytes = await readBounded(body, { maxBytes: ERROR_BODY_BYTES, ms: ERROR_BODY_MS, signal });
  if (signal.aborted) throw signal.reason;
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
