/**
 * Exporters that somebody else wrote, as sinks: they may throw, never answer, or answer twice.
 *
 * @module
 */
import { unrefTimer } from "../runtime.ts";
import { runInContext, suppressed } from "./registry.ts";
import type { Exported, Sink } from "./exporter.ts";
import type { ExportOutcome } from "./options.ts";

/** What is used of an exporter of either signal. */
interface ExporterLike<I> {
  export(items: I, done: (result: ExportOutcome) => void): void;
  shutdown(): Promise<void>;
}

/** Makes a sink of an exporter. `batch` makes of items what the exporter takes, `count` counts them. */
export function injectedSink<T, I>(
  exporter: ExporterLike<I>,
  timeoutMs: number,
  batch: (items: readonly T[]) => I,
  count: (items: readonly T[]) => number,
): Sink<T> {
  return {
    send(items, { signal }) {
      const size = count(items);
      if (size === 0) return Promise.resolve({ exported: 0, failed: 0, errors: [] });
      return new Promise<Exported>((resolve) => {
        const finish = (error: string | undefined) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          resolve(
            error === undefined
              ? { exported: size, failed: 0, errors: [] }
              : { exported: 0, failed: size, errors: [error] },
          );
        };
        const onAbort = () => finish("The exporter did not answer in time");
        const timer = setTimeout(onAbort, timeoutMs);
        unrefTimer(timer);
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) return onAbort();
        const threw = () => finish("The exporter threw");
        try {
          const answer = (result: ExportOutcome | undefined) =>
            finish(result?.code === 0 ? undefined : "The exporter reported a failure");
          // One written as an async function gives a promise, and nobody else is there to take its rejection.
          const given: unknown = runInContext(suppressed(), () => exporter.export(batch(items), answer));
          Promise.resolve(given).catch(threw);
        } catch {
          threw();
        }
      });
    },
    async shutdown() {
      await exporter.shutdown();
    },
  };
}
