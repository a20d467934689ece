/**
 * What holds in the end: options over the environment.
 *
 * @module
 */
import { type Environment, signalUrl } from "./environment.ts";
import type { OtelOptions, Signal } from "./options.ts";
import type { SignalEnvironment } from "./environment.ts";

/** The environment, with the options over it. */
export interface Settings extends Environment {
  /** Send spans in batches, or each as it ends. */
  readonly processor: "batch" | "simple";
}

/** Lays options over the environment; an option that cannot be used makes a warning, as a variable would. */
export function settingsOf(options: OtelOptions, environment: Environment): Settings {
  const warnings = [...environment.warnings];
  const base = options.endpoint === undefined || !URL.canParse(options.endpoint)
    ? undefined
    : new URL(options.endpoint);
  const usable = base?.protocol === "http:" || base?.protocol === "https:" ? base : undefined;
  if (options.endpoint !== undefined && usable === undefined) {
    warnings.push("endpoint is no http:// or https:// URL; the environment's, or the default, is used.");
  }
  const signal = (kind: Signal): SignalEnvironment => {
    const from = environment[kind];
    return withCredentials({
      ...from,
      url: usable === undefined ? from.url : signalUrl(usable, kind),
      headers: { ...from.headers, ...options.headers },
      protocol: options.protocol ?? from.protocol,
      gzip: options.compression === undefined ? from.gzip : options.compression === "gzip",
    });
  };
  const { batch = {} } = options;
  return {
    ...environment,
    warnings,
    traces: signal("traces"),
    metrics: signal("metrics"),
    batch: {
      maxQueueSize: batch.maxQueueSize ?? environment.batch.maxQueueSize,
      maxExportBatchSize: batch.maxExportBatchSize ?? environment.batch.maxExportBatchSize,
      scheduledDelayMs: batch.scheduledDelayMs ?? environment.batch.scheduledDelayMs,
      exportTimeoutMs: batch.exportTimeoutMs ?? environment.batch.exportTimeoutMs,
    },
    metricIntervalMs: options.metricIntervalMs ?? environment.metricIntervalMs,
    temporality: options.temporality ?? environment.temporality,
    processor: options.processor ?? "batch",
  };
}

/** Fetch refuses a URL with a user in it; the header says the same (https://www.rfc-editor.org/rfc/rfc7617). */
function withCredentials(signal: SignalEnvironment): SignalEnvironment {
  const url = new URL(signal.url);
  if (url.username === "" && url.password === "") return signal;
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { ...signal, url: url.href, headers: { authorization: `Basic ${btoa(pair)}`, ...signal.headers } };
}
