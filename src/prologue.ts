/**
 * What came of a body before its first event. Where none follows, it tells whether the body was a stream at all.
 *
 * @module
 */
import { ResponseError } from "./error.ts";

/** Gathers the text before the first event. */
export interface Prologue {
  /**
   * Takes a piece.
   *
   * @throws {ResponseError} `too_large` where what seems to be no stream is longer than any answer may be.
   */
  readonly add: (text: string) => void;
  /** An event came: a stream it is. */
  end(): void;
  /** The whole text, where it is something else than a stream that was cut within its first event. */
  text(): string | undefined;
}

/** How a stream begins: a comment, as some servers send to keep a connection open, or a field. */
const STREAM_START = /^\uFEFF?(?:(?:data|event|id|retry)?:|data[\r\n])/;
/** As much of a body as {@linkcode STREAM_START} may need. */
const START_LENGTH = 8;

/** Makes one for a body. */
export function gatherPrologue(maxBytes: number): Prologue {
  let pieces: string[] | undefined = [];
  let length = 0;
  return {
    add(text) {
      if (pieces === undefined || text === "") return;
      const began = length < START_LENGTH;
      pieces.push(text);
      length += text.length;
      if (began && STREAM_START.test(pieces.join(""))) pieces = undefined;
      else if (length > maxBytes) tooLarge();
    },
    end() {
      pieces = undefined;
    },
    text() {
      const text = pieces?.join("").replace(/^\uFEFF/, "");
      return text !== undefined && isNoStream(text) ? text : undefined;
    },
  };
}

/** Whether a body without an event is something else than a stream, were it one that was cut within its first line. */
function isNoStream(text: string): boolean {
  const start = text.trimStart();
  if (start === "" || /^[<{[]/.test(start)) return true;
  if (/^(?:data|event|id|retry)?:/m.test(text)) return false;
  return !["data:", "event:", "id:", "retry:"].some((field) => field.startsWith(start));
}

/** @throws {ResponseError} always. */
export function tooLarge(): never {
  const message = "The answer is longer than maxEventBytes allows; raise it if that is right.";
  throw new ResponseError(message, { reason: "too_large" });
}
