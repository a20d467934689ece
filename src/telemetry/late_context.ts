/**
 * A context that is handed down before the span in it is open.
 *
 * @module
 */
import type { Context } from "../otel_types.ts";

/**
 * Stands for the context that `current` gives when it is looked into: whoever copies a request copies this along, and
 * still finds the span that was opened later.
 */
export function lateContext(current: () => Context): Context {
  return {
    getValue: (key) => current().getValue(key),
    setValue: (key, value) => current().setValue(key, value),
    deleteValue: (key) => current().deleteValue(key),
  };
}
