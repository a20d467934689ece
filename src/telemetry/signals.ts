/**
 * Whether telemetry is on, and where it goes: what everything else in this folder asks.
 *
 * @module
 */
import {
  type Meter as ApiMeter,
  type MeterProvider,
  ProxyTracerProvider,
  type Tracer as ApiTracer,
} from "@opentelemetry/api";
import { createNoopMeter } from "@opentelemetry/api";
import {
  configure,
  currentMeterProvider,
  currentOptions,
  currentRule,
  currentSettings,
  currentState,
  currentTracerProvider,
  flush,
  isOffForGood,
  prepare,
  readEnv,
  ready,
  restart,
  shutdown,
  type TelemetryState,
} from "../otel/lifecycle.ts";
import type { FlushOptions, FlushReport } from "../otel/options.ts";
import { isRepeated } from "../otel/repeated.ts";
import { isRequestBound } from "../runtime.ts";
import type { Meter, Tracer } from "../otel_types.ts";
import { PACKAGE_NAME, PACKAGE_VERSION } from "../version.ts";
import type { Capture } from "./content.ts";
import type { Vocabulary } from "./names.ts";
import type { ClientTelemetry, TelemetryOptions } from "./options.ts";
import { quietly } from "../quietly.ts";

/**
 * Telemetry that was started; `await using` shuts it down at the end of the block.
 *
 * @example
 * ```ts
 * import { startTelemetry } from "@sik/llms";
 *
 * await using telemetry = await startTelemetry({ enabled: false });
 * console.log(telemetry.state.rule, (await telemetry.flush()).spans.exported); // "off" 0
 * ```
 */
export interface Telemetry extends AsyncDisposable {
  /** How it stands now. */
  readonly state: TelemetryState;
  /** {@linkcode flushTelemetry}. */
  flush(options?: FlushOptions): Promise<FlushReport>;
  /** {@linkcode shutdownTelemetry}. */
  shutdown(options?: FlushOptions): Promise<FlushReport>;
}

const noopTracer: ApiTracer = new ProxyTracerProvider().getTracer(PACKAGE_NAME);
const noopMeter: ApiMeter = createNoopMeter();

/**
 * Whether requests are recorded now: through a registered provider, or through zero-config's own.
 *
 * @example
 * ```ts
 * import { isTelemetryEnabled } from "@sik/llms";
 *
 * console.log(isTelemetryEnabled()); // false, unless the environment or the program says otherwise
 * ```
 */
export function isTelemetryEnabled(): boolean {
  return currentRule() !== "off";
}

/**
 * Sets options of telemetry. Merges into earlier calls until the providers exist.
 *
 * @throws {ConfigError} once the providers exist.
 *
 * @example
 * ```ts
 * import { configureTelemetry } from "@sik/llms";
 *
 * configureTelemetry({ serviceName: "travel-desk", endpoint: "http://localhost:4318" });
 * ```
 */
export function configureTelemetry(options: TelemetryOptions): void {
  configure(options);
  prepare();
}

/**
 * {@linkcode configureTelemetry}, and then waiting until providers and context manager stand: a span opened earlier is
 * lost, and an instrument made earlier stays mute for ever. It switches nothing on by itself and may resolve with
 * `state.rule` "off". Idempotent.
 *
 * @throws {ConfigError} when options that say something new are given although the providers exist.
 *
 * @example
 * ```ts
 * import { startTelemetry } from "@sik/llms";
 *
 * await using telemetry = await startTelemetry();
 * console.log(telemetry.state.rule); // "off", "user" or "zero-config"
 * ```
 */
export async function startTelemetry(options?: TelemetryOptions): Promise<Telemetry> {
  if (options === undefined || isRepeated(currentOptions(), options)) restart();
  else configure(options);
  if (!isRequestBound()) prepare();
  await ready();
  return {
    get state() {
      return currentState();
    },
    flush: flushTelemetry,
    shutdown: shutdownTelemetry,
    async [Symbol.asyncDispose]() {
      await shutdownTelemetry();
    },
  };
}

/**
 * A tracer of whoever's provider holds at each operation; one registered later is still seen. While telemetry is off
 * its spans go nowhere.
 *
 * @example
 * ```ts
 * import { getTracer } from "@sik/llms";
 *
 * getTracer("my_app").startActiveSpan("plan trip", (span) => span.end());
 * ```
 */
export function getTracer(name: string = PACKAGE_NAME, version?: string): Tracer {
  const now = (): ApiTracer => currentTracerProvider()?.getTracer(name, version) ?? noopTracer;
  return {
    startSpan: (...args) => now().startSpan(...args),
    startActiveSpan: (...args: unknown[]) => {
      const tracer = now();
      return (tracer.startActiveSpan as (...args: unknown[]) => never).apply(tracer, args);
    },
  };
}

/**
 * A meter of the provider that holds now; OpenTelemetry's metrics have no proxy, so an instrument made before the
 * providers stand stays mute. Begin with `await startTelemetry()`.
 *
 * @example
 * ```ts
 * import { getMeter } from "@sik/llms";
 *
 * getMeter("my_app").createCounter("trips_total").add(1);
 * ```
 */
