/**
 * Gathers tool calls that arrive in pieces, interleaved by index.
 *
 * @module
 */
import { ResponseError, ToolArgumentsError } from "../error.ts";
import type { ToolCall } from "../message.ts";

/** A piece of a tool call, as it stands in a chunk. */
export interface ToolCallPiece {
  /** Which of the answer's calls it belongs to. */
  readonly index?: unknown;
  /** Only in its first piece. */
  readonly id?: unknown;
  /** Only in its first piece. */
  readonly name?: unknown;
  /** A piece of JSON; some servers give the parsed value at once. */
  readonly arguments?: unknown;
}

/** The tool calls of one answer. */
export interface ToolCallGatherer {
  /**
   * Takes a piece.
   *
   * @throws {ResponseError} `protocol` when its index is none.
   */
  add(piece: ToolCallPiece): void;
  /**
   * The finished calls, in order. Empty arguments are `{}`.
   *
   * @throws {ToolArgumentsError} when the arguments of one are no JSON.
   */
  finish(): readonly ToolCall[];
}

interface Gathered {
  id: string;
  name: string;
  text: string;
  value: unknown;
}

const MOST_CALLS = 1024;

/** Makes a gatherer for one answer. */
export function gatherToolCalls(): ToolCallGatherer {
  const calls = new Map<number, Gathered>();
  let last = -1;
  return {
    add(piece) {
      const index = indexOf(piece, calls, last);
      last = index;
      let call = calls.get(index);
      if (call === undefined) calls.set(index, call = { id: "", name: "", text: "", value: undefined });
      if (typeof piece.id === "string" && call.id === "") call.id = piece.id;
      if (typeof piece.name === "string" && call.name === "") call.name = piece.name;
      if (typeof piece.arguments === "string") call.text += piece.arguments;
      else if (typeof piece.arguments === "object" && piece.arguments !== null) call.value = piece.arguments;
    },
    finish() {
      const ordered = [...calls].sort(([a], [b]) => a - b);
      return ordered.map(([index, call]) => ({
        type: "tool_call",
        id: call.id === "" ? `call_${index}` : call.id,
        name: call.name,
        arguments: call.value ?? parseArguments(call.name, call.text),
      }));
    },
  };
}

/** Parses a tool's arguments; "" is `{}`, since a tool without parameters is called with none. */
export function parseArguments(tool: string, text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    const message = `The model called ${tool} with arguments that are no JSON, or were cut off; the tool was not run.`;
    throw new ToolArgumentsError(message, { tool });
  }
}

/** Some servers leave the index out, or give each call the same: there a new id begins a new call. */
function indexOf(piece: ToolCallPiece, calls: ReadonlyMap<number, Gathered>, last: number): number {
  const { index } = piece;
  if (index === undefined || index === null) {
    const begins = typeof piece.id === "string" && piece.id !== "" && piece.id !== calls.get(last)?.id;
    return begins || last < 0 ? last + 1 : last;
  }
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= MOST_CALLS) {
    throw new ResponseError("The answer numbers a tool call with an index that is none.", { reason: "protocol" });
  }
  const known = calls.get(index);
  const begins = known !== undefined && typeof piece.id === "string" && piece.id !== "" && piece.id !== known.id &&
    typeof piece.name === "string" && piece.name !== "" && known.id !== "";
  return begins ? Math.max(...calls.keys()) + 1 : index;
}
