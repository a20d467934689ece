/**
 * Prints each span as it ends, for `OTEL_LOG_LEVEL=debug`.
 *
 * @module
 */
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import { writeError } from "../runtime.ts";

/** Makes the printer. */
export function spanPrinter(): SpanProcessor {
  return {
    onStart() {},
    onEnd(span) {
      const [seconds, nanoseconds] = span.duration;
      const ms = (seconds * 1e3 + nanoseconds / 1e6).toFixed(1);
      writeError(`[sik-llms] ${span.name} ${ms}ms ${JSON.stringify(span.attributes)}`);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
