/**
 * OpenTelemetry's process-wide registry, read as the object it is.
 *
 * A copy of `@opentelemetry/api` sees a global only if its own minor is not newer than the one that registered it, and
 * two copies in one process are the normal case. The object behind the symbol is the same for all of them; the API
 * guarantees its shape through its own major version.
 *
 * @module
 */
import { type ContextManager, createContextKey, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import type { Context } from "../otel_types.ts";

/** The registry's shape in major version 1 of the API. */
export interface Registry {
  /** The version of the copy that made it. */
  readonly version?: string;
  /** The tracer provider, mostly behind a proxy. */
  readonly trace?: TracerProvider;
  /** The meter provider. */
  readonly metrics?: MeterProvider;
  /** The context manager. */
  readonly context?: ContextManager;
  /** Where the API's diagnostics go. */
  readonly diag?: unknown;
}

const KEY = Symbol.for("opentelemetry.js.api.1");

/** The registry as it is now; empty when nobody registered anything. */
export function registry(): Registry {
  return (globalThis as unknown as Record<symbol, Registry | undefined>)[KEY] ?? {};
}

/** True under Deno's built-in OpenTelemetry (`OTEL_DENO=true`), which registers a version of its own. */
export function isDenoBuiltIn(): boolean {
  return registry().version === "1.999.999";
}

/** The caller's context, by whoever's context manager is there. */
export function activeContext(): Context {
  try {
    return registry().context?.active() ?? ROOT_CONTEXT;
  } catch {
    return ROOT_CONTEXT; // The manager is somebody else's: its failure must not become the call's.
  }
}

/** Calls `fn` in a context; without a context manager simply calls it. */
export function runInContext<R>(context: Context, fn: () => R): R {
  const manager = registry().context;
  if (manager === undefined) return fn();
  let called = false;
  try {
    return manager.with(context, () => {
      called = true;
      return fn();
    });
  } catch (error) {
    if (called) throw error;
    return fn(); // The manager threw before it came to the work.
  }
}

/** The key that all SDKs understand; `createContextKey` makes the same symbol in every copy of the API. */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** A context in which nothing is traced and nothing propagated. */
export function suppressed(context: Context = ROOT_CONTEXT): Context {
  return propagation.deleteBaggage(context.setValue(SUPPRESS_TRACING, true));
}

/** The API registers a proxy; the provider with its `forceFlush` stands behind it. */
export function delegateOf(provider: unknown): object | undefined {
  const proxy = provider as { getDelegate?: () => object | undefined } | undefined;
  return proxy?.getDelegate?.() ?? proxy;
}
