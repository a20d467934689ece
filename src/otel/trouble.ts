/**
 * What the operator is told when telemetry is lost: one line when a loss begins, one when it ends, with totals.
 *
 * @module
 */
import { writeError } from "../runtime.ts";
import type { Signal, Trouble } from "./options.ts";

/** Keeps count of losses, per signal. */
export interface TroubleLog {
  /** `count` spans or data points were lost, for a reason that holds no key and no query. */
  lost(signal: Signal, count: number, reason: string): void;
  /** An export went through. */
  delivered(signal: Signal): void;
  /** Says something once, whatever else happens. */
  warn(message: string): void;
}

/** What the log tells whom. */
export interface TroubleOptions {
  /** Is told of every loss, instead of the lines on stderr. */
  readonly onError: ((trouble: Trouble) => void) | undefined;
  /** Nothing is written to stderr. */
  readonly silent: boolean;
}

const UNITS: Readonly<Record<Signal, string>> = { traces: "span", metrics: "data point" };

/** Makes a log; with `onError` that function is told of every loss, else stderr of its beginning and its end. */
export function createTroubleLog({ onError, silent }: TroubleOptions): TroubleLog {
  const open = new Map<Signal, number>();
  const said = new Set<string>();
  const write = (line: string) => {
    if (!silent) unheard(() => writeError(`[sik-llms] ${line}`));
  };
  return {
    lost(signal, count, reason) {
      if (count === 0) return;
      const before = open.get(signal);
      open.set(signal, (before ?? 0) + count);
      if (onError !== undefined) unheard(() => onError({ signal, message: reason, lost: count }));
      else if (before === undefined) {
        write(`Telemetry is being lost: ${reason} (${some(count, signal)} so far); run the doctor to find out why.`);
      }
    },
    delivered(signal) {
      const lost = open.get(signal);
      if (lost === undefined) return;
      open.delete(signal);
      if (onError === undefined) write(`Telemetry arrives again; lost: ${some(lost, signal)}.`);
    },
    warn(message) {
      if (said.has(message)) return;
      said.add(message);
      write(message);
    },
  };
}

function some(count: number, signal: Signal): string {
  return `${count} ${UNITS[signal]}${count === 1 ? "" : "s"}`;
}

/** The hook, and a console that somebody replaced, are the user's: what they throw or reject with ends here. */
function unheard(run: () => unknown): void {
  try {
    Promise.resolve(run()).catch(() => {});
  } catch {
    // Telemetry must not fail because of it.
  }
}
