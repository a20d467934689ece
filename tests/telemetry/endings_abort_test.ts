import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createClient } from "../../mod.ts";
import { fakeClock } from "../support/clock.ts";
import { assertEnding } from "../support/endings.ts";
import { countListeners } from "../support/listeners.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import { body, chat, chatThenStall, refusal, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

function clientOf({ url }: VendorServer) {
  return createClient("gpt-4o-mini", { baseUrl: url });
}

function controller(): { readonly signal: AbortSignal; readonly abort: (reason?: unknown) => void } {
  const own = new AbortController();
  return { signal: own.signal, abort: (reason) => own.abort(reason) };
}

/** What is rejected with, whatever it is. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("It did not reject.");
}

Deno.test("run() aborted before it began sends nothing and ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const signal = AbortSignal.abort();
  assertStrictEquals(await reasonOf(clientOf(server).run(question, { signal })), signal.reason);
  assertEquals(server.connections, 0);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 0 });
});

Deno.test("run() aborted before the headers have come ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const { signal, abort } = controller();
  const running = reasonOf(clientOf(server).run(question, { signal }));
  await server.request(1);
  abort();
  assertStrictEquals(await running, signal.reason);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: ["AbortError"] });
});

Deno.test("run() aborted while it waits for more of the stream ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const { signal, abort } = controller();
  const reader = clientOf(server).stream(question, { signal })[Symbol.asyncIterator]();
  assertEquals((await reader.next()).value?.type, "text");
  const waiting = reasonOf(reader.next());
  abort();
  assertStrictEquals(await waiting, signal.reason);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
});

Deno.test("stream() aborted while its reader is elsewhere ends at once as cancelled, and tells the reader later", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const { signal, abort } = controller();
  const reader = clientOf(server).stream(question, { signal })[Symbol.asyncIterator]();
  await reader.next();
  abort();
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
  assertStrictEquals(await reasonOf(reader.next()), signal.reason);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
});

Deno.test("run() aborted in the body of a refusal ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(async (reply) => {
    await reply.head(500, { "content-type": "application/json" });
    await reply.write('{"error":');
    await reply.stall();
  });
  const { signal, abort } = controller();
  using clock = fakeClock();
  const running = reasonOf(clientOf(server).run(question, { signal }));
  await clock.armed(5_000); // The time that the body of a refusal may take.
  abort();
  assertStrictEquals(await running, signal.reason);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
});

Deno.test("run() aborted in a retry wait ends as cancelled and leaves no timer", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after": "30" }));
  const { signal, abort } = controller();
  {
    using clock = fakeClock();
    const running = reasonOf(clientOf(server).run(question, { signal }));
    await clock.armed(30_000);
    abort();
    assertStrictEquals(await running, signal.reason);
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  assertEquals(server.requests.length, 1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: ["503"] });
});

Deno.test("stream() aborted while its reader looks at the retry's notice ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after": "30" }));
  const { signal, abort } = controller();
  const reader = clientOf(server).stream(question, { signal })[Symbol.asyncIterator]();
  assertEquals((await reader.next()).value?.type, "notice");
  abort();
  assertStrictEquals(await reasonOf(reader.next()), signal.reason);
  assertEquals(server.requests.length, 1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: ["503"] });
});

Deno.test("run() of one JSON body aborted while it waits ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(async (reply) => {
    await reply.head(200, { "content-type": "application/json" });
    await reply.write('{"choices":');
    await reply.stall();
  });
  const { signal, abort } = controller();
  using clock = fakeClock();
  const running = reasonOf(clientOf(server).run(question, { signal, streaming: false }));
  await clock.armed(600_000);
  abort();
  assertStrictEquals(await running, signal.reason);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
});

class UserGone extends Error {
  override readonly name = "UserGone";
}

Deno.test("run() aborted with an error of the caller's own is recorded under that error's name", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const { signal, abort } = controller();
  const running = reasonOf(clientOf(server).run(question, { signal }));
  await server.request(1);
  const reason = new UserGone("with words that stay with the caller");
  abort(reason);
  assertStrictEquals(await running, reason);
  const ending = { outcome: "cancelled", errorType: "UserGone", attempts: ["UserGone"] } as const;
  const { request } = await assertEnding(telemetry, ending);
  assertEquals(request.statusMessage, "The caller ended the request.");
});

Deno.test("run() aborted with a reason that is no error is recorded as AbortError", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const { signal, abort } = controller();
  const running = reasonOf(clientOf(server).run(question, { signal }));
  await server.request(1);
  abort("enough");
  assertEquals(await running, "enough");
  await assertEnding(telemetry, { outcome: "cancelled", errorType: "AbortError", attempts: 1 });
});

Deno.test("run() whose signal aborts after its end stays completed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const { signal, abort } = controller();
  await clientOf(server).run(question, { signal });
  abort();
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
});

Deno.test("a signal keeps no listener of a call that was read to its end", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const { signal } = controller();
  const listeners = countListeners(signal);
  await Promise.all(Array.from({ length: 3 }, () => clientOf(server).run(question, { signal })));
  assertEquals(listeners.count, 0);
});

Deno.test("a signal keeps no listener of a call that was broken off", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const { signal } = controller();
  const listeners = countListeners(signal);
  for await (const { type } of clientOf(server).stream(question, { signal })) {
    assertEquals(listeners.count, 1);
    if (type === "text") break;
  }
  assertEquals(listeners.count, 0);
});

Deno.test("a signal keeps no listener of a call that failed", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor(body("<html>", { headers: { "content-type": "text/html" } }));
  const { signal } = controller();
  const listeners = countListeners(signal);
  await assertRejects(() => clientOf(server).run(question, { signal }));
  assertEquals(listeners.count, 0);
});
