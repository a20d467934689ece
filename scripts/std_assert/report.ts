/**
 * What a failed assertion says.
 *
 * @module
 */
import assert from "node:assert/strict";

/** The error of a failed assertion. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** ": message" where there is one, else a full stop. */
export function suffix(message: string | undefined): string {
  return message ? `: ${message}` : ".";
}

/** A value as text, whole. */
export function shown(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
  });
}

/** The difference of two values, as `node:assert` draws it; empty where it sees none. */
export function difference(actual: unknown, expected: unknown): string {
  try {
    assert.deepStrictEqual(actual, expected);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
