/** What programs without types get wrong, and what vendors do with it. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  ApiError,
  type Client,
  ConfigError,
  createClient,
  createReasoningAgent,
  type Message,
  OverloadedError,
  RateLimitError,
  ResponseError,
} from "../mod.ts";
import { body, chat, chatChunks, type Handler, refusedUrl, sse, startVendor } from "./support/vendor_server.ts";

// deno-lint-ignore no-explicit-any -- what has the wrong type is what is tested
type Wrong = any;

const nowhere = refusedUrl();
const clientOf = (baseUrl = nowhere): Client => createClient("gpt-4o-mini", { baseUrl, maxRetries: 0 });

const WRONG: Readonly<Record<string, readonly [given: Wrong, says: string]>> = {
  "a signal that is none": [{ signal: "stop" }, "signal must be"],
  "a signal that is a controller": [{ signal: new AbortController() }, "signal must be"],
  "a signal that is null": [{ signal: null }, "signal must be"],
  "tools that are no list": [{ tools: {} }, "tools must be"],
  "tools that are null": [{ tools: null }, "tools must be"],
  "options that are null": [null, "options must be"],
  "options that are a text": ["fast", "options must be"],
};
for (const [name, [given, says]] of Object.entries(WRONG)) {
  Deno.test(`run() with ${name} rejects with a ConfigError`, async () => {
    await assertRejects(() => clientOf().run("Hi", given), ConfigError, says);
  });
}

for (const given of ["abc", undefined, null, 7, { 0: "Hi" }] as readonly Wrong[]) {
  Deno.test(`generateMultiple(${JSON.stringify(given)}) rejects with a ConfigError`, async () => {
    await assertRejects(() => clientOf().generateMultiple(given), ConfigError, "must be a list");
  });
}

Deno.test("sample() with options that are null rejects with a ConfigError", async () => {
  await assertRejects(() => clientOf().sample("Hi", 2, null as Wrong), ConfigError, "options must be");
});

Deno.test("generateMultiple() with options that are null rejects with a ConfigError", async () => {
  await assertRejects(() => clientOf().generateMultiple(["Hi"], null as Wrong), ConfigError, "options must be");
});

for (const given of [null, "fast", 7] as readonly Wrong[]) {
  Deno.test(`createClient() and createReasoningAgent() refuse ${given} for options`, () => {
    assertThrows(() => createClient("gpt-4o-mini", given), ConfigError, "options must be");
    assertThrows(() => createReasoningAgent("gpt-4o-mini", given), ConfigError, "options must be");
  });
}

/** The arguments contain themselves: only the dialect, which writes them, finds that. */
function circularCall(): Message[] {
  const given: Record<string, unknown> = {};
  given["self"] = given;
  return [
    { role: "user", content: "Go on." },
    { role: "assistant", content: [{ type: "tool_call", id: "1", name: "look", arguments: given }] },
    { role: "tool", toolCallId: "1", content: "seen" } as Message,
  ];
}

Deno.test("sample() with a fault that only the dialect finds rejects with a ConfigError", async () => {
  await assertRejects(() => clientOf().sample(circularCall(), 3), ConfigError, "no JSON form");
});

/** The error of one request, with these headers of the user's own. */
async function errorOf(handler: Handler, headers: Record<string, string> = {}, maxRetries = 0) {
  await using server = startVendor(handler);
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries, headers });
  const error = await assertRejects(() => client.run("Hi"));
  assert(error instanceof ApiError || error instanceof ResponseError);
  return { error, requests: server.requests.length };
}

const SECRET = "gateway-0123456789";
for (const [name, value] of [["x-gateway-key", SECRET], ["authorization", `Bearer ${SECRET}`]] as const) {
  Deno.test(`what stands in the header ${name} is blackened in vendorMessage`, async () => {
    const message = `The key ${SECRET} is no good.`;
    const { error } = await errorOf(body({ error: { message, code: SECRET } }, { status: 401 }), { [name]: value });
    assertEquals(error.vendorMessage, "The key [key] is no good.");
    assert(!`${error.message}${error.stack}${(error as ApiError).code}`.includes(SECRET));
  });
}

Deno.test("a header that is no secret does not blacken the vendor's words", async () => {
  const message = "The region eu has no model of version 2 on it.";
  const { error } = await errorOf(body({ error: { message } }, { status: 400 }), { "x-region": "eu", "x-api": "2" });
  assertEquals(error.vendorMessage, message);
});

