/**
 * Records what is done while modules are loaded. Imported before anything else, so that its own lines are the first to
 * run; workers refuse all of this at module scope. An `import()` is no function that can be watched, but bundlers write
 * it as `Promise.resolve().then(…)`: it shows in bundles, which workers are.
 *
 * @module
 */

const used: string[] = [];
const undo: (() => void)[] = [];

const watched: readonly (readonly [owner: object, name: string])[] = [
  ...["fetch", "setTimeout", "setInterval", "queueMicrotask"].map((name) => [globalThis, name] as const),
  ...["getRandomValues", "randomUUID"].map((name) => [crypto, name] as const),
  ...["digest", "encrypt", "exportKey", "generateKey", "importKey", "sign"].map((name) =>
    [crypto.subtle, name] as const
  ),
  [AbortSignal, "timeout"],
  [Promise, "resolve"],
  [Math, "random"],
];

for (const [owner, name] of watched) {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original = Reflect.get(owner, name) as (...args: readonly unknown[]) => unknown;
  const value = (...args: readonly unknown[]): unknown => {
    used.push(name);
    return Reflect.apply(original, owner, args);
  };
  if (!Reflect.set(owner, name, value) || Reflect.get(owner, name) !== value) {
    throw new Error(`${name} cannot be watched.`);
  }
  undo.push(() => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else if (own.configurable === true) Object.defineProperty(owner, name, own);
    else Reflect.set(owner, name, original);
  });
}

/** Ends the watch; gives what was used of all that is watched. Throws where the watch would have seen nothing. */
export function usedAtModuleScope(): readonly string[] {
  Math.random();
  if (used.pop() !== "random") throw new Error("The watch over module scope does not work here.");
  for (const back of undo) back();
  return [...used];
}
