/**
 * Checks what a caller hands in as a conversation, before anything is sent.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import { hasScheme } from "./image.ts";
import type { ImagePart, Message, Messages } from "./message.ts";

const PART_TYPES: Readonly<Record<string, readonly string[]>> = {
  user: ["text", "image"],
  assistant: ["text", "image", "thinking", "tool_call", "vendor"],
  tool: ["text", "image"],
};

/**
 * The messages of a conversation; a string is one user message.
 *
 * @throws {ConfigError} naming the message and the field that is wrong, never its content.
 */
export function conversationOf(messages: Messages): readonly Message[] {
  if (typeof messages === "string") {
    if (messages === "") throw new ConfigError("The message is empty; give some text to answer.");
    return [{ role: "user", content: messages }];
  }
  if (!Array.isArray(messages)) {
    throw new ConfigError(`Messages must be a string or a list of messages, not ${kindOf(messages)}.`);
  }
  if (messages.length === 0) throw new ConfigError("The list of messages is empty; give at least one.");
  for (const [index, message] of messages.entries()) checkMessage(message, index); // `forEach` skips holes.
  return messages;
}

function checkMessage(message: unknown, index: number): void {
  const at = `messages[${index}]`;
  if (message === null || typeof message !== "object") {
    throw new ConfigError(`${at} must be an object with role and content, not ${kindOf(message)}.`);
  }
  const { role, content, toolCallId, cache, isError } = message as Record<string, unknown>;
  if (role !== "system" && role !== "user" && role !== "assistant" && role !== "tool") {
    throw new ConfigError(`${at}.role must be "system", "user", "assistant" or "tool".`);
  }
  if (role === "tool" && (typeof toolCallId !== "string" || toolCallId === "")) {
    throw new ConfigError(`${at}.toolCallId must be the id of the tool call that it answers.`);
  }
  if ((role === "system" || role === "user") && !isCacheMark(cache)) {
    throw new ConfigError(`${at}.cache must be true, false, "5m" or "1h".`);
  }
  if (role === "tool" && isError !== undefined && typeof isError !== "boolean") {
    throw new ConfigError(`${at}.isError must be true or false.`);
  }
  if (typeof content === "string") return;
  if (role === "system") throw new ConfigError(`${at}.content must be a string, not ${kindOf(content)}.`);
  if (!Array.isArray(content)) {
    throw new ConfigError(`${at}.content must be a string or a list of parts, not ${kindOf(content)}.`);
  }
  if (content.length === 0 && role === "user") throw new ConfigError(`${at}.content is an empty list.`);
  for (const [place, part] of content.entries()) checkPart(part, role, `${at}.content[${place}]`);
}

function checkPart(part: unknown, role: string, at: string): void {
  if (typeof part === "string" && role === "user") return;
  if (part === null || typeof part !== "object") {
    throw new ConfigError(`${at} must be a part with a type, not ${kindOf(part)}.`);
  }
  const { type, text, id, name, provider } = part as Record<string, unknown>;
  const types = PART_TYPES[role] ?? [];
  if (typeof type !== "string" || !types.includes(type)) {
    throw new ConfigError(`${at}.type must be one of ${types.join(", ")} in a message of role ${role}.`);
  }
  if ((type === "text" || type === "thinking") && typeof text !== "string") {
    throw new ConfigError(`${at}.text must be a string, not ${kindOf(text)}.`);
  }
  if (type === "image") checkImage(part, at);
  if (type === "thinking") checkTexts(part, ["signature", "redacted"], at);
  if (type === "tool_call" && !(isFilled(id) && isFilled(name))) {
    throw new ConfigError(`${at} must have the id and the name of the tool call.`);
  }
  if (type === "vendor" && !isFilled(provider)) {
    throw new ConfigError(`${at}.provider must be the name of the provider that it came from.`);
  }
}

function checkImage(image: object, at: string): void {
  checkTexts(image, ["url", "data", "mediaType"], at);
  const { url, data } = image as ImagePart;
  if (url === undefined && data === undefined) throw new ConfigError(`${at} must have a url or base64 data.`);
  if (data === "") throw new ConfigError(`${at}.data is empty; it must be base64.`);
  if (url !== undefined && !hasScheme(url)) throw new ConfigError(`${at}.url must be a whole one, as in https://…`);
}

/** What may be left out must be a text where it is not. */
function checkTexts(part: object, fields: readonly string[], at: string): void {
  for (const field of fields) {
    const value: unknown = Reflect.get(part, field);
    if (value === undefined || typeof value === "string") continue;
    throw new ConfigError(`${at}.${field} must be a string, not ${kindOf(value)}.`);
  }
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isCacheMark(value: unknown): boolean {
  return value === undefined || typeof value === "boolean" || value === "5m" || value === "1h";
}

/** A word for a value that says nothing of its content. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}
