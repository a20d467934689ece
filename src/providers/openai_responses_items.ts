/**
 * The items of an answer of OpenAI's Responses, as they arrive in pieces
 * (https://platform.openai.com/docs/api-reference/responses-streaming).
 *
 * @module
 */
import type { DecodedEvent } from "../provider.ts";
import { logprobOf, partIndex, type Raw, record, text, word } from "./raw.ts";

/** What an item's pieces are of. */
export type PieceKind = "text" | "refusal" | "summary" | "thought";

/** One item. */
export interface Item {
  /** As the vendor said it last. */
  data: Raw;
  /** A function's arguments, as far as they have come. */
  arguments: string;
  /** Whether the vendor said that it is complete. */
  done: boolean;
  /** The texts of its parts, by kind and index. */
  readonly pieces: Readonly<Record<PieceKind, Map<number, string>>>;
}

/** Gathers the items of one answer; what they say is put at the end of `out`. */
export interface ItemGatherer {
  /** In order, with their indices. */
  list(): readonly (readonly [index: number, item: Item])[];
  /** What all items say. */
  readonly all: Readonly<Record<"text" | "refusal" | "thinking", string>>;
  /** `response.output_item.added`. */
  add(event: Raw, out: DecodedEvent[]): void;
  /** A piece of a part. */
  delta(kind: PieceKind, event: Raw, out: DecodedEvent[]): void;
  /** A whole part: what of it has not come yet. */
  whole(kind: PieceKind, event: Raw, content: unknown, out: DecodedEvent[]): void;
  /** A piece of a function's arguments, or all of them. */
  addArguments(event: Raw, whole: boolean): void;
  /** `response.output_item.done`. */
  finish(index: unknown, data: unknown, out: DecodedEvent[]): void;
  /** All items once more, at the end: what of them has not come yet. */
  settle(output: unknown, out: DecodedEvent[]): void;
}

/** Tools that run at the vendor, by the type of their items. */
const SERVER_TOOLS: ReadonlySet<unknown> = new Set([
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_call",
  "program",
]);

/** Whether an item is the call of a tool that runs at the vendor; some run there or here, as they are asked. */
function isServerTool(data: Raw): boolean {
  const type = data["type"];
  if (type === "shell_call") return text(record(data["environment"])["type"]).startsWith("container");
  return SERVER_TOOLS.has(type) || type === "tool_search_call" && data["execution"] !== "client";
}

/** Makes a gatherer for one answer. `onOutput` is called at pieces that no event shows. */
export function gatherItems(onOutput?: () => void): ItemGatherer {
  const items = new Map<number, Item>();
  const all = { text: "", refusal: "", thinking: "" };

  /** Ids are a help only where there is no index: some gateways give an item another in every event. */
  function itemOf(event: Raw): Item {
    const { output_index: index, item_id: id } = event;
    const known = index === undefined && id !== undefined
      ? [...items.values()].find(({ data }) => data["id"] === id)
      : undefined;
    return known ?? itemAt(index);
  }

  function itemAt(index: unknown): Item {
    const at = partIndex(index);
    let item = items.get(at);
    if (item === undefined) {
      const pieces = { text: new Map(), refusal: new Map(), summary: new Map(), thought: new Map() };
      items.set(at, item = { data: {}, arguments: "", done: false, pieces });
    }
    return item;
  }

  function put(
    item: Item,
    kind: PieceKind,
    part: number,
    piece: string,
    out: DecodedEvent[],
    logprobs?: unknown,
  ): void {
    if (piece === "") return;
    const before = item.pieces[kind].get(part);
    item.pieces[kind].set(part, (before ?? "") + piece);
    if (kind === "refusal") {
      all.refusal += piece;
      return onOutput?.();
    }
    if (kind === "text") {
      all.text += piece;
      const logprob = logprobOf(logprobs);
      return void out.push(
        logprob === undefined ? { type: "text", delta: piece } : { type: "text", delta: piece, logprob },
      );
    }
    // Each part of a summary is a paragraph with a heading.
    const delta = before === undefined && all.thinking !== "" ? `\n\n${piece}` : piece;
    all.thinking += delta;
    out.push({ type: "thinking", delta });
  }

  /** Puts what a part has over what has come of it. */
  function complete(item: Item, kind: PieceKind, part: number, content: string, out: DecodedEvent[]): void {
    const before = item.pieces[kind].get(part) ?? "";
    if (content.startsWith(before)) put(item, kind, part, content.slice(before.length), out);
  }

  function finish(index: unknown, source: unknown, out: DecodedEvent[]): void {
    const item = itemAt(index);
    const data = record(source);
    const wasKnown = item.data["type"] !== undefined;
    item.data = data;
    item.done = true;
    if (typeof data["arguments"] === "string") item.arguments = data["arguments"];
    for (const [part, content] of listed(data["content"])) {
      if (content["type"] === "output_text") complete(item, "text", part, text(content["text"]), out);
      else if (content["type"] === "refusal") complete(item, "refusal", part, text(content["refusal"]), out);
      else if (content["type"] === "reasoning_text") complete(item, "thought", part, text(content["text"]), out);
    }
    for (const [part, summary] of listed(data["summary"])) {
      complete(item, "summary", part, text(summary["text"]), out);
    }
    if (isServerTool(data)) {
      if (!wasKnown) out.push(serverTool(data, "started"));
      out.push(serverTool(data, "finished"));
    }
  }

  return {
    all,
    list: () => [...items].sort(([a], [b]) => a - b),
    add(event, out) {
      const item = itemAt(event["output_index"]);
      item.data = record(event["item"]);
      item.arguments = text(item.data["arguments"]);
      if (isServerTool(item.data)) out.push(serverTool(item.data, "started"));
    },
    delta(kind, event, out) {
      const item = itemOf(event);
      put(item, kind, partOf(kind, event), text(event["delta"]), out, event["logprobs"]);
    },
    whole(kind, event, content, out) {
      complete(itemOf(event), kind, partOf(kind, event), text(content), out);
    },
    addArguments(event, whole) {
      const item = itemOf(event);
      item.arguments = whole ? text(event["arguments"]) : item.arguments + text(event["delta"]);
      item.done ||= whole;
      onOutput?.();
    },
    finish,
    settle(output, out) {
      const ids = new Set([...items.values()].filter((item) => item.done).map((item) => item.data["id"]));
      for (const [index, data] of listed(output)) {
        const known = items.get(index)?.done === true || word(data["id"]) !== undefined && ids.has(data["id"]);
        if (!known) finish(index, data, out);
      }
    },
  };
}

/** The first part, where an item has one and it is not numbered. */
function partOf(kind: PieceKind, event: Raw): number {
  const index = kind === "summary" ? event["summary_index"] : event["content_index"];
  return index === undefined && event["output_index"] === undefined ? 0 : partIndex(index);
}

function serverTool(data: Raw, status: "started" | "finished"): DecodedEvent {
  const name = word(data["name"]) ?? text(data["type"]).replace(/_call$/, "");
  const id = word(data["id"]) ?? text(data["call_id"]);
  const event = { type: "server_tool", id, name, status } as const;
  return status === "started" ? event : { ...event, data };
}

function listed(value: unknown): (readonly [number, Raw])[] {
  return Array.isArray(value) ? value.map((item, index) => [index, record(item)] as const) : [];
}
