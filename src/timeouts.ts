/**
 * How long a call, or a silence within it, may last.
 *
 * @module
 */
import { TimeoutError, type TimeoutPhase } from "./error.ts";

/**
 * Milliseconds. connect: until response headers, 60,000, streaming only, retried like a lost connection; firstChunk
 * 600,000; idle 120,000; total: none. The last three are not retried: the request may have been billed.
 */
export interface Timeouts {
  /**
   * Until the response's headers; only while streaming, where they come at once.
   * @default 60_000
   */
  readonly connectMs?: number | undefined;
  /**
   * The longest silence of the vendor from there to the first output, while not streaming from the request on; pings and
   * comments are silence.
   * @default 600_000
   */
  readonly firstChunkMs?: number | undefined;
  /**
   * The longest silence of the vendor between two pieces of output.
   * @default 120_000
   */
  readonly idleMs?: number | undefined;
  /** The whole call, retries and waits included; of an agent the whole run, with its tools. */
  readonly totalMs?: number | undefined;
}

const DEFAULT_MS: Readonly<Record<TimeoutPhase, number>> = {
  connect: 60_000,
  firstChunk: 600_000,
  idle: 120_000,
  total: Infinity,
};

/** The limit of a phase. */
export function limitOf(timeouts: Timeouts, phase: TimeoutPhase): number {
  return timeouts[`${phase}Ms`] ?? DEFAULT_MS[phase];
}

/** The error of a timeout that ran out. */
export function timeoutError(phase: TimeoutPhase, timeouts: Timeouts, partialText: string): TimeoutError {
  const waited: Readonly<Record<TimeoutPhase, string>> = {
    connect: "The vendor sent no response headers",
    firstChunk: "The vendor was silent before its first output",
    idle: "The vendor fell silent in the middle of its answer",
    total: "The call took longer than allowed",
  };
  const limit = limitOf(timeouts, phase);
  return new TimeoutError(`${waited[phase]} for ${limit} ms; timeouts.${phase}Ms changes that.`, {
    phase,
    partialText,
  });
}
