/**
 * Options that say nothing new: telemetry that was started may be started with them again.
 *
 * @module
 */

/** Whether each value of `given` stands in `said` already; what is undefined says nothing. */
export function isRepeated(said: object, given: object): boolean {
  return Object.entries(given).every(([name, value]) =>
    value === undefined || value === null || isSame(Reflect.get(said, name), value)
  );
}

/** The same value; of lists and records, those with the same values. What does something is the same only as itself. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isData(one) || !isData(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(Reflect.get(one, name), Reflect.get(other, name)));
}

function isData(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
