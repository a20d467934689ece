/**
 * A dialect without a network: what it says to a vendor, and what it hears in bytes or bodies.
 *
 * @module
 */
import type { ChatRequest } from "../../src/language_model.ts";
import type { DecodedEvent, DecodedResult, Provider } from "../../src/provider.ts";
import { sse } from "../../src/sse.ts";

/** What a dialect made of an answer. */
export interface Decoded {
  /** What came before the finish, or before the error. */
  readonly events: readonly Exclude<DecodedEvent, { readonly type: "finish" }>[];
  readonly result?: DecodedResult;
  readonly error?: unknown;
  /** How often a piece of the answer was told that no event shows. */
  readonly outputs: number;
}

const anyRequest: ChatRequest = { messages: [{ role: "user", content: "Hello" }] };

/** The request on the wire, as JSON carries it. */
export function encoded(
  provider: Provider,
  model: string,
  request: Partial<ChatRequest> = {},
): { readonly body: Readonly<Record<string, unknown>>; readonly notices: readonly string[] } {
  const { body, notices = [] } = provider.encode(model, { ...anyRequest, ...request });
  return { body: JSON.parse(JSON.stringify(body)), notices: notices.map(({ message }) => message) };
}

/** Reads a stream, given as text or bytes, in chunks of so many bytes. */
export async function decodeStream(
  provider: Provider,
  wire: string | Uint8Array,
  request: Partial<ChatRequest> = {},
  chunkBytes = 64 * 1024,
): Promise<Decoded> {
  const bytes = typeof wire === "string" ? new TextEncoder().encode(wire) : wire;
  let at = 0;
  let outputs = 0;
  const read = (): Promise<Uint8Array | undefined> => {
    const chunk = bytes.subarray(at, at += chunkBytes);
    return Promise.resolve(chunk.length === 0 ? undefined : chunk);
  };
  const events: Exclude<DecodedEvent, { readonly type: "finish" }>[] = [];
  let result: DecodedResult | undefined;
  const source = sse(read, { maxEventBytes: 2 ** 27 });
  try {
    for await (const event of provider.decode(source, { ...anyRequest, ...request }, () => outputs++)) {
      if (event.type === "finish") result = event.result;
      else events.push(event);
    }
  } catch (error) {
    return { events, error, outputs };
  }
  return { events, outputs, ...result === undefined ? {} : { result } };
}

/** Reads an answer in one body. */
export function decodeBody(provider: Provider, body: unknown, request: Partial<ChatRequest> = {}): Decoded {
  const events: Exclude<DecodedEvent, { readonly type: "finish" }>[] = [];
  try {
    for (const event of provider.decodeBody(body, { ...anyRequest, ...request })) {
      if (event.type === "finish") return { events, result: event.result, outputs: 0 };
      events.push(event);
    }
    return { events, outputs: 0 };
  } catch (error) {
    return { events, error, outputs: 0 };
  }
}

/** The text of a fixture. */
export function fixture(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../fixtures/${path}`, import.meta.url));
}

/** One event of a stream. */
export interface WireEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Events of a stream, named by their types. */
export function named(...events: readonly WireEvent[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

/** All pieces of one kind, put together. */
export function joined(events: Decoded["events"], type: "text" | "thinking"): string {
  return events.map((event) => event.type === type ? event.delta : "").join("");
}

/**
 * Cuts a stream at every byte. What is heard is the whole answer, or one typed error; and no tool call of an answer that
 * did not end.
 */
export async function everyCut(
  provider: Provider,
  wire: string,
  request: Partial<ChatRequest> = {},
): Promise<ReadonlyMap<string, number>> {
  const bytes = new TextEncoder().encode(wire);
  const whole = JSON.stringify((await decodeStream(provider, wire, request)).result);
  const endings = new Map<string, number>();
  for (let end = 0; end <= bytes.length; end++) {
    const { events, result, error } = await decodeStream(provider, bytes.subarray(0, end), request);
    if (error !== undefined && events.some(({ type }) => type === "tool_call")) {
      throw new Error(`cut at ${end}: a tool call of an answer that did not end`);
    }
    const name = error !== undefined
      ? (error as Error).name
      : JSON.stringify(result) === whole
      ? "whole"
      : `short at ${end}`;
    endings.set(name, (endings.get(name) ?? 0) + 1);
  }
  return endings;
}
