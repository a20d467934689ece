/**
 * Requests of OTLP/HTTP, from bytes to flat values that read well. What OTLP does not allow throws.
 *
 * @module
 */
import { decodeProtobuf } from "./otlp_proto.ts";

/** Attributes as plain values: int64 as number, beyond the safe integers as bigint; bytes as Uint8Array. */
export type Values = Readonly<Record<string, unknown>>;

/** Who made a span or a point. */
export interface Origin {
  readonly scope: { readonly name: string; readonly version: string | undefined };
  /** The resource's attributes. */
  readonly resource: Values;
}

/** One span. */
export interface ReceivedSpan extends Origin {
  readonly name: string;
  readonly kind: "UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  /** Nanoseconds since 1970. */
  readonly endNs: bigint;
  readonly attributes: Values;
  readonly events: readonly { readonly name: string; readonly timeNs: bigint; readonly attributes: Values }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Values }[];
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message: string | undefined };
}

/** One data point of a metric. */
export interface ReceivedPoint extends Origin {
  readonly name: string;
  readonly description: string | undefined;
  readonly unit: string | undefined;
  readonly kind: "sum" | "gauge" | "histogram";
  /** Of a sum. */
  readonly monotonic: boolean | undefined;
  /** Of a sum and a histogram. */
  readonly temporality: "cumulative" | "delta" | undefined;
  readonly startNs: bigint;
  readonly timeNs: bigint;
  readonly attributes: Values;
  /** Of a sum and a gauge. */
  readonly value?: number;
  /** Of a histogram, as the following four. */
  readonly count?: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** Upper bounds of all buckets but the last. */
  readonly bounds?: readonly number[];
  /** Counts per bucket. */
  readonly buckets?: readonly number[];
}

/** What a request carries. */
export interface Payload {
  readonly spans: readonly ReceivedSpan[];
  readonly metrics: readonly ReceivedPoint[];
}

type Fields = Readonly<Record<string, unknown>>;

const kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const codes = ["UNSET", "OK", "ERROR"] as const;
const temporalities = [undefined, "delta", "cumulative"] as const;

/** Decodes one request. Throws TypeError that names the field for what OTLP does not allow. */
export function decodeRequest(signal: "traces" | "metrics", format: "json" | "protobuf", body: Uint8Array): Payload {
  const request = fields(
    format === "json"
      ? JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))
      : decodeProtobuf(signal, body),
    "request",
  );
  if (signal === "traces") return { spans: list(request, "resourceSpans").flatMap(spansOf), metrics: [] };
  return { spans: [], metrics: list(request, "resourceMetrics").flatMap(pointsOf) };
}

function spansOf(group: Fields): ReceivedSpan[] {
  return list(group, "scopeSpans").flatMap((scoped) =>
    list(scoped, "spans").map((span) => {
      const parent = id(span, "parentSpanId", 8, true);
      const status = fields(span.status ?? {}, "status");
      return {
        name: text(span, "name") ?? "",
        kind: pick(kinds, span, "kind"),
        traceId: id(span, "traceId", 16),
        spanId: id(span, "spanId", 8),
        parentSpanId: parent === "" ? undefined : parent,
        traceState: text(span, "traceState"),
        startNs: whole(span, "startTimeUnixNano"),
        endNs: whole(span, "endTimeUnixNano"),
        attributes: attributes(span),
        events: list(span, "events").map((event) => ({
          name: text(event, "name") ?? "",
          timeNs: whole(event, "timeUnixNano"),
          attributes: attributes(event),
        })),
        links: list(span, "links").map((link) => ({
          traceId: id(link, "traceId", 16),
          spanId: id(link, "spanId", 8),
          attributes: attributes(link),
        })),
        status: { code: pick(codes, status, "code"), message: text(status, "message") },
        ...origin(group, scoped),
      };
    })
  );
}

function pointsOf(group: Fields): ReceivedPoint[] {
  return list(group, "scopeMetrics").flatMap((scoped) =>
    list(scoped, "metrics").flatMap((metric) => {
      const kind = (["sum", "gauge", "histogram"] as const).find((kind) => metric[kind] !== undefined);
      if (kind === undefined) throw new TypeError(`metric ${text(metric, "name")} is no sum, gauge or histogram`);
      const data = fields(metric[kind], kind);
      return list(data, "dataPoints").map((point) => ({
        name: text(metric, "name") ?? "",
        description: text(metric, "description"),
        unit: text(metric, "unit"),
        kind,
        monotonic: kind === "sum" ? data.isMonotonic === true : undefined,
        temporality: pick(temporalities, data, "aggregationTemporality"),
        startNs: whole(point, "startTimeUnixNano"),
        timeNs: whole(point, "timeUnixNano"),
        attributes: attributes(point),
        ...kind === "histogram" ? distribution(point) : { value: value(point) },
        ...origin(group, scoped),
      }));
    })
  );
}

function value(point: Fields): number {
  if (point.asInt !== undefined) return Number(whole(point, "asInt"));
  return number(point.asDouble ?? fail("asDouble", point.asDouble), "asDouble");
}

