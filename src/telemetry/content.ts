/**
 * Messages, answers and tools as span attributes, in the GenAI conventions' message shape. Nothing of it is recorded
 * unless that was asked for.
 *
 * https://github.com/open-telemetry/semantic-conventions/tree/main/docs/gen-ai (gen-ai-input-messages.json and its twins)
 *
 * @module
 */
import type { Result } from "../event.ts";
import { cachedTexts, type ChatRequest } from "../language_model.ts";
import { base64Size, imageMediaType } from "../image.ts";
import type { ImagePart, Message, Part, TextPart } from "../message.ts";
import { jsonSchemaOf } from "../schema.ts";
import { cutText, fitJson } from "./fit_json.ts";
import { CONTENT } from "./names.ts";
import type { Redact } from "./options.ts";
import type { OptionalAttributes } from "./span.ts";

/** What is recorded of content, and how. */
export interface Capture {
  /** Messages, instructions, tool definitions and arguments. */
  readonly input: boolean;
  /** Answers and tool results. */
  readonly output: boolean;
  /** Runs over every text first. */
  readonly redact: Redact | undefined;
  /** The longest value, in characters. */
  readonly maxLength: number;
}

/** Nothing is recorded. */
export const NO_CONTENT: Capture = { input: false, output: false, redact: undefined, maxLength: 0 };

/** One message in the conventions' shape. */
interface RecordedMessage {
  readonly role: string;
  readonly parts: readonly unknown[];
}

/** What the request says. */
export function inputContent(request: ChatRequest, capture: Capture): OptionalAttributes {
  if (!capture.input) return {};
  const { messages, tools = [] } = request;
  const instructions = [
    ...cachedTexts(request),
    ...messages.flatMap((message) => message.role === "system" ? [message.content] : []),
  ];
  const others = messages.filter((message) => message.role !== "system");
  return {
    [CONTENT.systemInstructions]: instructions.length === 0
      ? undefined
      : valueOf(CONTENT.systemInstructions, capture, (redact) => {
        return instructions.flatMap((text) => textPart(text, "system", redact));
      }),
    [CONTENT.inputMessages]: valueOf(
      CONTENT.inputMessages,
      capture,
      (redact) => others.map((m) => messageOf(m, redact)),
    ),
    [CONTENT.toolDefinitions]: tools.length === 0 ? undefined : valueOf(CONTENT.toolDefinitions, capture, (redact) => {
      return tools.map(({ name, description, parameters }) => {
        const schema = leaves(jsonSchemaOf(parameters, "parameters"), "system", redact);
        return { type: "function", name, description: redact(description, "system"), parameters: schema };
      });
    }),
  };
}

/** What the model answered. */
export function outputContent(result: Result | undefined, capture: Capture): OptionalAttributes {
  if (!capture.output || result === undefined) return {};
  return {
    [CONTENT.outputMessages]: valueOf(CONTENT.outputMessages, capture, (redact) => {
      return result.messages.map((message, index) => {
        const recorded = messageOf(message, redact);
        if (message.role !== "assistant") return recorded;
        const unsaid = index === 0 ? unsaidParts(result, redact) : [];
        const parts = [...unsaid, ...recorded.parts];
        return { role: recorded.role, parts, finish_reason: finishReasonOf(result, index) };
      });
    }),
  };
}

/** Of an agent's turns the vendor's word is known of the last one alone; one before it asked for tools, or was done. */
function finishReasonOf({ messages, finishReason }: Result, index: number): string {
  if (index === messages.findLastIndex(({ role }) => role === "assistant")) return finishReason;
  const content = messages[index]?.content;
  return Array.isArray(content) && content.some(({ type }) => type === "tool_call") ? "tool_call" : "stop";
}

/** Thoughts and a refusal that a dialect does not take back, and that so are no part of the answer's messages. */
function unsaidParts({ messages, thinking, refusal }: Result, redact: Clean): readonly unknown[] {
  const isThere = messages.some(({ role, content }) => {
    return role === "assistant" && typeof content !== "string" && content.some(({ type }) => type === "thinking");
  });
  return [
    ...(thinking === undefined || isThere ? [] : reasoningPart(thinking, "assistant", redact)),
    ...(refusal === undefined ? [] : textPart(refusal, "assistant", redact)),
  ];
}

