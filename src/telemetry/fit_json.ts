/**
 * JSON of a bounded length that is still JSON.
 *
 * @module
 */

const ELLIPSIS = "…";

/**
 * The JSON of a list in at most `maxLength` characters: long texts in it are cut, on a code point, to one common length;
 * where that is not enough the oldest items are left out.
 *
 * @example
 * ```ts
 * import { fitJson } from "./fit_json.ts";
 *
 * console.log(fitJson([{ content: "A long story" }], 24)); // '[{"content":"A long…"}]'
 * ```
 */
export function fitJson(items: readonly unknown[], maxLength: number): string {
  const whole = JSON.stringify(items);
  if (whole.length <= maxLength) return whole;
  for (let from = 0; from < items.length; from++) {
    const rest = items.slice(from);
    if (JSON.stringify(cut(rest, 0)).length > maxLength) continue;
    let fits = 0;
    for (let least = 0, most = maxLength; least <= most;) {
      const limit = (least + most) >> 1;
      if (JSON.stringify(cut(rest, limit)).length <= maxLength) {
        fits = limit;
        least = limit + 1;
      } else most = limit - 1;
    }
    return JSON.stringify(cut(rest, fits));
  }
  return "[]";
}

/** Texts stand under these keys; names, ids and roles are short and stay whole. */
const TEXT_KEYS: ReadonlySet<string> = new Set([
  "content",
  "response",
  "arguments",
  "description",
  "parameters",
  "uri",
]);

function cut(value: unknown, limit: number, isText = false): unknown {
  if (typeof value === "string") return isText ? cutText(value, limit) : value;
  if (Array.isArray(value)) return value.map((item) => cut(item, limit, isText));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, cut(item, limit, isText || TEXT_KEYS.has(key))]));
}

function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return text.slice(0, end) + ELLIPSIS;
}
