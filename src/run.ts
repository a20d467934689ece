/**
 * Folds over a stream: one answer, several answers to one question, answers to many questions.
 *
 * @module
 */
import { BatchError, ConfigError, ResponseError } from "./error.ts";
import type { Result, StreamEvent } from "./event.ts";
import { takerOf } from "./ready.ts";

/** Reads a stream to its end and keeps the result. */
export async function resultOf<T>(events: AsyncIterable<StreamEvent<T>>): Promise<Result<T>> {
  const iterator = events[Symbol.asyncIterator]();
  const take = takerOf(iterator);
  let result: Result<T> | undefined;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    for (let event: StreamEvent<T> | undefined = next.value; event !== undefined; event = take?.()) {
      if (event.type === "finish") result = event.result;
    }
  }
  return finished(result);
}

/**
 * The result of a stream that has ended.
 *
 * @throws {ResponseError} where there is none: the stream had no `finish`.
 */
export function finished<T>(result: Result<T> | undefined): Result<T> {
  if (result !== undefined) return result;
  throw new ResponseError("The model's stream ended without a finish event.", { reason: "protocol" });
}

/**
 * Runs `count` tasks, at most `concurrency` at a time, and gives their results in order. One that fails does not end
 * the others; an abort does: no more are begun, and the signal's own reason is thrown.
 *
 * @throws {BatchError} with all results and errors when one failed.
 */
export async function runAll<R>(
  count: number,
  concurrency: number,
  signal: AbortSignal | undefined,
  run: (index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: (R | undefined)[] = new Array(count).fill(undefined);
  const errors: unknown[] = new Array(count).fill(undefined);
  let failed = 0;
  let next = 0;
  const work = async () => {
    while (next < count && !signal?.aborted) {
      const index = next++;
      try {
        results[index] = await run(index);
      } catch (error) {
        errors[index] = error ?? new Error("A request failed without saying why.");
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work));
  if (signal?.aborted && (failed > 0 || next < count)) throw signal.reason;
  // What the caller did wrong is wrong in all of them, and nothing was sent: that is no failed batch.
  if (count > 0 && errors.every((error) => error instanceof ConfigError)) throw errors[0];
  if (failed === 0) return results as R[];
  const message = `${failed} of ${count} requests failed; results and errors stand in order on this error.`;
  throw new BatchError(message, { results, errors });
}
