/**
 * Makes values that any OTLP receiver takes of whatever was put on a span: always valid, never a throw.
 *
 * @module
 */
import type { Attributes } from "../otel_types.ts";

/** Marks a number that JSON has no form for, on its way through the encoder; see {@linkcode restoreDoubles}. */
const DOUBLE_MARK = "\u0000double:";
const LONGEST_STRING = 256 * 1024;
const INT64 = 2 ** 63;

/** Values that an encoder takes. */
export type Clean = string | number | boolean | Uint8Array | readonly Clean[] | { readonly [key: string]: Clean };

/** How values are made clean. */
export interface NormalizeOptions {
  /** JSON has no NaN, no infinity and no integer beyond int64. */
  readonly json: boolean;
}

/** Attributes whose every value an encoder takes; what has no form at all is left out. */
export function normalizeAttributes(attributes: Attributes | undefined, options: NormalizeOptions): Attributes {
  const clean: Record<string, unknown> = {};
  for (const key of Object.keys(attributes ?? {})) {
    try {
      const value = normalize((attributes as Record<string, unknown>)[key], options, new Set());
      if (value !== undefined) clean[wellFormed(key)] = value;
    } catch {
      // A getter that throws: that attribute has no value.
    }
  }
  return clean as Attributes;
}

/** Text that every decoder takes: lone surrogates replaced, and cut on a code point when very long. */
export function wellFormed(text: string, longest = LONGEST_STRING): string {
  if (text.length <= longest) return text.isWellFormed() ? text : text.toWellFormed();
  const cut = text.slice(0, longest);
  const last = cut.charCodeAt(longest - 1);
  return (last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut).toWellFormed();
}

/** Turns marked numbers of encoded JSON into the doubles they are (https://protobuf.dev/programming-guides/json/). */
export function restoreDoubles(json: string): string {
  if (!json.includes("\\u0000double:")) return json;
  return json.replace(/\{"stringValue":"\\u0000double:([^"]*)"\}/g, (_, value: string) => {
    return `{"doubleValue":${/^[-\d]/.test(value) && !value.includes("Inf") ? value : `"${value}"`}}`;
  });
}

function normalize(value: unknown, options: NormalizeOptions, above: Set<unknown>): Clean | undefined {
  switch (typeof value) {
    case "string":
      return wellFormed(value);
    case "boolean":
      return value;
    case "number":
      return !options.json || Number.isFinite(value) && !isBeyondInt64(value) ? value : DOUBLE_MARK + value;
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null || above.has(value)) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof Uint8Array) return value;
  above.add(value);
  try {
    if (Array.isArray(value)) {
      return value.map((item) => normalize(item, options, above)).filter((item) => item !== undefined);
    }
    const entries = Object.keys(value).map((key) => {
      return [wellFormed(key), normalize((value as Record<string, unknown>)[key], options, above)] as const;
    });
    return Object.fromEntries(entries.filter((entry): entry is [string, Clean] => entry[1] !== undefined));
  } finally {
    above.delete(value);
  }
}

function isBeyondInt64(value: number): boolean {
  return Number.isInteger(value) && (value >= INT64 || value < -INT64);
}
