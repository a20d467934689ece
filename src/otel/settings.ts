/**
 * What holds in the end: options over the environment.
 *
 * @module
 */
import { LONGEST_TIMER_MS } from "../deadline.ts";
import { type Environment, type SignalEnvironment, signalUrl, usableHeaders } from "./environment.ts";
import type { OtelOptions, Signal } from "./options.ts";

/** The environment, with the options over it. */
export interface Settings extends Environment {
  /** Send spans in batches, or each as it ends. */
  readonly processor: "batch" | "simple";
}

/** Lays options over the environment; an option that cannot be used makes a warning, as a variable would. */
export function settingsOf(options: OtelOptions, environment: Environment): Settings {
  const warnings = [...environment.warnings];
  const usable = baseOf(options, warnings);
  const given = usableHeaders(options.headers ?? {}, () => {
    warnings.push("headers has an item that is no HTTP header; that item is left out.");
  });
  const signal = (kind: Signal): SignalEnvironment => {
    const from = environment[kind];
    return withCredentials({
      ...from,
      url: usable === undefined ? from.url : signalUrl(usable, kind),
      headers: { ...from.headers, ...given },
      protocol: options.protocol ?? from.protocol,
      gzip: options.compression === undefined ? from.gzip : options.compression === "gzip",
    });
  };
  const number = (name: string, value: number | undefined, least: number, fallback: number): number => {
    if (value === undefined) return fallback;
    if (value >= least) return Math.min(Math.trunc(value), LONGEST_TIMER_MS); // NaN is not.
    warnings.push(`${name} is no number from ${least} on; ${fallback} is used.`);
    return fallback;
  };
  const { batch = {} } = options;
  const { maxQueueSize, maxExportBatchSize, scheduledDelayMs, exportTimeoutMs } = environment.batch;
  return {
    ...environment,
    traces: signal("traces"),
    metrics: signal("metrics"),
    batch: {
      maxQueueSize: number("batch.maxQueueSize", batch.maxQueueSize, 1, maxQueueSize),
      maxExportBatchSize: number("batch.maxExportBatchSize", batch.maxExportBatchSize, 1, maxExportBatchSize),
      scheduledDelayMs: number("batch.scheduledDelayMs", batch.scheduledDelayMs, 0, scheduledDelayMs),
      exportTimeoutMs: number("batch.exportTimeoutMs", batch.exportTimeoutMs, 1, exportTimeoutMs),
    },
    metricIntervalMs: number("metricIntervalMs", options.metricIntervalMs, 1, environment.metricIntervalMs),
    temporality: options.temporality ?? environment.temporality,
    processor: options.processor ?? "batch",
    warnings,
  };
}

/** The option `endpoint`, if it is one. */
function baseOf({ endpoint, protocol }: OtelOptions, warnings: string[]): URL | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    warnings.push("endpoint is no http:// or https:// URL; the environment's, or the default, is used.");
    return undefined;
  }
  if (url.port === "4317" && protocol === undefined) {
    warnings.push("endpoint's port asks for gRPC, which fetch cannot speak; HTTP is used, mostly on port 4318.");
  }
  return url;
}

/** Fetch refuses a URL with a user in it; the header says the same (https://www.rfc-editor.org/rfc/rfc7617). */
function withCredentials(signal: SignalEnvironment): SignalEnvironment {
  const url = new URL(signal.url);
  if (url.username === "" && url.password === "") return signal;
  const pair = new TextEncoder().encode(`${decoded(url.username)}:${decoded(url.password)}`);
  url.username = "";
  url.password = "";
  const authorization = `Basic ${btoa(String.fromCharCode(...pair))}`;
  return { ...signal, url: url.href, headers: { authorization, ...signal.headers } };
}

/** A percent sign that stands alone is one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
