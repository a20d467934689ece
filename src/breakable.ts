/**
 * A generator that can be broken off in the middle of a wait.
 *
 * A generator answers `return` only after a `next` that is under way has settled; breaking off a stream must end that
 * wait too, and close what it waits for.
 *
 * @module
 */
import { follow, noLongerNeeded } from "./deadline.ts";

/** What the work is handed to be ended by. */
export interface Lifeline {
  /** Aborts with the caller's own reason, with one of ours, or because the reader broke off. */
  readonly signal: AbortSignal;
  /** Ends the work for a reason of ours. */
  abort(reason: unknown): void;
  /** Listens to the caller no more: the work is over, and its last value may never be followed by another `next()`. */
  release(): void;
}

/**
 * Runs `work` from the first `next()` on. Its signal follows the caller's until the work is over; a stream that is never
 * read listens to nothing.
 */
export function breakable<T>(
  caller: AbortSignal | undefined,
  work: (lifeline: Lifeline) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const done: IteratorResult<T> = { value: undefined, done: true };
  let running:
    | { readonly events: AsyncGenerator<T, void, undefined>; readonly line: ReturnType<typeof follow> }
    | undefined;
  let brokenOff = false;
  let waiting = 0;

  function started(): NonNullable<typeof running> {
    if (running !== undefined) return running;
    const line = follow(caller);
    return running = { line, events: work(line) };
  }

  async function breakOff(): Promise<IteratorResult<T>> {
    brokenOff = true;
    if (running === undefined) return done;
    const { events, line } = running;
    line.release();
    // In the middle of a wait the abort ends it; between two waits the generator's own clean-up does.
    if (waiting > 0) line.abort(noLongerNeeded("The reader broke off."));
    await events.return();
    return done;
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (brokenOff) return done;
      const { events, line } = started();
      waiting++;
      try {
        const next = await events.next();
        if (next.done) line.release();
        return next;
      } catch (error) {
        line.release();
        if (brokenOff) return done;
        throw error;
      } finally {
        waiting--;
      }
    },
    return: breakOff,
    async throw(error) {
      await breakOff();
      throw error;
    },
  };
}
