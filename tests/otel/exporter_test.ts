import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { SignalEnvironment } from "../../src/otel/environment.ts";
import { otlpMetricSink, otlpSpanSink } from "../../src/otel/exporter.ts";
import type { Signal } from "../../src/otel/options.ts";
import { configureTelemetry, flushTelemetry, getTracer, startTelemetry } from "../../src/telemetry/signals.ts";
import { fakeClock } from "../support/clock.ts";
import { type Collector, first, partial, startCollector, status, webPage } from "../support/collector.ts";
import { collectedMetrics, countedPoints, destination, endedSpans, patiently } from "./ingredients.ts";

const MIB = 1024 * 1024;
const PROTOCOLS = ["http/json", "http/protobuf"] as const;
const SIGNALS: readonly Signal[] = ["traces", "metrics"];

/** A function that sends so many spans or data points. */
async function sender(to: Collector, signal: Signal, count: number, over: Partial<SignalEnvironment> = {}) {
  const environment = destination(to.url, signal, over);
  if (signal === "traces") {
    const sink = otlpSpanSink(environment);
    return () => sink.send(endedSpans(count), patiently());
  }
  const sink = otlpMetricSink(environment);
  const metrics = await collectedMetrics(countedPoints(count, () => ({})));
  return () => sink.send([metrics], patiently());
}

/** How many spans and data points have arrived. */
const arrived = ({ receiver }: Collector) => receiver.spans().length + receiver.metrics().length;

for (const protocol of PROTOCOLS) {
  for (const signal of SIGNALS) {
    Deno.test(`${signal} arrive as ${protocol}, counted`, async () => {
      await using collector = await startCollector();
      const send = await sender(collector, signal, 3, { protocol });
      assertEquals(await send(), { exported: 3, failed: 0, errors: [] });
      assertEquals(arrived(collector), 3);
      const [request] = collector.receiver.requests();
      assertEquals([request?.path, request?.format], [`/v1/${signal}`, protocol === "http/json" ? "json" : "protobuf"]);
    });

    Deno.test(`partial success of ${signal} as ${protocol} is counted and never retried`, async () => {
      await using collector = await startCollector(partial(2));
      const send = await sender(collector, signal, 5, { protocol });
      assertEquals(await send(), { exported: 3, failed: 2, errors: ["The back end rejected 2 of 5"] });
      assertEquals(collector.asked, 1);
    });

    Deno.test(`partial success of ${signal} as ${protocol} that rejected none is success`, async () => {
      await using collector = await startCollector(partial(0, "a warning"));
      const send = await sender(collector, signal, 5, { protocol });
      assertEquals(await send(), { exported: 5, failed: 0, errors: [] });
    });

    Deno.test(`partial success of ${signal} as ${protocol} cannot reject more than were sent`, async () => {
      await using collector = await startCollector(partial(99));
      const send = await sender(collector, signal, 5, { protocol });
      assertEquals(await send(), { exported: 0, failed: 5, errors: ["The back end rejected 5 of 5"] });
    });

    Deno.test(`an answer to ${signal} as ${protocol} that is no OTLP leaves the counts alone`, async () => {
      const said = `{"partialSuccess":{"rejectedSpans":"many","rejectedDataPoints":1.5}}`;
      for (const body of ["ok", "null", "[1]", said, "\u000b\u000b"]) {
        await using collector = await startCollector(() => new Response(body, { status: 202 }));
        const send = await sender(collector, signal, 2, { protocol });
        assertEquals(await send(), { exported: 2, failed: 0, errors: [] }, body);
      }
    });

    Deno.test(`${signal} as ${protocol} are split at 4 MiB`, async () => {
      await using collector = await startCollector();
      const environment = destination(collector.url, signal, { protocol });
      const text = "x".repeat(100_000);
      const count = 100; // 10 MB
      const sent = signal === "traces"
        ? await otlpSpanSink(environment).send(
          endedSpans(count, (span) => span.setAttribute("text", text)),
          patiently(),
        )
        : await otlpMetricSink(environment).send(
          [await collectedMetrics(countedPoints(count, () => ({ text })))],
          patiently(),
        );
      assertEquals(sent, { exported: count, failed: 0, errors: [] });
      const lengths = collector.receiver.requests().map(({ body }) => body.length);
      assert(lengths.length > 2 && lengths.every((length) => length <= 4 * MIB), lengths.join(" "));
      const names = [...collector.receiver.spans(), ...collector.receiver.metrics()]
        .map(({ name, attributes }) => `${name} ${attributes.index}`);
      assertEquals([names.length, new Set(names).size], [count, count]);
    });

    Deno.test(`${signal} as ${protocol} below 4 MiB travel in one request`, async () => {
      await using collector = await startCollector();
      const send = await sender(collector, signal, 1_000, { protocol });
      await send();
      assertEquals([collector.asked, arrived(collector)], [1, 1_000]);
    });

    Deno.test(`${signal} as ${protocol} are compressed where that is asked for`, async () => {
      await using collector = await startCollector();
      const send = await sender(collector, signal, 50, { protocol, gzip: true });
      assertEquals((await send()).exported, 50);
      const [request] = collector.receiver.requests();
      assertEquals([request?.compressed, arrived(collector)], [true, 50]);
    });
  }
}