const QUERIES: Readonly<Record<string, boolean>> = {
  "code=abc": true,
  "subscription-key=abc": true,
  "sig=abc": true,
  "q=sk-abc": true,
  "q=pk_abc": true,
  "q=0123456789abcdef01234567": true,
  "q=AIzaSyA-0123456789": true,
  "pwd=abc": true,
  "id=token-0123456789abcdef0123456789abcdef": true,
  "v=ghp_abcdefghijklmnop0123456789abcdefghij": true,
  "session=abc": true,
  "model=claude-sonnet-4-5-20250929": false,
  "deployment=gpt-4o-mini-2024-07-18-preview": false,
  "model=llama-3.3-70b-versatile-128k": false,
  "region=my-company-eastus2-production": false,
  "api-version=2024-10-21": false,
  "api-version=2025-04-01-preview": false,
  "region=eu-west-1": false,
};
for (const [query, refused] of Object.entries(QUERIES)) {
  Deno.test(`a base URL with ?${query} is ${refused ? "refused" : "accepted"}`, () => {
    const make = () => createClient("gpt-4o-mini", { baseUrl: `${nowhere}?${query}` });
    if (!refused) return void make();
    const error = assertThrows(make, ConfigError, "holds a key in its query");
    assert(!error.message.includes(query));
  });
}

const PATHS: Readonly<Record<string, boolean>> = {
  "sk-proj-0123456789abcdef": true,
  "gsk_0123456789abcdef0123": true,
  "the-clients-own-key": true,
  "0123456789abcdef0123456789abcdef": false,
  "my-deployment": false,
  "sk-east": false,
};
for (const [segment, refused] of Object.entries(PATHS)) {
  Deno.test(`a base URL with ${segment} in its path is ${refused ? "refused" : "accepted"}`, () => {
    const make = () =>
      createClient("gpt-4o-mini", { baseUrl: `https://b.test/${segment}/v1`, apiKey: "the-clients-own-key" });
    if (!refused) return void make();
    const error = assertThrows(make, ConfigError, "holds a key in its path");
    assert(!error.message.includes(segment));
  });
}

const overloaded = { error: { message: "Busy.", type: "overloaded_error", code: "busy_now" } };

Deno.test("the type overloaded_error with another code is an OverloadedError", async () => {
  const { error } = await errorOf(body(overloaded, { status: 503 }));
  assertInstanceOf(error, OverloadedError);
  assertEquals([error.status, error.code], [503, "overloaded_error"]);
});

Deno.test("the type overloaded_error with another code is an OverloadedError inside a stream", async () => {
  const { error } = await errorOf(body(sse(overloaded), { headers: { "content-type": "text/event-stream" } }));
  assertInstanceOf(error, OverloadedError);
});

Deno.test("a refusal of the type insufficient_quota is not tried again, whatever its code", async () => {
  const refusal = body({ error: { message: "Pay.", type: "insufficient_quota", code: "billing" } }, { status: 429 });
  const { error, requests } = await errorOf(refusal, {}, 2);
  assertInstanceOf(error, RateLimitError);
  assertEquals([requests, error.code], [1, "insufficient_quota"]);
});

Deno.test("comments before the first event do not count for maxEventBytes", async () => {
  await using server = startVendor(async (reply) => {
    await reply.head();
    for (let number = 0; number < 40; number++) await reply.write(`: waiting ${"x".repeat(100)}\n\n`);
    await reply.write(sse(...chatChunks(), "[DONE]"));
    await reply.end();
  });
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries: 0, maxEventBytes: 2_000 });
  assertEquals((await client.run("Hi")).response, "Paris.");
});

Deno.test("what is no comment before the first event counts for maxEventBytes", async () => {
  await using server = startVendor(async (reply) => {
    await reply.head();
    for (let number = 0; number < 40; number++) await reply.write(`waiting ${"x".repeat(100)}\n`);
    await reply.end();
  });
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries: 0, maxEventBytes: 2_000 });
  const error = await assertRejects(() => client.run("Hi"), ResponseError);
  assertEquals(error.reason, "too_large");
});

for (const [reasoning, total, expected] of [[40, 125, [25, 25]], [40, 165, [65, 40]], [5, 125, [25, 5]]] as const) {
  Deno.test(`of 25 tokens out and ${total} in all, ${reasoning} of reasoning are ${expected[1]}`, async () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 25,
      total_tokens: total,
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
    await using server = startVendor(chat({ usage }));
    const result = await clientOf(server.url).run("Hi");
    assertEquals([result.usage?.outputTokens, result.usage?.reasoningTokens], [...expected]);
  });
}

Deno.test("a stream with bad options gives its ConfigError at the first next()", async () => {
  const stream = clientOf().stream("Hi", { tools: "look" as Wrong });
  const error = await assertRejects(() => stream[Symbol.asyncIterator]().next(), ConfigError);
  assertStringIncludes(error.message, "tools");
});
