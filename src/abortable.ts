/**
 * Reads a model of the user's own, which may not look at its signal, nor end when its reader leaves.
 *
 * @module
 */
import { orAborted } from "./deadline.ts";
import { quietly, unawaited } from "./quietly.ts";
import { takerOf } from "./ready.ts";
import { secret } from "./secret.ts";

const abortables = secret<true>();

/** The same iterator, which ends with the signal, and when its reader leaves it, in the middle of a wait too. */
export function abortable<T extends { readonly type: string }>(
  events: AsyncIterator<T>,
  signal: AbortSignal | undefined,
): AsyncIterator<T> {
  // What has values at hand is this library's own, and ends by itself.
  if (takerOf(events) !== undefined || abortables.get(events) === true) return events;
  const waits = new Set<(over: IteratorResult<T>) => void>();
  const leave = () => unawaited(quietly(() => events.return?.())); // It may never answer.
  let answered = false; // Whatever aborts from then on has nothing to end.

  async function read(): Promise<IteratorResult<T>> {
    const next = await events.next();
    answered ||= next.done === true || next.value?.type === "finish";
    return next;
  }

  let isLeft = false;
  const over: IteratorResult<T> = { value: undefined, done: true };

  return asAbortable({
    async next() {
      if (isLeft) return over;
      if (signal?.aborted && !answered) {
        leave();
        throw signal.reason;
      }
      const { promise: left, resolve } = Promise.withResolvers<IteratorResult<T>>();
      waits.add(resolve);
      try {
        const next = Promise.race([read(), left]);
        return await (signal === undefined ? next : orAborted(next, signal));
      } catch (error) {
        if (!signal?.aborted) throw error;
        leave();
        if (answered && error === signal.reason) return over; // The answer stands.
        throw error;
      } finally {
        waits.delete(resolve);
      }
    },
    async return() {
      isLeft = true;
      if (waits.size === 0) return await events.return?.() ?? over;
      for (const resolve of waits) resolve(over);
      leave();
      return over;
    },
  });
}

/** Says of an iterator that it ends with its signal, and with its reader. */
export function asAbortable<I extends object>(iterator: I): I {
  abortables.set(iterator, true);
  return iterator;
}
