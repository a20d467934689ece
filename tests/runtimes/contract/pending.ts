/**
 * What is still to come: timers that are set, requests without an answer, bodies that nobody read or left.
 * An isolate that is frozen then finds it spoiled when it goes on.
 *
 * @module
 */

/** A watch over this isolate. */
export interface PendingWatch {
  /** Timers that were set under the watch, and are still. */
  timers(): readonly string[];
  /** Requests that began under the watch, and have no answer yet or one that nobody read. */
  requests(): readonly string[];
  /** How many there were, of either. */
  seen(): { readonly timers: number; readonly requests: number };
  /** Ends it. */
  stop(): void;
}

type Any = (...args: readonly unknown[]) => unknown;

const NAMES = ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "fetch"] as const;

/** Begins a watch. */
export function watchPending(): PendingWatch {
  const original = Object.fromEntries(NAMES.map((name) => [name, globalThis[name]])) as unknown as Record<string, Any>;
  // Workers refuse to be called by any other name.
  const call = (name: typeof NAMES[number], args: readonly unknown[]) => original[name]?.apply(globalThis, [...args]);
  const timers = new Map<unknown, string>();
  const unanswered = new Set<object>();
  const responses: Response[] = [];
  let [set, asked] = [0, 0];

  const setting = (name: "setTimeout" | "setInterval") => (callback: Any, ...rest: readonly unknown[]): unknown => {
    set++;
    const id = call(name, [(...args: readonly unknown[]) => {
      if (name === "setTimeout") timers.delete(id);
      return callback(...args);
    }, ...rest]);
    timers.set(id, `${name} of ${rest[0]} ms`);
    return id;
  };
  const clearing = (name: "clearTimeout" | "clearInterval") => (id: unknown): void => {
    timers.delete(id);
    call(name, [id]);
  };
  const watched = {
    setTimeout: setting("setTimeout"),
    setInterval: setting("setInterval"),
    clearTimeout: clearing("clearTimeout"),
    clearInterval: clearing("clearInterval"),
    async fetch(...args: readonly unknown[]): Promise<unknown> {
      asked++;
      const question = {};
      unanswered.add(question);
      try {
        const response = await call("fetch", args) as Response;
        responses.push(response);
        return response;
      } finally {
        unanswered.delete(question);
      }
    },
  };
  Object.assign(globalThis, watched);

  return {
    timers: () => [...timers.values()],
    requests: () => [
      ...[...unanswered].map(() => "a request without an answer"),
      ...responses.filter(isUntouched).map(({ url }) => `the body of ${url}`),
    ],
    seen: () => ({ timers: set, requests: asked }),
    stop: () => void Object.assign(globalThis, original),
  };
}

/** Nobody has begun to read the body, or left it. Bun 1.0 does not call it used, and locked alone. */
function isUntouched({ body, bodyUsed }: Response): boolean {
  return body !== null && !bodyUsed && !body.locked;
}
