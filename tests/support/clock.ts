/**
 * A clock that only the test moves, for deadlines.
 *
 * @module
 */

/** The clock. */
export interface FakeClock extends Disposable {
  /** Milliseconds since the clock was made. */
  readonly elapsed: number;
  /** What is still to fire: how long from now, the next first. */
  readonly timers: readonly number[];
  /** Moves on, running what falls due, in order, each after what the one before it set off. */
  tick(ms: number): Promise<void>;
  /** Resolves once a timer is set that is still to fire in exactly `ms`, or in what `ms` says yes to. */
  armed(ms: number | ((ms: number) => boolean)): Promise<void>;
}

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly run: () => void;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  dateNow: Date.now,
};
const patienceMs = 5_000;

/** Beyond every id that the runtime gives in a test, so that clearing one never clears the other's. */
let nextId = 1e9;

/**
 * Puts the clock in place of `setTimeout`, `clearTimeout`, `performance.now` and `Date.now`, until the end of the block:
 * `using clock = fakeClock()`.
 *
 * Timers that were set before stay real, and so do those of 0 ms: they wait for a turn of the event loop, not for time.
 */
export function fakeClock(): FakeClock {
  const timers = new Map<number, Timer>();
  const waiting = new Set<() => void>();
  // From a whole millisecond on: differences of fractions are not exact, and a timer of 400 would be one of 400.00000001.
  const start = { date: Date.now(), performance: Math.ceil(performance.now()) };
  let elapsed = 0;

  const pending = () => [...timers.values()].sort((a, b) => a.at - b.at || a.id - b.id);

  function setFake(run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown {
    if (!(Number(ms) > 0)) return real.setTimeout(() => run(...args), 0);
    const id = nextId++;
    timers.set(id, { id, at: elapsed + Number(ms), run: () => run(...args) });
    for (const look of waiting) look();
    return id;
  }

  function clearFake(timer?: number): void {
    if (typeof timer !== "number" || !timers.delete(timer)) real.clearTimeout(timer);
  }

  async function tick(ms: number): Promise<void> {
    const until = elapsed + ms;
    await settle();
    for (let next = pending()[0]; next !== undefined && next.at <= until; next = pending()[0]) {
      timers.delete(next.id);
      elapsed = Math.max(elapsed, next.at);
      next.run();
      await settle();
    }
    elapsed = until;
    await settle();
  }

  async function armed(ms: number | ((ms: number) => boolean)): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fits = typeof ms === "number" ? (left: number) => left === ms : ms;
    const look = () => {
      if (clock.timers.some(fits)) resolve();
    };
    const late = () => reject(new Error(`No such timer; set are ${clock.timers.join(", ") || "none"}.`));
    const timer = real.setTimeout(late, patienceMs);
    waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      real.clearTimeout(timer);
      waiting.delete(look);
    }
  }

  const clock: FakeClock = {
    get elapsed() {
      return elapsed;
    },
    get timers() {
      return pending().map(({ at }) => at - elapsed);
    },
    tick,
    armed,
    [Symbol.dispose]() {
      globalThis.setTimeout = real.setTimeout;
      globalThis.clearTimeout = real.clearTimeout;
      Date.now = real.dateNow;
      Reflect.deleteProperty(performance, "now"); // The prototype's is there again.
    },
  };

  globalThis.setTimeout = setFake as unknown as typeof globalThis.setTimeout;
  globalThis.clearTimeout = clearFake as typeof globalThis.clearTimeout;
  Date.now = () => start.date + elapsed;
  Object.defineProperty(performance, "now", { value: () => start.performance + elapsed, configurable: true });
  return clock;
}

/** Some turns of the event loop, in which promises and the sockets of this machine come to rest. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => void real.setTimeout(resolve, 0));
}
