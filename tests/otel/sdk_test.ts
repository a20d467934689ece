import { trace } from "@opentelemetry/api";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  getMeter,
  getTracer,
  isTelemetryEnabled,
  type SpanProcessorLike,
  startTelemetry,
  type TelemetryOptions,
} from "../../mod.ts";
import { flushForeign } from "../../src/otel/flush.ts";
import { type Registry, registry } from "../../src/otel/registry.ts";
import { fakeClock } from "../support/clock.ts";
import { type Collector, gate, hangs, startCollector } from "../support/collector.ts";
import { counts, stderrLines } from "./ingredients.ts";

/** Zero-config's telemetry, to a collector, as the environment says. */
function telemetryTo({ url }: Collector, env: Readonly<Record<string, string>> = {}, options: TelemetryOptions = {}) {
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...env };
  return startTelemetry({ enabled: true, env: all, metricIntervalMs: 1e9, ...options });
}

/** One span and one measurement of a program's own. */
function record(name = "mine"): void {
  getTracer("users").startSpan(name, { attributes: { kind: "test" } }).end();
  getMeter("users").createCounter("mine").add(1);
}

/** What a program prints by `console.dir`, as OpenTelemetry's console exporters do. */
function consoleDir(): { readonly printed: readonly unknown[] } & Disposable {
  const { dir } = console;
  const printed: unknown[] = [];
  console.dir = (value: unknown) => void printed.push(value);
  return {
    printed,
    [Symbol.dispose]() {
      console.dir = dir;
    },
  };
}

Deno.test("OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER console print, and send nothing", async () => {
  await using collector = await startCollector();
  using console = consoleDir();
  const env = { OTEL_TRACES_EXPORTER: "console", OTEL_METRICS_EXPORTER: "console" };
  await using telemetry = await telemetryTo(collector, env);
  record();
  const { spans, metrics } = await telemetry.flush();
  assertEquals([spans.exported, metrics.exported, collector.asked], [1, 1, 0]);
  const text = JSON.stringify(console.printed);
  assertStringIncludes(text, `"name":"mine"`);
  assertEquals(console.printed.length, 2);
});

for (const [word, lines] of [["none", 0], ["prometheus", 2]] as const) {
  Deno.test(`OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER ${word} send nothing, with ${lines} warnings`, async () => {
    await using collector = await startCollector();
    using stderr = stderrLines();
    const env = { OTEL_TRACES_EXPORTER: word, OTEL_METRICS_EXPORTER: word };
    await using telemetry = await telemetryTo(collector, env);
    record();
    assertEquals([telemetry.state.traces, telemetry.state.metrics], [false, false]);
    const { spans, metrics } = await telemetry.flush();
    assertEquals([spans, metrics, collector.asked, stderr.lines.length], [counts(0), counts(0), 0, lines]);
  });
}

Deno.test("one signal can go nowhere while the other goes on", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector, { OTEL_METRICS_EXPORTER: "none" });
  record();
  await telemetry.flush();
  assertEquals([collector.receiver.spans().length, collector.asked], [1, 1]);
});

Deno.test("OTEL_LOG_LEVEL=debug prints each span with its attributes as it ends", async () => {
  await using collector = await startCollector();
  using stderr = stderrLines();
  await using _telemetry = await telemetryTo(collector, { OTEL_LOG_LEVEL: "debug" });
  record();
  assertEquals(stderr.lines.length, 1);
  assert(/^\[sik-llms\] mine \d+\.\dms \{"kind":"test"\}$/.test(stderr.lines[0]!), stderr.lines[0]);
});

Deno.test("OTEL_LOG_LEVEL=none silences warnings and losses", async () => {
  await using collector = await startCollector("down");
  using stderr = stderrLines();
  const env = { OTEL_LOG_LEVEL: "none", OTEL_EXPORTER_OTLP_TIMEOUT: "needle", OTEL_BSP_SCHEDULE_DELAY: "needle" };
  const telemetry = await telemetryTo(collector, env);
  record();
  await telemetry.shutdown({ timeoutMs: 20 });
  assertEquals(stderr.lines, []);
});

