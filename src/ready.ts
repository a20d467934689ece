/**
 * Events that are there already. What came in one read of the network is many events: handing each of them over through
 * a promise of its own, in every layer between the socket and the reader, would cost more than reading them did.
 *
 * @module
 */
import { secret } from "./secret.ts";

/** Takes the next value, as `next()` would; undefined where there is none yet, or none any more: then ask `next()`. */
export type Take<T extends object> = () => T | undefined;

const takers = secret<Take<object>>();

/** Lets the values at hand of an iterator be taken without a promise. */
export function offer<I extends object>(iterator: I, take: Take<object>): I {
  takers.set(iterator, take);
  return iterator;
}

/** How the values at hand of an iterator are taken, where it offers that: no copy, heir or proxy of one does. */
export function takerOf<T extends object>(iterator: AsyncIterator<T>): Take<T> | undefined {
  return takers.get(iterator) as Take<T> | undefined;
}

const owns = secret<true>();

/** Says of an iterator that reading it runs nobody's code but this library's, and a fetch that it is handed. */
export function asOwn<I extends object>(iterator: I): I {
  owns.set(iterator, true);
  return iterator;
}

/** Whether reading it runs nobody's code. */
export function isOwn(iterator: object): boolean {
  return owns.get(iterator) === true;
}

/** An iterator that whoever throws into it breaks off, too. */
export function iteratorOf<T>(
  next: () => Promise<IteratorResult<T>>,
  breakOff: () => Promise<IteratorResult<T>>,
): AsyncIterableIterator<T> & Required<AsyncIterator<T>> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next,
    return: breakOff,
    async throw(error) {
      await breakOff();
      throw error;
    },
  };
}

/** What an iterator answers with, in the order in which it is asked. */
export interface Ordered<T extends object> {
  /** A value at hand, unless somebody who asked before still waits. */
  readonly take: Take<T>;
  /** The iterator's `next`. */
  next(): Promise<IteratorResult<T>>;
  /** Whether somebody waits. */
  isWaiting(): boolean;
}

/** Puts what is at hand, and what must be waited for, in order: whoever asked first is answered first. */
export function inOrder<T extends object>(take: Take<T>, wait: () => Promise<IteratorResult<T>>): Ordered<T> {
  let waiting = 0;
  let last: Promise<unknown> | undefined;
  const settled = () => void waiting--;
  const atHand = () => waiting > 0 ? undefined : take();
  return {
    take: atHand,
    isWaiting: () => waiting > 0,
    next() {
      const value = atHand();
      if (value !== undefined) return Promise.resolve({ value, done: false });
      // The failure of the one before is told to whoever asked for that.
      const result = waiting > 0 && last !== undefined ? last.then(wait, wait) : wait();
      waiting++;
      last = result;
      result.then(settled, settled); // First of all who wait for it: nobody can ask anew in between.
      return result;
    },
  };
}
