import {
  type Attributes,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { type SamplerLike, startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { guardedTracerProvider } from "../../src/otel/guarded_tracers.ts";
import { type Collector, startCollector } from "../support/collector.ts";
import { stderrLines } from "./ingredients.ts";

const PROTOCOLS = ["http/json", "http/protobuf"] as const;
const NOWHERE = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" };
const valid = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };

/** Zero-config's telemetry, to a collector. */
function telemetryTo({ url }: Collector, options: TelemetryOptions = {}) {
  return startTelemetry({ enabled: true, env: {}, endpoint: url, ...options });
}

function throwing(): never {
  throw new Error("not yours");
}

const circle: Record<string, unknown> = { a: 1 };
circle.self = circle;

/** Values of every odd kind, and what arrives of them. */
const ODD: Readonly<Record<string, readonly [given: unknown, arrives: unknown]>> = {
  text: ["plain", "plain"],
  bigint: [2n ** 80n, "1208925819614629174706176"],
  date: [new Date(0), "1970-01-01T00:00:00.000Z"],
  invalidDate: [new Date(NaN), undefined],
  nan: [NaN, NaN],
  infinity: [-Infinity, -Infinity],
  huge: [1e300, 1e300],
  large: [2 ** 62, 4611686018427387904n],
  circle: [circle, { a: 1 }],
  getter: [{
    get a() {
      return throwing();
    },
    b: 1,
  }, { b: 1 }],
  proxy: [new Proxy({}, { ownKeys: throwing, get: throwing, getPrototypeOf: throwing }), undefined],
  surrogate: ["a\ud800", "a\ufffd"],
  nested: [{ a: [{ b: { c: [1n, null, "x"] } }] }, { a: [{ b: { c: ["1", undefined, "x"] } }] }],
  mixed: [[1, "a", false], [1, "a", false]],
  symbol: [Symbol("s"), undefined],
  function: [throwing, undefined],
  nothing: [null, undefined],
  bytes: [new Uint8Array([1, 2, 255]), new Uint8Array([1, 2, 255])],
  point: [
    new (class Point {
      x = 1;
    })(),
    { x: 1 },
  ],
  mark: ["\u0000number:-}{", "\u0000number:-}{"],
};
const given = Object.fromEntries(Object.entries(ODD).map(([key, [value]]) => [key, value])) as Attributes;
const arriving = Object.fromEntries(
  Object.entries(ODD).map(([key, [, value]]) => [key, value]).filter(([, value]) => value !== undefined),
);
/** An event's and a link's attributes are simple by the specification: no maps and no mixed lists in events. */
const inEvents = Object.fromEntries(
  Object.entries(arriving).filter(([, value]) => typeof value !== "object" && value !== undefined),
);

for (const protocol of PROTOCOLS) {
  Deno.test(`odd values on a user's own span arrive as ${protocol}, wherever they stand`, async () => {
    await using collector = await startCollector();
    await using telemetry = await telemetryTo(collector, { protocol });
    const tracer = trace.getTracer("users\ud800", "1\udc00");
    const link = { context: valid, attributes: given };
    tracer.startActiveSpan("at the start", { attributes: given, links: [link] }, ROOT_CONTEXT, (span) => span.end());
    tracer.startActiveSpan("set later", (span) => {
      for (const [key, value] of Object.entries(given)) span.setAttribute(key, value!);
      span.addEvent("event", given).addLink(link).addLinks([link]);
      span.end();
    });
    const together = tracer.startSpan("set together");
    together.setAttributes(given);
    together.end();
    const { spans } = await telemetry.flush();
    assertEquals([spans, collector.receiver.requests()[0]?.trouble], [
      { exported: 3, failed: 0, dropped: 0 },
      undefined,
    ]);
    const [start, later, all] = collector.receiver.spans();
    assertEquals([start?.attributes, later?.attributes, all?.attributes], [arriving, arriving, arriving]);
    assertEquals([start?.links, later?.links].flat().map((each) => each?.attributes), [arriving, arriving, arriving]);
    assertEquals(later?.events.map(({ name, attributes }) => [name, attributes]), [["event", inEvents]]);
    assertEquals(start?.scope, { name: "users\ufffd", version: "1\ufffd" });
  });

  Deno.test(`odd names, kinds, times, links and statuses arrive as ${protocol} as something valid`, async () => {
    await using collector = await startCollector();
    await using telemetry = await telemetryTo(collector, { protocol });
    const tracer = trace.getTracer(undefined as unknown as string, 5 as unknown as string);
    const odd = (options: unknown) => tracer.startSpan("odd", options as SpanOptions, ROOT_CONTEXT);
    const never = new Date(NaN);
    const links = [INVALID_SPAN_CONTEXT, undefined, null, { traceId: 5 }].map((context) => ({ context }));
    odd({ kind: 99 }).end();
    odd({ kind: "CLIENT" }).end();
    odd({ startTime: never }).end(never);
    odd({ startTime: [-5, -5] }).end([1e30, 0]);
    odd({ startTime: 1e30 }).end();
    odd({ links: [...links, undefined, { context: valid }] }).end();
    odd({ links: "none" }).end();
    odd(null).end();
    const span = tracer.startSpan(undefined as unknown as string, {}, ROOT_CONTEXT);
    span.setStatus({ code: 7 as never }).setStatus(undefined as unknown as { code: number }).updateName(
      Symbol("s") as never,
    )
      .addEvent(undefined as unknown as string, { a: 1 }, never).addEvent("\ud800", never).addLink({} as Link)
      .addLinks([undefined as unknown as Link, ...links as unknown as Link[]]).setAttributes(null as never);
    span.recordException(Object.create(null));
    span.recordException({
      name: "E\ud800",
      message: "m",
      get code() {
        return throwing();
      },
    });
    span.end();
    const { spans } = await telemetry.flush();
    assertEquals(collector.receiver.requests()[0]?.trouble, undefined);
    const received = collector.receiver.spans();
    assertEquals([spans.failed, spans.exported], [0, 9]);
    assertEquals(received.map(({ links }) => links.length), [0, 0, 0, 0, 0, 1, 0, 0, 0]);
    assertEquals(received.map(({ kind }) => kind).slice(0, 2), ["INTERNAL", "INTERNAL"]);
    assert(received.every(({ startNs, endNs }) => startNs >= 0n && endNs >= 0n && endNs < 2n ** 64n));
    assertEquals(received.at(-1)?.name, "Symbol(s)");
    assertEquals(received.at(-1)?.status.code, "UNSET");
  });
}

Deno.test("values are cut at OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, on a code point", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector, { env: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "4" } });
  const tracer = trace.getTracer("users");
  tracer.startSpan("start", { attributes: { a: "abc😀", b: ["abcdefgh"] } }).end();
  tracer.startSpan("later").setAttribute("a", "abc😀").setAttribute("long", "x".repeat(10_000_000)).end();
  await telemetry.flush();
  const [start, later] = collector.receiver.spans().map(({ attributes }) => attributes);
  assertEquals([start, later], [{ a: "abc", b: ["abcd"] }, { a: "abc", long: "xxxx" }]);
});

