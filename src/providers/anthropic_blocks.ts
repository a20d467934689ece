/**
 * The blocks of an answer of Anthropic's, as they arrive in pieces
 * (https://platform.claude.com/docs/en/build-with-claude/streaming).
 *
 * @module
 */
import { ResponseError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { DecodedEvent } from "../provider.ts";
import { answerText, isAnswerTool, isWrapped } from "./anthropic_tools.ts";
import { partIndex, type Raw, record, text, word } from "./raw.ts";

/** One block. */
export interface Block {
  /** What it is; "answer" is the tool call that stands for the answer's text. */
  readonly kind: "text" | "thinking" | "redacted_thinking" | "tool_use" | "answer" | "other";
  /** As it came, with what was added to it since. */
  readonly data: Record<string, unknown>;
  /** The text, or the thought. */
  text: string;
  /** A tool's input, as far as it has come; "" where it came whole. */
  json: string;
  /** Whether the vendor said that it is complete. */
  closed: boolean;
  /** A piece came that we do not understand: the block cannot go back as it was. */
  broken: boolean;
}

/** Gathers the blocks of one answer; what they say is put at the end of `out`. */
export interface BlockGatherer {
  /** In order. */
  list(): readonly Block[];
  /** A block that came whole, ahead of the others. */
  whole(block: unknown, out: DecodedEvent[]): void;
  /** `content_block_start`. */
  start(event: Raw, out: DecodedEvent[]): void;
  /** `content_block_delta`. */
  delta(event: Raw, out: DecodedEvent[]): void;
  /** `content_block_stop`. */
  stop(event: Raw, out: DecodedEvent[]): void;
}

/** Makes a gatherer for one answer. `onOutput` is called at pieces that no event shows. */
export function gatherBlocks(request: ChatRequest, onOutput?: () => void): BlockGatherer {
  const ahead: Block[] = [];
  const blocks = new Map<number, Block>();
  const serverTools = new Map<string, string>();
  let wraps: boolean | undefined;
  const wrapped = (): boolean => wraps ??= isWrapped(request);

  function open(source: unknown): Block {
    const data = { ...record(source) };
    if (Array.isArray(data["citations"])) data["citations"] = [...data["citations"]];
    return { kind: kindOf(data, request), data, text: "", json: "", closed: false, broken: false };
  }

  /** What a block says at its start. */
  function begin(block: Block, out: DecodedEvent[]): void {
    const { kind, data } = block;
    if (kind === "text") addPiece(block, "text", text(data["text"]), out);
    else if (kind === "thinking") addPiece(block, "thinking", text(data["thinking"]), out);
    else if (kind === "redacted_thinking") out.push({ type: "thinking", delta: "", redacted: true });
    else if (isServerResult(data)) {
      const id = text(data["tool_use_id"]);
      const name = serverTools.get(id) ?? text(data["type"]).replace(/_tool_result$/, "");
      out.push({ type: "server_tool", id, name, status: "finished", data: data["content"] });
    }
  }

  /** What it says at its end. */
  function end(block: Block, out: DecodedEvent[]): void {
    if (block.closed) return;
    block.closed = true;
    const { kind, data } = block;
    if (kind === "thinking" && block.text === "" && data["signature"] !== undefined) {
      out.push({ type: "thinking", delta: "", redacted: true });
    } else if (kind === "answer" && (block.json === "" || wrapped())) {
      const input = block.json === "" ? data["input"] : parsed(block.json);
      addPiece(block, "text", answerText(input, wrapped()), out);
    } else if (isServerCall(data)) {
      if (block.json !== "") data["input"] = parsed(block.json) ?? data["input"];
      const id = text(data["id"]);
      const name = text(data["name"]);
      serverTools.set(id, name);
      out.push({ type: "server_tool", id, name, status: "started", data: data["input"] });
    }
  }

  function addPiece(block: Block, type: "text" | "thinking", piece: string, out: DecodedEvent[]): void {
    if (piece === "") return;
    block.text += piece;
    out.push({ type, delta: piece });
  }

  /** Servers that forget to open a block of text or thoughts are understood all the same. */
  function blockOf(index: number, delta: Raw): Block | undefined {
    const known = blocks.get(index);
    const type = { text_delta: "text", thinking_delta: "thinking" }[text(delta["type"])];
    if (known !== undefined || type === undefined) return known;
    const block = open({ type });
    blocks.set(index, block);
    return block;
  }

  return {
    list: () => [...ahead, ...[...blocks].sort(([a], [b]) => a - b).map(([, block]) => block)],
    whole(source, out) {
      const block = open(source);
      ahead.push(block);
      begin(block, out);
      end(block, out);
    },
    start(event, out) {
      const index = partIndex(event["index"]);
      if (blocks.has(index)) {
        throw new ResponseError("The answer begins the same block twice.", { reason: "protocol" });
      }
      const block = open(event["content_block"]);
      blocks.set(index, block);
      begin(block, out);
    },
    delta(event, out) {
      const index = partIndex(event["index"]);
      const delta = record(event["delta"]);
      const block = blockOf(index, delta);
      if (block === undefined) return;
      const { data, kind } = block;
      switch (delta["type"]) {
        case "text_delta":
          return addPiece(block, "text", text(delta["text"]), out);
        case "thinking_delta":
          return addPiece(block, "thinking", text(delta["thinking"]), out);
        case "signature_delta":
          data["signature"] = text(data["signature"]) + text(delta["signature"]);
          return onOutput?.();
        case "citations_delta":
          if (!Array.isArray(data["citations"])) data["citations"] = [];
          return void (data["citations"] as unknown[]).push(delta["citation"]);
        case "input_json_delta": {
          const piece = text(delta["partial_json"]);
          block.json += piece;
          if (piece !== "") onOutput?.();
          if (kind === "answer" && !wrapped()) addPiece(block, "text", piece, out);
          return;
        }
        default:
          addUnknown(block, delta);
      }
    },
    stop(event, out) {
      const block = blocks.get(partIndex(event["index"]));
      if (block !== undefined) end(block, out);
    },
  };
}

function kindOf(data: Raw, request: ChatRequest): Block["kind"] {
  const { type } = data;
  if (type === "tool_use") return isAnswerTool(data["name"], request) ? "answer" : "tool_use";
  return type === "text" || type === "thinking" || type === "redacted_thinking" ? type : "other";
}

/** Tools that run at the vendor: `server_tool_use`, `mcp_tool_use`. */
function isServerCall({ type }: Raw): boolean {
  return typeof type === "string" && type.endsWith("_tool_use");
}

function isServerResult({ type }: Raw): boolean {
  return typeof type === "string" && type.endsWith("_tool_result");
}

/**
 * A delta of a block's own type, as `compaction_delta` of `compaction`, holds pieces of the block's fields. Any other
 * that is unknown leaves a block that is unknown too incomplete; of a known block it is no part.
 */
function addUnknown(block: Block, delta: Raw): void {
  const { data, kind } = block;
  if (kind !== "other") return;
  if (word(data["type"]) === undefined || delta["type"] !== `${text(data["type"])}_delta`) {
    block.broken = true;
    return;
  }
  for (const [key, value] of Object.entries(delta)) {
    if (key === "type" || key === "__proto__") continue;
    data[key] = typeof value === "string" ? text(data[key]) + value : value;
  }
}

/** Undefined where it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
