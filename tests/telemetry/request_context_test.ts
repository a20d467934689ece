import { assert, assertEquals } from "@std/assert";
import { type Context, context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  type Client,
  createClient,
  getTracer,
  instrument,
  type LanguageModel,
  openaiChat,
  type Provider,
  type StreamEvent,
} from "../../mod.ts";
import { memoryTelemetry, spanNamed, tree } from "../support/telemetry.ts";
import { chat, chatChunks, type Handler, sse, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

function clientOf({ url }: VendorServer): Client {
  return createClient("gpt-4o-mini", { baseUrl: url });
}

/** Runs `work` in a span of the program's own. */
async function inSpan<R>(name: string, work: () => Promise<R>): Promise<R> {
  return await getTracer("app").startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

/** A context that holds an open span, and how to end it. */
function contextOf(name: string): { readonly parent: Context; readonly end: () => void } {
  const span = getTracer("app").startSpan(name, {}, ROOT_CONTEXT);
  return { parent: trace.setSpan(ROOT_CONTEXT, span), end: () => span.end() };
}

const requestTree = ["  llm.request", "    llm.openai.stream", "      http.request"];

Deno.test("run() is a child of the caller's span, across awaits", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await inSpan("plan trip", async () => {
    await new Promise((resolve) => setTimeout(resolve, 0)); // Another turn of the event loop.
    await clientOf(server).run(question);
  });
  assertEquals(tree(await telemetry.spans()), ["plan trip", ...requestTree]);
});

Deno.test("run() is a child of `parent`, whatever the caller's span is", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const { parent, end } = contextOf("by hand");
  await inSpan("around", () => clientOf(server).run(question, { parent }));
  end();
  assertEquals(tree(await telemetry.spans()), ["by hand", ...requestTree, "around"]);
});

Deno.test("stream() takes its parent when it is called, not when it is read", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const stream = await inSpan("asks", () => Promise.resolve(clientOf(server).stream(question)));
  await inSpan("reads", async () => {
    for await (const _event of stream);
  });
  assertEquals(tree(await telemetry.spans()), ["asks", ...requestTree, "reads"]);
});

Deno.test("stream() never changes its reader's own context", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["Pa", "ris", "."] }));
  await inSpan("reads", async () => {
    const mine = trace.getSpan(context.active());
    assert(mine !== undefined);
    for await (const { type } of clientOf(server).stream(question)) {
      assert(trace.getSpan(context.active()) === mine, `another span at ${type}`);
      await inSpan(`on ${type}`, () => Promise.resolve());
    }
    assert(trace.getSpan(context.active()) === mine);
  });
  const inner = ["  on text", "  on text", "  on text", "  on finish"];
  assertEquals(tree(await telemetry.spans()), ["reads", ...requestTree, ...inner]);
});

Deno.test("streams that are read by turns keep their own trees", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["Pa", "ris", "."] }));
  const client = clientOf(server);
  const begin = (name: string) => inSpan(name, () => Promise.resolve(client.stream(question)[Symbol.asyncIterator]()));
  const readers = [await begin("first"), await begin("second")];
  for (let open = 2; open > 0;) {
    for (const reader of readers) if ((await reader.next()).value?.type === "finish") open--;
  }
  assertEquals(tree(await telemetry.spans()), ["first", ...requestTree, "second", ...requestTree]);
});

Deno.test("many requests at once keep their own trees", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["Pa", "ris."] }));
  const client = clientOf(server);
  await Promise.all(Array.from({ length: 20 }, (_, n) => inSpan(`caller ${n}`, () => client.run(question))));
  const spans = await telemetry.spans();
  const parents = spans.filter(({ name }) => name === "llm.request").map(({ parentId }) => parentId);
  assertEquals(new Set(parents), new Set(spans.filter(({ name }) => name.startsWith("caller")).map(({ id }) => id)));
  assertEquals(new Set(spans.map(({ traceId }) => traceId)).size, 20);
});

Deno.test("run() below a parent of zeros begins a trace of its own", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const parent = trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT);
  await clientOf(server).run(question, { parent });
  assertEquals(spanNamed(await telemetry.spans(), "llm.request").parentId, undefined);
});

Deno.test("without a context manager the tree of a call is right, and `parent` stands above it", async () => {
  await using telemetry = await memoryTelemetry({ registerGlobally: false });
  await using server = startVendor(chat());
  const { parent, end } = contextOf("by hand");
  assert(context.active() === ROOT_CONTEXT);
  await clientOf(server).run(question, { parent });
  end();
  assertEquals(tree(await telemetry.spans()), ["by hand", ...requestTree]);
});

