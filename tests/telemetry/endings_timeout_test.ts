import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { createClient, TimeoutError } from "../../mod.ts";
import { fakeClock } from "../support/clock.ts";
import { assertEnding } from "../support/endings.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import {
  chat,
  chatChunks,
  chatThenStall,
  type Handler,
  refusal,
  refusedUrl,
  sse,
  startVendor,
} from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const silent: Handler = (reply) => reply.stall();
const headersOnly: Handler = async (reply) => {
  await reply.head();
  await reply.stall();
};

/** The error that a call ends with. */
async function failureOf(running: Promise<unknown>): Promise<TimeoutError> {
  const error = await running.then(() => undefined, (reason) => reason);
  assertInstanceOf(error, TimeoutError);
  return error;
}

/** The wait before the first retry is cut by up to a quarter at random. */
const firstBackoff = (ms: number) => ms > 370 && ms <= 500;

Deno.test("run() without headers within connectMs is tried again and ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(silent);
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const running = failureOf(createClient("gpt-4o-mini", { baseUrl: server.url, maxRetries: 1 }).run(question));
    await server.request(1);
    await clock.armed(60_000);
    await clock.tick(60_000);
    await server.connectionClosed(1);
    await clock.armed(firstBackoff);
    await clock.tick(500);
    await server.request(2);
    await clock.tick(60_000);
    error = await running;
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  await server.connectionClosed(2);
  assertEquals([error.phase, error.partialText], ["connect", ""]);
  await assertEnding(telemetry, {
    outcome: "error",
    errorType: "TimeoutError",
    attempts: ["TimeoutError", "TimeoutError"],
    traceContext: error.traceContext,
  });
});

Deno.test("run() without headers just until connectMs ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = startVendor(async (reply, request) => {
    await reply.stall(promise);
    await chat()(reply, request);
  });
  {
    using clock = fakeClock();
    const running = createClient("gpt-4o-mini", { baseUrl: server.url }).run(question);
    await clock.armed(60_000);
    await clock.tick(59_999);
    resolve();
    await running;
  }
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
});

Deno.test("run() without output within firstChunkMs is not tried again and ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(headersOnly);
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const running = failureOf(createClient("gpt-4o-mini", { baseUrl: server.url }).run(question));
    await clock.armed(600_000);
    await clock.tick(600_000);
    error = await running;
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  await server.connectionClosed(1);
  assertEquals(error.phase, "firstChunk");
  const { traceContext } = error;
  const attempts = ["TimeoutError"];
  await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts, traceContext });
});

Deno.test("run() of one JSON body without an answer within firstChunkMs ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(silent);
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const client = createClient("gpt-4o-mini", { baseUrl: server.url, timeouts: { firstChunkMs: 5_000 } });
    const running = failureOf(client.run(question, { streaming: false }));
    await server.request(1);
    await clock.armed(5_000);
    await clock.tick(5_000);
    error = await running;
  }
  await server.connectionClosed(1);
  assertEquals(error.phase, "firstChunk");
  await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts: ["TimeoutError"] });
});

Deno.test("stream() that falls silent for idleMs ends as error with the partial text", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall("Par"));
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const running = failureOf(createClient("gpt-4o-mini", { baseUrl: server.url }).run(question));
    await clock.armed(120_000);
    await clock.tick(120_000);
    error = await running;
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  await server.connectionClosed(1);
  assertEquals([error.phase, error.partialText], ["idle", "Par"]);
  const { traceContext } = error;
  const attempts = ["TimeoutError"];
  await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts, traceContext });
});

Deno.test("stream() asked twice at once that falls silent under the second ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const reader = createClient("gpt-4o-mini", { baseUrl: server.url }).stream(question)[Symbol.asyncIterator]();
    const [first, second] = [reader.next(), failureOf(reader.next())];
    assertEquals((await first).value?.type, "text");
    await clock.armed(120_000);
    await clock.tick(120_000);
    error = await second;
  }
  await server.connectionClosed(1);
  const { traceContext } = error;
  await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts: 1, traceContext });
});