function distribution(point: Fields): Partial<ReceivedPoint> {
  const optional = (["sum", "min", "max"] as const).filter((name) => point[name] !== undefined)
    .map((name) => [name, number(point[name], name)]);
  const bounds = array(point, "explicitBounds").map((bound) => number(bound, "explicitBounds"));
  const buckets = array(point, "bucketCounts").map((count) => Number(integer(count, "bucketCounts")));
  const count = Number(whole(point, "count"));
  if (buckets.length !== bounds.length + 1) {
    throw new TypeError(`${buckets.length} buckets for ${bounds.length} bounds`);
  }
  if (buckets.reduce((sum, bucket) => sum + bucket, 0) !== count) throw new TypeError("buckets do not add up to count");
  return { count, ...Object.fromEntries(optional), bounds, buckets };
}

function origin(group: Fields, scoped: Fields): Origin {
  const scope = fields(scoped.scope ?? {}, "scope");
  return {
    scope: { name: text(scope, "name") ?? "", version: text(scope, "version") },
    resource: attributes(fields(group.resource ?? {}, "resource")),
  };
}

function attributes(owner: Fields, name = "attributes"): Values {
  const entries = list(owner, name).map((pair): [string, unknown] => {
    const key = text(pair, "key") ?? fail("key", pair.key);
    return [key, anyValue(fields(pair.value ?? {}, key), key)];
  });
  const names = new Set(entries.map(([key]) => key));
  if (names.size !== entries.length) throw new TypeError(`an attribute stands twice among ${[...names].join(", ")}`);
  return Object.fromEntries(entries);
}

function anyValue(holder: Fields, key: string): unknown {
  const [entry, ...more] = Object.entries(holder).filter(([, value]) => value !== undefined);
  if (entry === undefined) return undefined;
  if (more.length > 0) throw new TypeError(`${key} has ${more.length + 1} values at once`);
  const [kind, value] = entry;
  switch (kind) {
    case "stringValue":
      return typeof value === "string" ? value : fail(key, value);
    case "boolValue":
      return typeof value === "boolean" ? value : fail(key, value);
    case "intValue": {
      const int = integer(value, key);
      return Number.isSafeInteger(Number(int)) ? Number(int) : int;
    }
    case "doubleValue":
      return number(value, key);
    case "bytesValue":
      return value instanceof Uint8Array ? new Uint8Array(value) : Uint8Array.fromBase64(String(value));
    case "arrayValue":
      return list(fields(value, key), "values").map((item) => anyValue(item, key));
    case "kvlistValue":
      return attributes(fields(value, key), "values");
    default:
      throw new TypeError(`${key} is of an unknown kind, ${kind}`);
  }
}

function fail(name: string, value: unknown): never {
  throw new TypeError(`${name} cannot be ${Deno.inspect(value)}`);
}

function fields(value: unknown, name: string): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : fail(name, value);
}

function array(owner: Fields, name: string): readonly unknown[] {
  const value = owner[name] ?? [];
  return Array.isArray(value) ? value : fail(name, value);
}

function list(owner: Fields, name: string): readonly Fields[] {
  return array(owner, name).map((item) => fields(item, name));
}

/** An empty text is one that was not given. */
function text(owner: Fields, name: string): string | undefined {
  const value = owner[name];
  if (value === undefined || value === "") return undefined;
  return typeof value === "string" ? value : fail(name, value);
}

/** Enums travel as numbers, in JSON too. */
function pick<T>(names: readonly T[], owner: Fields, name: string): T {
  const value = owner[name] ?? 0;
  return typeof value === "number" && value in names ? names[value] as T : fail(name, value);
}

/** Doubles that JSON has no numeral for travel as text (https://protobuf.dev/programming-guides/json/). */
function number(value: unknown, name: string): number {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return typeof value === "number" ? value : fail(name, value);
}

/** 64 bits travel as decimal text; JSON numerals are allowed. */
function integer(value: unknown, name: string): bigint {
  const digits = typeof value === "number" && Number.isInteger(value) ? String(BigInt(value)) : value;
  if (typeof digits !== "string" || !/^-?\d{1,20}$/.test(digits)) return fail(name, value);
  const int = BigInt(digits);
  return int >= -(2n ** 63n) && int < 2n ** 64n ? int : fail(name, value);
}

function whole(owner: Fields, name: string): bigint {
  return integer(owner[name] ?? "0", name);
}

/** Ids are bytes in protobuf, hexadecimal text in JSON (not base64). All zeros is no id. */
function id(owner: Fields, name: string, bytes: number, optional = false): string {
  const value = owner[name];
  const hex = value instanceof Uint8Array ? new Uint8Array(value).toHex() : value ?? "";
  if (hex === "" && optional) return "";
  const right = typeof hex === "string" && hex.length === bytes * 2 && /^[0-9a-f]+$/i.test(hex) && !/^0+$/.test(hex);
  return right ? hex.toLowerCase() : fail(name, value);
}
