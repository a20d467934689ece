/**
 * Events that are there already. What came in one read of the network is many events: handing each of them over through
 * a promise of its own, in every layer between the socket and the reader, would cost more than reading them did.
 *
 * @module
 */

/** The key of {@linkcode ReadyIterator}'s method: no iterator of a user's own has it by accident. */
export const READY: unique symbol = Symbol("ready");

/** An iterator that can say without a wait what comes next, where it has that at hand. */
export interface ReadyIterator<T extends object> extends AsyncIterator<T> {
  /** Takes the next value, as `next()` would; undefined where there is none yet, or none any more: then ask `next()`. */
  [READY]?(): T | undefined;
}

/** The next value of any iterator, where it is at hand. */
export function readyOf<T extends object>(iterator: ReadyIterator<T>): T | undefined {
  return iterator[READY]?.();
}
