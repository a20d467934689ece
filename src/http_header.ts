/**
 * What HTTP can send as a header (https://www.rfc-editor.org/rfc/rfc9110#name-fields).
 *
 * @module
 */
import { ConfigError } from "./error.ts";

/** Whether a header can have this name. */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** Whether a header of this name may hold a key. */
export function mayBeKey(name: string): boolean {
  return /auth|key|token|secret/i.test(name);
}

/** Whether a value begins as vendors' keys do, and is as long. */
export function looksLikeKey(value: string): boolean {
  return value.length >= 20 && KEY_START.test(value);
}

/** How vendors' keys begin. */
export const KEY_START: RegExp = /^(?:sk|pk|rk|gsk|xai|nvapi|pplx)[-_]|^hf_|^AIza/;

/**
 * Checks the value of a header, and names the field that it was given as, never the value.
 *
 * @throws {ConfigError} for what cannot be sent, and for nothing.
 */
export function checkHeaderValue(field: string, value: unknown): void {
  checkHeaderText(field, value);
  if (value.trim() === "") throw new ConfigError(`${field} is empty.`);
}

/**
 * The same, where nothing may be sent, too.
 *
 * @throws {ConfigError} for what cannot be sent.
 */
export function checkHeaderText(field: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw new ConfigError(`${field} must be a string.`);
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code > 0x7f) throw new ConfigError(`${field} holds a character that is not ASCII.`);
    if (code < 0x20 && code !== 0x09 || code === 0x7f) {
      throw new ConfigError(`${field} holds a line break or another control character.`);
    }
  }
}

/**
 * Headers of several sources, their names in lower case. A later source stands over an earlier one, however it spells a
 * name: a header that is said twice is joined on the wire.
 */
export function mergedHeaders(
  ...sources: readonly (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const source of sources) {
    for (const name in source) {
      const value = source[name];
      if (value !== undefined) headers[name.toLowerCase()] = value;
    }
  }
  return headers;
}
