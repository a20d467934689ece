/**
 * Whether telemetry is on, and where it goes: what everything else in this folder asks.
 *
 * @module
 */
import {
  createNoopMeter,
  type Meter as ApiMeter,
  type MeterProvider,
  ProxyTracerProvider,
  type Tracer as ApiTracer,
} from "@opentelemetry/api";
import {
  configure,
  currentMeterProvider,
  currentRule,
  currentState,
  currentTracerProvider,
  flush,
  isStopping,
  isSwitchedOff,
  prepare,
  ready,
  restart,
  shutdown,
} from "../otel/lifecycle.ts";
import type { FlushOptions, FlushReport, TelemetryState } from "../otel/options.ts";
import { isRepeated } from "../otel/repeated.ts";
import { checkOptions } from "../option_rules.ts";
import { isRequestBound } from "../runtime.ts";
import type { Meter, Tracer } from "../otel_types.ts";
import { PACKAGE_NAME, PACKAGE_VERSION } from "../version.ts";
import type { ClientTelemetry, TelemetryOptions } from "./options.ts";
import { telemetryOptions } from "./recording.ts";
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
 * @throws {ConfigError} once the providers exist, and for what are no options.
 *
 * @example
 * ```ts
 * import { configureTelemetry } from "@sik/llms";
 *
 * configureTelemetry({ serviceName: "travel-desk", endpoint: "http://localhost:4318" });
 * ```
 */
export function configureTelemetry(options: TelemetryOptions): void {
  checkOptions(options);
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
  if (options !== undefined) checkOptions(options);
  if (options === undefined || !isStopping() && isRepeated(telemetryOptions(), options)) restart();
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
  return asOurs({
    startSpan: (...args) => now().startSpan(...args),
    startActiveSpan: (...args: unknown[]) => {
      const tracer = now();
      return (tracer.startActiveSpan as (...args: unknown[]) => never).apply(tracer, args);
    },
  });
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
  return asOurs(currentMeterProvider()?.getMeter(name, version) ?? noopMeter);
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

/** The tracers and meters that were had from here: a client that is given one of them brings nobody else's. */
const ours = new WeakSet<object>();

function asOurs<T extends object>(given: T): T {
  ours.add(given);
  return given;
}

/** Whether a client brought somebody else's: then nothing is loaded for it. */
function bringsOwn({ tracer, meter }: ClientTelemetry): boolean {
  return [tracer, meter].some((given) => given !== undefined && !ours.has(given));
}

/** Waits for zero-config's providers; undefined where there is nothing to wait for. */
export function telemetryReady(options: ClientTelemetry = {}): Promise<void> | undefined {
  return bringsOwn(options) ? undefined : ready();
}

/** Begins loading zero-config's providers, if the switch says so, before the first request of a client needs them. */
export function prepareTelemetry(options: ClientTelemetry = {}): void {
  if (!bringsOwn(options)) prepare();
}

/** Whether a client's requests are recorded: its own tracer or meter count as somebody's. */
export function isRecording(options: ClientTelemetry): boolean {
  return bringsOwn(options) ? !isSwitchedOff() : currentRule() !== "off";
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
