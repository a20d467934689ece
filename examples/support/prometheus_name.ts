/**
 * The names that metrics and attributes have in Prometheus, where a dot is no letter of a name and a counter ends with
 * `_total`. The rules are those of the strategy "UnderscoreEscapingWithSuffixes", Prometheus' default for OTLP
 * (https://github.com/prometheus/otlptranslator).
 *
 * @module
 */

/** What decides a metric's name. */
export interface OtlpMetric {
  /** As OpenTelemetry has it, with dots. */
  readonly name: string;
  /** In UCUM, as in `s` or `By/s`; what stands in braces is a remark. */
  readonly unit?: string | undefined;
  /** The kind of its points. */
  readonly kind: "sum" | "gauge" | "histogram";
  /** Of a sum: it never falls. */
  readonly monotonic?: boolean | undefined;
}

/** Units that Prometheus spells out; others stay as they are. */
const units: ReadonlyMap<string, string> = new Map(Object.entries({
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tibibytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  Cel: "celsius",
  Hz: "hertz",
  "1": "",
  "%": "percent",
}));

/** Units behind a slash, in the singular. */
const perUnits: ReadonlyMap<string, string> = new Map(Object.entries({
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mo: "month",
  y: "year",
}));

/**
 * The name of a metric in Prometheus; a histogram's series add `_bucket`, `_sum` and `_count` to it.
 *
 * @throws {TypeError} where the name has no letter that Prometheus knows.
 *
 * @example
 * ```ts
 * import { prometheusName } from "./prometheus_name.ts";
 *
 * prometheusName({ name: "http.server.duration", unit: "s", kind: "histogram" }); // "http_server_duration_seconds"
 * ```
 */
export function prometheusName({ name, unit = "", kind, monotonic = false }: OtlpMetric): string {
  const words = name.split(/[^a-zA-Z0-9:]+/).filter(Boolean);
  if (words.length === 0) throw new TypeError(`${JSON.stringify(name)} has no name in Prometheus`);
  // A unit that the name already says, as one of its words and in the same spelling, is not said again.
  const full = [...words, ...suffixesOf(unit).filter((suffix) => !words.includes(suffix))];
  const ordered = kind === "sum" && monotonic
    ? last(full, "total")
    : kind === "gauge" && unit === "1"
    ? last(full, "ratio")
    : full;
  const joined = ordered.join("_");
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/**
 * The name of a label in Prometheus.
 *
 * @example
 * ```ts
 * import { prometheusLabel } from "./prometheus_name.ts";
 *
 * prometheusLabel("llm.model"); // "llm_model"
 * ```
 */
export function prometheusLabel(attribute: string): string {
  const name = attribute.replaceAll(/[^a-zA-Z0-9_]/gu, "_");
  if (/^\d/.test(name)) return `key_${name}`;
  return /^_(?!_)/.test(name) ? `key${name}` : name;
}

/** What a unit adds to a name: `By/s` gives bytes and per_second. */
function suffixesOf(unit: string): string[] {
  const [main = "", ...rest] = unit.split("/");
  const one = spelled(main, units);
  const per = spelled(rest.join("/"), perUnits).replace(/_$/, "");
  return (per === "" ? [one] : [one.replace(/_$/, ""), `per_${per}`]).filter(Boolean);
}

function spelled(unit: string, known: ReadonlyMap<string, string>): string {
  const bare = unit.trim();
  if (/[{}]/.test(bare)) return "";
  return (known.get(bare) ?? bare).replaceAll(/[^a-zA-Z0-9:]+/g, "_").replace(/^_/, "");
}

function last(words: readonly string[], word: string): string[] {
  return [...words.filter((each) => each !== word), word];
}
