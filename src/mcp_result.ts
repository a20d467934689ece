/**
 * Results of MCP tools, as models can be shown them.
 *
 * @module
 */
import { base64Size, imageMediaType } from "./image.ts";
import type { ImagePart, TextPart } from "./message.ts";

/** The tool failed, in the server's words; an agent tells them to its model. */
class McpToolError extends Error {
  static {
    this.prototype.name = "McpToolError";
  }
}

type ResultPart = TextPart | ImagePart;

/** What a model is shown of a result (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-result). */
export function readResult(result: unknown): string | readonly ResultPart[] {
  const { content, structuredContent, isError, toolResult } = record(result);
  const parts = (Array.isArray(content) ? content : []).map((block) => partOf(record(block)));
  // What came before 2024-11-05 had this field alone.
  const structured = structuredContent ?? (parts.length === 0 ? toolResult : undefined);
  if (structured !== undefined && !parts.some((part) => saysTheSame(part, structured))) {
    parts.push(textPart(JSON.stringify(structured)));
  }
  const texts = parts.map((part) => part.type === "text" ? part.text : describe(imageMediaType(part), part.data));
  if (isError === true) throw new McpToolError(texts.join("\n") || "The tool failed without saying why.");
  return parts.every(({ type }) => type === "text") ? texts.join("\n") : parts;
}

/** Servers say structured content a second time as text, for clients that do not know it. */
function saysTheSame(part: ResultPart, structured: unknown): boolean {
  if (part.type !== "text") return false;
  try {
    return inOrder(JSON.parse(part.text)) === inOrder(structured);
  } catch {
    return false; // Words.
  }
}

/** JSON that is the same for the same value, in whatever order its keys were written. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
  });
}

type Fields = Readonly<Record<string, unknown>>;

function partOf(block: Fields): ResultPart {
  switch (block["type"]) {
    case "text":
      return textPart(textIn(block["text"]));
    case "image":
    case "audio":
      return binaryPart(textIn(block["mimeType"]) || block["type"], block["mimeType"], block["data"]);
    case "resource_link": {
      const { uri, title, name, mimeType, description } = block;
      const what = [textIn(title) || textIn(name), textIn(mimeType), textIn(description)].filter(Boolean).join(", ");
      return textPart(`[resource at ${textIn(uri)}${what === "" ? "" : `: ${what}`}]`);
    }
    case "resource": {
      const { uri, mimeType, text, blob } = record(block["resource"]);
      if (typeof text === "string") return textPart(`[resource at ${textIn(uri)}]\n${text}`);
      return binaryPart(`resource at ${textIn(uri)}, ${textIn(mimeType) || "binary"}`, mimeType, blob);
    }
    default:
      return textPart(`[${textIn(block["type"]) || "something"} that this client does not know]`);
  }
}

/** The images that models see; of anything else they are told what it is. */
const SEEN = /^image\/(?:png|jpeg|gif|webp)$/;

/** An image as it is; else `what`. */
function binaryPart(what: string, mimeType: unknown, base64: unknown): ResultPart {
  const mediaType = mediaTypeOf(textIn(mimeType));
  const data = textIn(base64);
  if (SEEN.test(mediaType) && data !== "") return { type: "image", data, mediaType };
  return textPart(describe(what, data));
}

/** A media type as vendors write it: without parameters, and JPEG by its name. */
function mediaTypeOf(mimeType: string): string {
  const [type = ""] = mimeType.toLowerCase().split(";");
  return type.trim().replace(/^image\/jpg$/, "image/jpeg");
}

/** Of binary data its kind and size. */
function describe(what: string | undefined, base64: string | undefined): string {
  return `[${what ?? "image"}, ${base64Size(base64 ?? "")} bytes]`;
}

function textPart(text: string): TextPart {
  return { type: "text", text };
}

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}
