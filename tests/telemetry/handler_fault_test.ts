// What a user's hooks, contexts and bodies may do wrong around an instrumented handler, which answers all the same.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { getTracer, instrumentHandler, startTelemetry } from "../../mod.ts";
import { fakeClock } from "../support/clock.ts";
import { startCollector } from "../support/collector.ts";
import { asked, keeping } from "../support/handler.ts";
import { memoryTelemetry } from "../support/telemetry.ts";

/** A turn of the event loop, after which an unhandled rejection would have failed the test. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const rejecting = () => Promise.reject(new Error("not yours"));
const throwing = () => {
  throw new Error("not yours");
};

const CONTEXTS: Readonly<Record<string, object>> = {
  "whose waitUntil rejects": { waitUntil: rejecting },
  "whose waitUntil throws": { waitUntil: throwing },
  "whose waitUntil cannot be read": Object.defineProperty({}, "waitUntil", { get: throwing }),
  "that is a proxy which throws": new Proxy({}, { get: throwing }),
};
for (const [name, context] of Object.entries(CONTEXTS)) {
  Deno.test(`a context ${name} changes nothing of the answer`, async () => {
    await using telemetry = await memoryTelemetry();
    const handler = instrumentHandler((_request: Request, _context: object) => new Response("Hello"));
    assertEquals(await (await handler(asked(), context)).text(), "Hello");
    await turn();
    assertEquals((await telemetry.spans()).map(({ name }) => name), ["GET"]);
  });
}

const HOOKS: Readonly<Record<string, () => unknown>> = {
  "rejects": rejecting,
  "throws": throwing,
  "gives nothing": () => undefined,
  "gives an empty text": () => "",
};
for (const [what, hook] of Object.entries(HOOKS)) {
  Deno.test(`a spanName that ${what} leaves the span its method's name`, async () => {
    await using telemetry = await memoryTelemetry();
    const handler = instrumentHandler(() => new Response("Hello"), { spanName: hook as () => string });
    assertEquals(await (await handler(asked())).text(), "Hello");
    await turn();
    assertEquals((await telemetry.spans()).map(({ name }) => name), ["GET"]);
  });

  Deno.test(`a configure that ${what} changes nothing of the answer`, async () => {
    await using _telemetry = await memoryTelemetry();
    const handler = instrumentHandler(() => new Response("Hello"), { configure: hook as () => object });
    assertEquals(await (await handler(asked())).text(), "Hello");
    await turn();
  });
}

Deno.test("a request that is none reaches the handler without a span", async () => {
  await using telemetry = await memoryTelemetry();
  const handler = instrumentHandler((request) => new Response(request.url));
  for (const request of [{ url: "/relative", method: "GET", headers: new Headers() }, { url: "http://localhost/" }]) {
    assertEquals(await (await handler(request as Request)).text(), request.url);
  }
  assertEquals((await telemetry.spans()).filter(({ kind }) => kind === "SERVER").length, 1);
});

Deno.test("what a body is made of while it is read is a child of the server's span", async () => {
  await using telemetry = await memoryTelemetry();
  for (const context of [keeping(), {}]) {
    const handler = instrumentHandler((_request: Request, _context: object) =>
      new Response(
        new ReadableStream({
          pull(controller) {
            getTracer("app").startSpan("write").end();
            controller.close();
          },
          cancel: () => getTracer("app").startSpan("let go").end(),
        }, { highWaterMark: 0 }),
      )
    );
    await (await handler(asked(), context)).text();
    await (await handler(asked(), context)).body?.cancel();
  }
  const spans = await telemetry.spans();
  const servers = spans.filter(({ name }) => name === "GET").map(({ id }) => id);
  const own = spans.filter(({ name }) => name !== "GET");
  assertEquals(own.map(({ name }) => name), ["write", "let go", "write", "let go"]);
  assertEquals(own.map(({ parentId }) => parentId), servers);
});

Deno.test("a body whose cancel never ends holds the flush back for a second", async () => {
  await using collector = await startCollector();
  const env = { OTEL_METRICS_EXPORTER: "none" };
  await using _telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url });
  const context = keeping();
  const body = new ReadableStream({ cancel: () => new Promise<never>(() => {}) });
  const handler = instrumentHandler((_request: Request, _context: object) => new Response(body));
  const response = await handler(asked(), context);
  {
    using clock = fakeClock();
    void response.body?.cancel();
    await clock.armed(1_000);
    await clock.tick(1_000);
  }
  await Promise.all(context.kept);
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["GET"]);
});

Deno.test("what is no response is handed on, and its span is sent", async () => {
  await using collector = await startCollector();
  const env = { OTEL_METRICS_EXPORTER: "none" };
  await using _telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url });
  const nothing = undefined as unknown as Response;
  assertStrictEquals(await instrumentHandler(() => nothing)(asked()), nothing);
  await collector.receiver.waitFor((receiver) => receiver.spans().length === 1);
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["GET"]);
});

Deno.test("a response keeps what its constructor was told", async () => {
  await using _telemetry = await memoryTelemetry();
  const init = {
    status: 201,
    statusText: "Made",
    headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] as [string, string][],
  };
  const response = await instrumentHandler(() => new Response("Hello", init))(asked());
  assertEquals([response.status, response.statusText], [201, "Made"]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(response.headers.get("content-type"), "text/plain;charset=UTF-8");
  await response.body?.cancel();
});
