/**
 * Reading what came over the wire: nothing in it is as promised until it was looked at.
 *
 * @module
 */
import { ResponseError } from "../error.ts";
import { isHeartbeat, type ServerSentEvent } from "../sse.ts";
import { errorInStream } from "../vendor_error.ts";

/** An object of the wire. */
export type Raw = Readonly<Record<string, unknown>>;

/** More blocks than any answer has; a larger index is a fault, and must not make room for itself. */
const MOST_PARTS = 65_536;

/** The value where it is an object, else an empty one. */
export function record(value: unknown): Raw {
  return typeof value === "object" && value !== null ? value as Raw : {};
}

/** The value where it is a text that is not empty. */
export function word(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value where it is a text, else "". */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value where it counts something. */
export function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/**
 * The value where it numbers a part of the answer.
 *
 * @throws {ResponseError} `protocol` where it does not: -1, 1e9, `__proto__`, nothing.
 */
export function partIndex(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MOST_PARTS) return value;
  throw new ResponseError("The answer numbers one of its parts with an index that is none.", { reason: "protocol" });
}

const BEGINS_AS_JSON = /^\s*(?:\{\s*["}]|\[\s*[{["\]])/;

/**
 * The data of one event; undefined where there is none of the answer's: in what keeps the connection open, and in what is
 * no JSON under a name that the dialect does not know.
 *
 * @throws {ResponseError} `json` where it is no JSON otherwise; the text is not quoted.
 */
export function parseEvent(event: ServerSentEvent, isKnown: (name: string) => boolean): Raw | undefined {
  if (isHeartbeat(event)) return undefined;
  const { event: name, data } = event;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    if (name === "error") throw errorInStream({ message: data }); // A gateway's own words.
    // What begins as JSON is a chunk that was broken, whatever it is called.
    if (name !== undefined && !isKnown(name) && !BEGINS_AS_JSON.test(data)) return undefined;
    throw new ResponseError("A chunk of the answer is not valid JSON.", { reason: "json" });
  }
  return record(Array.isArray(value) ? value[0] : value); // Gemini puts a refusal in a list.
}

/** Whether a stream ends with this: OpenAI's word for it, which many use. */
export function isDone({ data }: ServerSentEvent): boolean {
  return data.length < 16 && data.trim() === "[DONE]";
}

/** Usage may come twice, or grow: the last word on each field holds. */
export function mergeUsage(known: Raw | undefined, news: object): Raw {
  const merged: Record<string, unknown> = { ...known };
  for (const [key, value] of Object.entries(news)) {
    if (value === null || value === undefined || key === "__proto__") continue;
    const before = merged[key];
    const nested = typeof value === "object" && !Array.isArray(value) && typeof before === "object" && before !== null;
    merged[key] = nested ? mergeUsage(before as Raw, value) : value;
  }
  return merged;
}

/** The logarithm of a piece's probability: a piece may hold several tokens, whose logarithms add up. */
export function logprobOf(tokens: unknown): number | undefined {
  if (!Array.isArray(tokens) || tokens.length === 0) return undefined;
  const sum = tokens.reduce<number>((total, token) => total + Number(token?.logprob), 0);
  return Number.isFinite(sum) ? sum : undefined;
}
