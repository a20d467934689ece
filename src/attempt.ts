/**
 * One attempt with its clock: posting and reading, with an end to every silence, and a socket that is closed whatever
 * happens.
 *
 * @module
 */
import { follow, noLongerNeeded, orAborted, watchSilence } from "./deadline.ts";
import { ResponseError, StreamTruncatedError, TimeoutError, type TimeoutPhase } from "./error.ts";
import { type Post, post, type Posted, readText } from "./http.ts";

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
   * From there to the first output.
   * @default 600_000
   */
  readonly firstChunkMs?: number | undefined;
  /**
   * The longest silence of the vendor between two pieces of output.
   * @default 120_000
   */
  readonly idleMs?: number | undefined;
  /** The whole call, retries and waits included. */
  readonly totalMs?: number | undefined;
}

/** How an attempt is made. */
export interface AttemptOptions {
  /** Ends the attempt with its own reason. */
  readonly signal: AbortSignal;
  /** How long it may be silent. */
  readonly timeouts: Timeouts;
  /** Whether headers come before the answer is done. */
  readonly streaming: boolean;
  /** The text that has come, for the errors that carry it. */
  readonly partialText: () => string;
}

/** One attempt. */
export interface Attempt {
  /** Posts; see {@linkcode post}. */
  post(request: Omit<Post, "signal" | "onHeaders">): Promise<Response>;
  /** The next bytes of the response; undefined at its end. */
  read(): Promise<Uint8Array | undefined>;
  /** The whole body as text; undefined where it is longer than that. */
  readText(maxBytes: number): Promise<string | undefined>;
  /** The vendor gave a sign of its work: its silence begins anew. */
  heard(): void;
  /** What came was output: from here on the idle timeout holds. */
  output(): void;
  /** Reads what is left, if it comes at once: a body read to its end lets the connection be used again. */
  drain(): Promise<void>;
  /** Lets go of the response and of everything that was held for it. */
  close(): void;
}

const DEFAULT_MS: Readonly<Record<TimeoutPhase, number>> = {
  connect: 60_000,
  firstChunk: 600_000,
  idle: 120_000,
  total: Infinity,
};
/** Made once: one made while a reader waits would hold that reader, by its stack, for as long as the call lasts. */
const OVER = noLongerNeeded("The attempt is over.");
const DRAIN_MS = 50;
const DRAIN_BYTES = 64 * 1024;

/** Begins an attempt; the clock of its first phase runs from the call of `post`. */
export function beginAttempt(options: AttemptOptions): Attempt {
  const { timeouts, partialText } = options;
  const follower = follow(options.signal);
  const { signal } = follower;
  let response: Response | undefined;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let tell: Posted["end"] | undefined;
  let isNative = false;
  let ended = false;
  let phase: TimeoutPhase = options.streaming ? "connect" : "firstChunk";
  const silence = watchSilence(
    limitOf(timeouts, phase),
    () => follower.abort(timeoutError(phase, timeouts, partialText())),
  );

  // A read that is under way ends even where the fetch does not listen to its signal.
  const cancel = () => {
    if (response === undefined || ended) return;
    (reader ?? response.body)?.cancel(signal.reason).catch(() => {}); // The socket is given up anyway.
    tell?.(); // Cancelled is how it ended, not how it failed.
  };
  signal.addEventListener("abort", cancel, { once: true });

  function end(failure?: unknown): void {
    ended = true;
    tell?.(failure);
  }

  /** What a failed read means. */
  function failureOf(error: unknown): unknown {
    end(error ?? new Error("reading failed without saying why"));
    if (signal.aborted) return signal.reason;
    if (error instanceof ResponseError) return error;
    const message = "The connection was lost before the answer was complete; what came stands in partialText.";
    return new StreamTruncatedError(message, { partialText: partialText() });
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (signal.aborted) throw signal.reason;
    if (response === undefined || ended) return undefined;
    silence.wait();
    try {
      reader ??= response.body?.getReader();
      const { value, done } = await reader?.read() ?? { value: undefined, done: true };
      if (signal.aborted) throw signal.reason;
      if (done) end();
      else if (!ArrayBuffer.isView(value)) throw notBytes();
      return value;
    } catch (error) {
      throw failureOf(error);
    } finally {
      silence.rest();
    }
  }

  async function whole(): Promise<string> {
    if (signal.aborted) throw signal.reason;
    if (response === undefined || ended) return "";
    silence.wait();
    try {
      const text = await orAborted(response.text(), signal);
      end();
      return text;
    } catch (error) {
      throw failureOf(error);
    } finally {
      silence.rest();
    }
  }

  return {
    async post(request) {
      silence.wait();
      try {
        const posted = await post({ ...request, signal, onHeaders: silence.rest });
        ({ response, isNative, end: tell } = posted);
        if (response.body === null) end();
        return response;
      } finally {
        silence.rest();
        phase = "firstChunk";
        silence.heard(limitOf(timeouts, phase));
      }
    },
    read,
    readText(maxBytes) {
      // A body whose size is known needs no watching, and the runtimes read it whole at a fraction of the cost; but while
      // they do only their own fetch can let go of it.
      return isNative && isWithin(response?.headers, maxBytes) ? whole() : readText(read, maxBytes);
    },
    heard: () => silence.heard(limitOf(timeouts, phase)),
    output() {
      phase = "idle";
      silence.heard(limitOf(timeouts, phase));
    },
    async drain() {
      if (response === undefined || ended) return;
      const timer = setTimeout(cancel, DRAIN_MS);
      try {
        for (let left = DRAIN_BYTES; left > 0;) {
          const bytes = await read();
          if (bytes === undefined) return;
          left -= bytes.length;
        }
      } catch {
        // The answer is complete: what happens to the connection after it changes nothing.
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      signal.removeEventListener("abort", cancel);
      follower.release();
      silence.stop();
      if (ended) return;
      cancel();
      end();
      follower.abort(signal.reason ?? OVER);
    },
  };
}

/** The error of a timeout that ran out. */
export function timeoutError(phase: TimeoutPhase, timeouts: Timeouts, partialText: string): TimeoutError {
  const waited: Readonly<Record<TimeoutPhase, string>> = {
    connect: "The vendor sent no response headers",
    firstChunk: "The vendor sent no output",
    idle: "The vendor fell silent in the middle of its answer",
    total: "The call took longer than allowed",
  };
  const limit = limitOf(timeouts, phase);
  return new TimeoutError(`${waited[phase]} for ${limit} ms; timeouts.${phase}Ms changes that.`, {
    phase,
    partialText,
  });
}

/** Whether a body says how long it is. One that is compressed says how long it was on the way. */
function isWithin(headers: Headers | undefined, maxBytes: number): boolean {
  const length = headers?.get("content-length") ?? "";
  return /^\d+$/.test(length) && Number(length) <= maxBytes && headers?.has("content-encoding") === false;
}

function notBytes(): ResponseError {
  const hint = "its body holds something else than bytes";
  return new ResponseError(`The fetch that the client was given has no answer to read; ${hint}.`, {
    reason: "protocol",
  });
}

function limitOf(timeouts: Timeouts, phase: TimeoutPhase): number {
  return timeouts[`${phase}Ms`] ?? DEFAULT_MS[phase];
}
