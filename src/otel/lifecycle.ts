/**
 * The switch, and the life of zero-config's providers: configured, loaded, flushed, shut down.
 *
 * @module
 */
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { orAborted } from "../deadline.ts";
import { ConfigError } from "../error.ts";
import { asyncStorage, importAsyncStorage, isRequestBound, onBeforeExit, readVariable } from "../runtime.ts";
import { readEnvironment } from "./environment.ts";
import { booleanOf } from "./words.ts";
import { flushForeign, NO_REPORT, reportOf, within } from "./flush.ts";
import { watchLateRegistration } from "./late_registration.ts";
import type { FlushOptions, FlushReport, OtelOptions, Rule, TelemetryState } from "./options.ts";
import { isDenoBuiltIn, type Registry, registry } from "./registry.ts";
import {
  installContextManager,
  type Registered,
  registerProviders,
  removeContextManager,
  unregisterProviders,
} from "./registration.ts";
import type { Providers } from "./sdk.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { createTroubleLog, type TroubleLog } from "./trouble.ts";

/** Zero-config's providers, once they stand. */
interface Loaded {
  readonly providers: Providers;
  readonly settings: Settings;
  /** What this wrote into the process-wide registry, to be told from what others write. */
  readonly registered: Registered;
  readonly unhook: readonly (() => void)[];
}

let options: OtelOptions = {};
let loaded: Loaded | undefined;
let loading: Promise<void> | undefined;
let stopped = false;
let stopping = false;
let lateRegistration = false;
let failure: string | undefined;
let trouble: TroubleLog = createTroubleLog({ onError: undefined, silent: false });

const EXIT_FLUSH_MS = 2_000;
const FLUSH_MS = 10_000;

/** Reads one variable: of `options.env` where given, else of the process. */
export function readEnv(name: string): string | undefined {
  const value: unknown = options.env === undefined ? readVariable(name).value : options.env[name];
  // A worker's bindings keep JSON's types: `false` and `5000` stand for what their text says, an object for nothing.
  return value === undefined || value === null || typeof value === "object" ? undefined : String(value);
}

/** Merges into earlier calls until the providers exist; after that {@linkcode ConfigError}. */
export function configure(given: OtelOptions): void {
  if (loaded !== undefined) {
    throw new ConfigError(
      "Telemetry has begun: say everything in one call, before the first client, or after shutdownTelemetry().",
    );
  }
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  options = { ...options, ...said };
  stopped = false;
  failure = undefined;
  newTroubleLog();
}

/** Which rule of the switch holds now. */
export function currentRule(): Rule {
  if (options.enabled === false || stopped) return "off";
  const disabled = booleanOf(readEnv("OTEL_SDK_DISABLED")); // Asked for once: it is all that a call costs while telemetry is off.
  if (disabled === true) return "off";
  if (foreignProviders() !== undefined) return "user";
  return loaded !== undefined || asksForProviders() || disabled === false ? "zero-config" : "off";
}

/** True under rule 1, which stands above everything; a client's own tracer stands above a shutdown. */
export function isSwitchedOff(): boolean {
  return options.enabled === false || booleanOf(readEnv("OTEL_SDK_DISABLED")) === true;
}

/** The provider of spans that holds now; undefined where spans go nowhere. */
export function currentTracerProvider(): TracerProvider | undefined {
  const rule = currentRule();
  if (rule === "user") return registry().trace;
  return rule === "zero-config" ? loaded?.providers.tracerProvider : undefined;
}

/** The provider of metrics that holds now; undefined where metrics go nowhere. */
export function currentMeterProvider(): MeterProvider | undefined {
  const rule = currentRule();
  if (rule === "user") return registry().metrics;
  return rule === "zero-config" ? loaded?.providers.meterProvider : undefined;
}

/** How telemetry stands now. */
export function currentState(): TelemetryState {
  return {
    rule: currentRule(),
    traces: currentTracerProvider() !== undefined,
    metrics: currentMeterProvider() !== undefined,
    contextManager: registry().context !== undefined,
    deno: isDenoBuiltIn(),
  };
}

/** The settings of zero-config's providers, once they stand. */
export function currentSettings(): Settings | undefined {
  return loaded?.settings;
}

/** The options given so far. */
export function currentOptions(): OtelOptions {
  return options;
}

/** Why telemetry is off although it was switched on; undefined where it is not. */
export function whatFailed(): string | undefined {
  return failure;
}

/** Whether somebody tried to register a provider after zero-config did. */
export function wasRegistrationRefused(): boolean {
  return lateRegistration;
}

/** Begins loading where that is allowed outside a request; whoever needs the providers waits by {@linkcode ready}. */
export function prepare(): void {
  if (currentRule() !== "zero-config" || loaded !== undefined || isRequestBound()) return;
  if (options.registerGlobally !== false) installContextManager(asyncStorage());
  void ready();
}

/**
 * Loads zero-config's providers if the switch says so; undefined where there is nothing to wait for. Never rejects.
 *
 * In workers a promise of one request must not be awaited in another: there each request that comes before the
 * providers stand loads for itself, and the first to finish installs them for all.
 */
export function ready(): Promise<void> | undefined {
  if (loaded !== undefined || currentRule() !== "zero-config") {
    if (asksForProviders() && !isSwitchedOff() && foreignProviders() !== undefined) warnIgnored();
    return undefined;
  }
  if (isRequestBound()) return load();
  return loading ??= load().finally(() => loading = undefined);
}

/** Sends everything. */
export async function flush({ timeoutMs = FLUSH_MS }: FlushOptions = {}, retryConnection = true): Promise<FlushReport> {
  if (loaded === undefined && currentRule() === "off") return NO_REPORT; // Off: no timer either.
  return await within(timeoutMs, (signal) => flushBefore(signal, retryConnection));
}

