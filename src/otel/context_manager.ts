/**
 * A context manager over AsyncLocalStorage: the caller's span is the parent, across awaits.
 *
 * @module
 */
import { type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";
import type { Context } from "../otel_types.ts";
import type { AsyncStorageConstructor } from "../runtime.ts";

/** Makes the context manager. */
export function createContextManager(AsyncStorage: AsyncStorageConstructor): ContextManager {
  const storage = new AsyncStorage<Context>();
  let enabled = false;
  const manager: ContextManager = {
    active: () => enabled ? storage.getStore() ?? ROOT_CONTEXT : ROOT_CONTEXT,
    with: (context, fn, thisArg, ...args) =>
      storage.run(context ?? ROOT_CONTEXT, () => fn.call(thisArg as never, ...args)),
    bind(context, target) {
      if (typeof target !== "function") return target;
      function bound(this: unknown, ...args: unknown[]): unknown {
        return manager.with(context, target as (...args: unknown[]) => unknown, this as never, ...args);
      }
      return bound as typeof target;
    },
    enable() {
      enabled = true;
      return manager;
    },
    disable() {
      // Not `storage.disable()`: workerd has none. What still runs inside a context sees none from here on.
      enabled = false;
      return manager;
    },
  };
  return manager;
}
