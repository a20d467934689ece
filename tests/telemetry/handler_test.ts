import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createClient, extractContext, instrumentHandler, shutdownTelemetry, startTelemetry } from "../../mod.ts";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { fakeClock } from "../support/clock.ts";
import { hangs, startCollector } from "../support/collector.ts";
import { asked, keeping } from "../support/handler.ts";
import { memoryTelemetry, spanNamed, tree } from "../support/telemetry.ts";
import { chat, startVendor } from "../support/vendor_server.ts";

const traceId = "12345678901234567890123456789012";
const parentId = "1234567890123456";

const { setTimeout, clearTimeout } = globalThis; // The fake clock replaces the global ones.

/** The same promise, of which the test does not wait for ever where the deadline that is tested does not come. */
function soon<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("It did not end in time.")), 5_000);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test("instrumentHandler() continues the caller's trace in a server span", async () => {
  await using telemetry = await memoryTelemetry();
  const handler = instrumentHandler(() => new Response("yes"));
  await (await handler(asked({ traceparent: `00-${traceId}-${parentId}-01` }))).text();
  const span = spanNamed(await telemetry.spans(), "GET");
  assertEquals([span.kind, span.traceId, span.parentId], ["SERVER", traceId, parentId]);
});

Deno.test("extractContext() gives the server span for the headers of the handler's own request", async () => {
  await using telemetry = await memoryTelemetry();
  const given: (string | undefined)[] = [];
  const handler = instrumentHandler((request) => {
    const copy = new Headers(request.headers);
    for (const headers of [request.headers, copy]) given.push(trace.getSpanContext(extractContext(headers))?.spanId);
    return new Response("yes");
  });
  await (await handler(asked({ traceparent: `00-${traceId}-${parentId}-01` }))).text();
  assertEquals(given, [spanNamed(await telemetry.spans(), "GET").id, parentId]);
});

Deno.test("the server span has method, path without query, scheme, address and status", async () => {
  await using telemetry = await memoryTelemetry();
  await (await instrumentHandler(() => new Response("yes", { status: 201 }))(asked())).text();
  assertEquals(spanNamed(await telemetry.spans(), "GET").attributes, {
    "http.request.method": "GET",
    "url.path": "/hello",
    "url.scheme": "http",
    "server.address": "localhost",
    "http.response.status_code": 201,
  });
});

Deno.test("a request to a model inside the handler is the server span's child", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: server.url });
  const handler = instrumentHandler(async () => new Response((await client.run("Capital?")).response));
  assertEquals(await (await handler(asked())).text(), "Paris.");
  assertEquals(tree(await telemetry.spans()), [
    "GET",
    "  llm.request",
    "    llm.openai.stream",
    "      http.request",
  ]);
});

Deno.test("the server span lives until a streamed body ends", async () => {
  await using telemetry = await memoryTelemetry();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const response = await instrumentHandler(() => new Response(body))(asked());
  const reader = response.body!.getReader();
  controller.enqueue(new Uint8Array([1]));
  await reader.read();
  assertEquals(telemetry.open, ["GET"]);
  controller.close();
  await reader.read();
  assertEquals([telemetry.open, [...telemetry.endings.values()]], [[], [1]]);
});

Deno.test("a reader that cancels the body ends the server span, without an error", async () => {
  await using telemetry = await memoryTelemetry();
  const response = await instrumentHandler(() => new Response(new ReadableStream()))(asked());
  await response.body!.cancel();
  assertEquals([telemetry.open, spanNamed(await telemetry.spans(), "GET").status], [[], "UNSET"]);
});

Deno.test("a body that fails fails for its reader, and is an error of the server span", async () => {
  await using telemetry = await memoryTelemetry();
  const fault = new Error("torn");
  const body = new ReadableStream({ pull: (controller) => controller.error(fault) });
  const response = await instrumentHandler(() => new Response(body))(asked());
  assertStrictEquals(await assertRejects(() => response.text()), fault);
  assertEquals(spanNamed(await telemetry.spans(), "GET").status, "ERROR");
});

for (const [status, expected, type] of [[404, "UNSET", undefined], [503, "ERROR", "503"]] as const) {
  Deno.test(`an answer of ${status} leaves the server span ${expected}`, async () => {
    await using telemetry = await memoryTelemetry();
    const response = await instrumentHandler(() => new Response("no", { status }))(asked());
    assertEquals([response.status, await response.text()], [status, "no"]);
    const span = spanNamed(await telemetry.spans(), "GET");
    assertEquals([span.status, span.attributes["error.type"]], [expected, type]);
  });
}

Deno.test("what the handler throws is thrown on, and the span says its type and not its text", async () => {
  await using telemetry = await memoryTelemetry();
  const fault = new TypeError("user 4711");
  const handler = instrumentHandler(() => Promise.reject(fault));
  assertStrictEquals(await assertRejects(() => handler(asked())), fault);
  const { status, attributes, statusMessage } = spanNamed(await telemetry.spans(), "GET");
  assertEquals([status, attributes["error.type"]], ["ERROR", "TypeError"]);
  assertEquals(statusMessage, "The handler threw: TypeError.");
});

Deno.test("the first waitUntil among the later arguments is handed the flush, with its own this", async () => {
  await using collector = await startCollector();
  await using _telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url });
  const [first, second] = [keeping(), keeping()];
  class Context {
    #kept = first;
    waitUntil(promise: Promise<unknown>): void {
      this.#kept.waitUntil(promise);
    }
  }
  const handler = instrumentHandler((_request: Request, ..._rest: readonly unknown[]) => new Response("yes"));
  const response = await handler(asked(), { A_BINDING: 1 }, new Context(), second);
  assertEquals([first.kept.length, second.kept.length, collector.receiver.spans().length], [1, 0, 0]);
  await response.text();
  await first.kept[0];
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["GET"]);
});

