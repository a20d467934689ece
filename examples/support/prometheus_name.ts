/**
 * The names that metrics and attributes have in Prometheus, by the rules of its OTLP receiver and of the Collector's
 * Prometheus exporters (https://github.com/prometheus/otlptranslator).
 *
 * @module
 */

/**
 * How names are translated: `otlp.translation_strategy` of Prometheus, `translation_strategy` of the Collector. With the
 * first, their default, a dot is no letter of a name and a counter ends with `_total`.
 */
export const strategies = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const;

/** One of {@linkcode strategies}. */
export type Strategy = typeof strategies[number];

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
export function prometheusName(metric: OtlpMetric, strategy: Strategy = "UnderscoreEscapingWithSuffixes"): string {
  switch (strategy) {
    case "UnderscoreEscapingWithSuffixes":
      return escaped(metric);
    case "UnderscoreEscapingWithoutSuffixes":
      return joined(metric.name, metric.name.split(/[^a-zA-Z0-9:_]+/).filter(Boolean));
    case "NoUTF8EscapingWithSuffixes":
      return suffixed(metric);
    case "NoTranslation":
      return metric.name;
  }
}

/** Words joined by lines, the unit's and the kind's last. */
function escaped({ name, unit = "", kind, monotonic = false }: OtlpMetric): string {
  const words = name.split(/[^a-zA-Z0-9:]+/).filter(Boolean);
  // A unit that the name already says, as one of its words and in the same spelling, is not said again.
  const full = [...words, ...suffixesOf(unit).filter((suffix) => !words.includes(suffix))];
  const ordered = kind === "sum" && monotonic
    ? last(full, "total")
    : kind === "gauge" && unit === "1"
    ? last(full, "ratio")
    : full;
  return joined(name, words.length === 0 ? [] : ordered);
}

/** The name as it is, and what it does not end with yet; what stands in its middle stays there and is said again. */
function suffixed({ name, unit = "", kind, monotonic = false }: OtlpMetric): string {
  const [main = "", ...rest] = unit.split("/");
  const per = known(rest.join("/"), perUnits);
  const ends = [
    ...(per === "" ? [] : [`per_${per}`]),
    ...(kind === "sum" && monotonic ? ["total"] : []),
    ...(kind === "gauge" && unit === "1" ? ["ratio"] : []),
  ];
  const bare = ends.reduceRight((left, end) => {
    return left.endsWith(end) && left.length > end.length + 1 ? left.slice(0, -end.length - 1) : left;
  }, name);
  const one = known(main, units);
  return [bare, ...(one === "" || bare.endsWith(one) ? [] : [one]), ...ends].join("_");
}

function joined(name: string, words: readonly string[]): string {
  if (words.length === 0) throw new TypeError(`${JSON.stringify(name)} has no name in Prometheus`);
  const whole = words.join("_");
  return /^\d/.test(whole) ? `_${whole}` : whole;
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
  const one = spelled(known(main, units));
  const per = spelled(known(rest.join("/"), perUnits)).replace(/_$/, "");
  return (per === "" ? [one] : [one.replace(/_$/, ""), `per_${per}`]).filter(Boolean);
}

/** The word for a unit, else the unit; nothing for a remark. */
function known(unit: string, words: ReadonlyMap<string, string>): string {
  const bare = unit.trim();
  return /[{}]/.test(bare) ? "" : words.get(bare) ?? bare;
}

function spelled(word: string): string {
  return word.replaceAll(/[^a-zA-Z0-9:]+/g, "_").replace(/^_/, "");
}

function last(words: readonly string[], word: string): string[] {
  return [...words.filter((each) => each !== word), word];
}
