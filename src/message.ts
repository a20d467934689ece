/**
 * Messages and their parts: what a conversation is made of, for every vendor alike.
 *
 * @module
 */
import { ConfigError } from "./error.ts";

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
export function systemMessage(text: string, options: { readonly cache?: CacheMark | undefined } = {}): SystemMessage {
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
export function userMessage(content: UserMessage["content"]): UserMessage {
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
export function assistantMessage(content: AssistantMessage["content"]): AssistantMessage {
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
): ToolMessage {
  checkOptions(options);
  const message = { role: "tool", toolCallId, content: toolContent(result) } as const;
  return options.isError === undefined ? message : { ...message, isError: options.isError };
}

/**
 * Makes an image part from an address that the vendor can reach, or from a `data:` URL.
 *
 * @throws {ConfigError} for what is no whole URL: a file of this machine is read first, for {@linkcode imageFromBytes}.
 *
 * @example
 * ```ts
 * import { imageFromUrl } from "@sik/llms";
 *
 * console.log(imageFromUrl("https://example.com/cat.png").url); // "https://example.com/cat.png"
 * ```
 */
export function imageFromUrl(url: string | URL): ImagePart {
  const address = url instanceof URL ? url.href : typeof url === "string" ? url : "";
  const data = /^data:([^;,]+)(?:;[^;,]*)*?;base64,/i.exec(address);
  if (data !== null) {
    return { type: "image", data: address.slice(data[0].length), mediaType: data[1]?.toLowerCase() };
  }
  if (hasScheme(address)) return { type: "image", url: address };
  const hint = "the bytes of a file go through imageFromBytes";
  throw new ConfigError(`The image's address must be a whole URL, as in https://host/cat.png; ${hint}.`);
}

/** Whether an address begins as a URL does. One letter alone is the drive of a file. */
export function hasScheme(url: string): boolean {
  return /^[a-z][a-z\d+.-]+:/i.test(url);
}

/**
 * Makes an image part from the bytes of a PNG, JPEG, GIF or WebP file, or of another whose `mediaType` is given.
 *
 * @throws {ConfigError} when `mediaType` is left out and the bytes are none of these, and for what is no bytes.
 *
 * @example
 * ```ts
 * import { imageFromBytes } from "@sik/llms";
 *
 * const part = imageFromBytes(new Uint8Array([0x89, 0x50, 0x4e, 0x47]));
 * console.log(part.mediaType); // "image/png"
 * ```
 */
export function imageFromBytes(given: Uint8Array | ArrayBuffer, mediaType?: string): ImagePart {
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : given instanceof ArrayBuffer
    ? new Uint8Array(given)
    : undefined;
  if (bytes === undefined) {
    throw new ConfigError("The image must be the bytes of a file, as a Uint8Array or ArrayBuffer.");
  }
  if (mediaType !== undefined && typeof mediaType !== "string") {
    throw new ConfigError("The image's media type must be a text, as in image/png.");
  }
  const type = mediaType ?? mediaTypeOf(bytes);
  if (type === undefined) {
    throw new ConfigError("The image's media type could not be told from its bytes; give it as the second argument.");
  }
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return { type: "image", data: btoa(binary), mediaType: type };
}

/** The media type of an image: as given, else from its first bytes or from the name in its address. */
export function imageMediaType(image: ImagePart): string | undefined {
  if (image.mediaType !== undefined) return image.mediaType;
  if (image.data !== undefined) {
    try {
      return mediaTypeOf(Uint8Array.from(atob(image.data.slice(0, 24)), (char) => char.charCodeAt(0)));
    } catch {
      return undefined; // Not base64: the vendor's refusal will say so.
    }
  }
  const name = /\.(png|jpe?g|gif|webp)(?:[?#]|$)/i.exec(image.url ?? "")?.[1]?.toLowerCase();
  return name === undefined ? undefined : `image/${name === "jpg" ? "jpeg" : name}`;
}

/** Magic numbers, at offset 0; of WebP the RIFF container, which no other image type uses. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const head = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (head === "89504e47") return "image/png";
  if (head.startsWith("ffd8ff")) return "image/jpeg";
  if (head === "47494638") return "image/gif";
  return head === "52494646" ? "image/webp" : undefined;
}

/** What a tool's result is on the wire: text and parts as they are, other values as JSON, nothing as "null". */
export function toolContent(result: unknown): ToolMessage["content"] {
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

function checkOptions(options: unknown): void {
  if (options === null || typeof options !== "object") throw new ConfigError("The options must be an object.");
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
