import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ApiError, AuthenticationError, ResponseError } from "../src/error.ts";
import { parseJson, readText, requestIdOf } from "../src/http.ts";
import { mayRetry } from "../src/retryable.ts";
import type { Posted } from "../src/watched_fetch.ts";
import { posting } from "./support/posting.ts";

const answering = (response: Response): typeof fetch => () => Promise.resolve(response);

Deno.test("post() never follows redirects, and hands the signal on", async () => {
  let seen: RequestInit | undefined;
  const { signal } = new AbortController();
  const response = new Response("{}");
  const noting: typeof fetch = (_, init) => {
    seen = init;
    return Promise.resolve(response);
  };
  assertEquals(((await posting(noting, { signal })) as Posted).response, response);
  assertEquals([seen?.method, seen?.redirect, seen?.signal, seen?.body], ["POST", "manual", signal, "{}"]);
});

Deno.test("post() tells when the headers are there, of an answer and of a refusal", async () => {
  for (const status of [200, 500]) {
    let told = 0;
    await posting(answering(new Response("{}", { status })), { onHeaders: () => told++ });
    assertEquals(told, 1);
  }
});

Deno.test("post() says of a 401 without a key why none was sent", async () => {
  const refused = () => answering(Response.json({ error: { message: "Who?" } }, { status: 401 }));
  const without = await posting(refused(), { hasKey: false });
  const withKey = await posting(refused());
  assertInstanceOf(without, AuthenticationError);
  assertInstanceOf(withKey, AuthenticationError);
  assert(without.message.includes("give apiKey") && !withKey.message.includes("give apiKey"));
});

Deno.test("post() cancels the body of a refusal that it reads no further", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: () => cancelled.resolve(),
  });
  assertInstanceOf(await posting(answering(new Response(body, { status: 400 }))), ApiError);
  await cancelled.promise;
});

Deno.test("requestIdOf() knows the vendors' names for it", () => {
  assertEquals(requestIdOf(new Headers({ "x-request-id": "a", "request-id": "b" })), "a");
  assertEquals(requestIdOf(new Headers({ "request-id": "b" })), "b");
  assertEquals(requestIdOf(new Headers()), undefined);
});

function reading(...chunks: readonly Uint8Array[]): () => Promise<Uint8Array | undefined> {
  const left = [...chunks];
  return () => Promise.resolve(left.shift());
}

Deno.test("readText() joins what is split inside a character, and takes a byte order mark off", async () => {
  const bytes = new TextEncoder().encode('\uFEFF{"a":"€"}');
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(await readText(reading(bytes.subarray(0, at), bytes.subarray(at)), 100), '{"a":"€"}');
  }
});

Deno.test("readText() gives up on what is longer than allowed, without reading on", async () => {
  let read = 0;
  const endless = () => {
    read++;
    return Promise.resolve(new Uint8Array(10));
  };
  assertEquals([await readText(endless, 25), read], [undefined, 3]);
  assertEquals(await readText(reading(new Uint8Array(25).fill(0x61)), 25), "a".repeat(25));
});

for (
  const [text, reason] of [
    ["", "empty"],
    [" \n", "empty"],
    ["<html>needle", "html"],
    ["\n <!doctype html>needle", "html"],
    ["needle", "json"],
    ['{"needle":', "json"],
  ] as const
) {
  Deno.test(`parseJson() names ${JSON.stringify(text)} ${reason}, and quotes nothing`, () => {
    const failure = assertThrows(() => parseJson(text), ResponseError);
    assertEquals(failure.reason, reason);
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes("needle"));
  });
}

for (const [what, errorOf] of Object.entries({ "fails": failsOn, "says nothing": () => undefined as never })) {
  Deno.test(`a refusal that the provider's own reader ${what} on is typed by its status`, async () => {
    const failure = await posting(answering(new Response("{}", { status: 429 })), { errorOf });
    assertInstanceOf(failure, ApiError);
    assertEquals([failure.name, failure.status, mayRetry(failure)], ["RateLimitError", 429, true]);
  });
}

function failsOn(): never {
  throw new TypeError("boom");
}
