/**
 * Server-sent events from bytes (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import { ResponseError } from "./error.ts";

/** One event of a stream. */
export interface ServerSentEvent {
  /** The event's name, where it has one. */
  readonly event?: string | undefined;
  /** The lines of data, joined by line feeds. */
  readonly data: string;
  /** The event's id, where it has one. */
  readonly id?: string | undefined;
}

/** What vendors and gateways call events that keep a connection open. */
const HEARTBEATS: ReadonlySet<string | undefined> = new Set(["ping", "keepalive", "keep-alive", "heartbeat"]);

/** Whether an event only keeps the connection open: by its name, or since there is nothing in it. */
export function isHeartbeat({ event, data }: ServerSentEvent): boolean {
  return HEARTBEATS.has(event) || data.trim() === "" && event !== "error";
}

/** How events are read. */
export interface SseOptions {
  /** The longest single event; beyond it {@linkcode ResponseError} `too_large`. */
  readonly maxEventBytes: number;
  /** Is told the text that came before the first event; a body that is no stream at all is recognised by it. */
  readonly onPrologue?: ((text: string) => void) | undefined;
}

/** Reads the events of one body from its bytes. */
export interface SseReader {
  /**
   * Takes the next bytes; undefined at their end. The events that they complete are given before it returns or throws.
   *
   * @throws {ResponseError} `too_large` when an event is longer than allowed.
   */
  feed(bytes: Uint8Array | undefined): void;
}

/**
 * Makes the reader of one body. An event without its closing blank line is dropped, as the specification has it.
 *
 * @example
 * ```ts
 * import { sseReader } from "./sse.ts";
 *
 * const reader = sseReader({ maxEventBytes: 1000 }, (event) => console.log(event.data));
 * reader.feed(new TextEncoder().encode("data: 1\n\ndata: 2\n\n")); // "1", then "2"
 * ```
 */
export function sseReader(options: SseOptions, onEvent: (event: ServerSentEvent) => void): SseReader {
  const { maxEventBytes, onPrologue } = options;
  // With `ignoreBOM` a byte order mark is kept wherever it stands, and the parser takes the first off: without it some
  // decoders drop one at the start of every chunk.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let tooLarge = false;
  let prologue = onPrologue !== undefined;
  let lastChar = "";
  let pending = false;
  let held = "";
  const parser = createParser({
    maxBufferSize: maxEventBytes,
    onEvent(event) {
      prologue = false;
      // Counting bytes is dear: only texts that could be too long are counted.
      if (event.data.length * 3 > maxEventBytes) {
        tooLarge ||= new TextEncoder().encode(event.data).length > maxEventBytes;
      }
      if (!tooLarge) onEvent(event);
    },
    onError(error) {
      tooLarge ||= error.type === "max-buffer-size-exceeded";
    },
  });
  return {
    feed(bytes) {
      if (bytes?.length === 1 && !pending && !prologue) { // Some gateways send nothing else.
        const byte = bytes[0] ?? 0;
        if (byte < 0x80 && byte !== LF && byte !== CR && held.length < LONGEST_HELD) {
          held += String.fromCharCode(byte);
          return;
        }
      }
      const short = bytes === undefined || pending ? undefined : shortAscii(bytes);
      let text = short ?? (bytes === undefined ? decoder.decode() : decoder.decode(bytes, STREAM));
      // The decoder may hold the beginning of a character, which the next bytes belong to.
      if (bytes !== undefined && bytes.length > 0) pending = (bytes[bytes.length - 1] ?? 0) > 0x7f;
      if (prologue) onPrologue?.(text);
      // Within a line nothing can end: the parser is asked once for all of it.
      if (short !== undefined && held.length < LONGEST_HELD && !short.includes("\n") && !short.includes("\r")) {
        held += short;
        return;
      }
      text = held + text;
      held = "";
      // The parser waits whether a line feed follows a carriage return; at the end none does.
      if (bytes === undefined && (text === "" ? lastChar : text.at(-1)) === "\r") text += "\n";
      if (text !== "") {
        lastChar = text.at(-1) ?? "";
        parser.feed(text);
      }
      if (!tooLarge) return;
      const message = "One event of the answer is longer than maxEventBytes allows; raise it if that is right.";
      throw new ResponseError(message, { reason: "too_large" });
    },
  };
}

const LF = 0x0a;
const CR = 0x0d;
const STREAM = { stream: true } as const;
/** Beyond it the parser counts, which knows how long an event may be. */
const LONGEST_HELD = 1024;

/**
 * Reads events until `read` gives undefined.
 *
 * @throws {ResponseError} `too_large` when an event is longer than allowed.
 *
 * @example
 * ```ts
 * import { sse } from "./sse.ts";
 *
 * const chunks = [new TextEncoder().encode("data: 1\n\ndata: 2\n\n")];
 * for await (const event of sse(() => Promise.resolve(chunks.shift()), { maxEventBytes: 1000 })) {
 *   console.log(event.data); // "1", then "2"
 * }
 * ```
 */
export async function* sse(
  read: () => Promise<Uint8Array | undefined>,
  options: SseOptions,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let events: ServerSentEvent[] = [];
  const reader = sseReader(options, (event) => events.push(event));
  while (true) {
    const bytes = await read();
    let failure: { readonly error: unknown } | undefined;
    try {
      reader.feed(bytes);
    } catch (error) {
      failure = { error };
    }
    if (events.length > 0) { // Where bytes come one at a time, most of them complete no event.
      const ready = events;
      events = [];
      for (const event of ready) yield event;
    }
    if (failure !== undefined) throw failure.error; // What came before an event that is too long is given first.
    if (bytes === undefined) return;
  }
}

/** Some gateways send a byte or two at a time, and calling the decoder for each is most of what reading them costs. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 8) return undefined;
  let text = "";
  for (let at = 0; at < bytes.length; at++) { // An iterator would cost more than what it gives.
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
