import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { ConfigError, createClient, type EventStream } from "../../mod.ts";
import { chatBody } from "../support/chat_wire.ts";
import { fakeClock } from "../support/clock.ts";
import { assertEnding, assertNothing } from "../support/endings.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import {
  body,
  chat,
  chatChunks,
  chatThenStall,
  type Handler,
  refusal,
  someUsage,
  sse,
  startVendor,
  type VendorServer,
} from "../support/vendor_server.ts";

const question = "What is the capital of France?";

function clientOf({ url }: VendorServer) {
  return createClient("gpt-4o-mini", { baseUrl: url });
}

Deno.test("run() read to the end ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  const { response, traceContext } = await clientOf(server).run(question);
  assertEquals(response, "Paris.");
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined], tokens: [30, 25], traceContext });
});

Deno.test("stream() read to the end ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["Pa", "ris."] }));
  const types: string[] = [];
  for await (const { type } of clientOf(server).stream(question)) types.push(type);
  assertEquals(types, ["text", "text", "finish"]);
  const { stream } = await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
  assertEquals(stream.attributes["llm.stream.chunks"], 2);
});

Deno.test("run() of one JSON body ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(body(chatBody({ usage: someUsage })));
  const { response } = await clientOf(server).run(question, { streaming: false });
  assertEquals(response, "Paris.");
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined], tokens: [30, 25] });
});

Deno.test("run() read to the end leaves connections that later requests use", async () => {
  await using server = startVendor(chat());
  const client = clientOf(server);
  for (let request = 0; request < 10; request++) await client.run(question);
  // A request may come before the runtime has taken the last one's connection back, so that they are not always one.
  assert(server.connections < 10, `${server.connections} connections for ${server.requests.length} requests`);
});

for (
  const [what, handler, read] of [
    ["read to its end", chat(), (stream) => Array.fromAsync(stream)],
    ["broken off", chatThenStall(), async (stream) => {
      for await (const _event of stream) break;
    }],
    ["refused", refusal(400), (stream) => assertRejects(() => Array.fromAsync(stream))],
  ] as const satisfies readonly [string, Handler, (stream: EventStream) => Promise<unknown>][]
) {
  Deno.test(`stream() ${what} leaves nothing of its totalMs behind`, async () => {
    await using server = startVendor(handler);
    const client = createClient("gpt-4o-mini", { baseUrl: server.url, timeouts: { totalMs: 3_600_000 } });
    await read(client.stream(question)); // A timer that is left is the sanitizer's to find.
  });
}

Deno.test("stream() broken off by break ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  for await (const { type } of clientOf(server).stream(question)) if (type === "text") break;
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() broken off by return() ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const reader = clientOf(server).stream(question)[Symbol.asyncIterator]();
  assertEquals((await reader.next()).value?.type, "text");
  assertEquals(await reader.return(), { value: undefined, done: true });
  assertEquals(await reader.next(), { value: undefined, done: true });
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() broken off by throw() ends as cancelled and throws the same error", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const reader = clientOf(server).stream(question)[Symbol.asyncIterator]();
  await reader.next();
  const mine = new Error("the reader's own");
  assertStrictEquals(await assertRejects(() => reader.throw(mine)), mine);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() broken off by an error in the loop's body ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const mine = new Error("the reader's own");
  const error = await assertRejects(async () => {
    for await (const { type } of clientOf(server).stream(question)) if (type === "text") throw mine;
  });
  assertStrictEquals(error, mine);
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() broken off by return() under a waiting next() ends as cancelled, and ends that next()", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const reader = clientOf(server).stream(question)[Symbol.asyncIterator]();
  await reader.next();
  const waiting = reader.next();
  await reader.return();
  assertEquals(await waiting, { value: undefined, done: true });
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: 1 });
});

Deno.test("stream() broken off before the headers have come ends as cancelled", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const reader = clientOf(server).stream(question)[Symbol.asyncIterator]();
  const waiting = reader.next();
  await server.request(1);
  await reader.return();
  assertEquals(await waiting, { value: undefined, done: true });
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: 1 });
});

Deno.test("stream() broken off at its last event ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ usage: someUsage }));
  for await (const { type } of clientOf(server).stream(question)) if (type === "finish") break;
  await assertEnding(telemetry, { outcome: "completed", attempts: [undefined], tokens: [30, 25] });
});

Deno.test("stream() that is never read sends and records nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  clientOf(server).stream(question);
  await assertNothing(telemetry);
  assertEquals(server.connections, 0);
});

Deno.test("stream() returned before its first next() sends and records nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const reader = clientOf(server).stream(question)[Symbol.asyncIterator]();
  assertEquals(await reader.return(), { value: undefined, done: true });
  assertEquals(await reader.next(), { value: undefined, done: true });
  await assertNothing(telemetry);
  assertEquals(server.connections, 0);
});

Deno.test("run() with a local fault rejects with ConfigError and records nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const error = await assertRejects(() => clientOf(server).run(""), ConfigError);
  assertEquals(error.traceContext, undefined);
  await assertNothing(telemetry);
  assertEquals(server.connections, 0);
});

Deno.test("stream() with a fault that the dialect finds throws ConfigError at the first next() and records nothing", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const reader = clientOf(server).stream(question, { extraBody: { loop: 1n } })[Symbol.asyncIterator]();
  await assertRejects(() => reader.next(), ConfigError);
  await assertNothing(telemetry);
  assertEquals(server.connections, 0);
});

Deno.test("stream() read on after an hour's pause ends as completed", async () => {
  await using telemetry = await memoryTelemetry();
  const paused = Promise.withResolvers<void>();
  const chunks = chatChunks({ text: ["Pa", "ris."] });
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(sse(...chunks.slice(0, 2)));
    await reply.stall(paused.promise);
    await reply.write(sse(...chunks.slice(2), "[DONE]"));
    await reply.end();
  });
  let response: string | undefined;
  {
    using clock = fakeClock();
    for await (const event of clientOf(server).stream(question)) {
      if (event.type === "text" && event.delta === "Pa") {
        await clock.tick(3_600_000);
        paused.resolve();
      }
      if (event.type === "finish") response = event.result.response;
    }
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  assertEquals(response, "Paris.");
  const { request } = await assertEnding(telemetry, { outcome: "completed", attempts: [undefined] });
  assert(request.attributes["llm.duration_seconds"] as number >= 3600);
});
