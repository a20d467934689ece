/**
 * Assertions about what is thrown.
 *
 * @module
 */
import { AssertionError, suffix } from "./report.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E> = new (...args: any[]) => E;

/** Fails unless `error` is an Error, of that class and with that text in its message where they are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any
  type?: abstract new (...args: any[]) => E,
  includes?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(`Expected "error" to be an Error object${suffix(message)}`);
  }
  if (type !== undefined && !(error instanceof type)) {
    const was = error.constructor?.name;
    throw new AssertionError(
      `Expected error to be instance of "${type.name}", but was "${was}"${suffix(message)}`,
      { cause: error },
    );
  }
  if (!includes || (typeof includes === "string" ? error.message.includes(includes) : includes.test(error.message))) {
    return;
  }
  throw new AssertionError(
    `Expected error message to include ${typeof includes === "string" ? JSON.stringify(includes) : includes}, but got ${
      JSON.stringify(error.message)
    }${suffix(message)}`,
    { cause: error },
  );
}

/** Fails unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Fails unless `fn` throws an error of that class, with that text in its message; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  typeOrMessage?: ErrorClass<E> | string,
  includes?: string,
  message?: string,
): unknown {
  const [type, text] = typeof typeOrMessage === "string" ? [undefined, typeOrMessage] : [typeOrMessage, message];
  try {
    fn();
  } catch (error) {
    return checked(error, type, includes, text, "thrown");
  }
  throw new AssertionError(`Expected function to throw${suffix(text)}`);
}

/** Fails unless the promise of `fn` rejects; resolves to what it rejected with. A synchronous throw fails too. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless the promise of `fn` rejects with an error of that class, with that text; resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  typeOrMessage?: ErrorClass<E> | string,
  includes?: string,
  message?: string,
): Promise<unknown> {
  const [type, text] = typeof typeOrMessage === "string" ? [undefined, typeOrMessage] : [typeOrMessage, message];
  let promise: unknown;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${suffix(text)}`, { cause: error });
  }
  if (typeof promise !== "object" || promise === null || typeof (promise as PromiseLike<unknown>).then !== "function") {
    throw new AssertionError(`Function throws when expected to reject${suffix(text)}`);
  }
  try {
    await promise;
  } catch (error) {
    return checked(error, type, includes, text, "rejected");
  }
  throw new AssertionError(`Expected function to reject${suffix(text)}`);
}

function checked<E extends Error>(
  error: unknown,
  type: ErrorClass<E> | undefined,
  includes: string | undefined,
  message: string | undefined,
  how: "thrown" | "rejected",
): unknown {
  if (type === undefined) return error;
  if (!(error instanceof Error)) throw new AssertionError(`A non-Error object was ${how}${suffix(message)}`);
  assertIsError(error, type, includes, message);
  return error;
}
