/**
 * Streams as their readers hold them: read once, in order, and ended even where nobody reads them on.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import type { EventIterator, EventStream, StreamEvent } from "./event.ts";
import { iteratorOf, offer, takerOf } from "./ready.ts";

/**
 * Collected readers: one that is dropped midway without `return()` ends its request all the same. Workers of an older
 * compatibility date have no such registry; there a request ends with the worker's own.
 */
const dropped = typeof FinalizationRegistry === "undefined"
  ? undefined
  : new FinalizationRegistry<AsyncIterator<StreamEvent>>((events) => {
    // Nobody is left to be told how breaking off went.
    events.return?.().catch(() => {});
  });

/** A stream that begins when it is read. */
export function streamOf(begin: () => AsyncIterator<StreamEvent>): EventStream {
  let taken = false;
  return {
    [Symbol.asyncIterator]() {
      if (taken) throw new ConfigError("A stream can be read once only; call stream() again for another answer.");
      taken = true;
      return readerOf(begin());
    },
  };
}

function readerOf(events: AsyncIterator<StreamEvent>): EventIterator {
  const done: IteratorResult<StreamEvent> = { value: undefined, done: true };
  let over = false;
  const unwatch = () => dropped?.unregister(reader);
  const end = () => {
    over = true;
    unwatch();
  };
  const breakOff = async () => {
    end();
    await events.return?.();
    return done;
  };
  const seen = (event: StreamEvent): void => {
    // Nothing comes after it: to be watched any longer would keep what the call was made of from being collected.
    if (event.type === "finish") unwatch();
  };
  const wait = async () => {
    try {
      const next = await events.next();
      if (next.done) end();
      else seen(next.value);
      return next;
    } catch (error) {
      end();
      throw error;
    }
  };
  const take = takerOf(events);
  const reader: EventIterator = iteratorOf(() => over ? Promise.resolve(done) : wait(), breakOff);
  if (take !== undefined) {
    offer(reader, () => {
      const event = over ? undefined : take();
      if (event !== undefined) seen(event);
      return event;
    });
  }
  dropped?.register(reader, events, reader);
  return reader;
}
