/**
 * Notices when somebody registers a provider after zero-config registered its own: the API refuses that, and tells
 * nobody but its diagnostic logger.
 *
 * @module
 */
import { diag, type DiagLogger, DiagLogLevel } from "@opentelemetry/api";
import { registry } from "./registry.ts";

/**
 * Calls `onRefused` when a registration is refused; gives a function that stops listening. A logger that the program
 * has set itself is left alone: it is told by the API.
 */
export function watchLateRegistration(onRefused: () => void): () => void {
  if (registry().diag !== undefined) return () => {};
  const ignore = () => {};
  const logger: DiagLogger = {
    error(message) {
      if (/duplicate registration of API: (?:trace|metrics)/.test(message)) onRefused();
    },
    warn: ignore,
    info: ignore,
    debug: ignore,
    verbose: ignore,
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
  const own = registry().diag;
  return () => {
    if (own !== undefined && registry().diag === own) diag.disable();
  };
}
