import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  createClient,
  diagnoseTelemetry,
  getMeter,
  getTracer,
  type MetricReaderLike,
  shutdownTelemetry,
  startTelemetry,
  type TelemetryOptions,
} from "../../mod.ts";
import { startCollector } from "../support/collector.ts";
import { chat, startVendor } from "../support/vendor_server.ts";
import { counts, stderrLines } from "./ingredients.ts";

// deno-lint-ignore no-explicit-any -- what has the wrong type is what is tested
type Wrong = any;

const LEFT_OUT = "[sik-llms] A metric reader given is none that can be bound; it is left out.";

/** A reader of the program's own, which a provider can be bound to, and what it read. */
function goodReader(): { readonly reader: MetricReaderLike; readonly exporter: InMemoryMetricExporter } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8, exportTimeoutMillis: 1e4 });
  return { reader: reader as unknown as MetricReaderLike, exporter };
}

/** One span and one measurement under these options, and what arrived of them at the collector. */
async function recorded(options: TelemetryOptions) {
  await using collector = await startCollector();
  using stderr = stderrLines();
  const telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url, ...options });
  const { rule } = telemetry.state;
  getTracer("users").startSpan("mine").end();
  getMeter("users").createCounter("mine").add(1);
  const { spans, metrics } = await telemetry.shutdown();
  return { rule, spans, metrics, lines: stderr.lines };
}

const ALL_WELL = { rule: "zero-config" as const, spans: counts(1), metrics: counts(1) };

for (
  const [what, reader] of [["an object without methods", {}], ["null", null], ["a text", "prometheus"], [
    "a function",
    () => {},
  ]] as readonly (readonly [string, Wrong])[]
) {
  Deno.test(`a metric reader that is ${what} is left out with one warning, and all else works`, async () => {
    assertEquals(await recorded({ metricReaders: [reader] }), { ...ALL_WELL, lines: [LEFT_OUT] });
  });
}

Deno.test("a reader that can be bound reads beside one that cannot", async () => {
  const { reader, exporter } = goodReader();
  assertEquals(await recorded({ metricReaders: [{} as Wrong, reader] }), { ...ALL_WELL, lines: [LEFT_OUT] });
  assert(exporter.getMetrics().length > 0);
});

Deno.test("a reader that throws when it is bound is left out with one warning, and all else works", async () => {
  const setMetricProducer = () => {
    throw new Error("bound already");
  };
  const done = () => Promise.resolve();
  const metricReaders = [{ setMetricProducer, forceFlush: done, shutdown: done } as Wrong];
  const lines = ["[sik-llms] A metric reader given could not be bound; none of those given is used."];
  assertEquals(await recorded({ metricReaders }), { ...ALL_WELL, lines });
});

Deno.test("options that are null are as if they were not there", async () => {
  const nothing = { metricReaders: null, batch: null, spanProcessors: null, temporality: null, onError: null } as Wrong;
  assertEquals(await recorded(nothing), { ...ALL_WELL, lines: [] });
});

const IMPOSSIBLE = "Telemetry's providers could not be made of these options; telemetry is off.";

/** As a program without types may give it: the value cannot be read as what it should be. */
const broken: TelemetryOptions = { enabled: true, env: {}, spanProcessors: 7 as Wrong };

Deno.test("providers that cannot be made are told of in one line, and the call goes on", async () => {
  using stderr = stderrLines();
  await using server = startVendor(chat());
  const telemetry = await startTelemetry(broken);
  assertEquals(telemetry.state.rule, "off");
  assertEquals((await createClient("gpt-4o-mini", { baseUrl: server.url }).run("Hi")).response, "Paris.");
  assertEquals(stderr.lines, [`[sik-llms] ${IMPOSSIBLE}`]);
  await telemetry.shutdown();
});

Deno.test("the doctor says that the providers could not be made", async () => {
  using _stderr = stderrLines();
  const telemetry = await startTelemetry(broken);
  const { findings } = await diagnoseTelemetry({ timeoutMs: 100 });
  const off = findings.find(({ code }) => code === "off");
  assertEquals(off?.level, "error");
  assertStringIncludes(off?.message ?? "", IMPOSSIBLE);
  await telemetry.shutdown();
});

Deno.test("what failed is forgotten once telemetry is configured anew", async () => {
  using _stderr = stderrLines();
  await startTelemetry(broken);
  const spanExporter = new InMemorySpanExporter();
  const again = await startTelemetry({ spanProcessors: [], spanExporter, env: { OTEL_METRICS_EXPORTER: "none" } });
  assertEquals(again.state.rule, "zero-config");
  const { findings } = await diagnoseTelemetry({ timeoutMs: 100 });
  assertEquals(findings.filter(({ level }) => level === "error"), []);
  await shutdownTelemetry();
});
