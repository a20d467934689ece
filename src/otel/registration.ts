/**
 * What zero-config writes into the process-wide registry, and takes out again.
 *
 * @module
 */
import { context, type MeterProvider, metrics, trace, type TracerProvider } from "@opentelemetry/api";
import type { AsyncStorageConstructor } from "../runtime.ts";
import { createContextManager } from "./context_manager.ts";
import { registry } from "./registry.ts";
import type { TroubleLog } from "./trouble.ts";

/** What was written into the registry, to be told from what others write. */
export interface Registered {
  /** The tracer provider's proxy. */
  readonly trace?: unknown;
  /** The meter provider. */
  readonly metrics?: unknown;
}

let ownContextManager: unknown;

/** Registers providers; what the API refuses, because a copy of another version holds the registry, is used directly. */
export function registerProviders(
  providers: { readonly tracerProvider: TracerProvider | undefined; readonly meterProvider: MeterProvider | undefined },
  trouble: TroubleLog,
): Registered {
  const { tracerProvider, meterProvider } = providers;
  const tracesTaken = tracerProvider !== undefined && trace.setGlobalTracerProvider(tracerProvider);
  const metricsTaken = meterProvider !== undefined && metrics.setGlobalMeterProvider(meterProvider);
  if (tracerProvider !== undefined && !tracesTaken || meterProvider !== undefined && !metricsTaken) {
    trouble.warn(
      "Another version of @opentelemetry/api holds the process's registry: this library's own spans and metrics are " +
        "sent, those of the program itself are not.",
    );
  }
  const { trace: ownTrace, metrics: ownMetrics } = registry();
  return { ...(tracesTaken ? { trace: ownTrace } : {}), ...(metricsTaken ? { metrics: ownMetrics } : {}) };
}

/** Takes out what was written, and nothing that somebody else has written since. */
export function unregisterProviders(registered: Registered): void {
  if (registered.trace !== undefined && registry().trace === registered.trace) trace.disable();
  if (registered.metrics !== undefined && registry().metrics === registered.metrics) metrics.disable();
}

/** Registers a context manager where nobody has. */
export function installContextManager(AsyncStorage: AsyncStorageConstructor | undefined): void {
  if (AsyncStorage === undefined || registry().context !== undefined) return;
  const manager = createContextManager(AsyncStorage).enable();
  if (context.setGlobalContextManager(manager)) ownContextManager = manager;
}

/** Takes it out again, if it is still there. */
export function removeContextManager(): void {
  if (ownContextManager !== undefined && registry().context === ownContextManager) context.disable();
  ownContextManager = undefined;
}
