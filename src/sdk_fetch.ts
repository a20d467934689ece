/**
 * An official SDK's client as a fetch: its authentication, proxies and transport below our events and telemetry.
 *
 * @module
 */
import { LONGEST_TIMER_MS } from "./deadline.ts";
import { ConfigError } from "./error.ts";

/** How an official SDK is asked to post. */
export interface SdkPostOptions {
  /** Becomes the JSON body. */
  readonly body: unknown;
  /** Whether events come back. */
  readonly stream?: boolean;
  /** Ends the request. */
  readonly signal?: AbortSignal;
  /** Beside the SDK's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** 0: retries are ours, so that each attempt is seen. */
  readonly maxRetries?: number;
  /** Milliseconds; timeouts are ours. */
  readonly timeout?: number;
  /** Redirects are never followed. */
  readonly fetchOptions?: { readonly redirect?: "manual" };
}

/**
 * What is used of an official SDK's client (`new OpenAI(…)`, `new AzureOpenAI(…)`, `new Anthropic(…)`). Called with
 * `maxRetries: 0` and `fetchOptions: { redirect: "manual" }`: our retries, one `http.request` span per post. The SDK
 * rejects on non-2xx: its error's status, headers and body become our typed error. It reads a refusal's whole body before:
 * only `connectMs` bounds how long that may take.
 */
export interface OfficialSdk {
  /** Where it sends its requests. */
  readonly baseURL: string;
  /** Posts, with its own authentication. */
  post(path: string, options: SdkPostOptions): { asResponse(): Promise<Response> };
}

/** What the SDKs' errors have in common. */
interface SdkError {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly error?: unknown;
}

/**
 * Makes a fetch that posts through the SDK.
 *
 * @throws {ConfigError} when `sdk` is no official client.
 */
export function sdkFetch(sdk: OfficialSdk): typeof globalThis.fetch {
  if (typeof sdk?.post !== "function" || typeof sdk.baseURL !== "string") {
    throw new ConfigError(
      "sdk must be a client of an official SDK: new OpenAI(…), new AzureOpenAI(…) or new Anthropic(…).",
    );
  }
  return async (input, init) => {
    const base = new URL(sdk.baseURL).pathname.replace(/\/+$/, "");
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const body = JSON.parse(String(init?.body)) as { readonly stream?: boolean };
    // The SDK knows in which form it asks, and who: what is said of that here is the user's own, and stands over it.
    const { "content-type": _1, accept: _2, ...headers } = Object.fromEntries(new Headers(init?.headers));
    try {
      return await sdk.post(pathname.slice(base.length) + search, {
        body,
        stream: body.stream === true,
        ...(init?.signal ? { signal: init.signal } : {}),
        headers,
        maxRetries: 0,
        timeout: LONGEST_TIMER_MS, // Its own clock must not end what ours still allows.
        fetchOptions: { redirect: "manual" },
      }).asResponse();
    } catch (error) {
      return refusalOf(error as SdkError);
    }
  };
}

/** What the SDK authenticates with, where it shows that: vendors quote keys in their refusals. */
export function secretsOf(sdk: OfficialSdk): readonly string[] {
  const { apiKey, authToken } = sdk as { readonly apiKey?: unknown; readonly authToken?: unknown };
  return [apiKey, authToken].filter((secret): secret is string => typeof secret === "string" && secret !== "");
}

/** The response that the SDK made an error of; an error without a status is the transport's own, and goes on. */
function refusalOf(failure: SdkError): Response {
  const { status, headers, error } = failure;
  if (typeof status !== "number" || status < 200 || status > 599) throw failure;
  const given = headers instanceof Headers ? headers : new Headers(headers as HeadersInit | undefined);
  const kept = new Headers(given);
  for (const name of ["content-length", "content-encoding", "transfer-encoding"]) kept.delete(name);
  // OpenAI's SDK keeps what stood under `error`, Anthropic's the whole body.
  const whole = typeof error === "object" && error !== null && "error" in error ? error : { error };
  return new Response(status === 204 || status === 304 ? null : JSON.stringify(whole), { status, headers: kept });
}
