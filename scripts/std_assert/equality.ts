/**
 * Assertions that compare values.
 *
 * @module
 */
import { equal } from "./equal.ts";
import { AssertionError, difference, shown, suffix } from "./report.ts";

type Loose = Record<PropertyKey, unknown>;

/** Fails unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  const drawn = difference(actual, expected) || `${shown(actual)}\n${shown(expected)}`;
  throw new AssertionError(`Values are not equal${suffix(message)}\n${drawn}`);
}

/** Fails where the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(`Expected actual: ${shown(actual)} not to be: ${shown(expected)}${suffix(message)}`);
}

/** Fails unless `Object.is(actual, expected)`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const drawn = difference(actual, expected);
  throw new AssertionError(
    drawn
      ? `Values are not strictly equal${suffix(message)}\n${drawn}`
      : `Values have the same structure but are not reference-equal${suffix(message)}\n${shown(actual)}`,
  );
}

/** Fails where `Object.is(actual, expected)`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(`Expected "actual" to not be strictly equal to: ${shown(actual)}${suffix(message)}`);
}

/** Fails unless every value of `expected` is among those of `actual`, in any order, by deep equality. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  message?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !present.some((value) => equal(wanted, value)));
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${shown(actual)}" to include: "${shown(expected)}"${suffix(message)}\nmissing: ${
      shown(missing)
    }`,
  );
}

/** Fails unless `actual` has everything that `expected` has, deeply; what it has beyond that does not matter. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  assertEquals(common(actual, expected, new Map()), common(expected, expected, new Map()), message);
}

/** The part of `value` that `pattern` speaks of, as plain objects: classes do not count here. */
function common(value: Loose, pattern: Loose, seen: Map<object, Map<object, Loose>>): Loose {
  const known = seen.get(value)?.get(pattern);
  if (known !== undefined) return known;
  const part: Loose = {};
  seen.set(value, (seen.get(value) ?? new Map<object, Loose>()).set(pattern, part));
  for (const key of Reflect.ownKeys(value)) {
    if (!(key in pattern)) continue;
    // Defined, not assigned: "__proto__" is a key like any other.
    Object.defineProperty(part, key, {
      value: commonValue(value[key], pattern[key], seen),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return part;
}

function commonValue(value: unknown, pattern: unknown, seen: Map<object, Map<object, Loose>>): unknown {
  if (typeof value !== "object" || value === null || typeof pattern !== "object" || pattern === null) return value;
  if (value instanceof RegExp || value instanceof Date || value instanceof URL) return value;
  if (Array.isArray(value)) return Array.isArray(pattern) ? common({ ...value }, { ...pattern }, seen) : value;
  if (value instanceof Map && pattern instanceof Map) {
    return new Map(
      [...value].filter(([key]) => pattern.has(key)).map(([key, of]) => [key, commonValue(of, pattern.get(key), seen)]),
    );
  }
  if (value instanceof Set && pattern instanceof Set) return new Set([...value].filter((of) => pattern.has(of)));
  return common(value as Loose, pattern as Loose, seen);
}