export function getMeter(name: string = PACKAGE_NAME, version?: string): Meter {
  return currentMeterProvider()?.getMeter(name, version) ?? noopMeter;
}

/**
 * Sends everything that is recorded; for where the process does not end, as in `ctx.waitUntil(flushTelemetry())`.
 * Never rejects.
 *
 * @example
 * ```ts
 * import { flushTelemetry } from "@sik/llms";
 *
 * const { spans } = await flushTelemetry({ timeoutMs: 2000 });
 * console.log(spans.exported, spans.failed, spans.dropped);
 * ```
 */
export function flushTelemetry(options?: FlushOptions): Promise<FlushReport> {
  return flush(options);
}

/**
 * Flushes, then is off until the next {@linkcode configureTelemetry} or {@linkcode startTelemetry}.
 *
 * @example
 * ```ts
 * import { isTelemetryEnabled, shutdownTelemetry } from "@sik/llms";
 *
 * await shutdownTelemetry();
 * console.log(isTelemetryEnabled()); // false
 * ```
 */
export function shutdownTelemetry(options?: FlushOptions): Promise<FlushReport> {
  return shutdown(options);
}

/** Begins loading zero-config's providers, if the switch says so, before the first request needs them. */
export function prepareTelemetry(): void {
  prepare();
}

/** Whether a client's requests are recorded: its own tracer or meter count as somebody's. */
export function isRecording({ tracer, meter }: ClientTelemetry): boolean {
  return tracer !== undefined || meter !== undefined ? !isOffForGood() : currentRule() !== "off";
}

/** The tracer of a client's spans. */
export function tracerOf({ tracer }: ClientTelemetry): Tracer {
  if (tracer !== undefined) return tracer;
  return quietly(() => currentTracerProvider()?.getTracer(PACKAGE_NAME, PACKAGE_VERSION)) ?? noopTracer;
}

/** Deno's built-in provider makes a new meter at each request for one; instruments are kept by the meter. */
const meters = new WeakMap<MeterProvider, Meter>();

/** The meter of a client's instruments; undefined where metrics go nowhere. */
export function meterOf({ meter }: ClientTelemetry): Meter | undefined {
  if (meter !== undefined) return meter;
  const provider = currentMeterProvider();
  if (provider === undefined) return undefined;
  const made = meters.get(provider) ?? provider.getMeter(PACKAGE_NAME, PACKAGE_VERSION);
  meters.set(provider, made);
  return made;
}

/** What the environment said when zero-config's providers were built: asking a runtime for it is dear. */
const words = new WeakMap<object, Map<string, string | undefined>>();

/** A variable's value, as it was then; as it is where the providers are somebody else's. */
export function wordOf(name: string): string | undefined {
  const settings = currentSettings();
  if (settings === undefined) return readEnv(name);
  let known = words.get(settings);
  if (known === undefined) words.set(settings, known = new Map());
  if (!known.has(name)) known.set(name, readEnv(name));
  return known.get(name);
}

/** Which names are written: the option's, else the environment's opt-in to the newest GenAI form, else both. */
export function currentVocabulary(): Vocabulary {
  const { vocabulary } = currentOptions() as TelemetryOptions;
  if (vocabulary !== undefined) return vocabulary;
  const optIns = wordOf("OTEL_SEMCONV_STABILITY_OPT_IN")?.split(",").map((word) => word.trim()) ?? [];
  return optIns.includes("gen_ai_latest_experimental") ? "gen_ai" : "both";
}

/** Below this limit a value stays whole on its way through every back end that is known. */
const LONGEST_CONTENT = 64 * 1024;

/** What is recorded of content: the client's word, else the process's, else the environment's; nothing by default. */
export function captureOf(options: ClientTelemetry): Capture {
  const all = currentOptions() as TelemetryOptions;
  const capture = options.captureContent ?? all.captureContent ?? isContentWanted();
  return {
    input: capture === true || capture === "input",
    output: capture === true || capture === "output",
    redact: options.redact ?? all.redact,
    maxLength: Math.min(LONGEST_CONTENT, currentSettings()?.attributeValueLengthLimit ?? Infinity),
  };
}

/** The variable that says what is recorded of content. */
export const CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/** `SPAN_ONLY` and `SPAN_AND_EVENT` are the conventions' words, `true` is what went before them. */
const WANTED: ReadonlySet<string> = new Set(["true", "span_only", "span_and_event"]);
/** Events alone are not written here. */
const NOT_WANTED: ReadonlySet<string> = new Set(["", "false", "no_content", "event_only"]);

function contentWord(): string {
  return wordOf(CONTENT_VARIABLE)?.trim().toLowerCase() ?? "";
}

function isContentWanted(): boolean {
  return WANTED.has(contentWord());
}

/** Whether the variable says something that is not understood. */
export function isContentWordUnknown(): boolean {
  return !WANTED.has(contentWord()) && !NOT_WANTED.has(contentWord());
}

/** Waits for zero-config's providers; undefined where there is nothing to wait for. */
export function telemetryReady(): Promise<void> | undefined {
  return ready();
}
