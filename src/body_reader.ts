/**
 * Reads the bytes of a response's body.
 *
 * @module
 */

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
