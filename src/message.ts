/**
 * Messages and their parts: what a conversation is made of, for every vendor alike.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import { checkOptions } from "./option_rules.ts";

/** Who speaks. */
export type Role = "system" | "user" | "assistant" | "tool";

/** Text. */
export interface TextPart {
  /** Tells parts apart. */
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** An image by address, or base64 data with its media type (inferred from the bytes or the name when left out). */
export interface ImagePart {
  /** Tells parts apart. */
  readonly type: "image";
  /** Where the vendor finds the image. */
  readonly url?: string | undefined;
  /** The image itself, in base64. */
  readonly data?: string | undefined;
  /** As in `image/png`. */
  readonly mediaType?: string | undefined;
}

/** A thought of the model. `signature` and `redacted` data go back to the vendor unchanged in the next turn. */
export interface ThinkingPart {
  /** Tells parts apart. */
  readonly type: "thinking";
  /** The thought; "" where the vendor keeps it to itself. */
  readonly text: string;
  /** The vendor's seal on the thought. */
  readonly signature?: string | undefined;
  /** The thought, encrypted by the vendor. */
  readonly redacted?: string | undefined;
}

/** The model asks for a tool. `arguments` is the parsed value, never a JSON string. */
export interface ToolCall {
  /** Tells parts and events apart. */
  readonly type: "tool_call";
  /** What the tool's answer refers to. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** The parsed arguments. */
  readonly arguments: unknown;
}

/**
 * A block only its vendor understands (server tool call or result, reasoning item, compaction): sent back unchanged to
 * the same provider, left out for others.
 */
export interface VendorPart {
  /** Tells parts apart. */
  readonly type: "vendor";
  /** The name of the provider it came from. */
  readonly provider: string;
  /** The block as it came. */
  readonly data: unknown;
}

/** What an assistant message is made of. */
export type Part = TextPart | ImagePart | ThinkingPart | ToolCall | VendorPart;

/** Marks the end of what the vendor may cache: true and "5m" for its usual time, "1h" for an hour where it has that. */
export type CacheMark = boolean | "5m" | "1h";

/** Instructions that stand above the conversation. */
export interface SystemMessage {
  /** Tells messages apart. */
  readonly role: "system";
  /** The instructions. */
  readonly content: string;
  /** Lets the vendor cache the prompt up to here. */
  readonly cache?: CacheMark | undefined;
}

/** What the user says. */
export interface UserMessage {
  /** Tells messages apart. */
  readonly role: "user";
  /** Text, or a list of texts and images. */
  readonly content: string | readonly (string | TextPart | ImagePart)[];
  /** Lets the vendor cache the prompt up to here. */
  readonly cache?: CacheMark | undefined;
}

/** What the model said. */
export interface AssistantMessage {
  /** Tells messages apart. */
  readonly role: "assistant";
  /** Text, or all parts of the answer. */
  readonly content: string | readonly Part[];
}

/** What a tool answered. */
export interface ToolMessage {
  /** Tells messages apart. */
  readonly role: "tool";
  /** The `id` of the call it answers. */
  readonly toolCallId: string;
  /** Text, or a list of texts and images. */
  readonly content: string | readonly (TextPart | ImagePart)[];
  /** True when the tool failed. */
  readonly isError?: boolean | undefined;
}

/** One message of a conversation. */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

/** A conversation. A string is one user message. */
export type Messages = string | readonly Message[];

/**
 * Makes a system message.
 *
 * @throws {ConfigError} when `options` are no object.
 *
 * @example
 * ```ts
 * import { systemMessage } from "@sik/llms";
 *
 * const rules = systemMessage("Answer in one word.", { cache: true });
 * console.log(rules.role); // "system"
 * ```
 */
export function systemMessage(text: string, options: { readonly cache?: CacheMark | undefined } = {}): Message {
  checkOptions(options);
  return options.cache === undefined
    ? { role: "system", content: text }
    : { role: "system", content: text, cache: options.cache };
}

/**
 * Makes a user message from text, or from a list of texts and images.
 *
 * @example
 * ```ts
 * import { imageFromUrl, userMessage } from "@sik/llms";
 *
 * const question = userMessage(["What is on this picture?", imageFromUrl("https://example.com/cat.png")]);
 * console.log(question.role); // "user"
 * ```
 */
export function userMessage(content: UserMessage["content"]): Message {
  return { role: "user", content };
}

/**
 * Makes an assistant message from text, or from the parts of an answer.
 *
 * @example
 * ```ts
 * import { assistantMessage } from "@sik/llms";
 *
 * console.log(assistantMessage("Paris.").content); // "Paris."
 * ```
 */
export function assistantMessage(content: AssistantMessage["content"]): Message {
  return { role: "assistant", content };
}

/**
 * Makes the message that answers a tool call. Text and lists of text and image parts go as they are, other values as
 * JSON.
 *
 * @throws {ConfigError} when the value has no JSON, as one that contains itself, and when `options` are no object.
 *
 * @example
 * ```ts
 * import { toolMessage } from "@sik/llms";
 *
 * console.log(toolMessage("call_1", { celsius: 21 }).content); // '{"celsius":21}'
 * ```
 */
export function toolMessage(
  toolCallId: string,
  result: unknown,
  options: { readonly isError?: boolean | undefined } = {},
): Message {
  checkOptions(options);
  return resultMessage(toolCallId, result, options.isError);
}

/** {@linkcode toolMessage}, for those who put its content to use. */
export function resultMessage(toolCallId: string, result: unknown, isError?: boolean): ToolMessage {
  const message = { role: "tool", toolCallId, content: toolContent(result) } as const;
  return isError === undefined ? message : { ...message, isError };
}

/** What a tool's result is on the wire: text and parts as they are, other values as JSON, nothing as "null". */
function toolContent(result: unknown): ToolMessage["content"] {
  if (typeof result === "string") return result;
  // Copies: what the tool makes of its own list later is no part of the conversation.
  if (Array.isArray(result) && result.length > 0 && result.every(isContentPart)) {
    return result.map((part) => ({ ...part }));
  }
  try {
    return JSON.stringify(result) ?? "null";
  } catch {
    throw new ConfigError("The tool's result has no JSON form (it contains itself, or a BigInt); return text instead.");
  }
}

/** Whether a value is a text or an image that a vendor can be sent. */
export function isContentPart(value: unknown): value is TextPart | ImagePart {
  if (value === null || typeof value !== "object") return false;
  const { type, text, url, data, mediaType } = value as Readonly<Record<string, unknown>>;
  if (type === "text") return typeof text === "string";
  if (type !== "image" || ![url, data, mediaType].every((each) => each === undefined || typeof each === "string")) {
    return false;
  }
  return Boolean(url) || Boolean(data);
}
