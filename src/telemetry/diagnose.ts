/**
 * The guide's troubleshooting chapter as a program: which rule holds, where telemetry goes, and whether it arrives.
 *
 * @module
 */
import { readEnvironment, type SignalEnvironment } from "../otel/environment.ts";
import {
  currentOptions,
  currentRule,
  currentSettings,
  currentState,
  flush,
  readEnv,
  ready,
  wasRegistrationRefused,
  whatFailed,
} from "../otel/lifecycle.ts";
import type { Counts, FlushOptions, Signal, TelemetryState } from "../otel/options.ts";
import { delegateOf, isDenoBuiltIn, registry } from "../otel/registry.ts";
import { booleanOf } from "../otel/words.ts";
import { mayConnect, readVariable, runtimeName } from "../runtime.ts";
import { placeOf } from "../url.ts";
import { explainAnswer } from "./explain_answer.ts";
import { captureOf, CONTENT_VARIABLE, isContentWordUnknown } from "./recording.ts";
import { getMeter, getTracer } from "./signals.ts";
import { quietly } from "../quietly.ts";

/** One thing that was found. */
export interface Finding {
  /** Whether it is fine, may be a mistake, or keeps telemetry from arriving. */
  readonly level: "ok" | "warning" | "error";
  /** A short name for programs. */
  readonly code: string;
  /** One or two sentences: what was found and what to do. Never a header's value. */
  readonly message: string;
}

/** What was found. */
export interface Diagnosis {
  /** How telemetry stands. */
  readonly state: TelemetryState;
  /** In the order in which they were looked for. */
  readonly findings: readonly Finding[];
}

type Report = (level: Finding["level"], code: string, message: string) => void;

/**
 * Finds out whether telemetry works: which rule of the switch applied, whose provider was found, endpoint and headers
 * (names only), and what the back end answers to a test span and a test metric.
 *
 * @example
 * ```ts
 * import { diagnoseTelemetry } from "@sik/llms";
 *
 * const { findings } = await diagnoseTelemetry({ timeoutMs: 2000 });
 * for (const { level, message } of findings) console.log(level, message);
 * ```
 */
export async function diagnoseTelemetry(options: FlushOptions = {}): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const report: Report = (level, code, message) => void findings.push({ level, code, message });
  await ready();
  reportSwitch(report);
  reportEnvironment(report);
  const rule = currentRule();
  if (rule !== "off") {
    if (rule === "zero-config") reportDestinations(report);
    await sendTest(report, options);
    reportContent(report);
  }
  return { state: currentState(), findings };
}

function reportSwitch(report: Report): void {
  switch (currentRule()) {
    case "off":
      return report("error", "off", `Telemetry is off: ${whyOff()}`);
    case "user": {
      const { trace, metrics } = registry();
      report("ok", "user", providerFound());
      if (trace === undefined) report("warning", "no_traces", "No tracer provider is registered: there are no spans.");
      if (metrics === undefined) {
        report("warning", "no_metrics", "No meter provider is registered: there are no metrics.");
      }
      return;
    }
    case "zero-config":
      report("ok", "zero_config", "Zero-config is on: this library's own providers export over OTLP/HTTP.");
      if (wasRegistrationRefused()) {
        report(
          "warning",
          "late_registration",
          "A provider was registered after zero-config's own and was refused; register it before the first client is made.",
        );
      }
  }
}

function whyOff(): string {
  const disabled = booleanOf(readEnv("OTEL_SDK_DISABLED"));
  if (currentOptions().enabled === false) return "configureTelemetry({ enabled: false }) says so.";
  if (disabled === true) return "OTEL_SDK_DISABLED is true. Set it to false.";
  const failed = whatFailed();
  if (failed !== undefined) return failed;
  if (disabled === false) return "it was shut down; startTelemetry() begins again.";
  if (readEnvironmentDenied()) {
    return "its variables may not be read. Run with --allow-env=OTEL_*, or configure in code.";
  }
  return "nothing switches it on. Set OTEL_SDK_DISABLED=false, or call configureTelemetry({ enabled: true }).";
}

function readEnvironmentDenied(): boolean {
  return currentOptions().env === undefined && readVariable("OTEL_SDK_DISABLED").denied;
}

function providerFound(): string {
  if (isDenoBuiltIn()) return "Deno's own OpenTelemetry is on (OTEL_DENO=true); it is used.";
  const { trace, metrics, version = "of an unknown version" } = registry();
  const signals = [trace && "tracer", metrics && "meter"].filter(Boolean).join(" and ");
  return `A ${signals} provider is registered by @opentelemetry/api ${version}${providerName(trace)}; it is used.`;
}

/** For the reader's eyes only: a class name is no evidence of anything. */
function providerName(provider: unknown): string {
  const name = delegateOf(provider)?.constructor?.name;
  return name === undefined || name === "Object" ? "" : ` (${name.replace(/\$\d+$/, "")})`; // A bundler's number.
}

