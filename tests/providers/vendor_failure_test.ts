/**
 * Refusals in the forms that gateways and compatible vendors give them, in the middle of an answer and instead of one.
 */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ApiError, RateLimitError, ResponseError, TimeoutError } from "../../src/error.ts";
import type { Provider } from "../../src/provider.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { sse } from "../support/chat_wire.ts";
import { fakeClock } from "../support/clock.ts";
import { decodeBody, decodeStream } from "../support/decoding.ts";
import { body, startVendor } from "../support/vendor_server.ts";
import { answers, chatWire, clientFor } from "../support/wires.ts";

const BUSY = { error: { code: 502, message: "The vendor behind is busy." } };
const CHOICE = { choices: [{ index: 0, finish_reason: "error", message: { content: "" }, ...BUSY }] };
const DELTA = { choices: [{ index: 0, finish_reason: "error", delta: { content: "" }, ...BUSY }] };

const REFUSALS: Readonly<Record<string, object>> = {
  "with the status as its code": { ...BUSY, choices: [] },
  "inside the choice": DELTA,
  "in a list, as Gemini gives it": [BUSY],
};

for (const [how, refusal] of Object.entries(REFUSALS)) {
  Deno.test(`a refusal ${how} is that status's error, in a stream and in one body`, async () => {
    const streamed = await decodeStream(openaiChat, sse(refusal, "[DONE]"));
    const whole = decodeBody(openaiChat, how === "inside the choice" ? CHOICE : refusal);
    for (const { error, result } of [streamed, whole]) {
      assertEquals(result, undefined);
      assertInstanceOf(error, ApiError);
      assertEquals([error.status, error.vendorMessage], [502, BUSY.error.message]);
    }
  });

  Deno.test(`a refusal ${how}, before any output, is asked again as its HTTP twin is`, async () => {
    const stream = body(sse(refusal), { headers: { "content-type": "text/event-stream" } });
    await using server = startVendor(stream, answers(chatWire));
    // Half a second at the most is waited for: the backoff's own time.
    const { response } = await clientFor(chatWire, server).run("Where?");
    assertEquals([response, server.requests.length], ["Paris.", 2]);
  });
}

Deno.test("a refusal with the status of a rate limit is a RateLimitError", async () => {
  const { error } = await decodeStream(openaiChat, sse({ error: { code: 429, message: "slow down" } }));
  assertInstanceOf(error, RateLimitError);
});

/** What a fetch of the user's own may give that is no response. */
const NO_RESPONSES: Readonly<Record<string, () => unknown>> = {
  "nothing": () => undefined,
  "an object": () => ({}),
  "a response that somebody reads": () => {
    const response = new Response("data: 1\n\n");
    response.body?.getReader();
    return response;
  },
  "a body of texts": () =>
    new Response(
      new ReadableStream<string>({
        start(controller) {
          controller.enqueue("data: 1\n\n");
          controller.close();
        },
      }) as unknown as BodyInit,
    ),
};

for (const [what, give] of Object.entries(NO_RESPONSES)) {
  Deno.test(`a fetch of the user's own that gives ${what} ends in one typed error`, async () => {
    const fetch = (() => Promise.resolve(give())) as unknown as typeof globalThis.fetch;
    const call = clientFor(chatWire, { url: "http://vendor.test/v1" }, { fetch, maxRetries: 0 }).run("Where?");
    const failure: unknown = await call.catch((error) => error);
    assertInstanceOf(failure, ResponseError);
    assertEquals(failure.reason, "protocol");
  });
}

Deno.test("a fetch of the user's own may give its response without a promise", async () => {
  const fetch = (() => Response.json(chatWire.body)) as unknown as typeof globalThis.fetch;
  const client = clientFor(chatWire, { url: "http://vendor.test/v1" }, { fetch });
  assertEquals((await client.run("Where?", { streaming: false })).response, "Paris.");
});