Deno.test("with waitUntil the body ends without waiting for a collector that hangs", async () => {
  await using collector = await startCollector(hangs);
  await using _telemetry = await startTelemetry({
    enabled: true,
    env: { OTEL_METRICS_EXPORTER: "none" },
    endpoint: collector.url,
    onError: () => {},
  });
  using clock = fakeClock();
  const context = keeping();
  const handler = instrumentHandler((_request: Request, _context: object) => new Response("yes"));
  assertEquals(await (await handler(asked(), context)).text(), "yes");
  await collector.arrived(1);
  assertEquals(clock.elapsed, 0);
  await clock.tick(10_000);
  await Promise.all(context.kept);
});

Deno.test("a waitUntil that throws changes no answer, and the flush comes before the body's end", async () => {
  await using collector = await startCollector();
  await using _telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url });
  const waitUntil = () => {
    throw new Error("too late");
  };
  const handler = instrumentHandler((_request: Request, _context: object) => new Response("yes"));
  assertEquals(await (await handler(asked(), { waitUntil })).text(), "yes");
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["GET"]);
});

Deno.test("without waitUntil the flush comes before the body's end", async () => {
  await using collector = await startCollector();
  await using _telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url });
  const response = await instrumentHandler(() => new Response("yes"))(asked());
  assertEquals(collector.asked, 0);
  await response.text();
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["GET"]);
});

for (
  const [what, answer, end] of [
    ["a body ends", () => new Response("yes"), (response: Response) => response.text()],
    [
      "an answer without body comes",
      () => new Response(null, { status: 204 }),
      (response: Response) => response.text(),
    ],
    ["an error comes", () => Promise.reject(new Error("broken")), (response: Response) => response.text()],
  ] as const
) {
  Deno.test(`${what} 2 s late at the most, where a collector hangs and there is no waitUntil`, async () => {
    await using collector = await startCollector(hangs);
    const env = { OTEL_METRICS_EXPORTER: "none" };
    await using _telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url, onError: () => {} });
    using clock = fakeClock();
    let over = false;
    const ended = instrumentHandler(answer)(asked()).then(end).catch(() => {}).finally(() => {
      over = true;
    });
    await collector.arrived(1);
    await clock.tick(1_999);
    assertEquals(over, false);
    await clock.tick(1);
    await soon(ended);
  });
}

Deno.test("an answer without body is sent before it comes", async () => {
  await using collector = await startCollector();
  await using _telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url });
  const response = await instrumentHandler(() => new Response(null, { status: 204 }))(asked());
  assertEquals([response.body, response.status, collector.receiver.spans().length], [null, 204, 1]);
});

Deno.test("a locked body goes on as it is", async () => {
  await using telemetry = await memoryTelemetry();
  const given = new Response("yes");
  const reader = given.body!.getReader();
  assertStrictEquals(await instrumentHandler(() => given)(asked()), given);
  assertEquals(telemetry.open, []);
  await reader.cancel();
});

Deno.test("a body that was read goes on as it is", async () => {
  await using telemetry = await memoryTelemetry();
  const given = new Response("yes");
  await given.text();
  assertStrictEquals(await instrumentHandler(() => given)(asked()), given);
  assertEquals(telemetry.open, []);
});

Deno.test("what is no Response goes on as it is", async () => {
  await using telemetry = await memoryTelemetry();
  const given = { status: 101 } as Response; // As some runtimes answer an upgrade.
  assertStrictEquals(await instrumentHandler(() => given)(asked()), given);
  assertEquals([telemetry.open, (await telemetry.spans()).length], [[], 1]);
});

Deno.test("spanName names the span", async () => {
  await using telemetry = await memoryTelemetry();
  await (await instrumentHandler(() => new Response("yes"), { spanName: () => "GET /:word" })(asked())).text();
  assertEquals(tree(await telemetry.spans()), ["GET /:word"]);
});

Deno.test("a spanName that throws leaves the method", async () => {
  await using telemetry = await memoryTelemetry();
  const spanName = () => {
    throw new Error("broken");
  };
  await (await instrumentHandler(() => new Response("yes"), { spanName })(asked())).text();
  assertEquals(tree(await telemetry.spans()), ["GET"]);
});

Deno.test("configure() is given the first request's environment, once", async () => {
  const spanExporter = new InMemorySpanExporter();
  const given: unknown[] = [];
  const configure = (env: unknown) => {
    given.push(env);
    return { env: { OTEL_METRICS_EXPORTER: "none" }, spanExporter };
  };
  const handler = instrumentHandler((_request: Request, _env: object) => new Response("yes"), { configure });
  for (const number of [1, 2]) await (await handler(asked(), { number })).text();
  assertEquals([given, spanExporter.getFinishedSpans().length], [[{ number: 1 }], 2]);
  await shutdownTelemetry();
});

Deno.test("while telemetry is off the handler's own response comes, and waitUntil is left alone", async () => {
  await shutdownTelemetry();
  const given = new Response("yes");
  const context = keeping();
  const handler = instrumentHandler((_request: Request, _context: object) => given);
  assertStrictEquals(await handler(asked(), context), given);
  assert(context.kept.length === 0 && !given.bodyUsed);
});