/** A text that goes into a status message or another plain attribute; undefined where it must not be recorded. */
export function redacted(text: string, attribute: string, capture: Capture): string | undefined {
  try {
    const clean = capture.redact === undefined ? text : capture.redact(text, { attribute });
    const kept = textOnly(clean);
    return kept === undefined ? undefined : cutText(kept, capture.maxLength);
  } catch {
    return undefined; // A redactor that throws has not redacted.
  }
}

/** What a redactor gave, if that is a text. A promise, as of an async one, is none, and nobody else takes its rejection. */
function textOnly(clean: unknown): string | undefined {
  if (typeof clean === "string") return clean;
  Promise.resolve(clean).catch(() => {});
  return undefined;
}

/** Redacts one text; undefined leaves it out. */
export type Clean = (text: string, role: string) => string | undefined;

/** One attribute: redacted first, then cut until its JSON fits; dropped whole where the redactor throws. */
export function valueOf(
  attribute: string,
  capture: Capture,
  build: (redact: Clean) => readonly unknown[],
): string | undefined {
  const { redact, maxLength } = capture;
  try {
    const built = build((text, role) => {
      const clean = redact === undefined ? text : redact(text, { attribute, role });
      return textOnly(clean);
    });
    return fitJson(built, maxLength);
  } catch {
    return undefined;
  }
}

function messageOf(message: Message, redact: Clean): RecordedMessage {
  const { role, content } = message;
  if (message.role === "tool") {
    const response = typeof message.content === "string"
      ? redact(message.content, role)
      : message.content.flatMap((part) => partOf(part, role, redact));
    return { role, parts: [{ type: "tool_call_response", id: message.toolCallId, response }] };
  }
  if (typeof content === "string") return { role, parts: textPart(content, role, redact) };
  return { role, parts: content.flatMap((part) => partOf(part, role, redact)) };
}

function partOf(part: string | Part, role: string, redact: Clean): readonly unknown[] {
  if (typeof part === "string") return textPart(part, role, redact);
  switch (part.type) {
    case "text":
      return textPart(part.text, role, redact);
    case "image":
      return imagePart(part, role, redact);
    case "thinking":
      return reasoningPart(part.text, role, redact);
    case "tool_call":
      return [{ type: "tool_call", id: part.id, name: part.name, arguments: leaves(part.arguments, role, redact) }];
    case "vendor":
      return []; // Only its vendor knows what is in it.
  }
}

function textPart(text: TextPart["text"], role: string, redact: Clean): readonly unknown[] {
  const content = redact(text, role);
  return content === undefined ? [] : [{ type: "text", content }];
}

/** Nothing of a thought that the vendor keeps to itself. */
function reasoningPart(text: string, role: string, redact: Clean): readonly unknown[] {
  const content = text === "" ? undefined : redact(text, role);
  return content === undefined ? [] : [{ type: "reasoning", content }];
}

/** Of binary data its media type and size. */
function imagePart(image: ImagePart, role: string, redact: Clean): readonly unknown[] {
  const { url = "", mediaType } = image;
  // The conventions want no data in a uri.
  const inline = image.data === undefined ? /^data:([^;,]*)[^,]*,/i.exec(url) : null;
  const data = inline === null ? image.data : url.slice(inline[0].length);
  const mime_type = mediaType ?? (inline?.[1] || imageMediaType(image));
  if (data !== undefined) return [{ type: "blob", modality: "image", mime_type, size: base64Size(data) }];
  const uri = redact(url, role);
  return uri === undefined ? [] : [{ type: "uri", modality: "image", mime_type, uri }];
}

/** The same value as JSON has it, every text in it redacted, binary replaced by its size; keys are names and stay. */
export function leaves(value: unknown, role: string, redact: Clean): unknown {
  if (typeof value === "string") return redact(value, role);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item) => leaves(item, role, redact)).filter((item) => item !== undefined);
  }
  if (ArrayBuffer.isView(value)) return { type: "blob", size: value.byteLength };
  if (isInlineImage(value)) return imagePart(value, role, redact)[0];
  if ("toJSON" in value && typeof value.toJSON === "function") return leaves(value.toJSON(), role, redact);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, leaves(item, role, redact)]));
}

function isInlineImage(value: object): value is ImagePart {
  const { type, data, url } = value as { readonly type?: unknown; readonly data?: unknown; readonly url?: unknown };
  return type === "image" && (typeof data === "string" || typeof url === "string" && /^data:/i.test(url));
}
