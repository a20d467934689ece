/**
 * Work whose failure is nobody's business.
 *
 * @module
 */

/** What `run` gives; undefined where it throws. What is done here is lost then, and nothing else is. */
export function quietly<R>(run: () => R): R | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** Takes what a value, that nobody waits for, may yet reject with. */
export function unawaited(value: unknown): void {
  if (typeof (value as { readonly then?: unknown } | null | undefined)?.then !== "function") return;
  Promise.resolve(value).catch(() => {});
}
