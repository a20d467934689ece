/**
 * Deep equality with the rules of `@std/assert`: 0 equals -0, NaN equals NaN, a property that is missing differs from
 * one that is undefined, an object without a prototype equals a plain one, errors are compared by enumerable properties.
 *
 * @module
 */

type Keys = Readonly<Record<PropertyKey, unknown>>;

/** Whether two values are deeply equal. Throws TypeError for WeakMap and WeakSet, whose contents nobody can see. */
export function equal(left: unknown, right: unknown): boolean {
  return compare(left, right, new Map());
}

function compare(a: unknown, b: unknown, seen: Map<object, object>): boolean {
  if (Object.is(a, b) || (typeof a === "number" && a === b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof RegExp && b instanceof RegExp || a instanceof URL && b instanceof URL) {
    return String(a) === String(b);
  }
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (!sameConstructor(a, b)) return false;
  for (const Weak of [WeakMap, WeakSet]) {
    if (a instanceof Weak || b instanceof Weak) {
      if (a instanceof Weak !== b instanceof Weak) return false;
      throw new TypeError(`cannot compare ${Weak.name} instances`);
    }
  }
  if (a instanceof WeakRef || b instanceof WeakRef) {
    return a instanceof WeakRef && b instanceof WeakRef && compare(a.deref(), b.deref(), seen);
  }
  if (seen.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  seen.set(a, b);
  if (a instanceof Map && b instanceof Map) {
    if (![...a.keys()].some(isObject)) {
      return a.size === b.size && [...a].every(([key, value]) => b.has(key) && compare(value, b.get(key), seen));
    }
    return sameEntries([...a], [...b], seen);
  }
  if (a instanceof Set && b instanceof Set) {
    return [...a].some(isObject) ? sameEntries([...a], [...b], seen) : a.size === b.size && a.isSubsetOf(b);
  }
  return sameProperties(a as Keys, b as Keys, seen);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function sameConstructor(a: object, b: object): boolean {
  const plain = (value: object) => !value.constructor || value.constructor === Object;
  return a.constructor === b.constructor || (plain(a) && plain(b));
}

/** Every entry of one side has its own partner on the other; order does not matter. */
function sameEntries(a: readonly unknown[], b: readonly unknown[], seen: Map<object, object>): boolean {
  if (a.length !== b.length) return false;
  const free = new Set(b.keys());
  return a.every((entry) => {
    for (const index of free) {
      // An attempt that fails must leave no trace in `seen`, or a later pair would count as already compared.
      const attempt = new Map(seen);
      if (compare(entry, b[index], attempt)) {
        free.delete(index);
        return true;
      }
    }
    return false;
  });
}

function sameProperties(a: Keys, b: Keys, seen: Map<object, object>): boolean {
  const keys = Reflect.ownKeys({ ...a, ...b });
  return keys.every((key) => key in a && key in b && compare(a[key], b[key], seen));
}
