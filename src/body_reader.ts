/**
 * Reads the bytes of a response's body.
 *
 * @module
 */
import { alarm } from "./deadline.ts";

/** Reads a body to its end. */
export interface BodyReader {
  /** The next bytes, which hold until the next read; undefined at the end. To be called when the last one has settled. */
  read(): Promise<Uint8Array | undefined>;
  /** Lets go of the body. */
  cancel(reason: unknown): Promise<void>;
}

/** As much as a vendor sends at a time, mostly, and little enough for a thousand answers at once. */
const BUFFER_BYTES = 16 * 1024;

/**
 * Reads into one buffer of its own where the body allows that: the runtimes make a new one of 64 KB for each read
 * otherwise, and to fill those with zeros and collect them takes several times as long as to read.
 */
export function readerOf(body: ReadableStream<Uint8Array>): BodyReader {
  const byob = byobReaderOf(body);
  if (byob === undefined) {
    const reader = body.getReader();
    return {
      async read() {
        const { value, done } = await reader.read();
        return done ? undefined : value;
      },
      cancel: (reason) => reader.cancel(reason),
    };
  }
  let buffer: ArrayBufferLike | undefined = new ArrayBuffer(BUFFER_BYTES);
  return {
    async read() {
      if (buffer === undefined) return undefined; // The end was there, or a failure.
      const view = new Uint8Array(buffer);
      buffer = undefined;
      const { value, done } = await byob.read(view);
      if (done) return undefined;
      buffer = value.buffer; // The same memory under another name: a read takes the old one away.
      return value;
    },
    cancel: (reason) => byob.cancel(reason),
  };
}

/** A body that a fetch of the user's own made up may be no stream of bytes, or no stream at all. */
function byobReaderOf(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  if (!(body instanceof ReadableStream)) return undefined;
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

/** How much of a body is waited for. */
export interface Bounds {
  /** Of what is read; a little more may come. */
  readonly maxBytes: number;
  /** How long, in milliseconds. */
  readonly ms: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** What came of a body that is a help only, within its bounds; reading it never fails, and lets go of it in the end. */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  { maxBytes, ms, signal }: Bounds,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  const stop = () => void reader?.cancel().catch(() => {}); // Cancelling is best effort: the socket is given up anyway.
  const callOff = alarm(reader && ms, stop);
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (reader !== undefined && length < maxBytes) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
    }
  } catch {
    // What came of it is better than none.
  } finally {
    callOff();
    signal.removeEventListener("abort", stop);
    stop();
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
