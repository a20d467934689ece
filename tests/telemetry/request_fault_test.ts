import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { InMemorySpanExporter, type Sampler, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  clientOf,
  ConfigError,
  createClient,
  instrument,
  RateLimitError,
  type Result,
  type TelemetryOptions,
  type Tracer,
} from "../../mod.ts";
import { memoryTelemetry, pointNamed, tree } from "../support/telemetry.ts";
import { chat, chatChunks, sse, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const requestTree = ["llm.request", "  llm.openai.stream", "    http.request"];

function broken(): never {
  throw new Error("broken");
}

const done = () => Promise.resolve();

/** Asks once; the answer must be what it is without telemetry. */
async function ask(client: ReturnType<typeof createClient>): Promise<Result> {
  const result = await client.run(question);
  assertEquals([result.response, result.finishReason], ["Paris.", "stop"]);
  return result;
}

/** One request under these options, and what was recorded of it. */
async function recorded(options: TelemetryOptions) {
  await using telemetry = await memoryTelemetry({ onError: () => {}, env: { OTEL_LOG_LEVEL: "none" }, ...options });
  await using server = startVendor(chat());
  await ask(createClient("gpt-4o-mini", { baseUrl: server.url }));
  assertEquals(server.requests.length, 1);
  const requests = pointNamed(await telemetry.points(), "llm_requests_total").value;
  return { requests, spans: tree(await telemetry.spans()), open: telemetry.open };
}

Deno.test("run() under a sampler that throws is recorded as if there were none", async () => {
  const { requests, spans } = await recorded({ sampler: { shouldSample: broken, toString: () => "broken" } });
  assertEquals([requests, spans], [1, requestTree]);
});

/** Asks with a tracer of the program's own, whose sampler is this; gives what became of its spans. */
async function withOwnSampler(shouldSample: Sampler["shouldSample"]) {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  const provider = new TracerProvider({ sampler: { shouldSample, toString: () => "broken" }, spanProcessors });
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const tracer = provider.getTracer("app");
  const { traceContext } = await ask(createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { tracer } }));
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_total").value, 1);
  const spans = exporter.getFinishedSpans().map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId]);
  await provider.shutdown();
  return { traceContext, spans };
}

Deno.test("run() under a sampler of the program's own provider that throws answers and is counted", async () => {
  assertEquals(await withOwnSampler(broken), { traceContext: undefined, spans: [] });
});

Deno.test("run() under a sampler that throws for the request's span alone keeps the spans below it", async () => {
  const { traceContext, spans } = await withOwnSampler((...[, , name]) => {
    return name === "llm.request" ? broken() : { decision: 2 };
  });
  assertEquals([traceContext, spans.map(([name]) => name)], [undefined, ["http.request", "llm.openai.stream"]]);
  assertEquals(spans[1]?.[1], undefined);
});

Deno.test("run() under a processor that throws when spans begin is recorded all the same", async () => {
  const processor = { onStart: broken, onEnd: () => {}, forceFlush: done, shutdown: done };
  const { requests, spans, open } = await recorded({ spanProcessors: [processor] });
  assertEquals([requests, spans, open], [1, requestTree, []]);
});

Deno.test("run() under a processor that throws when spans end, and at every flush, is recorded all the same", async () => {
  const processor = {
    onStart: () => {},
    onEnd: broken,
    forceFlush: () => Promise.reject(new Error("broken")),
    shutdown: () => Promise.reject(new Error("broken")),
  };
  const { requests, spans } = await recorded({ spanProcessors: [processor] });
  assertEquals([requests, spans], [1, requestTree]);
});

Deno.test("run() under an exporter of spans that throws answers and is counted", async () => {
  const { requests } = await recorded({ spanExporter: { export: broken, shutdown: done } });
  assertEquals(requests, 1);
});

Deno.test("run() under an exporter of spans that never answers is not delayed by it", async () => {
  const exporting = Promise.withResolvers<void>();
  let answer = () => {};
  const spanExporter = {
    export(_spans: never, callback: (outcome: { code: number }) => void) {
      answer = () => callback({ code: 0 });
      exporting.resolve();
    },
    shutdown: done,
  };
  const telemetry = await memoryTelemetry({ spanExporter, batch: { exportTimeoutMs: 1 }, onError: () => {} });
  await using server = startVendor(chat());
  await ask(createClient("gpt-4o-mini", { baseUrl: server.url }));
  await exporting.promise;
  await telemetry[Symbol.asyncDispose]();
  answer(); // Too late: nobody is waiting any more.
});

