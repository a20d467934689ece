/**
 * Every error this library throws.
 *
 * Messages are sentences of ours that say what to do; they never hold a key, a prompt or a query. What the vendor wrote
 * stands in `vendorMessage`, which is not enumerable, so that printing an error does not print what a vendor echoed.
 *
 * @module
 */
import type { TraceContext } from "./otel_types.ts";
import type { Cost, Usage } from "./usage.ts";

/** What every error may carry. */
export interface ErrorFields {
  /** What led to it, without texts of the runtime that could hold a URL's query. */
  readonly cause?: unknown;
  /** Where the failed request is to be found in the trace. */
  readonly traceContext?: TraceContext | undefined;
  /** Tokens the vendor reported before the failure. */
  readonly usage?: Usage | undefined;
  /** What those tokens cost, where a price is known. */
  readonly cost?: Cost | undefined;
}

/**
 * The base of all errors of this library; catch it to catch them all.
 *
 * @example
 * ```ts
 * import { createClient, LlmError, RateLimitError } from "@sik/llms";
 *
 * const client = createClient("gpt-4o-mini", { baseUrl: "http://localhost:1/v1", maxRetries: 0 });
 * try {
 *   await client.run("What is the capital of France?");
 * } catch (error) {
 *   if (error instanceof RateLimitError) console.log(`The vendor asks to wait ${error.retryAfterMs} ms.`);
 *   else if (error instanceof LlmError) console.log(error.name); // "ConnectionError": nobody listens there.
 *   else throw error;
 * }
 * ```
 */
export class LlmError extends Error {
  /** The class's name. */
  override readonly name: string = "LlmError";
  /** Where the failed request is to be found in the trace. */
  readonly traceContext?: TraceContext | undefined;
  /** Tokens the vendor reported before the failure. */
  readonly usage?: Usage | undefined;
  /** What those tokens cost, where a price is known. */
  readonly cost?: Cost | undefined;

  /**
   * Makes one.
   *
   * @param message One sentence: what is wrong and what to do.
   */
  constructor(message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.traceContext = fields.traceContext;
    this.usage = fields.usage;
    this.cost = fields.cost;
  }
}

/** The caller did something wrong that can be seen without asking the vendor. Nothing was sent; there is no span. */
export class ConfigError extends LlmError {
  /** The class's name. */
  override readonly name = "ConfigError" as const;
}

/** No answer came: refused, reset, not resolved, not TLS, not HTTP. */
export class ConnectionError extends LlmError {
  /** The class's name. */
  override readonly name = "ConnectionError" as const;
}

/** Which of the `timeouts` ran out. */
export type TimeoutPhase = "connect" | "firstChunk" | "idle" | "total";

/** One of the client's `timeouts` ran out. */
export class TimeoutError extends LlmError {
  /** The class's name. */
  override readonly name = "TimeoutError" as const;
  /** Which of the `timeouts` ran out. */
  readonly phase: TimeoutPhase;
  /** The text that had come until then. */
  readonly partialText: string;

  /**
   * Makes one.
   *
   * @param message One sentence: which timeout ran out and where to change it.
   */
  constructor(message: string, fields: ErrorFields & { readonly phase: TimeoutPhase; readonly partialText?: string }) {
    super(message, fields);
    this.phase = fields.phase;
    this.partialText = fields.partialText ?? "";
    hide(this, "partialText");
  }
}

/** What an {@linkcode ApiError} carries besides. */
export interface ApiErrorFields extends ErrorFields {
  /** The HTTP status. */
  readonly status: number;
  /** The vendor's code, or its type where it has no code. */
  readonly code?: string | undefined;
  /** What to quote to the vendor's support. */
  readonly requestId?: string | undefined;
  /** How long the vendor asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The vendor's own text. */
  readonly vendorMessage?: string | undefined;
}

/** The vendor refused: any HTTP status that has no class of its own, 3xx included. */
export class ApiError extends LlmError {
  /** The class's name. */
  override readonly name: string = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** The vendor's code, or its type where it has no code. */
  readonly code?: string | undefined;
  /** What to quote to the vendor's support. */
  readonly requestId?: string | undefined;
  /** How long the vendor asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The vendor's own text; it may quote the request, so it is not enumerable. */
  readonly vendorMessage?: string | undefined;

