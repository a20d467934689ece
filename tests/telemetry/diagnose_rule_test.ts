/** What the doctor finds about the switch: off, somebody else's providers, zero-config's own; and what is recorded. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { metrics, trace, type TracerProvider as ApiTracerProvider } from "@opentelemetry/api";
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { configureTelemetry, shutdownTelemetry, startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { diagnoseTelemetry, type Diagnosis } from "../../src/telemetry/mod.ts";
import { withVariables } from "../support/environment.ts";
import { memoryTelemetry } from "../support/telemetry.ts";

const NOTHING_SAID = { OTEL_SDK_DISABLED: undefined };

async function diagnosed(options: TelemetryOptions = {}, timeoutMs = 2_000): Promise<Diagnosis> {
  configureTelemetry({ env: {}, ...options });
  try {
    return await diagnoseTelemetry({ timeoutMs });
  } finally {
    await shutdownTelemetry({ timeoutMs });
  }
}

function codesOf({ findings }: Diagnosis): readonly string[] {
  return findings.map(({ level, code }) => `${level} ${code}`);
}

function messageOf({ findings }: Diagnosis, code: string): string {
  const [finding, another] = findings.filter((each) => each.code === code);
  assert(finding !== undefined && another === undefined, `${code} is found once`);
  return finding.message;
}

/** Options, and why telemetry is off. */
const offs: Readonly<Record<string, readonly [options: TelemetryOptions, says: string]>> = {
  "nothing is said": [{}, "nothing switches it on. Set OTEL_SDK_DISABLED=false"],
  "what is said is understood by nobody": [{ env: { OTEL_SDK_DISABLED: "maybe" } }, "nothing switches it on."],
  "OTEL_SDK_DISABLED is TRUE": [{ env: { OTEL_SDK_DISABLED: "TRUE" }, enabled: true }, "OTEL_SDK_DISABLED is true."],
  "enabled is false": [
    { env: { OTEL_SDK_DISABLED: "false" }, enabled: false },
    "configureTelemetry({ enabled: false })",
  ],
};
for (const [name, [options, says]] of Object.entries(offs)) {
  Deno.test(`diagnoseTelemetry() says why telemetry is off when ${name}`, async () => {
    const diagnosis = await diagnosed(options);
    const isUnderstood = options.env?.["OTEL_SDK_DISABLED"] !== "maybe";
    assertEquals(codesOf(diagnosis), isUnderstood ? ["error off"] : ["error off", "warning bad_value"]);
    assertStringIncludes(messageOf(diagnosis, "off"), `Telemetry is off: ${says}`);
    const state = { rule: "off", traces: false, metrics: false, contextManager: false, deno: false } as const;
    assertEquals(diagnosis.state, state);
  });
}

Deno.test("diagnoseTelemetry() says that telemetry was shut down", async () => {
  using _ = withVariables({ OTEL_SDK_DISABLED: "false" });
  await shutdownTelemetry();
  const diagnosis = await diagnoseTelemetry();
  assertStringIncludes(messageOf(diagnosis, "off"), "it was shut down");
});

/** Registers providers for the time of `work`. */
async function registered<R>(
  { tracers, meters }: { tracers?: ApiTracerProvider; meters?: MeterProvider },
  work: () => Promise<R>,
): Promise<R> {
  if (tracers !== undefined) assert(trace.setGlobalTracerProvider(tracers));
  if (meters !== undefined) assert(metrics.setGlobalMeterProvider(meters));
  try {
    return await work();
  } finally {
    trace.disable();
    metrics.disable();
  }
}

Deno.test("diagnoseTelemetry() finds the user's own providers, and sends its test through them", async () => {
  using _ = withVariables(NOTHING_SAID);
  const spans = new InMemorySpanExporter();
  const points = new InMemoryMetricExporter(1);
  const reader = new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 2 ** 31 - 1 });
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });
  const meters = new MeterProvider({ readers: [reader] });
  const diagnosis = await registered({ tracers, meters }, () => diagnosed());
  assertEquals(codesOf(diagnosis), ["ok user", "warning no_context_manager", "ok flush", "ok content_off"]);
  assertStringIncludes(
    messageOf(diagnosis, "user"),
    "A tracer and meter provider is registered by @opentelemetry/api 1.",
  );
  assertStringIncludes(messageOf(diagnosis, "user"), "(TracerProvider)");
  assertEquals(spans.getFinishedSpans().map(({ name }) => name), ["doctor"]);
  const names = points.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics);
  assertEquals(names[0]?.descriptor.name, "sik_llms_doctor_total");
  await tracers.shutdown();
  await meters.shutdown();
});

