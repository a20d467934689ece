/**
 * A generator that can be broken off in the middle of a wait.
 *
 * A generator answers `return` only after a `next` that is under way has settled; breaking off a stream must end that
 * wait too, and close what it waits for.
 *
 * @module
 */
import { follow, noLongerNeeded } from "./deadline.ts";
import { inOrder, iteratorOf, offer } from "./ready.ts";

/** What the work is handed to be ended by. */
export interface Lifeline {
  /** Aborts with the caller's own reason, with one of ours, or because the reader broke off. */
  readonly signal: AbortSignal;
  /** Ends the work for a reason of ours. */
  abort(reason: unknown): void;
  /** Listens to the caller no more: the work is over, and its last value may never be followed by another `next()`. */
  release(): void;
}

/** Work that gives its values in lists, as many as there are at a time. */
export type Work<T> = (lifeline: Lifeline) => AsyncGenerator<readonly T[], void, undefined>;

/**
 * Runs `work` from the first `next()` on, and gives its values one by one. Its signal follows the caller's until the work
 * is over; a stream that is never read listens to nothing. After an abort no value that was at hand is given any more.
 */
export function breakable<T extends object>(
  caller: AbortSignal | undefined,
  work: Work<T>,
): AsyncIterableIterator<T> {
  const done: IteratorResult<T> = { value: undefined, done: true };
  let running: { readonly lists: ReturnType<Work<T>>; readonly line: Lifeline } | undefined;
  let list: readonly T[] = [];
  let at = 0;
  let brokenOff = false;
  let closing: Promise<unknown> | undefined;

  function started(): NonNullable<typeof running> {
    if (running !== undefined) return running;
    const line = follow(caller, () => list = []);
    return running = { line, lists: work(line) };
  }

  async function wait(): Promise<IteratorResult<T>> {
    if (brokenOff) {
      await closing;
      return done;
    }
    const { lists, line } = started();
    try {
      while (at >= list.length) {
        const next = await lists.next();
        if (next.done) {
          line.release();
          return done;
        }
        at = 0;
        list = line.signal.aborted ? [] : next.value;
      }
      return { value: list[at++] as T, done: false };
    } catch (error) {
      line.release();
      if (brokenOff) return done;
      throw error;
    }
  }

  async function breakOff(): Promise<IteratorResult<T>> {
    brokenOff = true;
    list = [];
    if (running === undefined) return done;
    const { lists, line } = running;
    line.release();
    // In the middle of a wait the abort ends it; between two waits the generator's own clean-up does.
    if (ordered.isWaiting()) line.abort(noLongerNeeded("The reader broke off."));
    await (closing ??= lists.return());
    return done;
  }

  const ordered = inOrder(() => list[at++], wait);
  return offer(iteratorOf(ordered.next, breakOff), ordered.take);
}

/** Work that gives its values one at a time. */
export function singly<T>(work: (lifeline: Lifeline) => AsyncGenerator<T, void, undefined>): Work<T> {
  return async function* (lifeline) {
    for await (const value of work(lifeline)) yield [value];
  };
}
