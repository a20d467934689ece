/**
 * Gathers tool calls that arrive in pieces, interleaved by index.
 *
 * @module
 */
import { ResponseError, ToolArgumentsError } from "../error.ts";
import type { ToolCall } from "../message.ts";
import type { Usage } from "../usage.ts";

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
  /** What the vendor wants back with the call, in whichever piece it comes. */
  readonly seal?: unknown;
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
   * The finished calls, in order. Empty arguments are `{}`, unless the answer was `cutOff`. A call without an id gets one
   * of its own, by the `answer`'s id; see {@linkcode madeId}.
   *
   * @throws {ToolArgumentsError} when the arguments of one are no JSON, or did not come.
   */
  finish(ending?: {
    readonly cutOff?: boolean;
    readonly usage?: Usage | undefined;
    readonly answer?: string | undefined;
  }): readonly ToolCall[];
  /** What the vendor wants back with each of them, in the same order. */
  seals(): readonly unknown[];
}

interface Gathered {
  id: string;
  name: string;
  text: string;
  value: unknown;
  seal: unknown;
}

const MOST_CALLS = 1024;

/** Makes a gatherer for one answer. */
export function gatherToolCalls(): ToolCallGatherer {
  const calls = new Map<number, Gathered>();
  const moved = new Map<number, number>();
  let last = -1;
  const ordered = () => [...calls].sort(([a], [b]) => a - b);
  return {
    seals: () => ordered().map(([, { seal }]) => seal),
    add(piece) {
      const index = indexOf(piece, calls, moved, last);
      last = index;
      let call = calls.get(index);
      if (call === undefined) {
        calls.set(index, call = { id: "", name: "", text: "", value: undefined, seal: undefined });
      }
      call.seal = piece.seal ?? call.seal;
      if (typeof piece.id === "string" && call.id === "") call.id = piece.id;
      if (typeof piece.name === "string" && call.name === "") call.name = piece.name;
      if (typeof piece.arguments === "string") call.text += piece.arguments;
      else if (typeof piece.arguments === "object" && piece.arguments !== null) call.value = piece.arguments;
    },
    finish({ cutOff = false, usage, answer } = {}) {
      if (calls.size === 0) return [];
      return ordered().map(([index, { id, name, text, value }]) => {
        if (cutOff && value === undefined && text.trim() === "") throw cutArguments(name, usage);
        return {
          type: "tool_call",
          id: id !== "" ? id : madeId(index, answer),
          name,
          arguments: value ?? parseArguments(name, text, usage),
        };
      });
    },
  };
}

/**
 * An id for a call that has none, made of its place and of the answer's own id, or of chance where that has none either:
 * no two of a conversation may be the same.
 */
export function madeId(place: number, answer: string | undefined): string {
  const suffix = answer?.replaceAll(/[^A-Za-z0-9]/g, "").slice(-12) || crypto.randomUUID().slice(0, 8);
  return `call_${place}_${suffix}`;
}

/**
 * Parses a tool's arguments; "" is `{}`, since a tool without parameters is called with none.
 *
 * @throws {ToolArgumentsError} when they are no JSON.
 */
export function parseArguments(tool: string, text: string, usage?: Usage): unknown {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? unwrapped(value) : value;
  } catch {
    throw cutArguments(tool, usage);
  }
}

/** Some servers put arguments that are JSON already into JSON once more. A tool may really take a text: that stays. */
function unwrapped(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The error of a call whose arguments are not whole. */
export function cutArguments(tool: string, usage: Usage | undefined): ToolArgumentsError {
  const message = `The model called ${tool} with arguments that are no JSON, or were cut off; the tool was not run.`;
  return new ToolArgumentsError(message, { tool, usage });
}

/** Some servers leave the index out, or give each call the same; `moved` knows where an index has come to stand. */
function indexOf(
  piece: ToolCallPiece,
  calls: ReadonlyMap<number, Gathered>,
  moved: Map<number, number>,
  last: number,
): number {
  const { index } = piece;
  if (index === undefined || index === null) {
    const known = calls.get(last);
    return known === undefined || begins(piece, known, true) ? last + 1 : last;
  }
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= MOST_CALLS) {
    throw new ResponseError("The answer numbers a tool call with an index that is none.", { reason: "protocol" });
  }
  const place = moved.get(index) ?? index;
  const known = calls.get(place);
  if (known === undefined || !begins(piece, known, false)) return place;
  const next = Math.max(...calls.keys()) + 1;
  moved.set(index, next);
  return next;
}

/**
 * Whether a piece begins another call than the one that it would go on with: it has another id, or, where one of the two
 * has none, another name, or a name although the arguments before it are whole.
 */
function begins(piece: ToolCallPiece, known: Gathered, alone: boolean): boolean {
  const [id, name] = [piece.id, piece.name].map((given) => typeof given === "string" ? given : "");
  if (id !== "" && known.id !== "") return id !== known.id && (alone || name !== "");
  return name !== "" && known.name !== "" && (name !== known.name || isWhole(known));
}

function isWhole({ text, value }: Gathered): boolean {
  if (value !== undefined) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
