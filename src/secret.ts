/**
 * What only this library knows of an object that is handed out.
 *
 * @module
 */

/** Keeps a value with an object, for whoever holds this. */
export interface Secret<V> {
  /** Keeps `value` with `object`, once. */
  set(object: object, value: V): void;
  /** What is kept with this very object: a copy, an heir or a proxy of it has nothing. */
  get(object: object): V | undefined;
}

/** Gives back what it is given, so that the private field of a class that extends it lands there. */
const Given = function (object: object) {
  return object;
} as unknown as new (object: object) => object;

/**
 * A WeakMap with one entry per object that costs nothing to collect: to V8's young generation the values of a WeakMap are
 * alive, and one that leads back to its key keeps both, with all that a call was made of, until a full collection.
 */
export function secret<V>(): Secret<V> {
  class Keeper extends Given {
    readonly #value: V;

    constructor(object: object, value: V) {
      super(object);
      this.#value = value;
    }

    static get(object: object): V | undefined {
      return #value in object ? object.#value : undefined;
    }
  }
  return {
    set: (object, value) => void new Keeper(object, value),
    get: Keeper.get,
  };
}
