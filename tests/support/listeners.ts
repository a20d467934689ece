/**
 * How many listeners stand on a signal: what a call leaves behind on a signal that outlives it.
 *
 * @module
 */

/** The count, as it stands. */
export interface ListenerCount {
  /** Listeners that were added and neither removed nor, being `once`, called. */
  readonly count: number;
  /** How many stood at the same time at most. */
  readonly most: number;
}

/** Counts the listeners of `signal` from here on. */
export function countListeners(signal: AbortSignal): ListenerCount {
  const standing = new Set<unknown>();
  let most = 0;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  Object.defineProperty(signal, "addEventListener", {
    value: (type: string, listener: unknown, options?: AddEventListenerOptions | boolean) => {
      add(type, listener, options);
      standing.add(listener);
      most = Math.max(most, standing.size);
      if (typeof options === "object" && options.once) add(type, () => standing.delete(listener), { once: true });
    },
  });
  Object.defineProperty(signal, "removeEventListener", {
    value: (type: string, listener: unknown, options?: EventListenerOptions | boolean) => {
      remove(type, listener, options);
      standing.delete(listener);
    },
  });
  return {
    get count() {
      return standing.size;
    },
    get most() {
      return most;
    },
  };
}
