/**
 * Makes values that any OTLP receiver takes of whatever was put on a span: always valid, never a throw.
 *
 * @module
 */
import type { Attributes } from "../otel_types.ts";
import { cutOnCodePoint } from "../text.ts";

/** Marks a number that the encoder has no JSON for, on its way through it; see {@linkcode restoreNumbers}. */
const MARK = "\u0000number:";
/** How much one attribute may hold: a character and a value count one each. It also ends what branches without end. */
const MOST_PER_ATTRIBUTE = 256 * 1024;
/** A level takes three messages of protobuf, of which decoders nest a hundred. */
const DEEPEST = 20;
const INT64 = 2 ** 63;

/** Values that an encoder takes. Null stands in lists alone, where the place of the other items matters. */
export type Clean =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly Clean[]
  | { readonly [key: string]: Clean };

/** How values are made clean. */
export interface NormalizeOptions {
  /** JSON has no NaN, no infinity and no integer beyond int64, and JavaScript rounds those beyond 53 bits in it. */
  readonly json: boolean;
  /** The longest text or bytes, beside the cap on the whole attribute. */
  readonly longest?: number | undefined;
}

/** One attribute on its way. */
interface Walk {
  readonly json: boolean;
  readonly longest: number;
  /** What it may still hold. */
  left: number;
  /** The values that hold the present one: whoever is met again goes in a circle. */
  readonly above: Set<unknown>;
}

/** Attributes whose every value an encoder takes; what has no form at all is left out. */
export function normalizeAttributes(attributes: Attributes | undefined, options: NormalizeOptions): Attributes {
  const clean: Record<string, Clean> = {};
  eachClean(attributes, options, (name, value) => {
    if (name !== "__proto__") clean[name] = value;
    else Object.defineProperty(clean, name, { value, enumerable: true, configurable: true, writable: true });
  });
  return clean as Attributes;
}

/** Whether an attribute is already what {@linkcode normalizeAttributes} makes of it: nearly every one is. */
export function isCleanAttribute(
  name: unknown,
  value: unknown,
  { json, longest = Infinity }: NormalizeOptions,
): boolean {
  return typeof name === "string" && name !== "" && name.isWellFormed() && isPlain(value, json, longest);
}

/** Whether attributes that hold no getters are already what {@linkcode normalizeAttributes} makes of them. */
export function areClean(attributes: Attributes, { json, longest = Infinity }: NormalizeOptions): boolean {
  for (const key in attributes) {
    if (key === "" || !key.isWellFormed()) return false;
    const value: unknown = attributes[key];
    if (!(Array.isArray(value) ? isPlainList(value, json, longest) : isPlain(value, json, longest))) return false;
  }
  return true;
}

/** Longer ones are counted. */
const MOST_ITEMS = 32;

function isPlainList(values: readonly unknown[], json: boolean, longest: number): boolean {
  if (values.length > MOST_ITEMS) return false;
  for (let at = 0; at < values.length; at++) if (!isPlain(values[at], json, longest)) return false;
  return true;
}

/** Calls `take` with each attribute that has a form an encoder takes, and with that form. */
export function eachClean(
  attributes: unknown,
  { json, longest = Infinity }: NormalizeOptions,
  take: (name: string, value: Clean) => void,
): void {
  for (const key of keysOf(attributes)) {
    const value = plainMember(attributes, key, json, longest) ??
      member(attributes, key, { json, longest, left: MOST_PER_ATTRIBUTE, above: new Set() });
    if (value !== undefined) take(textOf(key), value);
  }
}

/** Longer ones are counted. */
const LONGEST_PLAIN = 4096;

function plainMember(owner: unknown, key: string, json: boolean, longest: number): Clean | undefined {
  try {
    const value = (owner as Record<string, unknown>)[key];
    return isPlain(value, json, longest) ? value : undefined;
  } catch {
    return undefined; // A getter, or a Proxy.
  }
}

/** Nearly every value is a short text or a number that an encoder takes as it is: it needs no walk. */
function isPlain(value: unknown, json: boolean, longest: number): value is string | number | boolean {
  switch (typeof value) {
    case "string":
      return value.length <= longest && value.length <= LONGEST_PLAIN && value.isWellFormed() &&
        !(json && value[0] === MARK[0]);
    case "number":
      return !json || Number.isSafeInteger(value);
    default:
      return typeof value === "boolean";
  }
}

