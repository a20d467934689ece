import { assert, assertEquals, assertInstanceOf, assertNotInstanceOf } from "@std/assert";
import { inspect } from "node:util";
import * as errors from "../src/error.ts";
import { usageOf } from "../src/usage.ts";

const {
  ApiError,
  AuthenticationError,
  BadRequestError,
  BatchError,
  ConfigError,
  ConnectionError,
  LlmError,
  OverloadedError,
  RateLimitError,
  ResponseError,
  SchemaError,
  StreamTruncatedError,
  TimeoutError,
  ToolArgumentsError,
} = errors;

const NEEDLE = "what-the-vendor-echoed";

/** One of each, with everything secret it can carry. */
const ALL: Readonly<Record<string, errors.LlmError>> = {
  LlmError: new LlmError("m"),
  ConfigError: new ConfigError("m"),
  ConnectionError: new ConnectionError("m"),
  TimeoutError: new TimeoutError("m", { phase: "idle", partialText: NEEDLE }),
  ApiError: new ApiError("m", { status: 500, vendorMessage: NEEDLE }),
  BadRequestError: new BadRequestError("m", { status: 400, vendorMessage: NEEDLE }),
  AuthenticationError: new AuthenticationError("m", { status: 401, vendorMessage: NEEDLE }),
  RateLimitError: new RateLimitError("m", { status: 429, vendorMessage: NEEDLE }),
  OverloadedError: new OverloadedError("m", { status: 529, vendorMessage: NEEDLE }),
  ResponseError: new ResponseError("m", { reason: "vendor", vendorMessage: NEEDLE }),
  StreamTruncatedError: new StreamTruncatedError("m", { partialText: NEEDLE }),
  SchemaError: new SchemaError("m", { path: "$.a" }),
  ToolArgumentsError: new ToolArgumentsError("m", { tool: "t" }),
  BatchError: new BatchError("m", { results: [NEEDLE], errors: [undefined] }),
};

const SUBCLASSES_OF_API_ERROR = ["BadRequestError", "AuthenticationError", "RateLimitError", "OverloadedError"];

Deno.test("every exported error class is tried here", () => {
  assertEquals(Object.keys(errors).sort(), Object.keys(ALL).sort());
});

for (const [name, error] of Object.entries(ALL)) {
  Deno.test(`${name} bears its class's name and is an LlmError and an Error`, () => {
    assertEquals([error.name, error.constructor.name], [name, name]);
    assertInstanceOf(error, LlmError);
    assertInstanceOf(error, Error);
    assert(error.stack?.includes("error_test.ts"));
  });

  Deno.test(`${name} is an ApiError only where it is an HTTP refusal`, () => {
    const isApi = name === "ApiError" || SUBCLASSES_OF_API_ERROR.includes(name);
    if (isApi) assertInstanceOf(error, ApiError);
    else assertNotInstanceOf(error, ApiError);
  });

  Deno.test(`${name} prints nothing of what the vendor or the model wrote`, () => {
    const prints = [
      Deno.inspect(error, { depth: 20 }),
      inspect(error, { depth: 20 }),
      JSON.stringify(error),
      String(error),
      error.stack ?? "",
      JSON.stringify({ ...error }),
      Object.keys(error).join(),
    ];
    for (const print of prints) assert(!print.includes(NEEDLE), print);
  });
}

Deno.test("what is not printed can still be read", () => {
  const { TimeoutError: late, ResponseError: odd, StreamTruncatedError: cut } = ALL;
  assert(late instanceof TimeoutError && odd instanceof ResponseError && cut instanceof StreamTruncatedError);
  assertEquals([late.partialText, odd.vendorMessage, cut.partialText], [NEEDLE, NEEDLE, NEEDLE]);
  assertEquals((ALL["BatchError"] as errors.BatchError).results, [NEEDLE]);
  for (const name of ["ApiError", ...SUBCLASSES_OF_API_ERROR]) {
    assertEquals((ALL[name] as errors.ApiError).vendorMessage, NEEDLE);
  }
});

Deno.test("TimeoutError has an empty partialText when none came", () => {
  const error = new TimeoutError("m", { phase: "connect" });
  assertEquals([error.phase, error.partialText], ["connect", ""]);
});

Deno.test("every error carries cause, traceContext and usage", () => {
  const cause = new Error("why");
  const traceContext = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };
  const usage = usageOf({ inputTokens: 1 });
  const fields = { cause, traceContext, usage };
  const all: errors.LlmError[] = [
    new LlmError("m", fields),
    new ConfigError("m", fields),
    new ConnectionError("m", fields),
    new TimeoutError("m", { ...fields, phase: "total" }),
    new ApiError("m", { ...fields, status: 500 }),
    new RateLimitError("m", { ...fields, status: 429 }),
    new ResponseError("m", { ...fields, reason: "json" }),
    new StreamTruncatedError("m", { ...fields, partialText: "" }),
    new SchemaError("m", { ...fields, path: "$" }),
    new ToolArgumentsError("m", { ...fields, tool: "t" }),
    new BatchError("m", { ...fields, results: [], errors: [] }),
  ];
  for (const error of all) {
    assertEquals([error.cause, error.traceContext, error.usage], [cause, traceContext, usage], error.name);
  }
});

Deno.test("an error without a cause has no property of that name", () => {
  assert(!Object.hasOwn(new ConfigError("m"), "cause"));
});

Deno.test("the names of classes without subclasses are literal types", () => {
  const describe = (
    error: errors.ConfigError | errors.TimeoutError | errors.SchemaError | errors.ToolArgumentsError,
  ): string => {
    // This compiles only while `name` tells the classes apart.
    switch (error.name) {
      case "ConfigError":
        return "config";
      case "TimeoutError":
        return error.phase;
      case "SchemaError":
        return error.path;
      case "ToolArgumentsError":
        return error.tool;
    }
  };
  assertEquals(describe(new TimeoutError("m", { phase: "idle" })), "idle");
  assertEquals(describe(new SchemaError("m", { path: "$.x" })), "$.x");
});
