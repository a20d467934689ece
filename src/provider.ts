/**
 * A vendor's dialect as a value: how a request is put to it and how its answer is read. Pure, no I/O; fetching,
 * retrying, timing out, pricing and tracing are written once, elsewhere.
 *
 * @module
 */
import type { FinishEvent, Result, StreamEvent } from "./event.ts";
import type { ChatRequest } from "./language_model.ts";
import type { ServerSentEvent } from "./sse.ts";
import type { Usage } from "./usage.ts";
import type { VendorError } from "./vendor_error.ts";

/** What one pass of a model used. */
export interface Pass {
  /** Its tokens. */
  readonly usage: Usage;
  /** The part of `usage.cacheWriteTokens` that was written for an hour, at that price. */
  readonly cacheWrite1hTokens: number;
  /** The model that made it, where that is another than the one that was asked. */
  readonly model?: string | undefined;
}

/** What a dialect knows of a result; `connect` adds provider, model, times, cost and parsed. */
export type DecodedResult =
  & Omit<
    Result,
    "provider" | "model" | "parsed" | "durationSeconds" | "timeToFirstTokenSeconds" | "traceContext" | "cost"
  >
  & {
    /** Only when the vendor reports it. */
    readonly cost?: Result["cost"];
    /** The part of `usage.cacheWriteTokens` that was written for an hour, at that price. */
    readonly cacheWrite1hTokens?: number | undefined;
    /** The model's passes, where there were several: each is priced for itself, for a long one costs more. */
    readonly passes?: readonly Pass[] | undefined;
    /** US dollars beside the tokens, as for web searches. */
    readonly fees?: number | undefined;
    /** What the way of serving multiplies the prices of tokens by; NaN where that is not known, and neither is the cost. */
    readonly priceFactor?: number | undefined;
  };

/** An event as a dialect gives it. */
export type DecodedEvent = Exclude<StreamEvent, FinishEvent> | {
  /** Tells events apart. */
  readonly type: "finish";
  /** What the dialect knows of the result. */
  readonly result: DecodedResult;
};

/** Something the encoder tells the reader. */
export interface Notice {
  /** As in `parameter_dropped`. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
}

/** A request in the vendor's words. */
export interface EncodedRequest {
  /** Becomes the JSON body. */
  readonly body: unknown;
  /** Go beside the provider's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Reach the reader as events. */
  readonly notices?: readonly Notice[] | undefined;
}

/** What an answer is priced by. */
export type Billed = Pick<
  DecodedResult,
  "usage" | "responseModel" | "serviceTier" | "cacheWrite1hTokens" | "passes" | "fees" | "priceFactor"
>;

/**
 * Reads one answer, event after event, without a wait: what came in one read of the network is folded in one go. Each
 * method puts what it makes of its argument at the end of `out`; one that throws has put there what came before.
 */
export interface Fold {
  /** Takes an event of a streamed answer; true once the answer is over: what follows it is not looked at. */
  take(event: ServerSentEvent, out: DecodedEvent[]): boolean;
  /** Takes an answer in one body. */
  takeBody(body: unknown, out: DecodedEvent[]): void;
  /** Nothing more comes: gives what is left, the last of it `finish`. */
  finish(out: DecodedEvent[]): void;
  /** What the vendor has counted so far: an answer that goes wrong is paid for all the same. */
  billed(): Billed;
  /** The text so far, where it is not that of the events. */
  text?(): string;
}

/**
 * A dialect as a value; pure, no I/O. A vendor that speaks OpenAI's dialect is
 * `{ ...openaiChat, name, baseUrl, keyVariable }`.
 *
 * @example
 * ```ts
 * import { createClient, openaiChat, type Provider } from "@sik/llms";
 *
 * const { api: _api, ...dialect } = openaiChat;
 * const acme: Provider = { ...dialect, name: "acme", baseUrl: "https://api.acme.example/v1", keyVariable: "ACME_API_KEY" };
 * const client = createClient("acme-large", { provider: acme, apiKey: "none" });
 * console.log(client.provider); // "acme"
 * ```
 */
export interface Provider {
  /** Stands in spans, metrics and results. */
  readonly name: string;
  /** OpenAI's includes `/v1`, Anthropic's does not, as their SDKs have it. */
  readonly baseUrl: string;
  /** As in `/chat/completions`. */
  readonly path: string;
  /** The environment variable of the key; without it no key is needed. */
  readonly keyVariable?: string | undefined;
  /** True where only the vendor's official SDK knows how to authenticate (Azure). */
  readonly needsSdk?: boolean | undefined;
  /** Which of OpenAI's two APIs this is, when one of them. */
  readonly api?: "chat" | "responses" | undefined;
  /** How the key is sent. */
  headers(key: string | undefined): Readonly<Record<string, string>>;
  /**
   * Puts a request in the vendor's words.
   *
   * @throws {ConfigError} for what the dialect cannot say.
   */
  encode(model: string, request: ChatRequest): EncodedRequest;
  /**
   * Reads a streamed answer. `onOutput` is called at each piece of the answer, those included that no event shows yet,
   * as a tool's arguments: it dates the first token.
   */
  decode(
    events: AsyncIterable<ServerSentEvent>,
    request: ChatRequest,
    onOutput?: () => void,
  ): AsyncIterable<DecodedEvent>;
  /** Reads an answer in one body. */
  decodeBody(body: unknown, request: ChatRequest): Iterable<DecodedEvent>;
  /** Reads a refusal. */
  errorOf(status: number, body: unknown): VendorError;
}
