import { assert, assertEquals, assertInstanceOf, assertNotInstanceOf, assertStringIncludes } from "@std/assert";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  OverloadedError,
  RateLimitError,
  ResponseError,
} from "../src/error.ts";
import { errorInStream, errorOfStatus, identifier, isRetryableStatus } from "../src/vendor_error.ts";

type ApiErrorClass = typeof ApiError;

const CLASSES: readonly (readonly [status: number, type: ApiErrorClass])[] = [
  [400, BadRequestError],
  [404, BadRequestError],
  [413, BadRequestError],
  [422, BadRequestError],
  [401, AuthenticationError],
  [403, AuthenticationError],
  [429, RateLimitError],
  [529, OverloadedError],
];

for (const [status, type] of CLASSES) {
  Deno.test(`errorOfStatus() makes ${type.name} of ${status}`, () => {
    const error = errorOfStatus({ status });
    assertInstanceOf(error, type);
    assertEquals(error.status, status);
    assertStringIncludes(error.message, `HTTP ${status}`);
  });
}

for (const status of [302, 405, 408, 409, 418, 451, 500, 502, 503, 504]) {
  Deno.test(`errorOfStatus() makes a plain ApiError of ${status}`, () => {
    const error = errorOfStatus({ status });
    assertEquals([error.constructor, error.name, error.status], [ApiError, "ApiError", status]);
  });
}

for (const status of [200, 400, 429, 500, 503, 529]) {
  Deno.test(`errorOfStatus() makes OverloadedError of overloaded_error under ${status}`, () => {
    const error = errorOfStatus({ status, code: "overloaded_error" });
    assertInstanceOf(error, OverloadedError);
    assertEquals(error.status, status);
  });
}

Deno.test("errorOfStatus() keeps what the vendor said beside its message, not in it", () => {
  const error = errorOfStatus({
    status: 400,
    code: "bad_thing",
    requestId: "req_1",
    retryAfterMs: 5,
    vendorMessage: "You said «hush».",
  });
  const { code, requestId, retryAfterMs, vendorMessage } = error;
  assertEquals({ code, requestId, retryAfterMs, vendorMessage }, {
    code: "bad_thing",
    requestId: "req_1",
    retryAfterMs: 5,
    vendorMessage: "You said «hush».",
  });
  assert(!error.message.includes("hush"));
  assertStringIncludes(error.message, "bad_thing");
});

Deno.test("errorOfStatus() says of a redirect that it was not followed, and why", () => {
  assertStringIncludes(errorOfStatus({ status: 307 }).message, "redirects are not followed");
});

Deno.test("errorOfStatus() says of a quota that it is used up", () => {
  assertStringIncludes(errorOfStatus({ status: 429, code: "insufficient_quota" }).message, "billing");
});

/** The words that are documented with a status. */
const WORDS: readonly (readonly [word: string, status: number, type: ApiErrorClass])[] = [
  ["rate_limit_error", 429, RateLimitError],
  ["rate_limit_exceeded", 429, RateLimitError],
  ["insufficient_quota", 429, RateLimitError],
  ["overloaded_error", 529, OverloadedError],
  ["api_error", 500, ApiError],
  ["server_error", 500, ApiError],
  ["invalid_request_error", 400, BadRequestError],
  ["authentication_error", 401, AuthenticationError],
  ["permission_error", 403, AuthenticationError],
  ["not_found_error", 404, BadRequestError],
  ["context_length_exceeded", 400, BadRequestError],
  ["invalid_api_key", 401, AuthenticationError],
  ["billing_error", 402, ApiError],
  ["model_not_found", 404, BadRequestError],
  ["request_too_large", 413, BadRequestError],
  ["timeout_error", 504, ApiError],
  // OpenRouter, vLLM and Gemini give the status itself.
  ["401", 401, AuthenticationError],
  ["429", 429, RateLimitError],
  ["502", 502, ApiError],
];

for (const [word, status, type] of WORDS) {
  for (const field of ["code", "type"] as const) {
    Deno.test(`errorInStream() gives the ${field} ${word} the class and status of its HTTP twin`, () => {
      const error = errorInStream({ message: "no", [field]: word });
      assertInstanceOf(error, ApiError);
      assertEquals([error.constructor, error.status, error.code, error.vendorMessage], [type, status, word, "no"]);
    });
  }
}

Deno.test("errorInStream() looks at the code before the type", () => {
  const error = errorInStream({ message: "", code: "rate_limit_exceeded", type: "invalid_request_error" });
  assertInstanceOf(error, RateLimitError);
});

Deno.test("errorInStream() falls back on the type where the code has no status", () => {
  const error = errorInStream({ message: "", code: "a_code_of_tomorrow", type: "invalid_request_error" });
  assertInstanceOf(error, BadRequestError);
});

Deno.test("errorInStream() makes ResponseError vendor of any other word", () => {
  const error = errorInStream({ message: "It broke.", code: "gremlins" });
  assertInstanceOf(error, ResponseError);
  assertNotInstanceOf(error, ApiError);
  assertEquals([error.reason, error.vendorMessage], ["vendor", "It broke."]);
  assertStringIncludes(error.message, "gremlins");
});

Deno.test("errorInStream() makes ResponseError vendor where the vendor said nothing", () => {
  const error = errorInStream({ message: "" });
  assertInstanceOf(error, ResponseError);
  assertEquals([error.reason, error.vendorMessage], ["vendor", undefined]);
});

Deno.test("errorInStream() puts no sentence of the vendor's into its own", () => {
  const error = errorInStream({ message: "m", code: "you said hush hush" });
  assert(!error.message.includes("hush"));
});

Deno.test("identifier() lets short identifiers and whole numbers through", () => {
  assertEquals(["rate_limit", "a.b-c", "ECONNRESET", 429, -1, "x".repeat(64)].map(identifier), [
    "rate_limit",
    "a.b-c",
    "ECONNRESET",
    "429",
    "-1",
    "x".repeat(64),
  ]);
});

Deno.test("identifier() lets no sentence, no long text and no other kind of value through", () => {
  const others = ["two words", "x".repeat(65), "", "é", "a\nb", 1.5, NaN, null, undefined, {}, ["a"], true];
  assertEquals(others.map(identifier), others.map(() => undefined));
});

Deno.test("isRetryableStatus() is true for 408, 409, 429 and 5xx, 529 among them", () => {
  const statuses = [200, 301, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 499, 500, 502, 503, 504, 529];
  assertEquals(statuses.filter(isRetryableStatus), [408, 409, 429, 500, 502, 503, 504, 529]);
});

Deno.test("errorOfStatus() tells a caller of a 4xx where to look, and not to try again", () => {
  for (
    const [status, where] of [[402, "vendorMessage"], [404, "base URL"], [405, "base URL"], [451, "vendorMessage"]]
  ) {
    const { message } = errorOfStatus({ status: Number(status) });
    assertStringIncludes(message, String(where));
    assert(!message.includes("try again"), message);
  }
});

Deno.test("errorInStream() takes no number for a status that is none", () => {
  for (const code of ["200", "600", "4290"]) assertInstanceOf(errorInStream({ message: "", code }), ResponseError);
});