Deno.test("run() under an exporter of metrics that throws answers and is traced", async () => {
  const metricExporter = { export: broken, shutdown: done, forceFlush: done };
  await using telemetry = await memoryTelemetry({ metricExporter, onError: () => {} });
  await using server = startVendor(chat());
  await ask(createClient("gpt-4o-mini", { baseUrl: server.url }));
  assertEquals(tree(await telemetry.spans()), requestTree);
});

Deno.test("run() with a tracer of the user's own that throws answers and is counted", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const tracer: Tracer = { startSpan: broken, startActiveSpan: broken };
  const { traceContext } = await ask(createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { tracer } }));
  assertEquals(traceContext, undefined);
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_total").value, 1);
});

Deno.test("run() with a meter of the user's own that throws answers and is traced", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const meter = new Proxy({}, { get: () => broken }) as never;
  await ask(createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { meter } }));
  assertEquals(tree(await telemetry.spans()), requestTree);
  assertEquals(await telemetry.points(), []);
});

Deno.test("run() with attributes that no span can hold answers, and the rest is recorded", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const attributes = { circular, nothing: null, symbol: Symbol("s"), fine: "yes" } as never;
  await createClient("gpt-4o-mini", { baseUrl: server.url }).run(question, { attributes });
  const [request] = await telemetry.spans();
  assertEquals([request?.name, request?.attributes["fine"]], ["llm.request", "yes"]);
});

Deno.test("a stream of ten thousand pieces is read one by one, with and without telemetry", async () => {
  const text = Array.from({ length: 10_000 }, (_, n) => `${n} `);
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(sse(...chatChunks({ text }), "[DONE]"));
    await reply.end();
  });
  await using telemetry = await memoryTelemetry();
  for (const options of [{}, { telemetry: false }] as const) {
    const { response } = await createClient("gpt-4o-mini", { baseUrl: server.url, ...options }).run(question);
    assertEquals(response, text.join(""));
  }
  const [, stream] = await telemetry.spans();
  assertEquals(stream?.attributes["llm.stream.chunks"], 10_000);
});

Deno.test("an attempt whose fetch gives no response ends for a model of the user's own that asks by it, too", async () => {
  await using telemetry = await memoryTelemetry();
  const fetch = (() => Promise.resolve(undefined)) as unknown as typeof globalThis.fetch;
  const model = instrument({
    provider: "own",
    model: "own",
    async *stream(request) {
      const answer = await request.fetch?.("http://vendor.test/v1");
      yield { type: "text", delta: await answer?.text() ?? "" };
    },
  });
  const failure = await Array.fromAsync(model.stream({ messages: [], fetch })).catch((error) => error);
  assertInstanceOf(failure, TypeError);
  assertEquals([tree(await telemetry.spans()), telemetry.open], [
    ["llm.request", "  llm.own.stream", "    http.request"],
    [],
  ]);
});

Deno.test("what a model throws at once is how its answer failed, and only a ConfigError leaves no span", async () => {
  for (const failure of [new RateLimitError("Spent.", { status: 429 }), new ConfigError("Wrong.")]) {
    await using telemetry = await memoryTelemetry();
    const model = { provider: "test", model: "budget", stream: () => raise(failure) };
    const thrown = await clientOf(instrument(model)).run(question).catch((error) => error);
    assertStrictEquals(thrown, failure);
    const spans = await telemetry.spans();
    if (failure instanceof ConfigError) assertEquals([spans, failure.traceContext], [[], undefined]);
    else {
      assertEquals(spans.map(({ attributes }) => attributes["error.type"]), ["429", "429"]);
      assertEquals(failure.traceContext?.spanId, spans[0]?.id);
      assertEquals(pointNamed(await telemetry.points(), "llm_requests_failed_total").value, 1);
    }
  }
});

function raise(error: unknown): never {
  throw error;
}