Deno.test("a provider with readers of its own over a ready one's is read by them", async () => {
  await using server = startVendor(answers(chatWire));
  const shouting = {
    ...openaiChat,
    async *decode(...args: Parameters<typeof openaiChat.decode>) {
      for await (const event of openaiChat.decode(...args)) {
        yield event.type === "text" ? { ...event, delta: event.delta.toUpperCase() } : event;
      }
    },
  };
  const client = clientFor({ ...chatWire, provider: shouting }, server);
  const texts: string[] = [];
  for await (const event of client.stream("Where?")) if (event.type === "text") texts.push(event.delta);
  assertEquals(texts.join(""), "PARIS.");
});

/** A provider whose own reader waits for something that never comes. */
const waiting = (began: () => void): Provider => ({
  ...openaiChat,
  async *decode() {
    began();
    yield await new Promise<never>(() => {});
  },
});

Deno.test("a reader of a provider's own that never comes back ends with the call's total time", async () => {
  await using server = startVendor(answers(chatWire));
  using clock = fakeClock();
  const began = Promise.withResolvers<void>();
  const timeouts = { totalMs: 9_000 };
  const call = clientFor({ ...chatWire, provider: waiting(began.resolve) }, server, { timeouts }).run("Where?");
  const failure = assertRejects(() => call, TimeoutError);
  await began.promise;
  await clock.tick(9_000);
  assertEquals((await failure).phase, "total");
  assertEquals(clock.timers, []);
});

Deno.test("a reader of a provider's own that never comes back ends with an abort, and with its reader", async () => {
  for (const leave of ["abort", "return"]) {
    await using server = startVendor(answers(chatWire));
    const began = Promise.withResolvers<void>();
    const controller = new AbortController();
    const client = clientFor({ ...chatWire, provider: waiting(began.resolve) }, server);
    const events = client.stream("Where?", { signal: controller.signal })[Symbol.asyncIterator]();
    const next = events.next().catch((error) => error);
    await began.promise;
    if (leave === "abort") controller.abort("enough");
    else assertEquals((await events.return()).done, true);
    assertEquals(await next, leave === "abort" ? "enough" : { value: undefined, done: true });
  }
});

Deno.test("a fetch's bad answer that comes after an abort is nobody's failure", async () => {
  for (const late of [undefined, {}, { body: {} }]) {
    const answered = Promise.withResolvers<void>();
    const fetch = (async () => {
      await answered.promise;
      return late;
    }) as unknown as typeof globalThis.fetch;
    const controller = new AbortController();
    const call = clientFor(chatWire, { url: "http://vendor.test/v1" }, { fetch })
      .run("Where?", { signal: controller.signal });
    controller.abort(new Error("enough"));
    assertEquals(await call.catch((error) => error.message), "enough");
    answered.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0)); // A rejection that nobody takes would be told by now.
  }
});

Deno.test("a fetch of the user's own that knows no signal is let go of in the middle of a body of known length", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({ cancel: (reason) => cancelled.resolve(reason) });
  const headers = { "content-type": "application/json", "content-length": "100" };
  const fetch = (() => Promise.resolve(new Response(body, { headers }))) as typeof globalThis.fetch;
  const controller = new AbortController();
  const call = clientFor(chatWire, { url: "http://vendor.test/v1" }, { fetch })
    .run("Where?", { signal: controller.signal, streaming: false });
  await new Promise((resolve) => setTimeout(resolve, 0)); // The body is being read.
  controller.abort(new Error("enough"));
  assertEquals(await call.catch((error) => error.message), "enough");
  await cancelled.promise;
});

for (const response of [new Response(null, { headers: { "content-length": "0" } }), new Response(null)]) {
  Deno.test("an answer without a body is empty, whatever its headers say", async () => {
    const fetch = (() => Promise.resolve(response)) as typeof globalThis.fetch;
    const call = clientFor(chatWire, { url: "http://vendor.test/v1" }, { fetch }).run("Where?", { streaming: false });
    const failure: unknown = await call.catch((error) => error);
    assertInstanceOf(failure, ResponseError);
    assertEquals(failure.reason, "empty");
  });
}