for (const code of [404, 405, 501]) {
  Deno.test(`metrics are paused after ${code}, which is told once`, async () => {
    await using collector = await startCollector(status(code));
    const send = await sender(collector, "metrics", 3);
    const { exported, failed, errors } = await send();
    assertEquals([exported, failed, errors.length], [0, 3, 1]);
    assertMatch(errors[0]!, new RegExp(`HTTP ${code}, so it takes traces only; metrics are paused`));
    await collector.misbehave(undefined);
    assertEquals(await send(), { exported: 0, failed: 0, errors: [] });
    assertEquals(collector.asked, 1);
  });

  Deno.test(`traces go on after ${code}`, async () => {
    await using collector = await startCollector(first(1, status(code)));
    const send = await sender(collector, "traces", 2);
    assertEquals([await send(), await send()].map(({ exported, failed }) => [exported, failed]), [[0, 2], [2, 0]]);
  });
}

for (const code of [400, 401, 413, 500]) {
  Deno.test(`metrics go on after ${code}`, async () => {
    await using collector = await startCollector(first(1, status(code)));
    const send = await sender(collector, "metrics", 2);
    assertEquals([await send(), await send()].map(({ exported, failed }) => [exported, failed]), [[0, 2], [2, 0]]);
  });
}

Deno.test("a pause in the middle of a split export counts what was not sent", async () => {
  await using collector = await startCollector(status(404));
  const text = "x".repeat(100_000);
  const metrics = await collectedMetrics(countedPoints(100, () => ({ text })));
  const { exported, failed } = await otlpMetricSink(destination(collector.url, "metrics")).send([metrics], patiently());
  assertEquals([exported, failed, collector.asked], [0, 100, 1]);
});

Deno.test("a split export keeps all its bodies within one deadline", async () => {
  await using collector = await startCollector(status(503, { "retry-after": "6" }));
  using clock = fakeClock();
  const spans = endedSpans(60, (span) => span.setAttribute("text", "x".repeat(100_000)));
  const sending = otlpSpanSink(destination(collector.url, "traces")).send(spans, patiently());
  await clock.armed(6_000);
  await clock.tick(6_000);
  const { failed, errors } = await sending;
  assertEquals([failed, clock.elapsed], [60, 6_000]);
  assertEquals(new Set(errors), new Set([`${collector.url}/v1/traces answered HTTP 503`]));
});

Deno.test("a web page in the place of a collector takes nothing", async () => {
  await using collector = await startCollector(webPage);
  const send = await sender(collector, "traces", 2);
  assertEquals((await send()).failed, 2);
});

for (const protocol of PROTOCOLS) {
  Deno.test(`one span that cannot be encoded as ${protocol} costs no other`, async () => {
    await using collector = await startCollector();
    const spans = endedSpans(9);
    const like = (properties: PropertyDescriptorMap) => Object.create(endedSpans(1)[0]!, properties) as ReadableSpan;
    const throwing = () => {
      throw new Error("no such thing");
    };
    const all = [
      like({ events: { get: throwing } }),
      ...spans.slice(0, 4),
      like({ instrumentationScope: { value: undefined } }), // The encoder's own fall.
      ...spans.slice(4),
      like({ spanContext: { value: throwing } }),
    ];
    const sent = await otlpSpanSink(destination(collector.url, "traces", { protocol })).send(all, patiently());
    assertEquals(sent, { exported: 9, failed: 3, errors: ["The encoder refused them", "The encoder refused them"] });
    assertEquals(collector.receiver.spans().map(({ name }) => name), spans.map(({ name }) => name));
  });
}

Deno.test("nothing is sent of nothing", async () => {
  await using collector = await startCollector();
  const nothing = { exported: 0, failed: 0, errors: [] };
  assertEquals(await otlpSpanSink(destination(collector.url, "traces")).send([], patiently()), nothing);
  const metrics = await collectedMetrics(() => {});
  assertEquals(await otlpMetricSink(destination(collector.url, "metrics")).send([metrics], patiently()), nothing);
  assertEquals(collector.asked, 0);
});

Deno.test("exports make no spans, even where fetch is instrumented", async () => {
  await using collector = await startCollector();
  const { fetch } = globalThis;
  const fetched: string[] = [];
  // As an instrumentation does it: a span of whoever's provider is registered, under the active one.
  globalThis.fetch = async (input, init) => {
    const span = trace.getTracer("instrumented fetch").startSpan("fetch", {}, context.active());
    fetched.push(String(input));
    try {
      return await fetch(input, init);
    } finally {
      span.end();
    }
  };
  try {
    configureTelemetry({ enabled: true, env: {}, endpoint: collector.url, processor: "simple" });
    await using _telemetry = await startTelemetry();
    await getTracer("tests").startActiveSpan("mine", async (span) => {
      span.setStatus({ code: SpanStatusCode.OK });
      span.end();
      await flushTelemetry(); // From inside a span, which must not become the export's parent.
    });
    await flushTelemetry();
    assert(fetched.includes(`${collector.url}/v1/traces`), "the export goes through the global fetch");
    assertEquals(collector.receiver.spans().map(({ name }) => name), ["mine"]);
    const response = await globalThis.fetch(`${collector.url}/elsewhere`);
    await response.body?.cancel();
    await flushTelemetry();
    assertEquals(collector.receiver.spans().map(({ name }) => name), ["mine", "fetch"]); // It does make spans.
  } finally {
    globalThis.fetch = fetch;
  }
});
