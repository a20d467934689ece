/**
 * What OpenTelemetry's environment variables say
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
 *
 * Each variable is read alone, and only where that is allowed. A value that cannot be used makes one warning that does
 * not print it, and leaves the default.
 *
 * @module
 */
import { LONGEST_TIMER_MS } from "../deadline.ts";
import type { Signal } from "./options.ts";
import { booleanOf, numberIn, wordsIn } from "./words.ts";

/** Gives a variable's value, undefined where it is unset or may not be read. */
export type ReadVariable = (name: string) => string | undefined;

/** Where one signal goes, as far as the environment says. */
export interface SignalEnvironment {
  /** `none`: nowhere. */
  readonly exporter: "otlp" | "console" | "none";
  /** With its path. */
  readonly url: string;
  /** Sent with every export. */
  readonly headers: Readonly<Record<string, string>>;
  /** How exports are encoded. */
  readonly protocol: "http/protobuf" | "http/json";
  /** The longest one export may take, retries included. */
  readonly timeoutMs: number;
  /** Whether exports are compressed. */
  readonly gzip: boolean;
}

/** How traces are sampled, as far as the environment says. */
export interface SamplerEnvironment {
  /** Follow the parent's decision where there is a parent. */
  readonly parentBased: boolean;
  /** The share of the others, from 0 to 1. */
  readonly ratio: number;
}

/** How much is told on stderr. */
export type LogLevel = "debug" | "info" | "none";

/** What the environment says, defaults filled in. */
export interface Environment {
  /** Where spans go. */
  readonly traces: SignalEnvironment;
  /** Where metrics go. */
  readonly metrics: SignalEnvironment;
  /** Undefined: `OTEL_SERVICE_NAME` is not set. */
  readonly serviceName: string | undefined;
  /** Of `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resource: Readonly<Record<string, string>>;
  /** Which traces are recorded. */
  readonly sampler: SamplerEnvironment;
  /** `OTEL_BSP_*`. */
  readonly batch: {
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
    readonly scheduledDelayMs: number;
    readonly exportTimeoutMs: number;
  };
  /** How often metrics are sent. */
  readonly metricIntervalMs: number;
  /** The longest one export of metrics may take. */
  readonly metricTimeoutMs: number;
  /** `lowmemory` of the specification is delta for what this library records. */
  readonly temporality: "cumulative" | "delta";
  /** The longest value of a span's attribute, in characters. */
  readonly attributeValueLengthLimit: number;
  /** How much is told on stderr. */
  readonly logLevel: LogLevel;
  /** One sentence for each value that could not be used. */
  readonly warnings: readonly string[];
}

const DEFAULT_ENDPOINT = "http://localhost:4318";
const SIGNAL_PATH = /\/v1\/(?:traces|metrics|logs)\/?$/;
/** The specification's words for how much is told, and what they come to here. */
const LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  all: "debug",
  verbose: "debug",
  debug: "debug",
  info: "info",
  warn: "info",
  error: "info",
  none: "none",
};

