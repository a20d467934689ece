/**
 * A conversation as chat completions take it.
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { base64Size, imageMediaType, inlineImage } from "../image.ts";
import { cachedTexts, type ChatRequest } from "../language_model.ts";
import type { ImagePart, Message, Part, TextPart, ToolCall, VendorPart } from "../message.ts";
import { type Raw, record } from "./raw.ts";
import { vendorFieldsOf } from "./vendor_fields.ts";

/**
 * The messages of a request, the texts to be cached first: OpenAI caches the longest prefix it has seen by itself.
 * `provider` is the one whose vendor parts go along.
 */
export function encodeChatMessages(request: ChatRequest, provider: string): readonly unknown[] {
  const cached = cachedTexts(request).map((content) => ({ role: "system", content }));
  return [...cached, ...request.messages.map((message) => encodeMessage(message, provider))];
}

function encodeMessage(message: Message, provider: string): unknown {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: encodeContent(message.content) };
    case "assistant":
      return encodeAssistant(message.content, provider);
    case "tool":
      return { role: "tool", tool_call_id: message.toolCallId, content: toolText(message.content) };
  }
}

function encodeContent(content: string | readonly (string | TextPart | ImagePart)[]): unknown {
  if (typeof content === "string") return content;
  return content.map((part) => {
    if (typeof part === "string") return { type: "text", text: part };
    if (part.type === "text") return { type: "text", text: part.text };
    return { type: "image_url", image_url: { url: imageUrl(part) } };
  });
}

/** Thoughts and other vendors' blocks have no place in this dialect; a vendor's own part is fields of the message. */
function encodeAssistant(content: string | readonly Part[], provider: string): unknown {
  if (typeof content === "string") return { role: "assistant", content };
  const text = content.map((part) => part.type === "text" ? part.text : "").join("");
  const calls = content.filter((part) => part.type === "tool_call").map((call) => encodeCall(call, provider));
  const own = content.map((part) => part.type === "vendor" ? thoughtOf(part, provider) : {});
  if (calls.length === 0) return Object.assign({ role: "assistant", content: text }, ...own);
  return Object.assign({ role: "assistant", content: text === "" ? null : text, tool_calls: calls }, ...own);
}

/** A call of a tool that takes a text, and no JSON, goes back as it came. */
function encodeCall(call: ToolCall, provider: string): unknown {
  const fields = vendorFieldsOf(call, provider);
  if (fields["custom"] !== undefined) return { id: call.id, type: "custom", custom: fields["custom"] };
  const called = { name: call.name, arguments: argumentsText(call) };
  return { id: call.id, type: "function", function: called, ...only("extra_content", fields) };
}

/** Responses' items bear OpenAI's name too, and mean nothing here: of a vendor's part only what this dialect put there. */
function thoughtOf(part: VendorPart, provider: string): Raw {
  if (part.provider !== provider) return {};
  const data = record(part.data);
  return { ...only("reasoning_content", data), ...only("reasoning_details", data) };
}

function only(name: string, fields: Raw): Raw {
  return fields[name] === undefined ? {} : { [name]: fields[name] };
}

/**
 * A call's arguments as OpenAI takes them: JSON in a text.
 *
 * @throws {ConfigError} when they have no JSON form.
 */
export function argumentsText(call: ToolCall): string {
  try {
    return JSON.stringify(call.arguments) ?? "{}";
  } catch {
    throw new ConfigError("The arguments of a tool call have no JSON form: they contain themselves, or a BigInt.");
  }
}

/** A tool's result is text here: of an image its media type and size. */
function toolText(content: string | readonly (TextPart | ImagePart)[]): string {
  if (typeof content === "string") return content;
  return content.map((part) => part.type === "text" ? part.text : describeImage(part)).join("\n");
}

function describeImage(given: ImagePart): string {
  const image = inlineImage(given) ?? given;
  const type = imageMediaType(image) ?? "image";
  if (image.data === undefined) return `[${type} at ${image.url ?? ""}]`;
  return `[${type}, ${base64Size(image.data)} bytes]`;
}

/** An image as OpenAI takes it: an address, or a `data:` URL. */
export function imageUrl(given: ImagePart): string {
  const image = inlineImage(given) ?? given;
  return image.data === undefined
    ? image.url ?? ""
    : `data:${imageMediaType(image) ?? "image/png"};base64,${image.data}`;
}
