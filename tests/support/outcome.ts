/**
 * How a call ended, and the waits on its way there.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { Result } from "../../src/event.ts";
import type { FakeClock } from "./clock.ts";

/** An error of this class, with these fields. */
export interface ExpectedError {
  // deno-lint-ignore no-explicit-any
  readonly error: abstract new (...args: any[]) => Error;
  readonly [field: string]: unknown;
}

/** A result with these fields. */
export interface ExpectedResult {
  readonly result: Partial<Result>;
}

/** What a row of a table expects: an error, the text of the answer, or more of the result. */
export type Expected = string | ExpectedResult | ExpectedError;

/** A wait between two attempts, in milliseconds: exactly, or from and to. */
export type Wait = number | readonly [from: number, to: number];

/** The backoff before the first retry and before the second. */
export const BACKOFF: readonly [Wait, Wait] = [[375, 500], [750, 1_000]];

/** What a sum of fractions of a millisecond may be off by. */
const ROUNDING = 1e-6;

/** Lets `call` run to its end, moving the clock over each of the waits, which must come in this order. */
export async function throughWaits<R>(clock: FakeClock, waits: readonly Wait[], call: Promise<R>): Promise<R> {
  call.catch(() => {}); // Whoever awaits the outcome is told of it there.
  for (const wait of waits) {
    const [from, to] = typeof wait === "number" ? [wait, wait] : wait;
    const fits = (ms: number) => ms >= from - ROUNDING && ms <= to + ROUNDING;
    await clock.armed(fits);
    await clock.tick(clock.timers.find(fits) ?? 0);
  }
  return await call;
}

/** Compares how a call ended with what the row expects. */
export async function assertOutcome(call: Promise<Result>, expected: Expected): Promise<void> {
  let result: Result | undefined;
  let failure: unknown;
  try {
    result = await call;
  } catch (error) {
    failure = error;
  }
  if (!isError(expected)) {
    if (result === undefined) throw failure;
    const fields = typeof expected === "string" ? { response: expected } : expected.result;
    const actual = result as unknown as Record<string, unknown>;
    assertEquals(Object.fromEntries(Object.keys(fields).map((field) => [field, actual[field]])), { ...fields });
    return;
  }
  const { error: type, ...fields } = expected;
  assert(result === undefined, `Expected ${type.name}, but the answer was ${JSON.stringify(result)}`);
  assertInstanceOf(failure, type);
  assertEquals(failure.name, type.name);
  for (const [field, value] of Object.entries(fields)) {
    assertEquals((failure as unknown as Record<string, unknown>)[field], value, field);
  }
}

function isError(expected: Expected): expected is ExpectedError {
  return typeof expected === "object" && "error" in expected;
}
