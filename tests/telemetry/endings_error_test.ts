import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  createClient,
  type LlmError,
  OverloadedError,
  RateLimitError,
  ResponseError,
  SchemaError,
  StreamTruncatedError,
} from "../../mod.ts";
import { chatBody } from "../support/chat_wire.ts";
import { assertEnding } from "../support/endings.ts";
import { startResetting } from "../support/resetting_server.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import {
  body,
  chat,
  chatChunks,
  type Handler,
  refusal,
  refusedUrl,
  type Reply,
  someUsage,
  sse,
  startVendor,
} from "../support/vendor_server.ts";

const question = "What is the capital of France?";
/** Retried at once: no test waits. */
const atOnce = { "retry-after-ms": "0" };

interface Failing {
  readonly handlers: readonly [Handler, ...Handler[]];
  // deno-lint-ignore no-explicit-any -- any constructor at all
  readonly error: new (...args: any[]) => LlmError;
  readonly errorType: string;
  readonly attempts: readonly (string | undefined)[];
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly tokens?: readonly [number, number];
  /** The vendor would go on: it is the client who closes the connection. */
  readonly open?: true;
  readonly options?: { readonly schema?: Readonly<Record<string, unknown>>; readonly streaming?: boolean };
}

/** Text has come when `what` happens. */
function afterText(what: (reply: Reply) => void | Promise<void>): Handler {
  return async (reply) => {
    await reply.head();
    await reply.write(sse(...chatChunks({ text: "Par", finishReason: undefined })));
    await what(reply);
  };
}

/** An event of the stream that tells of an error. */
function errorEvent(code: string): string {
  return sse({ error: { message: "The vendor's own words.", type: "a_type", code } });
}

const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

const failing: Readonly<Record<string, Failing>> = {
  "a refusal with 400": {
    handlers: [refusal(400)],
    error: BadRequestError,
    errorType: "400",
    attempts: ["400"],
    fields: { status: 400, vendorMessage: "The vendor's own words." },
  },
  "a refusal with 401": {
    handlers: [refusal(401, { "x-request-id": "req_1" })],
    error: AuthenticationError,
    errorType: "401",
    attempts: ["401"],
    fields: { requestId: "req_1" },
  },
  "a refusal with 429 that cannot be waited for": {
    handlers: [refusal(429, {}, "insufficient_quota")],
    error: RateLimitError,
    errorType: "429",
    attempts: ["429"],
  },
  "a refusal with 503, thrice": {
    handlers: [refusal(503, atOnce)],
    error: ApiError,
    errorType: "503",
    attempts: ["503", "503", "503"],
  },
  "refusals with 500, 529 and then 404": {
    handlers: [refusal(500, atOnce), refusal(529, atOnce), refusal(404)],
    error: BadRequestError,
    errorType: "404",
    attempts: ["500", "529", "404"],
  },
  "a refusal that says not to retry": {
    handlers: [refusal(529, { "x-should-retry": "false" })],
    error: OverloadedError,
    errorType: "529",
    attempts: ["529"],
  },
  "a refusal with a status of the vendor's own": {
    handlers: [refusal(999, { ...atOnce, "x-should-retry": "false" })],
    error: ApiError,
    errorType: "999",
    attempts: ["999"],
    fields: { status: 999 },
  },
  "a redirect": {
    handlers: [body("", { status: 307, headers: { location: "http://localhost:9/" } })],
    error: ApiError,
    errorType: "307",
    attempts: [undefined],
  },
  "an error in the stream before any output, each time": {
    handlers: [async (reply) => {
      await reply.head();
      await reply.write(errorEvent("insufficient_quota"));
      await reply.end();
    }],
    error: RateLimitError,
    errorType: "429",
    attempts: [undefined],
    fields: { vendorMessage: "The vendor's own words." },
  },
  "an error with a known code in the middle of the stream": {
    handlers: [afterText((reply) => reply.write(errorEvent("server_error")))],
    open: true,
    error: ApiError,
    errorType: "500",
    attempts: [undefined],
  },
  "an error with an unknown code in the middle of the stream": {
    handlers: [afterText((reply) => reply.write(errorEvent("mood")))],
    open: true,
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "vendor" },
  },
  "an error in a body with 200": {
    handlers: [body({ error: { message: "The vendor's own words.", type: "not_found_error" } })],
    error: BadRequestError,
    errorType: "404",
    attempts: [undefined],
  },
  "a stream that ends before the answer does": {
    handlers: [afterText((reply) => reply.end())],
    error: StreamTruncatedError,
    errorType: "StreamTruncatedError",
    attempts: [undefined],
    fields: { partialText: "Par" },
  },
  "a connection closed in the middle of the stream": {
    handlers: [afterText((reply) => reply.close())],
    error: StreamTruncatedError,
    errorType: "StreamTruncatedError",
    attempts: ["TypeError"],
    fields: { partialText: "Par" },
  },
  "a body shorter than its content-length": {
    handlers: [async (reply) => {
      await reply.head(200, { "content-type": "application/json", "content-length": "1000" });
      await reply.raw(JSON.stringify(chatBody()));
      reply.close();
    }],
    error: StreamTruncatedError,
    errorType: "StreamTruncatedError",
    attempts: ["TypeError"],
    options: { streaming: false },
  },
  "a web page": {
    handlers: [body("<!doctype html><p>Welcome</p>", { headers: { "content-type": "text/html; charset=utf-8" } })],
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "html" },
  },
  "a web page that says it is a stream": {
    handlers: [body("<!doctype html>", { headers: { "content-type": "text/event-stream" } })],
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "html" },
  },
  "an empty body": {
    handlers: [body("", { headers: { "content-type": "text/event-stream" } })],
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "empty" },
  },
  "a body that is no JSON": {
    handlers: [body('{"choices": [')],
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "json" },
  },
  "a chunk that is no JSON": {
    handlers: [afterText((reply) => reply.write(sse("{oops")))],
    open: true,
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "json" },
  },
  "JSON of something else": {
    handlers: [body({ hello: "world" })],
    error: ResponseError,
    errorType: "ResponseError",
    attempts: [undefined],
    fields: { reason: "protocol" },
  },
  "an answer that does not fit its schema": {
    handlers: [chat({ text: '{"town":"Paris"}', usage: someUsage })],
    error: SchemaError,
    errorType: "SchemaError",
    attempts: [undefined],
    tokens: [30, 25],
    options: { schema },
  },
};