Deno.test("a bad value makes one line that does not print it, when telemetry begins", async () => {
  await using collector = await startCollector();
  using stderr = stderrLines();
  await using _telemetry = await telemetryTo(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "needle" });
  assertEquals(stderr.lines, [
    "[sik-llms] OTEL_EXPORTER_OTLP_TIMEOUT is no whole number from 1 on; 10000 is used.",
  ]);
});

for (
  const [env, expected] of [
    [{ OTEL_TRACES_SAMPLER: "always_off" }, 0],
    [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, 0],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, 0],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, 1],
    [{ OTEL_TRACES_SAMPLER: "always_on" }, 1],
  ] as const
) {
  Deno.test(`${JSON.stringify(env)} exports ${expected} of 1 span, and every measurement`, async () => {
    await using collector = await startCollector();
    await using telemetry = await telemetryTo(collector, env);
    record();
    const { spans, metrics } = await telemetry.flush();
    assertEquals([spans.exported, metrics.exported], [expected, 1]);
  });
}

Deno.test("processor simple sends each span as it ends, without a flush", async () => {
  await using collector = await startCollector();
  await using _telemetry = await telemetryTo(collector, {}, { processor: "simple" });
  for (const name of ["first", "second"]) {
    getTracer("users").startSpan(name).end();
    await collector.receiver.waitFor((receiver) => receiver.spans().some((span) => span.name === name));
  }
  assertEquals(collector.asked, 2);
});

Deno.test("shutdown sends what is queued, may come twice, and ends the taking of spans", async () => {
  await using collector = await startCollector();
  const telemetry = await telemetryTo(collector);
  const tracer = trace.getTracer("users");
  record();
  const [first, second] = await Promise.all([telemetry.shutdown(), telemetry.shutdown()]);
  assertEquals([first.spans, second.spans], [counts(1), counts(1)]); // Both wait for the same.
  assertEquals((await telemetry.shutdown()).spans, counts(0));
  tracer.startSpan("after").end();
  record("after");
  assertEquals([(await telemetry.flush()).spans, isTelemetryEnabled()], [counts(0), false]);
  assertEquals(collector.receiver.spans().map(({ name }) => name), ["mine"]);
});

Deno.test("a flush in the middle of a shutdown reports the same spans, which are sent once", async () => {
  const slow = gate();
  await using collector = await startCollector(slow.fault);
  const telemetry = await telemetryTo(collector);
  record();
  const shutdown = telemetry.shutdown();
  await collector.arrived(1);
  const flush = telemetry.flush();
  slow.open();
  assertEquals([(await shutdown).spans, (await flush).spans], [counts(1), counts(1)]);
  assertEquals(collector.receiver.spans().length, 1);
});

/** A processor of the user's own that does what `wrong` says, and nothing else. */
function processorThat(wrong: Partial<Record<keyof SpanProcessorLike | "onEnding", () => unknown>>): SpanProcessorLike {
  const nothing = () => Promise.resolve();
  return { onStart() {}, onEnd() {}, forceFlush: nothing, shutdown: nothing, ...wrong } as SpanProcessorLike;
}

const throwing = () => {
  throw new Error("not yours");
};
const rejecting = () => Promise.reject(new Error("not yours"));
for (const [name, wrong] of [["throws", throwing], ["rejects", rejecting]] as const) {
  Deno.test(`a processor that ${name} in all it does costs no span of ours, and one line says so`, async () => {
    await using collector = await startCollector();
    using stderr = stderrLines();
    const all = { onStart: wrong, onEnding: wrong, onEnd: wrong, forceFlush: wrong, shutdown: wrong };
    const telemetry = await telemetryTo(collector, {}, { spanProcessors: [processorThat(all)] });
    record();
    record();
    const { spans, timedOut } = await telemetry.shutdown();
    assertEquals([spans, timedOut, collector.receiver.spans().length], [counts(2), false, 2]);
    assertEquals(stderr.lines, ["[sik-llms] A span processor threw; the span it was given may be lost."]);
  });
}

Deno.test("processors see a span that is about to end", async () => {
  await using collector = await startCollector();
  let ending = 0;
  const spanProcessors = [processorThat({ onEnding: () => ending++ })];
  await using _telemetry = await telemetryTo(collector, {}, { spanProcessors });
  record();
  assertEquals(ending, 1);
});