Deno.test("what a model does while it is read stands below its span", async () => {
  await using telemetry = await memoryTelemetry();
  const result = { response: "", toolCalls: [], finishReason: "stop", provider: "own", model: "m" };
  const model: LanguageModel = {
    provider: "own",
    model: "m",
    async *stream(): AsyncGenerator<StreamEvent> {
      await inSpan("looks it up", () => Promise.resolve());
      yield { type: "text", delta: "Paris." };
      await inSpan("tidies up", () => Promise.resolve());
      yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
    },
  };
  for await (const _event of instrument(model).stream({ messages: [] }));
  assertEquals(tree(await telemetry.spans()), ["llm.request", "  llm.own.stream", "    looks it up", "    tidies up"]);
});

Deno.test("a fetch that makes spans of its own makes none for the vendor, and sends no trace to it", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const fetch: typeof globalThis.fetch = (input, init) => {
    const span = trace.getTracer("http-instrumentation").startSpan("HTTP POST");
    return globalThis.fetch(input, init).finally(() => span.end());
  };
  await createClient("gpt-4o-mini", { baseUrl: server.url, fetch }).run(question);
  assertEquals(tree(await telemetry.spans()), ["llm.request", "  llm.openai.stream", "    http.request"]);
  const { headers } = await server.request(1);
  assertEquals(["traceparent", "tracestate", "baggage"].filter((name) => headers.has(name)), []);
});

Deno.test("spans of a retried attempt and of its wait are siblings below the same stream", async () => {
  await using telemetry = await memoryTelemetry();
  const breaking: Handler = (reply) => reply.close();
  const [first = ""] = [sse(...chatChunks({ finishReason: undefined }))];
  await using server = startVendor(breaking, async (reply) => {
    await reply.head();
    await reply.write(first);
    await reply.write(sse("[DONE]"));
    await reply.end();
  });
  await inSpan("asks", () => clientOf(server).run(question));
  assertEquals(tree(await telemetry.spans()), ["asks", ...requestTree, "      http.request"]);
});

Deno.test("a wrapper that copies the request hands on its parent, which is opened later", async () => {
  await using telemetry = await memoryTelemetry({ registerGlobally: false });
  const inner = instrument({ provider: "inner", model: "m", async *stream() {} });
  const wrapper: LanguageModel = { ...inner, provider: "outer", stream: (request) => inner.stream({ ...request }) };
  for await (const _event of instrument(wrapper).stream({ messages: [] }));
  assertEquals(tree(await telemetry.spans()), [
    "llm.request",
    "  llm.outer.stream",
    "    llm.request",
    "      llm.inner.stream",
  ]);
});

Deno.test("what a provider's own reader and a fetch's own body do is inside the stream's span, event by event", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["Pa", "ris", "."] }));
  const provider: Provider = {
    ...openaiChat,
    name: "mine",
    baseUrl: server.url,
    keyVariable: undefined,
    async *decode(...args) {
      for await (const event of openaiChat.decode(...args)) {
        getTracer("app").startSpan("decode").end();
        yield event;
      }
    },
  };
  const piecewise: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    const reader = response.body!.getReader();
    const body = new ReadableStream({
      async pull(controller) {
        getTracer("app").startSpan("pull").end();
        const { value, done } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
    return new Response(body, response);
  };
  const client = createClient("any", { provider, apiKey: "test", fetch: piecewise });
  await inSpan("reads", async () => {
    for await (const _event of client.stream(question));
  });
  const spans = await telemetry.spans();
  const { id } = spanNamed(spans, "llm.mine.stream");
  const own = spans.filter(({ name }) => name === "decode" || name === "pull");
  assert(own.length > 4);
  assertEquals(own.map(({ parentId }) => parentId), own.map(() => id));
});

Deno.test("a schema of the user's own is asked inside the stream's span", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat({ text: ["{}"] }));
  const schema = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate(value: unknown) {
        getTracer("app").startSpan("validate").end();
        return { value };
      },
      jsonSchema: { input: () => ({ type: "object" }) },
    },
  } as const;
  await clientOf(server).run(question, { schema });
  const spans = await telemetry.spans();
  assertEquals(spanNamed(spans, "validate").parentId, spanNamed(spans, "llm.openai.stream").id);
});