Deno.test("10 MB in an attribute arrive cut", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector);
  trace.getTracer("users").startSpan("large").setAttribute("a", "😀".repeat(5_000_000)).end();
  assertEquals((await telemetry.flush()).spans.exported, 1);
  assertEquals((collector.receiver.spans()[0]?.attributes.a as string).length, 256 * 1024 - 2); // The value counts one.
});

Deno.test("the span that a program holds is the one that processors see", async () => {
  const seen: unknown[] = [];
  const nothing = () => Promise.resolve();
  const processor = {
    onStart: (span: Span) => void seen.push(span),
    onEnd() {},
    forceFlush: nothing,
    shutdown: nothing,
  };
  await using _telemetry = await startTelemetry({ env: NOWHERE, spanProcessors: [processor as never] });
  const span = trace.getTracer("users").startSpan("mine", { kind: SpanKind.SERVER });
  assertStrictEquals(seen[0], span);
  span.end();
  assertEquals(span.isRecording(), false);
});

Deno.test("what a program throws inside its own span is its own", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector);
  const tracer = trace.getTracer("users");
  assertThrows(() => tracer.startActiveSpan("mine", throwing), Error, "not yours");
  assertEquals(tracer.startActiveSpan("mine", { kind: SpanKind.CLIENT }, (span) => [trace.getActiveSpan() === span]), [
    true,
  ]);
  assertEquals(
    tracer.startActiveSpan("mine", (span) => void span.setStatus({ code: SpanStatusCode.OK }).end()),
    undefined,
  );
  assertEquals((await telemetry.flush()).spans.exported, 1);
});

Deno.test("a tracer is the same object for as long as its provider is", () => {
  const provider = guardedTracerProvider(new TracerProvider(), { json: false });
  assertStrictEquals(provider.getTracer("a", "1"), provider.getTracer("a", "1"));
  assert(provider.getTracer("a", "1") !== provider.getTracer("a", "2"));
});

const SAMPLERS: Readonly<Record<string, unknown>> = {
  throws: throwing,
  rejects: () => Promise.reject(new Error("not yours")),
  "gives nothing": () => undefined,
  "gives what is no decision": () => ({ decision: "yes" }),
};
for (const [name, shouldSample] of Object.entries(SAMPLERS)) {
  Deno.test(`where the user's sampler ${name} the default decides, and one line says so`, async () => {
    await using collector = await startCollector();
    using stderr = stderrLines();
    const sampler = { shouldSample, toString: () => "mine" } as SamplerLike;
    await using telemetry = await telemetryTo(collector, { sampler });
    for (let i = 0; i < 3; i++) trace.getTracer("users").startSpan("mine").end();
    assertEquals((await telemetry.flush()).spans.exported, 3);
    const told = "[sik-llms] The sampler threw or gave no decision; the default sampler decides in its place.";
    assertEquals(stderr.lines, [told]);
  });
}

Deno.test("the user's sampler decides", async () => {
  await using collector = await startCollector();
  const shouldSample: SamplerLike["shouldSample"] = (_context, _id, name, _kind, attributes) => ({
    decision: name === "kept" ? 2 : 0,
    attributes: { ...attributes, sampled: true },
  });
  await using telemetry = await telemetryTo(collector, { sampler: { shouldSample, toString: () => "mine" } });
  for (const name of ["kept", "dropped"]) {
    trace.getTracer("users").startSpan(name, { attributes: { a: 1n as never } }).end();
  }
  await telemetry.flush();
  const arrived = collector.receiver.spans().map(({ name, attributes }) => [name, attributes]);
  assertEquals(arrived, [["kept", { a: "1", sampled: true }]]);
});