function reportEnvironment(report: Report): void {
  if (readEnvironmentDenied()) {
    report(
      "warning",
      "environment_denied",
      "The environment may not be read: run with --allow-env=OTEL_*, or configure in code.",
    );
  }
  const warnings = currentRule() === "off" ? readEnvironment(readEnv).warnings : currentSettings()?.warnings;
  for (const warning of warnings ?? []) report("warning", "bad_value", warning);
  if (currentRule() !== "off" && !currentState().contextManager) {
    report(
      "warning",
      "no_context_manager",
      "No context manager: the caller's own span is not found; hand it in as parent.",
    );
  }
}

function reportDestinations(report: Report): void {
  const settings = currentSettings();
  if (settings === undefined) return;
  for (const signal of ["traces", "metrics"] as const) reportDestination(report, signal, settings[signal]);
}

function reportDestination(report: Report, signal: Signal, to: SignalEnvironment): void {
  const replaced = signal === "traces" ? currentOptions().spanExporter : currentOptions().metricExporter;
  if (replaced !== undefined) return report("ok", `${signal}_exporter`, `${signal} go to the exporter given in code.`);
  if (to.exporter !== "otlp") return report("ok", `${signal}_exporter`, `${signal} go to: ${to.exporter}.`);
  const url = new URL(to.url);
  const { pathname, host, port } = url;
  const names = Object.keys(to.headers);
  const headers = names.length === 0 ? "no headers" : `headers ${names.join(", ")}`;
  report("ok", `${signal}_endpoint`, `${signal} go to ${placeOf(to.url)} as ${to.protocol}, ${headers}.`);
  if (port === "4317") {
    report("warning", `${signal}_port`, "Port 4317 is gRPC's by custom; OTLP over HTTP is mostly on 4318.");
  }
  if (!pathname.endsWith(`/v1/${signal}`)) {
    report(
      "warning",
      `${signal}_path`,
      `The path does not end in /v1/${signal}: a signal's own endpoint variable is used as it is.`,
    );
  }
  if (!mayConnect(url)) {
    report("error", `${signal}_permission`, `Connecting to ${host} is not permitted: run with --allow-net=${host}.`);
  }
}

async function sendTest(report: Report, options: FlushOptions): Promise<void> {
  // What is queued already is sent first, so that the counts below are the test's own.
  await flush(options, false);
  quietly(() => getTracer("sik-llms doctor").startSpan("doctor").end());
  quietly(() => getMeter("sik-llms doctor").createCounter("sik_llms_doctor_total", { unit: "{run}" }).add(1));
  const { spans, metrics, timedOut, errors } = await flush(options, false);
  if (currentRule() === "user") {
    if (errors.length > 0 || timedOut) {
      return report("error", "flush", "The registered provider's forceFlush failed or did not end in time.");
    }
    const message = "A test span and a test metric were handed to the registered provider; it reports no counts.";
    return report("ok", "flush", message);
  }
  reportArrival(report, "traces", spans, errors);
  reportArrival(report, "metrics", metrics, errors);
  if (timedOut) report("error", "timeout", "The back end did not answer in time.");
}

function reportArrival(
  report: Report,
  signal: Signal,
  { exported, failed }: Counts,
  reasons: readonly string[],
): void {
  const what = signal === "traces" ? "test span" : "test metric";
  if (failed > 0) {
    const hints = [...new Set(reasons.filter((reason) => concerns(reason, signal)).map(explainAnswer))];
    return report("error", `${signal}_lost`, [`The ${what} did not arrive.`, ...hints].join(" "));
  }
  if (exported > 0) return report("ok", `${signal}_arrived`, `The back end took the ${what}.`);
  if (currentSettings()?.[signal].exporter === "none") return;
  const why = signal === "traces"
    ? "the sampler left it out, or a filter holds it back"
    : "the back end takes traces only, and metrics are paused (OTEL_METRICS_EXPORTER=none says so)";
  report("warning", `${signal}_not_sent`, `The ${what} was not sent: ${why}.`);
}

/** Whether a reason may be this signal's: one that names the other one's address is not. */
function concerns(reason: string, signal: Signal): boolean {
  const settings = currentSettings();
  if (settings === undefined) return true;
  const names = (of: Signal) => reason.includes(`${placeOf(settings[of].url)} `);
  return names(signal) || !names(signal === "traces" ? "metrics" : "traces");
}

function reportContent(report: Report): void {
  const { input, output } = captureOf({});
  if (isContentWordUnknown()) {
    report("warning", "bad_value", `${CONTENT_VARIABLE} is none of NO_CONTENT, SPAN_ONLY, true; nothing is recorded.`);
  }
  if (input || output) {
    report(
      "warning",
      "content_on",
      "Messages and answers are recorded; make sure that who reads the traces may read them.",
    );
  } else {
    report(
      "ok",
      "content_off",
      "Messages and answers are not recorded; captureContent, or OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY, changes that.",
    );
  }
  if (runtimeName() === "workerd") {
    report("ok", "flush_needed", "In workers nothing is sent but by ctx.waitUntil(flushTelemetry()).");
  }
}