Deno.test("diagnoseTelemetry() says that there are no metrics without a meter provider", async () => {
  using _ = withVariables(NOTHING_SAID);
  const diagnosis = await registered({ tracers: new TracerProvider() }, () => diagnosed());
  assertEquals(codesOf(diagnosis).slice(0, 2), ["ok user", "warning no_metrics"]);
  assertEquals([diagnosis.state.traces, diagnosis.state.metrics], [true, false]);
});

Deno.test("diagnoseTelemetry() says that there are no spans without a tracer provider", async () => {
  using _ = withVariables(NOTHING_SAID);
  const diagnosis = await registered({ meters: new MeterProvider() }, () => diagnosed());
  assertEquals(codesOf(diagnosis).slice(0, 2), ["ok user", "warning no_traces"]);
  assertEquals([diagnosis.state.traces, diagnosis.state.metrics], [false, true]);
});

/** How the flush of a provider may go wrong. */
const flushes: Readonly<Record<string, () => Promise<void>>> = {
  "rejects": () => Promise.reject(new Error("mine")),
  "throws": () => {
    throw new Error("mine");
  },
  "never ends": () => new Promise(() => {}),
};
for (const [name, forceFlush] of Object.entries(flushes)) {
  Deno.test(`diagnoseTelemetry() says that the forceFlush of the user's provider ${name}`, async () => {
    using _ = withVariables(NOTHING_SAID);
    const tracers = Object.assign(new TracerProvider(), { forceFlush });
    const diagnosis = await registered({ tracers }, () => diagnosed({}, 30));
    assert(codesOf(diagnosis).includes("error flush"), codesOf(diagnosis).join());
  });
}

Deno.test("diagnoseTelemetry() finds a provider that was registered too late", async () => {
  await using _ = await memoryTelemetry({ env: { OTEL_LOG_LEVEL: "none" } });
  assertEquals(trace.setGlobalTracerProvider(new TracerProvider()), false);
  const diagnosis = await diagnoseTelemetry();
  assertEquals(codesOf(diagnosis).slice(0, 2), ["ok zero_config", "warning late_registration"]);
});

Deno.test("diagnoseTelemetry() says where there is no context manager", async () => {
  await using _ = await memoryTelemetry({ registerGlobally: false });
  const diagnosis = await diagnoseTelemetry();
  assertEquals(codesOf(diagnosis).slice(0, 2), ["ok zero_config", "warning no_context_manager"]);
  assertEquals(diagnosis.state.contextManager, false);
});

for (const captureContent of [true, "input", "output"] as const) {
  Deno.test(`diagnoseTelemetry() warns that content is recorded: ${captureContent}`, async () => {
    await using _ = await memoryTelemetry({ captureContent });
    assertEquals(codesOf(await diagnoseTelemetry()).at(-1), "warning content_on");
  });
}

Deno.test("diagnoseTelemetry() says how spans leave a worker", async () => {
  const own = Object.getOwnPropertyDescriptor(navigator, "userAgent");
  Object.defineProperty(navigator, "userAgent", { value: "Cloudflare-Workers", configurable: true });
  try {
    await using _ = await memoryTelemetry();
    const diagnosis = await diagnoseTelemetry();
    assertEquals(codesOf(diagnosis).at(-1), "ok flush_needed");
    assertStringIncludes(messageOf(diagnosis, "flush_needed"), "ctx.waitUntil(flushTelemetry())");
  } finally {
    Reflect.deleteProperty(navigator, "userAgent");
    if (own !== undefined) Object.defineProperty(navigator, "userAgent", own);
  }
});

Deno.test("diagnoseTelemetry() waits for providers that are loading", async () => {
  using _ = withVariables(NOTHING_SAID);
  configureTelemetry({ enabled: true, env: { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" } });
  const diagnosis = await diagnoseTelemetry();
  await shutdownTelemetry();
  assertEquals(codesOf(diagnosis)[0], "ok zero_config");
});

Deno.test("diagnoseTelemetry() changes nothing about the next start", async () => {
  using _ = withVariables(NOTHING_SAID);
  await diagnosed();
  await using telemetry = await startTelemetry({ env: {} });
  assertEquals(telemetry.state.rule, "off");
});