/** Reads everything at once. */
export function readEnvironment(read: ReadVariable): Environment {
  const warnings: string[] = [];
  const warn = (name: string, why: string): undefined => void warnings.push(`${name} ${why}.`);
  const text = (name: string): string | undefined => {
    const value = read(name)?.trim();
    return value === "" ? undefined : value;
  };
  const number = (name: string, least: number, fallback: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const known = numberIn(value, least);
    if (known !== undefined) return Math.min(known, LONGEST_TIMER_MS);
    warn(name, `is no whole number from ${least} on; ${fallback === Infinity ? "no limit" : fallback} is used`);
    return fallback;
  };
  const word = <T extends string>(name: string, words: readonly T[], fallback: T): T => {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return fallback;
    const known = words.find((candidate) => candidate === value);
    if (known === undefined) warn(name, `is none of ${words.join(", ")}; ${fallback} is used`);
    return known ?? fallback;
  };
  const signal = (kind: Signal): SignalEnvironment => {
    const own = `OTEL_EXPORTER_OTLP_${kind.toUpperCase()}`;
    const url = urlOf(text, own, kind, warn);
    return {
      exporter: exporterOf(text, kind, warn),
      url,
      headers: { ...headersOf(text, "OTEL_EXPORTER_OTLP_HEADERS", warn), ...headersOf(text, `${own}_HEADERS`, warn) },
      protocol: protocolOf(text, own, url, warn),
      timeoutMs: number(`${own}_TIMEOUT`, 1, number("OTEL_EXPORTER_OTLP_TIMEOUT", 1, 10_000)),
      gzip: word(
        `${own}_COMPRESSION`,
        ["gzip", "none"],
        word("OTEL_EXPORTER_OTLP_COMPRESSION", ["gzip", "none"], "none"),
      ) ===
        "gzip",
    };
  };
  const temporality = word(
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    ["cumulative", "delta", "lowmemory"],
    "cumulative",
  );
  checkPropagators(text, warn);
  const disabled = text("OTEL_SDK_DISABLED");
  if (disabled !== undefined && booleanOf(disabled) === undefined) {
    warn("OTEL_SDK_DISABLED", "is neither true nor false; it is taken as not set");
  }
  return {
    traces: signal("traces"),
    metrics: signal("metrics"),
    serviceName: text("OTEL_SERVICE_NAME"),
    resource: pairsOf(text("OTEL_RESOURCE_ATTRIBUTES"), "OTEL_RESOURCE_ATTRIBUTES", warn),
    sampler: samplerOf(text, warn),
    batch: {
      maxQueueSize: number("OTEL_BSP_MAX_QUEUE_SIZE", 1, 2048),
      maxExportBatchSize: number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 512),
      scheduledDelayMs: number("OTEL_BSP_SCHEDULE_DELAY", 0, 5000),
      exportTimeoutMs: number("OTEL_BSP_EXPORT_TIMEOUT", 1, 30_000),
    },
    metricIntervalMs: number("OTEL_METRIC_EXPORT_INTERVAL", 1, 5000),
    metricTimeoutMs: number("OTEL_METRIC_EXPORT_TIMEOUT", 1, 30_000),
    temporality: temporality === "cumulative" ? "cumulative" : "delta",
    attributeValueLengthLimit: number(
      "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
      1,
      number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 1, Infinity),
    ),
    logLevel: LOG_LEVELS[word("OTEL_LOG_LEVEL", Object.keys(LOG_LEVELS), "info")] ?? "info",
    // Both signals read the variables that they share.
    warnings: [...new Set(warnings)],
  };
}

