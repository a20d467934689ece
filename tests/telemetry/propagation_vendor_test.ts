/** What leaves with a request, and for whom; and the caller's context on the way down. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  type Context,
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import { clientOf, createClient, getTracer, instrument } from "../../mod.ts";
import { extractContext, injectContext, withContext } from "../../src/telemetry/mod.ts";
import { memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { chat, refusal, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const remote = { traceId: "12345678901234567890123456789012", spanId: "1234567890123456", traceFlags: 1 };
const traceparent = `00-${remote.traceId}-${remote.spanId}-01`;

/** Of the headers that a server saw, those that OpenTelemetry's propagators write. */
function toldTo(server: VendorServer): readonly Record<string, string>[] {
  const names = ["traceparent", "tracestate", "baggage"];
  return server.requests.map(({ headers }) =>
    Object.fromEntries([...headers].filter(([name]) => names.includes(name)))
  );
}

/** A context with a remote parent that has a state, and with baggage. */
function laden(): Context {
  const parent = extractContext({ traceparent, tracestate: "foo=1" });
  return propagation.setBaggage(parent, propagation.createBaggage({ user: { value: "alice" } }));
}

Deno.test("a vendor is told nothing of the trace and no baggage", async () => {
  await using _ = await memoryTelemetry();
  await using vendor = startVendor(chat());
  await withContext(laden(), () => createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question));
  assertEquals(toldTo(vendor), [{}]);
});

Deno.test("a vendor is told nothing under a global propagator and a fetch that uses it", async () => {
  await using _ = await memoryTelemetry();
  await using vendor = startVendor(chat());
  const told: Context[] = [];
  propagation.setGlobalPropagator(propagatorOf(told));
  try {
    const instrumented: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      propagation.inject(context.active(), headers, { set: (carrier, key, value) => carrier.set(key, value) });
      return fetch(input, { ...init, headers });
    };
    const client = createClient("gpt-4o-mini", { baseUrl: vendor.url, fetch: instrumented });
    await withContext(laden(), () => client.run(question));
  } finally {
    propagation.disable();
  }
  assertEquals([told.length, toldTo(vendor)], [1, [{}]]);
});

Deno.test("an origin in propagateTo is told each attempt's own parent, and the state", async () => {
  await using telemetry = await memoryTelemetry();
  await using gateway = startVendor(refusal(503, { "retry-after-ms": "1" }), chat());
  const client = createClient("gpt-4o-mini", {
    baseUrl: gateway.url,
    telemetry: { propagateTo: [new URL(gateway.url).origin] },
  });
  await withContext(laden(), () => client.run(question));
  const attempts = (await telemetry.spans()).filter(({ name }) => name === "http.request");
  assertEquals(attempts.length, 2);
  assertEquals(
    toldTo(gateway),
    attempts.map(({ id }) => {
      return { traceparent: `00-${remote.traceId}-${id}-01`, tracestate: "foo=1" };
    }),
  );
});

/** A list, and whether the gateway is in it. */
const lists: Readonly<Record<string, readonly [list: (origin: string) => readonly string[], isTold: boolean]>> = {
  "its origin": [(origin) => [origin], true],
  "its origin among others": [(origin) => ["https://api.example", origin], true],
  "an address below its origin": [(origin) => [`${origin}/any/path?query`], true],
  "its origin in capitals": [(origin) => [origin.toUpperCase()], true],
  "an empty list": [() => [], false],
  "another port": [(origin) => [origin.replace(/\d+$/, "1")], false],
  "another scheme": [(origin) => [origin.replace("http:", "https:")], false],
  "its host without a scheme": [(origin) => [origin.replace("http://", "")], false],
  "a longer name that begins alike": [(origin) => [`${origin}.example`], false],
  "what is no address at all": [() => ["", "*", "http://"], false],
};
for (const [name, [listOf, isTold]] of Object.entries(lists)) {
  Deno.test(`propagateTo with ${name} tells the gateway ${isTold ? "the trace" : "nothing"}`, async () => {
    await using _ = await memoryTelemetry();
    await using gateway = startVendor(chat());
    const telemetry = { propagateTo: listOf(new URL(gateway.url).origin) };
    await createClient("gpt-4o-mini", { baseUrl: gateway.url, telemetry }).run(question);
    assertEquals(toldTo(gateway).map((headers) => "traceparent" in headers), [isTold]);
  });
}

Deno.test("propagateTo of a client stands over the process's", async () => {
  await using gateway = startVendor(chat());
  await using _ = await memoryTelemetry({ propagateTo: [new URL(gateway.url).origin] });
  await createClient("gpt-4o-mini", { baseUrl: gateway.url }).run(question);
  await createClient("gpt-4o-mini", { baseUrl: gateway.url, telemetry: { propagateTo: [] } }).run(question);
  assertEquals(toldTo(gateway).map((headers) => Object.keys(headers)), [["traceparent"], []]);
});

Deno.test("injectContext() writes traceparent and tracestate of the caller's span, and never baggage", async () => {
  await using _ = await memoryTelemetry();
  const headers = new Headers();
  const spanId = withContext(laden(), () =>
    getTracer("test").startActiveSpan("work", (span) => {
      injectContext(headers);
      span.end();
      return span.spanContext().spanId;
    }));
  assertEquals([...headers], [["traceparent", `00-${remote.traceId}-${spanId}-01`], ["tracestate", "foo=1"]]);
});