/** Text that every decoder takes of anything: lone surrogates replaced, and cut on a code point when very long. */
export function textOf(value: unknown, longest: number = MOST_PER_ATTRIBUTE): string {
  const text = typeof value === "string" ? value : spelled(value);
  const cut = cutOnCodePoint(text, longest);
  return cut.isWellFormed() ? cut : cut.toWellFormed();
}

/** Turns marked numbers of encoded JSON into what they are (https://protobuf.dev/programming-guides/json/). */
export function restoreNumbers(json: string): string {
  if (!json.includes("\\u0000number:")) return json;
  // Where a mark follows the mark it is a text that began with one.
  const marked = /"stringValue":"\\u0000number:(?:(-?\d+)n"|(NaN|-?Infinity|-?\d[\d.e+-]*)"|(?=\\u0000number:))/g;
  return json.replace(marked, (_, integer?: string, double?: string) => {
    if (integer !== undefined) return `"intValue":"${integer}"`;
    if (double === undefined) return `"stringValue":"`;
    return `"doubleValue":${Number.isFinite(Number(double)) ? double : `"${double}"`}`;
  });
}

/** None where there are no attributes, and where asking for them throws. */
function keysOf(attributes: unknown): readonly string[] {
  try {
    if (typeof attributes !== "object" || attributes === null) return [];
    return Object.keys(attributes).filter((key) => key !== ""); // OTLP takes no empty key.
  } catch {
    return [];
  }
}

/** What stands under a key: `nothing` for what is not there, undefined for what has no form or throws. */
function member(owner: unknown, key: string | number, walk: Walk, nothing?: null): Clean | undefined {
  if (--walk.left < 0) return undefined;
  try {
    const value = (owner as Record<string | number, unknown>)[key];
    return value === undefined || value === null ? nothing : normalize(value, walk);
  } catch {
    return undefined; // A getter, or a Proxy.
  }
}

function normalize(value: unknown, walk: Walk): Clean | undefined {
  switch (typeof value) {
    case "string":
      return textOfWalk(value, walk);
    case "boolean":
      return value;
    case "number":
      return walk.json ? jsonNumber(value) : value;
    case "bigint":
      return String(value);
    case "object":
      return walk.above.has(value) ? undefined : normalizeObject(value as object, walk);
    default:
      return undefined;
  }
}

function textOfWalk(value: string, walk: Walk): string {
  const text = textOf(value, Math.min(walk.longest, walk.left));
  walk.left -= text.length;
  return walk.json && text.startsWith(MARK) ? MARK + text : text;
}

function jsonNumber(value: number): number | string {
  if (Number.isSafeInteger(value) || Number.isFinite(value) && !Number.isInteger(value)) return value;
  return value >= -INT64 && value < INT64 ? `${MARK}${BigInt(value)}n` : MARK + value;
}

function normalizeObject(value: object, walk: Walk): Clean | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof Uint8Array) {
    const length = Math.min(value.length, walk.longest, walk.left);
    walk.left -= length;
    return length < value.length ? value.slice(0, length) : value;
  }
  if (walk.above.size >= DEEPEST) return undefined;
  walk.above.add(value);
  try {
    const isList = Array.isArray(value) || ArrayBuffer.isView(value) && "length" in value;
    return isList ? list(value as unknown as ArrayLike<unknown>, walk) : map(value, walk);
  } finally {
    walk.above.delete(value);
  }
}

function list(values: ArrayLike<unknown>, walk: Walk): readonly Clean[] {
  const clean: Clean[] = [];
  for (let at = 0; at < values.length && walk.left > 0; at++) {
    const value = member(values, at, walk, null);
    if (value !== undefined) clean.push(value);
  }
  return clean;
}

/** A map of what an object holds itself; of what holds nothing that can be seen (a Map, a Promise) there is no form. */
function map(value: object, walk: Walk): Clean | undefined {
  const clean: [string, Clean][] = [];
  const keys = Object.keys(value);
  if (keys.length === 0 && !isMap(value)) return undefined;
  for (const key of keys) {
    if (walk.left <= 0) break;
    if (key === "") continue; // OTLP takes no empty key, here neither.
    const name = textOf(key, walk.left);
    walk.left -= name.length;
    const item = member(value, key, walk);
    if (item !== undefined) clean.push([name, item]);
  }
  return Object.fromEntries(clean);
}

function isMap(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function spelled(value: unknown): string {
  try {
    return String(value);
  } catch {
    return ""; // An object without a `toString`, or with one that throws.
  }
}
