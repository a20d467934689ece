/**
 * A conversation as Anthropic's Messages take it (https://platform.claude.com/docs/en/api/messages).
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { imageMediaType, inlineImage } from "../image.ts";
import { cachedTexts, type ChatRequest } from "../language_model.ts";
import type { ImagePart, Message, Part, TextPart, ToolMessage, UserMessage } from "../message.ts";
import { type CacheableBlock, markCached } from "./anthropic_cache.ts";
import { record } from "./raw.ts";
import { vendorFieldsOf } from "./vendor_fields.ts";

/** A message on the wire. */
export interface WireMessage {
  /** Who speaks. */
  readonly role: "user" | "assistant";
  /** Text, or blocks. */
  readonly content: string | readonly CacheableBlock[];
}

/** The texts that stand above the conversation: those to be cached first, then the system messages. */
export function encodeSystem(request: ChatRequest): readonly CacheableBlock[] {
  const cached = cachedTexts(request).filter(isText).map((content) => {
    const block = textBlock(content);
    markCached(block, true);
    return block;
  });
  const system = request.messages.flatMap((message) => {
    if (message.role !== "system" || !isText(message.content)) return [];
    const block = textBlock(message.content);
    markCached(block, message.cache);
    return [block];
  });
  return [...cached, ...system];
}

/** The conversation without its system messages. `provider` is the one whose vendor blocks go along. */
export function encodeMessages(messages: readonly Message[], provider: string): readonly WireMessage[] {
  const encoded: WireMessage[] = [];
  let results: CacheableBlock[] | undefined;
  for (const message of messages) {
    if (message.role === "system") continue;
    if (message.role === "tool") {
      // All results of one turn stand in one message, in the order in which they were given.
      if (results === undefined) encoded.push({ role: "user", content: results = [] });
      results.push(encodeResult(message));
      continue;
    }
    results = undefined;
    if (message.role === "user") encoded.push(encodeUser(message));
    else {
      const content = encodeAssistant(message.content, provider);
      // The vendor refuses an empty message; it would say nothing anyway.
      if (content.length > 0) encoded.push({ role: "assistant", content });
    }
  }
  return encoded;
}

function encodeUser({ content, cache }: UserMessage): WireMessage {
  const marked = cache !== undefined && cache !== false;
  if (typeof content === "string" && !marked) return { role: "user", content };
  const blocks = encodeContent(typeof content === "string" ? [content] : content);
  if (blocks.length === 0) {
    throw new ConfigError("A user's message holds nothing but white space, which Anthropic refuses.");
  }
  markCached(blocks.at(-1), cache);
  return { role: "user", content: blocks };
}

function encodeResult({ toolCallId, content, isError }: ToolMessage): CacheableBlock {
  return {
    type: "tool_result",
    tool_use_id: wireId(toolCallId),
    content: typeof content === "string" ? content : encodeContent(content),
    ...isError === true ? { is_error: true } : {},
  };
}

function encodeContent(content: readonly (string | TextPart | ImagePart)[]): CacheableBlock[] {
  return content.flatMap((part): CacheableBlock[] => {
    if (typeof part !== "string" && part.type === "image") return [imageBlock(part)];
    const text = typeof part === "string" ? part : part.text;
    return isText(text) ? [textBlock(text)] : [];
  });
}

/** Thoughts without the vendor's seal, other vendors' blocks and images have no place in an answer here. */
function encodeAssistant(content: string | readonly Part[], provider: string): string | readonly CacheableBlock[] {
  if (typeof content === "string") return isText(content) ? content : "";
  return content.flatMap((part): readonly CacheableBlock[] => {
    switch (part.type) {
      case "text":
        return !isText(part.text) ? [] : [{ ...textBlock(part.text), ...vendorFieldsOf(part, provider) }];
      case "thinking":
        if (part.redacted !== undefined) return [{ type: "redacted_thinking", data: part.redacted }];
        if (part.signature === undefined) return [];
        return [{ type: "thinking", thinking: part.text, signature: part.signature }];
      case "tool_call":
        return [{
          type: "tool_use",
          id: wireId(part.id),
          name: part.name,
          // A list, of which the tool was told that it will not do, is refused here.
          input: Array.isArray(part.arguments) ? {} : record(part.arguments),
          ...vendorFieldsOf(part, provider),
        }];
      case "vendor":
        return part.provider === provider ? [{ ...record(part.data) }] : []; // Marks are put on blocks of ours.
      case "image":
        return [];
    }
  });
}

/** The vendor refuses a text of white space alone, and its models write some. */
function isText(text: string): boolean {
  return text.trim() !== "";
}

function textBlock(text: string): CacheableBlock {
  return { type: "text", text };
}

function imageBlock(given: ImagePart): CacheableBlock {
  const image = inlineImage(given) ?? given;
  const source = image.data === undefined
    ? { type: "url", url: image.url ?? "" }
    : { type: "base64", media_type: imageMediaType(image) ?? "image/png", data: image.data };
  return { type: "image", source };
}

/** Ids from other vendors may hold what Anthropic refuses in one; two that differ still do so. */
function wireId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, (char) => `_${char.charCodeAt(0).toString(16)}`);
}
