/**
 * Waiting with an end: signals that are followed and let go of, sleep that an abort ends, silence that is measured.
 *
 * Everything here is AbortController, setTimeout and clearTimeout: `AbortSignal.any([AbortSignal.timeout()])` loses its
 * timer after a garbage collection on Node 20, and a listener on `AbortSignal.timeout` keeps a Deno process alive.
 *
 * @module
 */
import { refTimer, unrefTimer } from "./runtime.ts";

const endings = new WeakSet<object>();

/** A reason for ending work that nobody needs any more: not a failure, and told apart from the caller's own reasons. */
export function noLongerNeeded(message: string): DOMException {
  const reason = new DOMException(message, "AbortError");
  endings.add(reason);
  return reason;
}

/** Whether work ended because nobody needed it any more. */
export function isNoLongerNeeded(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && endings.has(reason);
}

const limits = new WeakSet<object>();

/** The same reason, told apart from the caller's wish: a limit that whoever handed the signal down has set. */
export function asLimit<E extends object>(reason: E): E {
  limits.add(reason);
  return reason;
}

/** Whether a failure is the caller's own wish: the reason that the signal was aborted for, and no limit of ours. */
export function isReasonOf(signal: AbortSignal | undefined, failure: unknown): boolean {
  if (signal?.aborted !== true || failure !== signal.reason) return false;
  return typeof failure !== "object" || failure === null || !limits.has(failure);
}

/** A controller that follows a caller's signal until it is let go. */
export interface Follower {
  /** Aborts with the followed signal's own reason, or with ours. */
  readonly signal: AbortSignal;
  /** Aborts for a reason of ours. */
  abort(reason: unknown): void;
  /** Takes the listener off the followed signal; to be called exactly when the work is over. */
  release(): void;
}

/**
 * Follows `signal`; a signal shared by many calls keeps no listener of one that is over. `beforeAbort` is told before
 * anybody who listens.
 */
export function follow(signal: AbortSignal | undefined, beforeAbort?: () => void): Follower {
  const controller = new AbortController();
  const abort = (reason: unknown) => {
    beforeAbort?.();
    controller.abort(reason);
  };
  const onAbort = () => abort(signal?.reason);
  const release = () => signal?.removeEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    abort(reason) {
      release(); // It follows nobody any more, and whoever holds it may never come back to say so.
      abort(reason);
    },
    release,
  };
}

/** Waits `ms` milliseconds, or rejects with the signal's reason as soon as it aborts; `onTimer` is shown the timer. */
export function sleep(ms: number, signal: AbortSignal, onTimer?: (timer: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    onTimer?.(timer);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * The promise's value, or the signal's reason as soon as it aborts; for work that may not listen to the signal itself.
 * A value that comes too late is handed to `onLate`, to be let go of.
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal, onLate?: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then((value) => {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) letGo(value, onLate);
      resolve(value);
    }, (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
  });
}

/** Waits until the work has settled, either way, but no longer than `ms` milliseconds. */
export function settledWithin(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const callOff = alarm(ms, resolve);
    const done = () => {
      callOff();
      resolve();
    };
    work.then(done, done);
  });
}

/** Nobody waits any more: a value that cannot be let go of is nobody's failure. */
function letGo<T>(value: T, how?: (value: T) => void): void {
  try {
    how?.(value);
  } catch {
    // What came late may be anything.
  }
}

/** The longest wait that a timer of any runtime can make: a longer one fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `ring` once `ms` milliseconds have gone, and never where there is no such limit; gives what calls that off. */
export function alarm(ms: number | undefined, ring: () => void): () => void {
  if (ms === undefined || ms === Infinity) return () => {};
  const timer = setTimeout(ring, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}

/** Measures how long the other side is silent while it is being waited for; the waiter's own pauses do not count. */
export interface Silence {
  /** The wait for the other side begins. */
  wait(): void;
  /** Something came, whatever it is: the wait is over, the silence is not. */
  rest(): void;
  /** It was a sign of work: the silence is over, and the next one may last `limitMs`. */
  heard(limitMs: number): void;
  /** Nobody will wait any more. */
  stop(): void;
}

/**
 * Calls `onSilence` once the time waited since the last sign of work reaches the limit, at first `limitMs`.
 *
 * A stream is waited for at each of its chunks, and making a timer is dear: one that is set rings in the next waits too,
 * and looks then how long the silence has been. While nobody waits it holds no program open.
 */
export function watchSilence(limitMs: number, onSilence: () => void): Silence {
  let limit = limitMs;
  let left = limitMs;
  let since = 0;
  let waiting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ringsAt = 0;

  function clear(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  function set(ms: number): void {
    clear();
    const delay = Math.min(ms, LONGEST_TIMER_MS);
    ringsAt = performance.now() + delay;
    timer = setTimeout(ring, delay);
  }

  function ring(): void {
    timer = undefined;
    if (!waiting) return;
    const still = left - (performance.now() - since);
    if (still < 1) onSilence(); // Timers know whole milliseconds.
    else set(still);
  }

  return {
    wait() {
      waiting = true;
      if (left === Infinity) return;
      since = performance.now();
      if (timer === undefined || ringsAt > since + left) set(left);
      else refTimer(timer);
    },
    rest() {
      if (!waiting) return;
      waiting = false;
      if (timer === undefined) return;
      left = Math.max(0, left - (performance.now() - since));
      unrefTimer(timer);
    },
    heard(limitMs) {
      left = limitMs;
      if (limitMs === limit) return;
      limit = limitMs;
      clear();
    },
    stop() {
      waiting = false;
      clear();
    },
  };
}