Deno.test("injectContext() writes into a plain object, in place of what stands there in any case", () => {
  const headers: Record<string, string> = { TraceParent: "old", Tracestate: "old=1", accept: "text/plain" };
  injectContext(headers, trace.setSpanContext(ROOT_CONTEXT, remote));
  assertEquals(headers, { accept: "text/plain", traceparent });
});

Deno.test("injectContext() takes away the state that was copied from another request", () => {
  const headers = new Headers({ traceparent: "old", tracestate: "old=1", accept: "text/plain" });
  injectContext(headers, trace.setSpanContext(ROOT_CONTEXT, remote));
  assertEquals([...headers], [["accept", "text/plain"], ["traceparent", traceparent]]);
});

for (
  const [name, outside] of Object.entries({
    "outside of a span": ROOT_CONTEXT,
    "under a parent of zeros": trace.setSpanContext(ROOT_CONTEXT, { ...remote, spanId: "0".repeat(16) }),
  })
) {
  Deno.test(`injectContext() ${name} changes nothing`, () => {
    const headers = { tracestate: "foo=1" };
    injectContext(headers, outside);
    assertEquals(headers, { tracestate: "foo=1" });
  });
}

Deno.test("injectContext() leaves out a state without members", () => {
  const headers = new Headers();
  injectContext(headers, trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceState: createTraceState() }));
  assertEquals([...headers], [["traceparent", traceparent]]);
});

Deno.test("withContext() makes an extracted parent the caller's own, across awaits", async () => {
  await using telemetry = await memoryTelemetry();
  await using vendor = startVendor(chat());
  const client = createClient("gpt-4o-mini", { baseUrl: vendor.url });
  const { traceContext } = await withContext(extractContext({ traceparent }), async () => {
    await Promise.resolve();
    return await client.run(question);
  });
  const request = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals([request.traceId, request.parentId], [remote.traceId, remote.spanId]);
  assertEquals(traceContext?.traceId, remote.traceId);
});

Deno.test("withContext() gives what its function gives, and what it throws", async () => {
  await using _ = await memoryTelemetry();
  assertEquals(withContext(ROOT_CONTEXT, () => 42), 42);
  const mine = new Error("mine");
  try {
    withContext(ROOT_CONTEXT, () => {
      throw mine;
    });
    assert(false, "it did not throw");
  } catch (error) {
    assertEquals(error, mine);
  }
});

Deno.test("an extracted parent handed in as parent needs no context manager", async () => {
  await using telemetry = await memoryTelemetry({ registerGlobally: false });
  await using vendor = startVendor(chat());
  await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question, { parent: extractContext({ traceparent }) });
  const request = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals([request.traceId, request.parentId], [remote.traceId, remote.spanId]);
});

Deno.test("a context of zeros given as parent begins a new trace", async () => {
  await using telemetry = await memoryTelemetry();
  await using vendor = startVendor(chat());
  const parent = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceId: "0".repeat(32) });
  await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question, { parent });
  const request = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals(request.parentId, undefined);
  assertNotEquals(request.traceId, "0".repeat(32));
});

/** Writes what it finds in the context, as OpenTelemetry's own propagators do: nothing while tracing is suppressed. */
function propagatorOf(told: Context[]): TextMapPropagator {
  const suppressed = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
  return {
    inject(from, carrier, setter) {
      told.push(from);
      const baggage = propagation.getBaggage(from)?.getAllEntries().map(([key, { value }]) => `${key}=${value}`);
      if (baggage !== undefined) setter.set(carrier, "baggage", baggage.join());
      const span = trace.getSpanContext(from);
      if (span === undefined || from.getValue(suppressed) === true) return;
      setter.set(carrier, "traceparent", `00-${span.traceId}-${span.spanId}-01`);
    },
    extract: (into) => into,
    fields: () => ["traceparent", "baggage"],
  };
}

for (const propagates of [true, false]) {
  Deno.test(`a model of one's own may fetch a Request ${propagates ? "to a gateway" : "to a vendor"}, which goes as it is`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(chat());
    const told: string[] = [];
    const model = instrument({
      provider: "test",
      model: "own",
      async *stream({ fetch }) {
        const headers = { authorization: "Bearer mine", "content-type": "application/json" };
        const response = await fetch!(new Request(`${server.url}/chat`, { method: "POST", body: "{}", headers }));
        told.push(response.url, response.type);
        await response.body?.cancel();
        const result = { response: "", toolCalls: [], finishReason: "stop", provider: "test", model: "own" };
        yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
      },
    }, { propagateTo: propagates ? [new URL(server.url).origin] : [] });
    await clientOf(model).run(question);
    const [request] = server.requests;
    assertEquals([request?.headers.get("authorization"), request?.headers.get("content-type")], [
      "Bearer mine",
      "application/json",
    ]);
    assertEquals(request?.headers.has("traceparent"), propagates);
    assertEquals(told, [`${server.url}/chat`, "basic"]);
    assertEquals(spanNamed(await telemetry.spans(), "http.request").attributes["http.request.method"], "POST");
  });
}