Deno.test("a processor that never answers holds neither flush nor shutdown beyond their deadlines", async () => {
  await using collector = await startCollector();
  const never = () => new Promise<void>(() => {});
  const spanProcessors = [processorThat({ forceFlush: never, shutdown: never })];
  const telemetry = await telemetryTo(collector, {}, { spanProcessors });
  using clock = fakeClock();
  record();
  const flushing = telemetry.flush({ timeoutMs: 2_000 });
  await collector.receiver.waitFor((receiver) => receiver.spans().length === 1);
  await clock.tick(2_000);
  const report = await flushing;
  assertEquals([report.spans, report.timedOut], [counts(1), true]);
  const shutdown = telemetry.shutdown({ timeoutMs: 2_000 });
  await clock.tick(2_000);
  assertEquals((await shutdown).timedOut, true);
  assertEquals([clock.elapsed, clock.timers], [4_000, []]);
});

Deno.test("a filter that never lets go leaves half the time to send what it has passed on", async () => {
  await using collector = await startCollector();
  const filter = (next: SpanProcessorLike) =>
    processorThat({ onEnd: next.onEnd as () => unknown, shutdown: () => new Promise(() => {}) });
  const telemetry = await telemetryTo(collector, {}, { filter });
  using clock = fakeClock();
  record();
  const shutdown = telemetry.shutdown({ timeoutMs: 2_000 });
  await clock.armed(1_000);
  await clock.tick(1_000);
  const { spans, timedOut } = await shutdown;
  assertEquals([spans, timedOut], [counts(1), false]);
});

Deno.test("a filter that throws is left out, and one line says so", async () => {
  await using collector = await startCollector();
  using stderr = stderrLines();
  await using telemetry = await telemetryTo(collector, {}, { filter: throwing });
  record();
  assertEquals((await telemetry.flush()).spans, counts(1));
  assertEquals(stderr.lines, ["[sik-llms] The filter threw; spans are sent without it."]);
});

Deno.test("a flush returns at its deadline when the collector hangs, for both signals", async () => {
  await using collector = await startCollector(hangs);
  const telemetry = await telemetryTo(collector, {}, { onError: () => {} });
  using clock = fakeClock();
  record();
  const flushing = telemetry.flush({ timeoutMs: 1_500 });
  await collector.arrived(2);
  await clock.tick(1_500);
  const { spans, metrics, timedOut } = await flushing;
  assertEquals([spans, metrics, timedOut, clock.elapsed], [counts(0, 1), counts(0, 1), true, 1_500]);
  const shutdown = telemetry.shutdown({ timeoutMs: 500 });
  await clock.tick(500);
  await shutdown;
  assertEquals(clock.timers, []);
});

Deno.test("a flush may be given any deadline", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector);
  for (const timeoutMs of [Infinity, 2 ** 31, Number.MAX_VALUE]) {
    record();
    const { spans, timedOut } = await telemetry.flush({ timeoutMs });
    assertEquals([spans, timedOut], [counts(1), false]);
  }
});

Deno.test("exporters of the user's own are flushed after they were given everything", async () => {
  const seen: string[] = [];
  const exporter = (name: string) => ({
    export(_: unknown, done: (result: { code: number }) => void) {
      seen.push(`${name} export`);
      done({ code: 0 });
    },
    forceFlush: () => Promise.resolve(void seen.push(`${name} flush`)),
    shutdown: () => Promise.resolve(void seen.push(`${name} shutdown`)),
  });
  const options = { env: {}, spanExporter: exporter("spans"), metricExporter: exporter("metrics") };
  const telemetry = await startTelemetry(options);
  record();
  await telemetry.flush();
  assertEquals(seen.slice(0, 2).sort(), ["metrics export", "spans export"]);
  assertEquals(seen.slice(2).sort(), ["metrics flush", "spans flush"]);
  await telemetry.shutdown();
  assertEquals(seen.slice(-2).sort(), ["metrics shutdown", "spans shutdown"]);
});

Deno.test("who finds the providers in the registry can flush them, and takes nothing from the next report", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector, {}, { batch: { maxQueueSize: 1 } });
  record();
  record("dropped");
  const { trace, metrics } = registry();
  await flushForeign({ trace, metrics } as Registry, new AbortController().signal);
  assertEquals([collector.receiver.spans().length, collector.receiver.metrics().length], [1, 1]);
  assertEquals((await telemetry.flush()).spans, counts(0, 0, 1));
});
