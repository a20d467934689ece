/**
 * JSON of a bounded length that is still JSON.
 *
 * @module
 */
import { cutOnCodePoint } from "../text.ts";

const ELLIPSIS = "…";
const EMPTY_LIST = "[]";
/** A few whole texts tell more than the first letters of many. */
const LEAST_TEXT = 200;

/**
 * The JSON of a list in at most `maxLength` characters: long texts in it are cut, on a code point, to one common length;
 * where little would be left of each the oldest items are left out. Undefined where not even an empty list fits.
 *
 * @example
 * ```ts
 * import { fitJson } from "./fit_json.ts";
 *
 * console.log(fitJson([{ content: "A long story" }], 24)); // '[{"content":"A long…"}]'
 * ```
 */
export function fitJson(items: readonly unknown[], maxLength: number): string | undefined {
  const whole = JSON.stringify(items);
  if (whole.length <= maxLength) return whole;
  if (maxLength < EMPTY_LIST.length) return undefined;
  const some = newest(items, maxLength, LEAST_TEXT);
  const kept = some.length > 0 ? some : newest(items, maxLength, 0);
  let fitting = EMPTY_LIST;
  for (let least = 0, most = maxLength; least <= most;) {
    const limit = (least + most) >> 1;
    const json = JSON.stringify(cut(kept, limit));
    if (json.length <= maxLength) {
      fitting = json;
      least = limit + 1;
    } else most = limit - 1;
  }
  return fitting;
}

/** The newest items that fit when every text in them is cut to `limit` characters. */
function newest(items: readonly unknown[], maxLength: number, limit: number): readonly unknown[] {
  let from = items.length;
  for (let length = EMPTY_LIST.length; from > 0; from--) {
    length += JSON.stringify(cut(items[from - 1], limit)).length + (from < items.length ? 1 : 0);
    if (length > maxLength) break;
  }
  return items.slice(from);
}

/** Texts stand under these keys; names, ids, roles and a schema's own words are short and stay whole. */
const TEXT_KEYS: ReadonlySet<string> = new Set(["content", "response", "arguments", "description", "uri"]);

function cut(value: unknown, limit: number, isText = false): unknown {
  if (typeof value === "string") return isText ? cutText(value, limit) : value;
  if (Array.isArray(value)) return value.map((item) => cut(item, limit, isText));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, cut(item, limit, isText || TEXT_KEYS.has(key))]));
}

/** The first `limit` characters, and a mark that more followed; never half of a code point. */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : cutOnCodePoint(text, limit) + ELLIPSIS;
}
