/**
 * One attempt with its clock: posting and reading, with an end to every silence, and a socket that is closed whatever
 * happens.
 *
 * @module
 */
import { type BodyReader, readerOf } from "./body_reader.ts";
import { follow, noLongerNeeded, orAborted, watchSilence } from "./deadline.ts";
import { ResponseError, StreamTruncatedError, type TimeoutPhase } from "./error.ts";
import { type Post, post, readText } from "./http.ts";
import { limitOf, timeoutError, type Timeouts } from "./timeouts.ts";
import type { Posted } from "./watched_fetch.ts";

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
  /** The next bytes of the response, which hold until the next read; undefined at its end. */
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
  let reader: BodyReader | undefined;
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
  const onAbort = () => {
    silence.stop(); // The reader may be elsewhere, and never come back.
    cancel();
  };
  signal.addEventListener("abort", onAbort, { once: true });

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

  function take(): Promise<Uint8Array | undefined> | undefined {
    reader ??= response?.body ? readerOf(response.body) : undefined;
    return reader?.read();
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (signal.aborted) throw signal.reason;
    if (response === undefined || ended) return undefined;
    silence.wait();
    try {
      const bytes = await take();
      if (signal.aborted) throw signal.reason;
      if (bytes === undefined) end();
      else if (!ArrayBuffer.isView(bytes)) throw notBytes();
      return bytes;
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
          const bytes = await take(); // Nobody waits for the vendor any more.
          if (bytes === undefined) return end();
          left -= bytes.length;
        }
      } catch {
        // The answer is complete: what happens to the connection after it changes nothing.
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      signal.removeEventListener("abort", onAbort);
      follower.release();
      silence.stop();
      if (ended) return;
      cancel();
      end();
      follower.abort(signal.reason ?? OVER);
    },
  };
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