/** The URL of a signal below a base that may already end in a signal's path. */
export function signalUrl(base: URL, kind: Signal): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(SIGNAL_PATH, "").replace(/\/+$/, "")}/v1/${kind}`;
  return url.href;
}

type Text = (name: string) => string | undefined;
type Warn = (name: string, why: string) => undefined;

function urlOf(text: Text, own: string, kind: Signal, warn: Warn): string {
  const specific = httpUrl(text(`${own}_ENDPOINT`), `${own}_ENDPOINT`, warn);
  if (specific !== undefined) return specific.href;
  const base = httpUrl(text("OTEL_EXPORTER_OTLP_ENDPOINT"), "OTEL_EXPORTER_OTLP_ENDPOINT", warn);
  return signalUrl(base ?? new URL(DEFAULT_ENDPOINT), kind);
}

function httpUrl(value: string | undefined, name: string, warn: Warn): URL | undefined {
  if (value === undefined) return undefined;
  // The gRPC habit of leaving the scheme out parses as a scheme of its own: `localhost:4318`.
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  return warn(name, "is no http:// or https:// URL; it is ignored");
}

function exporterOf(text: Text, kind: Signal, warn: Warn): SignalEnvironment["exporter"] {
  const name = `OTEL_${kind.toUpperCase()}_EXPORTER`;
  const words = wordsIn(text(name) ?? "otlp");
  if (words.includes("otlp")) return "otlp";
  if (words.includes("console")) return "console";
  if (words.includes("none")) return "none";
  if (words.includes("prometheus")) {
    warn(name, "asks for prometheus, which is given as metricReaders in code; nothing is sent");
    return "none";
  }
  warn(name, "is none of otlp, console, none; otlp is used");
  return "otlp";
}

function protocolOf(text: Text, own: string, url: string, warn: Warn): SignalEnvironment["protocol"] {
  const specific = text(`${own}_PROTOCOL`);
  const name = specific === undefined ? "OTEL_EXPORTER_OTLP_PROTOCOL" : `${own}_PROTOCOL`;
  const value = (specific ?? text(name))?.toLowerCase();
  if (value === "grpc" || value === undefined && new URL(url).port === "4317") {
    warn(name, "or the port asks for gRPC, which fetch cannot speak; http/protobuf is used, mostly on port 4318");
    return "http/protobuf";
  }
  if (value === undefined || value === "http/protobuf") return "http/protobuf";
  if (value === "http/json") return "http/json";
  warn(name, "is none of http/protobuf, http/json; http/protobuf is used");
  return "http/protobuf";
}

/** `key=value,key2=value2`, percent-encoded; raw spaces and a trailing comma are tolerated. */
function pairsOf(value: string | undefined, name: string, warn: Warn): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const item of (value ?? "").split(",")) {
    if (item.trim() === "") continue;
    const at = item.indexOf("=");
    const key = decodedOf(item.slice(0, Math.max(0, at)));
    const decoded = decodedOf(item.slice(at + 1));
    if (!key || key === "__proto__" || decoded === undefined || /[\r\n\0]/.test(key + decoded)) {
      warn(name, "has an item that is no key=value; that item is left out");
    } else pairs[key] = decoded;
  }
  return pairs;
}

/** Undefined where a percent sign stands alone. */
function decodedOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

function headersOf(text: Text, name: string, warn: Warn): Record<string, string> {
  return usableHeaders(pairsOf(text(name), name, warn), () => {
    warn(name, "has an item that is no HTTP header; that item is left out");
  });
}

/** Headers that HTTP can send, their names in lower case, in which no name stands twice. */
export function usableHeaders(
  given: Readonly<Record<string, unknown>>,
  onUnusable: () => void,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const isUsable = typeof value === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key) && key !== "__proto__" &&
      /^[\t\x20-\x7e]*$/.test(value);
    if (isUsable) headers[key.toLowerCase()] = value;
    else onUnusable();
  }
  return headers;
}

/** Trace context alone crosses to other services, and only where `propagateTo` or `injectContext` says so. */
function checkPropagators(text: Text, warn: Warn): void {
  const isKnown = wordsIn(text("OTEL_PROPAGATORS"))
    .every((word) => word === "tracecontext" || word === "baggage" || word === "none");
  if (!isKnown) warn("OTEL_PROPAGATORS", "names a form other than tracecontext; tracecontext is used");
}

function samplerOf(text: Text, warn: Warn): SamplerEnvironment {
  const name = text("OTEL_TRACES_SAMPLER")?.toLowerCase() ?? "parentbased_always_on";
  const parentBased = name.startsWith("parentbased_");
  const kind = name.replace("parentbased_", "");
  if (kind === "always_on") return { parentBased, ratio: 1 };
  if (kind === "always_off") return { parentBased, ratio: 0 };
  if (kind === "traceidratio") {
    const value = text("OTEL_TRACES_SAMPLER_ARG");
    const ratio = Number(value ?? 1);
    if (ratio >= 0 && ratio <= 1) return { parentBased, ratio };
    warn("OTEL_TRACES_SAMPLER_ARG", "is no number from 0 to 1; 1 is used");
    return { parentBased, ratio: 1 };
  }
  warn("OTEL_TRACES_SAMPLER", "is no sampler known here; parentbased_always_on is used");
  return { parentBased: true, ratio: 1 };
}
