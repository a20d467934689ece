/**
 * Reads a model's stream inside the span that stands for it, and tells how it ended: a request's, and an agent's run.
 *
 * @module
 */
import { asAbortable } from "../abortable.ts";
import type { StreamEvent } from "../event.ts";
import { runInContext } from "../otel/registry.ts";
import type { Context } from "../otel_types.ts";
import { inOrder, iteratorOf, offer, takerOf } from "../ready.ts";

/** A call whose spans open at its first `next()`, and end however it ends. */
export interface TracedCall {
  /** How many reads are under way, which the iterator counts: the rejection of one ends the spans. */
  waiting: number;
  /** What is read in; undefined until the spans are open. */
  readonly context: Context | undefined;
  /** What the spans need before they can be opened; undefined where that is nothing. */
  ready(): Promise<void> | undefined;
  /** Opens the spans, once, and gives what is read in. */
  open(): Context;
  /** Sees an event on its way up, and gives what is handed on. */
  seen(event: StreamEvent): StreamEvent;
  /** The reader broke off. */
  brokenOff(): void;
  /** The stream is over; where it had no last event, without an answer. */
  over(): void;
  /** Reading failed; tells on the error where the call is found. */
  failed(error: unknown): void;
}

/**
 * The events of a call, read inside its span. To enter that at each read of the network costs as much as the read: where
 * nobody's code runs there (`isSilent`), only what begins at the first `next()` begins inside it.
 */
export function tracedIterator(
  events: AsyncIterator<StreamEvent>,
  call: TracedCall,
  isSilent = false,
): AsyncIterableIterator<StreamEvent> {
  const take = takerOf(events);
  let isLeft = false;
  const breakOff = async (): Promise<IteratorResult<StreamEvent>> => {
    isLeft = true;
    const { context } = call;
    try {
      await (context === undefined ? events.return?.() : runInContext(context, async () => await events.return?.()));
    } finally {
      call.brokenOff();
    }
    return { value: undefined, done: true };
  };
  const wait = async (): Promise<IteratorResult<StreamEvent>> => {
    if (isLeft) return { value: undefined, done: true };
    if (call.context === undefined) {
      const loading = call.ready();
      if (loading !== undefined) await loading;
    }
    const isBegun = call.context !== undefined;
    const context = call.open();
    call.waiting++;
    try {
      const next = await (isSilent && isBegun ? events.next() : runInContext(context, () => events.next()));
      if (!next.done) return { value: call.seen(next.value), done: false };
      if (isLeft) call.brokenOff();
      else call.over();
      return next;
    } catch (error) {
      call.failed(error);
      throw error;
    } finally {
      call.waiting--;
    }
  };
  // An event that is there already was made inside the span's context, and taking it runs nothing of anybody's.
  const ready = (): StreamEvent | undefined => {
    const event = call.context === undefined ? undefined : take?.();
    return event === undefined ? undefined : call.seen(event);
  };
  const ordered = inOrder(ready, wait);
  const iterator = iteratorOf(ordered.next, breakOff);
  return take === undefined ? asAbortable(iterator) : offer(iterator, ordered.take);
}