async function flushBefore(signal: AbortSignal, retryConnection: boolean): Promise<FlushReport> {
  try {
    const waiting = ready();
    if (waiting !== undefined) await orAborted(waiting, signal);
    // Both can hold something: theirs, registered late, stand beside ours where the registry had not taken ours.
    const [own, theirs] = await Promise.all([
      loaded?.providers.flush(signal, retryConnection),
      currentRule() === "user" ? flushForeign(foreignProviders() ?? {}, signal) : NO_REPORT,
    ]);
    return own === undefined ? theirs : reportOf(own, theirs, signal.aborted);
  } catch {
    return { ...NO_REPORT, timedOut: true };
  }
}

/** Flushes, lets go of everything, and stays off until the next {@linkcode configure}. */
export async function shutdown({ timeoutMs = FLUSH_MS }: FlushOptions = {}): Promise<FlushReport> {
  const since = performance.now();
  const left = () => Math.floor(timeoutMs - (performance.now() - since));
  // A filter that never answers must not take the time that sending needs.
  const holding = loaded?.providers;
  stopping = holding !== undefined;
  if (holding !== undefined) await within(timeoutMs / 2, holding.release);
  const report = await flush({ timeoutMs: left() });
  const ended = loaded;
  loaded = undefined;
  [stopping, stopped] = [false, true];
  lateRegistration = false;
  options = {};
  // All at once, before anything is waited for: whoever starts telemetry anew meanwhile must find it gone.
  removeContextManager();
  if (ended !== undefined) {
    ended.unhook.forEach((stop) => stop());
    unregisterProviders(ended.registered);
    await within(left(), ended.providers.shutdown);
  }
  return report;
}

/** Whether a shutdown still sends what there is: what is said meanwhile is lost with it. */
export function isStopping(): boolean {
  return stopping;
}

/** Takes back a shutdown: the environment, and what is configured from here on, decide again. */
export function restart(): void {
  stopped = false;
  failure = undefined;
}

/** Asked for in code, which is told when it comes to nothing; the environment's word is only a default. */
function asksForProviders(): boolean {
  const { enabled, spanExporter, metricExporter, spanProcessors, metricReaders } = options;
  const given = [spanExporter, metricExporter, spanProcessors?.[0], metricReaders?.[0]];
  return enabled === true || given.some((each) => each !== undefined);
}

/** Providers that somebody else registered: what stands in the registry and is not ours. */
function foreignProviders(): Pick<Registry, "trace" | "metrics"> | undefined {
  const { trace: traces, metrics: meters } = registry();
  const own = loaded?.registered;
  const foreignTrace = traces === own?.trace ? undefined : traces;
  const foreignMetrics = meters === own?.metrics ? undefined : meters;
  if (foreignTrace === undefined && foreignMetrics === undefined) return undefined;
  return { ...foreignTrace && { trace: foreignTrace }, ...foreignMetrics && { metrics: foreignMetrics } };
}

function warnIgnored(): void {
  trouble.warn(
    "A telemetry provider is already registered: it is used, and the exporters configured here are ignored.",
  );
}

function warnLate(): void {
  lateRegistration = true;
  trouble.warn(
    "A telemetry provider was registered after this library's own, so OpenTelemetry refused it: register it before the " +
      "first client is made, or leave OTEL_SDK_DISABLED unset.",
  );
}

/** Tells of options that came too late to be heard. */
export function warnRefused(): void {
  trouble.warn("The options of an instrumented handler came after telemetry had begun, so they are not heard.");
}

async function load(): Promise<void> {
  newTroubleLog();
  const sdk = await importSdk();
  if (sdk === undefined) return;
  try {
    const AsyncStorage = await importAsyncStorage();
    // While the SDK loaded another request may have installed it, or somebody may have registered their own.
    if (loaded !== undefined || currentRule() !== "zero-config") return;
    if (options.registerGlobally !== false) installContextManager(AsyncStorage);
    const settings = settingsOf(options, readEnvironment(readEnv));
    settings.warnings.forEach(trouble.warn);
    const providers = sdk.buildProviders(options, settings, trouble);
    const registered = options.registerGlobally === false ? {} : registerProviders(providers, trouble);
    loaded = { providers, settings, registered, unhook: [hookExit(), watchLateRegistration(warnLate)] };
  } catch {
    failed("Telemetry's providers could not be made of these options; telemetry is off.");
  }
}

async function importSdk(): Promise<typeof import("./sdk.ts") | undefined> {
  try {
    return await import("./sdk.ts");
  } catch {
    return failed("OpenTelemetry's SDK could not be loaded; telemetry is off.");
  }
}

function failed(why: string): undefined {
  [stopped, failure] = [true, why];
  trouble.warn(why);
}

function newTroubleLog(): void {
  trouble = createTroubleLog({
    onError: options.onError,
    silent: readEnv("OTEL_LOG_LEVEL")?.trim().toLowerCase() === "none",
  });
}

/** A program that ends by itself sends what it has; once, and again only for spans that came since. */
function hookExit(): () => void {
  let flushed = false;
  return onBeforeExit(() => {
    if (!flushed || loaded?.providers.pendingSpans() !== 0) void flushAtExit();
    flushed = true;
  });
}

/** What a filter still holds will not be over any more: the program has nothing left to do. */
async function flushAtExit(): Promise<void> {
  const until = performance.now() + EXIT_FLUSH_MS;
  if (loaded !== undefined) await within(EXIT_FLUSH_MS / 2, loaded.providers.release);
  await flush({ timeoutMs: until - performance.now() }, false);
}
