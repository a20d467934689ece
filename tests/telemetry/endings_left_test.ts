import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  type Client,
  clientOf,
  createClient,
  createReasoningAgent,
  defineTool,
  instrument,
  type LanguageModel,
  TimeoutError,
} from "../../mod.ts";
import { type FakeClock, fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { thinkingForEver } from "../support/schemas.ts";
import { type MemoryTelemetry, memoryTelemetry, pointNamed, spanNamed } from "../support/telemetry.ts";
import { chatBody } from "../support/chat_wire.ts";
import { body, chat, chatThenStall, refusal, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const totalMs = 60_000;
const tool = defineTool({ name: "clock", description: "Tells the time.", parameters: {}, execute: () => "Noon." });

const own: LanguageModel = {
  provider: "test",
  model: "own",
  async *stream() {
    yield { type: "text", delta: "one" };
    yield { type: "text", delta: "two" };
  },
};

/** Where a reader may be when its call ends without it: no response is open there. */
interface Place {
  readonly name: string;
  readonly server: () => VendorServer;
  readonly client: (server: VendorServer) => Client;
  /** The first event, which the reader holds. */
  readonly event: string;
}

const options = ({ url }: VendorServer) => ({ baseUrl: url, timeouts: { totalMs } });
const places: readonly Place[] = [
  {
    name: "the notice of a dropped parameter",
    server: () => startVendor(chat()),
    client: (server) => createClient("o3", { ...options(server), temperature: 0.5 }),
    event: "notice",
  },
  {
    name: "a retry's notice",
    server: () => startVendor(refusal(503, { "retry-after": "30" })),
    client: (server) => createClient("gpt-4o-mini", options(server)),
    event: "notice",
  },
  {
    name: "the text of a whole body",
    server: () => startVendor(body(chatBody())),
    client: (server) => createClient("gpt-4o-mini", { ...options(server), streaming: false }),
    event: "text",
  },
];

/** But for the one that exports metrics. */
function timersOf({ timers }: FakeClock): readonly number[] {
  return timers.filter((ms) => ms < 2 ** 30);
}

async function assertCancelled(telemetry: MemoryTelemetry, errorType: string | undefined): Promise<void> {
  const request = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals(telemetry.open, []);
  assertEquals([...telemetry.endings.values()].filter((times) => times !== 1), []);
  assertEquals(request.attributes["llm.stream.outcome"], "cancelled");
  assertEquals([request.status, request.attributes["error.type"]], [errorType ? "ERROR" : "UNSET", errorType]);
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_total").value, 1);
}

for (const { name, server: start, client, event } of places) {
  Deno.test(`an abort while the reader holds ${name} ends the spans`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = start();
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const reader = client(server).stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    assertEquals((await reader.next()).value.type, event);
    controller.abort("enough");
    await telemetry.ended("llm.request");
    await assertCancelled(telemetry, "AbortError");
    assertEquals(listeners.count, 0);
    assertEquals(await reader.next().catch((reason) => reason), "enough");
  });

  Deno.test(`totalMs that runs out while the reader holds ${name} ends the spans`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = start();
    using clock = fakeClock();
    const controller = new AbortController();
    const listeners = countListeners(controller.signal);
    const reader = client(server).stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    assertEquals((await reader.next()).value.type, event);
    await clock.tick(totalMs);
    await telemetry.ended("llm.request");
    await assertCancelled(telemetry, undefined);
    assertEquals([listeners.count, timersOf(clock)], [0, []]);
  });
}

Deno.test("an abort while the reader holds an event of an instrumented model of its own ends the spans", async () => {
  await using telemetry = await memoryTelemetry();
  const controller = new AbortController();
  const reader = clientOf(instrument(own)).stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
  await reader.next();
  controller.abort();
  await telemetry.ended("llm.request");
  await assertCancelled(telemetry, "AbortError");
});

Deno.test("an abort while an agent's reader holds a retry's notice ends the request below, too", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after": "30" }));
  const controller = new AbortController();
  const agent = createReasoningAgent("gpt-4o-mini", { baseUrl: server.url, tools: [tool] });
  const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
  assertEquals((await reader.next()).value.type, "notice");
  controller.abort();
  await telemetry.ended("llm.reasoning_agent.stream");
  assertEquals(telemetry.open, []);
});

Deno.test("totalMs that runs out while an agent's reader is elsewhere ends every span of the run", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  const controller = new AbortController();
  const listeners = countListeners(controller.signal);
  {
    using clock = fakeClock();
    const agent = createReasoningAgent("gpt-4o-mini", { ...options(server), tools: [tool] });
    const reader = agent.stream(question, { signal: controller.signal })[Symbol.asyncIterator]();
    assertEquals((await reader.next()).value.type, "text");
    await clock.tick(totalMs);
    await telemetry.ended("llm.reasoning_agent.stream");
    assertEquals(timersOf(clock), []);
  }
  await server.connectionClosed(1);
  const spans = await telemetry.spans();
  assertEquals(telemetry.open, []);
  assertEquals(spans.map(({ status }) => status), spans.map(() => "UNSET"));
  assertEquals(spanNamed(spans, "llm.reasoning_agent.stream").attributes["llm.reasoning.outcome"], "cancelled");
  assertEquals(listeners.count, 0);
});

Deno.test("a reason that is an error of this library's stays as its caller made it", async () => {
  await using _telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const controller = new AbortController();
  const reason = new TimeoutError("The caller's own.", { phase: "total" });
  const running = createClient("gpt-4o-mini", { baseUrl: server.url }).run(question, { signal: controller.signal });
  await server.request(1);
  controller.abort(reason);
  assertStrictEquals(await running.catch((error) => error), reason);
  assertEquals(reason.traceContext, undefined);
});

Deno.test("totalMs of an agent that waits for its request is that request's failure, and no wish of the caller's", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  {
    using clock = fakeClock();
    const running = createReasoningAgent("gpt-4o-mini", { ...options(server), tools: [tool] }).run(question);
    const failure = running.catch((error) => error);
    await server.request(1);
    await clock.tick(totalMs);
    assertInstanceOf(await failure, TimeoutError);
  }
  await server.connectionClosed(1);
  const { attributes, statusMessage } = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals([attributes["llm.stream.outcome"], attributes["error.type"]], ["error", "TimeoutError"]);
  assertEquals(statusMessage, `The call took longer than allowed for ${totalMs} ms; timeouts.totalMs changes that.`);
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_failed_total").value, 1);
});

Deno.test("totalMs of an agent whose schema thinks for ever tells what the turn had used", async () => {
  await using _telemetry = await memoryTelemetry();
  const usage = { prompt_tokens: 10, completion_tokens: 5 };
  const text = JSON.stringify({ thought: "t", next_action: "finish", tool: null, arguments: null, answer: {} });
  await using server = startVendor(chat({ text, usage }));
  const { schema, asked } = thinkingForEver();
  using clock = fakeClock();
  const agent = createReasoningAgent("gpt-4o-mini", { ...options(server), nativeTools: false, tools: [tool] });
  const failure = agent.run(question, { schema }).catch((error) => error);
  await asked;
  await clock.tick(totalMs);
  const { phase, usage: used } = await failure;
  assertEquals([phase, used?.totalTokens], ["total", 15]);
});