for (const [what, { handlers, open, error, fields = {}, options, ...ending }] of Object.entries(failing)) {
  Deno.test(`run() that meets ${what} ends as error`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(...handlers);
    const client = createClient("gpt-4o-mini", { baseUrl: server.url });
    const thrown = await assertRejects(() => client.run(question, options));
    assertInstanceOf(thrown, error);
    for (const [name, value] of Object.entries(fields)) assertEquals(Reflect.get(thrown, name), value, name);
    if (open) await server.connectionClosed(1);
    const { traceContext } = thrown;
    const { request } = await assertEnding(telemetry, { outcome: "error", traceContext, ...ending });
    assertEquals(request.statusMessage, thrown.message);
  });
}

Deno.test("run() refused a connection ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  const client = createClient("gpt-4o-mini", { baseUrl: refusedUrl(), maxRetries: 0 });
  const { traceContext } = await assertRejects(() => client.run(question), ConnectionError);
  await assertEnding(telemetry, {
    outcome: "error",
    errorType: "ConnectionError",
    attempts: ["TypeError"],
    traceContext,
  });
});

for (
  const [what, handler] of [
    ["closed before the headers", (reply: Reply) => reply.close()],
    ["answered with something that is not HTTP", (reply: Reply) => reply.raw("SSH-2.0-server\r\n\r\n")],
  ] as const
) {
  Deno.test(`run() on a connection ${what} ends as error`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(handler);
    const client = createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries: 0 });
    const { traceContext } = await assertRejects(() => client.run(question), ConnectionError);
    const ending = { outcome: "error", errorType: "ConnectionError", attempts: ["TypeError"] } as const;
    await assertEnding(telemetry, { ...ending, traceContext });
  });
}

Deno.test("run() on a connection reset before the headers ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = await startResetting();
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries: 0 });
  const { traceContext } = await assertRejects(() => client.run(question), ConnectionError);
  const ending = { outcome: "error", errorType: "ConnectionError", attempts: ["TypeError"] } as const;
  await assertEnding(telemetry, { ...ending, traceContext });
});

Deno.test("stream() on a connection reset in the middle of the stream ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n";
  await using server = await startResetting(head + sse(...chatChunks({ text: "Par", finishReason: undefined })));
  const reader = createClient("gpt-4o-mini", { baseUrl: server.url }).stream(question)[Symbol.asyncIterator]();
  assertEquals((await reader.next()).value?.type, "text");
  server.reset();
  const { partialText, traceContext } = await assertRejects(() => reader.next(), StreamTruncatedError);
  assertEquals(partialText, "Par");
  const ending = { outcome: "error", errorType: "StreamTruncatedError", attempts: ["TypeError"] } as const;
  await assertEnding(telemetry, { ...ending, traceContext });
});
