/**
 * How a vendor's refusal, as a status or as an event in a stream, becomes one of our errors.
 *
 * @module
 */
import {
  ApiError,
  type ApiErrorFields,
  AuthenticationError,
  BadRequestError,
  OverloadedError,
  RateLimitError,
  ResponseError,
} from "./error.ts";

/** What a vendor said of its refusal, told apart by its dialect. */
export interface VendorError {
  /** The vendor's own text. */
  readonly message: string;
  /** The vendor's code. */
  readonly code?: string | undefined;
  /** The vendor's type. */
  readonly type?: string | undefined;
  /** False: trying again cannot help, whatever the status. */
  readonly retryable?: boolean | undefined;
}

/**
 * Types and codes that are documented with an HTTP status: they mean the same inside a stream that began with 200.
 * https://platform.openai.com/docs/guides/error-codes, https://docs.claude.com/en/api/errors
 */
const STATUS_OF_CODE: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["context_length_exceeded", 400],
  ["authentication_error", 401],
  ["invalid_api_key", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["model_not_found", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["api_error", 500],
  ["server_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529],
]);

/** Makes the {@linkcode ApiError} of an HTTP status. `overloaded_error` is an {@linkcode OverloadedError} under any. */
export function errorOfStatus(fields: ApiErrorFields): ApiError {
  const code = fields.code === undefined ? "" : `, ${fields.code}`;
  const { status } = fields;
  if (status === 529 || fields.code === "overloaded_error") {
    return new OverloadedError(`The vendor is overloaded (HTTP ${status}${code}); try again later.`, fields);
  }
  if (status === 429) {
    const hint = fields.code === "insufficient_quota"
      ? "the account has no quota left; check its plan and billing"
      : "slow down, or try again later";
    return new RateLimitError(`The vendor's rate limit was reached (HTTP 429${code}); ${hint}.`, fields);
  }
  if (status === 401 || status === 403) {
    const hint = "check the API key and what it may do";
    return new AuthenticationError(
      `The vendor did not accept the request's key (HTTP ${status}${code}); ${hint}.`,
      fields,
    );
  }
  if (status === 400 || status === 404 || status === 413 || status === 422) {
    const hint = status === 404
      ? "check the model's name and the base URL; the error's vendorMessage may say more"
      : "the error's vendorMessage says what it does not accept";
    return new BadRequestError(`The vendor refused the request (HTTP ${status}${code}); ${hint}.`, fields);
  }
  if (status >= 300 && status < 400) {
    const hint =
      "redirects are not followed, so that key and prompt stay with the configured origin; check the base URL";
    return new ApiError(`The vendor answered with a redirect (HTTP ${status}); ${hint}.`, fields);
  }
  if (status >= 400 && status < 500 && !isRetryableStatus(status)) {
    const hint = status === 405 ? "check the base URL" : "the error's vendorMessage may say why";
    return new ApiError(`The vendor refused the request (HTTP ${status}${code}); ${hint}.`, fields);
  }
  return new ApiError(`The vendor failed (HTTP ${status}${code}); try again later.`, fields);
}

/**
 * Makes the error of a refusal that came inside a stream or a 200 body: the class of its HTTP status where its type or
 * code is documented with one, else a {@linkcode ResponseError} with reason `vendor`.
 */
export function errorInStream(vendor: VendorError): ApiError | ResponseError {
  const vendorMessage = vendor.message === "" ? undefined : vendor.message;
  for (const word of [vendor.code, vendor.type]) {
    const status = word === undefined ? undefined : STATUS_OF_CODE.get(word) ?? statusIn(word);
    if (status !== undefined) return errorOfStatus({ status, code: codeOf(vendor), vendorMessage });
  }
  const word = identifier(vendor.code ?? vendor.type);
  const said = word === undefined ? "" : ` (${word})`;
  const message = `The vendor ended its answer with an error${said}; the error's vendorMessage says which.`;
  return new ResponseError(message, { reason: "vendor", vendorMessage });
}

/** Some give the status itself as the code (https://openrouter.ai/docs/api-reference/errors, vLLM, Gemini). */
function statusIn(code: string): number | undefined {
  return /^[45]\d\d$/.test(code) ? Number(code) : undefined;
}

/** Words that decide what is done, wherever the vendor puts them. */
const DECISIVE: ReadonlySet<string> = new Set(["overloaded_error", "insufficient_quota"]);

/** The code of a refusal: its code, else its type; a word that decides what is done stands above both. */
export function codeOf({ code, type }: VendorError): string | undefined {
  const decisive = [code, type].find((word) => word !== undefined && DECISIVE.has(word));
  return decisive ?? identifier(code) ?? identifier(type);
}

/** A vendor's code or type where it is a short identifier; a text in that place could quote the prompt. */
export function identifier(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isInteger(value)) return String(value);
  return typeof value === "string" && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined;
}

/** True where trying again may help: 408, 409, 429, 5xx and 529, unless the vendor says that it cannot. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}