  /**
   * Makes one.
   *
   * @param message One sentence: what the vendor refused and what to do.
   */
  constructor(message: string, fields: ApiErrorFields) {
    super(message, fields);
    this.status = fields.status;
    this.code = fields.code;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.vendorMessage = fields.vendorMessage;
    hide(this, "vendorMessage");
  }
}

/** 400, 404, 413, 422: the vendor does not understand or does not allow this request. */
export class BadRequestError extends ApiError {
  /** The class's name. */
  override readonly name = "BadRequestError" as const;
}

/** 401, 403: the vendor does not accept the key, or not for this. */
export class AuthenticationError extends ApiError {
  /** The class's name. */
  override readonly name = "AuthenticationError" as const;
}

/** 429: too many requests or tokens, or no quota. */
export class RateLimitError extends ApiError {
  /** The class's name. */
  override readonly name = "RateLimitError" as const;
}

/** 529, and `overloaded_error` in any form. */
export class OverloadedError extends ApiError {
  /** The class's name. */
  override readonly name = "OverloadedError" as const;
}

/** Why an answer is no answer. */
export type ResponseErrorReason = "html" | "json" | "empty" | "too_large" | "protocol" | "vendor";

/** The answer is no answer. */
export class ResponseError extends LlmError {
  /** The class's name. */
  override readonly name = "ResponseError" as const;
  /** Why. */
  readonly reason: ResponseErrorReason;
  /** The vendor's own text; it may quote the request, so it is not enumerable. */
  readonly vendorMessage?: string | undefined;

  /**
   * Makes one.
   *
   * @param message One sentence: what came instead of an answer.
   */
  constructor(
    message: string,
    fields: ErrorFields & { readonly reason: ResponseErrorReason; readonly vendorMessage?: string | undefined },
  ) {
    super(message, fields);
    this.reason = fields.reason;
    this.vendorMessage = fields.vendorMessage;
    hide(this, "vendorMessage");
  }
}

/** The stream ended before the answer did. */
export class StreamTruncatedError extends LlmError {
  /** The class's name. */
  override readonly name = "StreamTruncatedError" as const;
  /** The text that had come until then. */
  readonly partialText: string;

  /**
   * Makes one.
   *
   * @param message One sentence: how the stream ended.
   */
  constructor(message: string, fields: ErrorFields & { readonly partialText: string }) {
    super(message, fields);
    this.partialText = fields.partialText;
    hide(this, "partialText");
  }
}

/** The answer does not fit the `schema`. */
export class SchemaError extends LlmError {
  /** The class's name. */
  override readonly name = "SchemaError" as const;
  /** Where it does not fit, as in `$.city`. */
  readonly path: string;

  /**
   * Makes one.
   *
   * @param message One sentence: where the answer does not fit, never its content.
   */
  constructor(message: string, fields: ErrorFields & { readonly path: string }) {
    super(message, fields);
    this.path = fields.path;
  }
}

/** The model called a tool with arguments that are no JSON, or were cut off. */
export class ToolArgumentsError extends LlmError {
  /** The class's name. */
  override readonly name = "ToolArgumentsError" as const;
  /** The tool's name, as the model wrote it. */
  readonly tool: string;

  /**
   * Makes one.
   *
   * @param message One sentence: what is wrong with the arguments, never the arguments.
   */
  constructor(message: string, fields: ErrorFields & { readonly tool: string }) {
    super(message, fields);
    this.tool = fields.tool;
  }
}

/** Some of a batch failed; the answers of the others are here, in order. */
export class BatchError<R = unknown> extends LlmError {
  /** The class's name. */
  override readonly name = "BatchError" as const;
  /** In the order of the batch; undefined where that one failed. */
  readonly results: readonly (R | undefined)[];
  /** In the order of the batch; undefined where that one succeeded. */
  readonly errors: readonly unknown[];

  /**
   * Makes one.
   *
   * @param message One sentence: how many of how many failed.
   */
  constructor(
    message: string,
    fields: ErrorFields & { readonly results: readonly (R | undefined)[]; readonly errors: readonly unknown[] },
  ) {
    super(message, fields);
    this.results = fields.results;
    this.errors = fields.errors;
    hide(this, "results");
  }
}

/** Keeps a property readable and out of every print of the object: it may hold what the user or the model wrote. */
function hide(error: object, property: string): void {
  Object.defineProperty(error, property, { enumerable: false });
}
