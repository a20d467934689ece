/**
 * What values are, by their shape: programs without types give anything.
 *
 * @module
 */

/** Neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object of names and values: neither a Map, nor a Date, nor any other object with a form of its own. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** A list of texts. */
export function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

/** A text. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** True or false. */
export function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

/** A finite number from 0 on. */
export function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}

/** A whole number from 0 on. */
export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