Deno.test("stream() on which only comments and pings come falls silent all the same", async () => {
  await using telemetry = await memoryTelemetry();
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(sse(...chatChunks({ text: "Par", finishReason: undefined })));
    await reply.stall(promise);
    await reply.write(": keep-alive\n\nevent: ping\ndata: {}\n\n");
    await reply.stall();
  });
  let error: TimeoutError;
  {
    using clock = fakeClock();
    const running = failureOf(createClient("gpt-4o-mini", { baseUrl: server.url }).run(question));
    await clock.armed(120_000);
    await clock.tick(100_000);
    resolve();
    await clock.armed(20_000);
    await clock.tick(20_000);
    error = await running;
  }
  assertEquals(error.phase, "idle");
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts: 1 });
});

Deno.test("stream() on which output comes in time after time ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  const { promise, resolve } = Promise.withResolvers<void>();
  const chunks = chatChunks({ text: ["Pa", "ris."] });
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(sse(...chunks.slice(0, 2)));
    await reply.stall(promise);
    await reply.write(sse(...chunks.slice(2)));
    await reply.end();
  });
  {
    using clock = fakeClock();
    const running = createClient("gpt-4o-mini", { baseUrl: server.url }).run(question);
    await clock.armed(120_000);
    await clock.tick(119_999);
    resolve();
    assertEquals((await running).response, "Paris.");
  }
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
});

for (
  const [where, handler, attempts] of [
    ["before the headers", silent, 1],
    ["before the first output", headersOnly, 1],
    ["in the middle of the stream", chatThenStall(), 1],
    ["in a retry wait", refusal(503, { "retry-after": "30" }), ["503"]],
  ] as const
) {
  Deno.test(`run() whose totalMs runs out ${where} ends as error`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(handler);
    let error: TimeoutError;
    {
      using clock = fakeClock();
      const client = createClient("gpt-4o-mini", { baseUrl: server.url, timeouts: { totalMs: 1_000 } });
      const running = failureOf(client.run(question));
      await clock.armed(1_000);
      await server.request(1);
      // What is waited for here is the other timer of that phase.
      await clock.armed((ms) => ms > 1_000);
      await clock.tick(1_000);
      error = await running;
      await clock.tick(0);
      assertEquals(clock.timers, []);
    }
    assertEquals(error.phase, "total");
    if (attempts === 1) await server.connectionClosed(1);
    const { traceContext } = error;
    await assertEnding(telemetry, { outcome: "error", errorType: "TimeoutError", attempts, traceContext });
  });
}

Deno.test("run() refused a connection is tried again after a wait that grows, and ends as error", async () => {
  await using telemetry = await memoryTelemetry();
  {
    using clock = fakeClock();
    const running = createClient("gpt-4o-mini", { baseUrl: refusedUrl() }).run(question).catch(({ name }) => name);
    await clock.armed(firstBackoff);
    await clock.tick(clock.timers[0]!);
    await clock.armed((ms) => ms > 740 && ms <= 1_000);
    await clock.tick(clock.timers[0]!);
    assertEquals(await running, "ConnectionError");
  }
  const attempts = ["TypeError", "TypeError", "TypeError"];
  const { request } = await assertEnding(telemetry, { outcome: "error", errorType: "ConnectionError", attempts });
  const seconds = request.attributes["llm.duration_seconds"] as number;
  assert(seconds >= 1.125 && seconds <= 1.5, `${seconds} s`); // Half a second and a second, each less up to a quarter.
});

Deno.test("an answer whose stream stays open ends well, however short the silence that is allowed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(sse(...chatChunks(), "[DONE]"));
    await reply.stall();
  });
  {
    using clock = fakeClock();
    const running = createClient("gpt-4o-mini", { baseUrl: server.url, timeouts: { idleMs: 20 } }).run(question);
    await clock.armed(50); // What is left is waited for as long.
    await clock.tick(50);
    assertEquals((await running).response, "Paris.");
  }
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
});
