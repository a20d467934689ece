/**
 * Messages, answers and tools as span attributes, in the GenAI conventions' message shape. Nothing of it is recorded
 * unless that was asked for.
 *
 * https://github.com/open-telemetry/semantic-conventions/tree/main/docs/gen-ai (gen-ai-input-messages.json and its twins)
 *
 * @module
 */
import type { Result } from "../event.ts";
import type { ChatRequest } from "../language_model.ts";
import { imageMediaType, type ImagePart, type Message, type Part, type TextPart } from "../message.ts";
import { jsonSchemaOf } from "../schema.ts";
import { fitJson } from "./fit_json.ts";
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

/** One message in the conventions' shape. */
interface RecordedMessage {
  readonly role: string;
  readonly parts: readonly unknown[];
  readonly finish_reason?: string;
}

/** What the request says. */
export function inputContent(request: ChatRequest, capture: Capture): OptionalAttributes {
  if (!capture.input) return {};
  const system = request.messages.filter((message) => message.role === "system");
  const others = request.messages.filter((message) => message.role !== "system");
  const { tools = [] } = request;
  return {
    [CONTENT.systemInstructions]: system.length === 0
      ? undefined
      : valueOf(CONTENT.systemInstructions, capture, (redact) => {
        return system.flatMap(({ content }) => textPart(content, "system", redact));
      }),
    [CONTENT.inputMessages]: valueOf(
      CONTENT.inputMessages,
      capture,
      (redact) => others.map((m) => messageOf(m, redact)),
    ),
    [CONTENT.toolDefinitions]: tools.length === 0 ? undefined : valueOf(CONTENT.toolDefinitions, capture, (redact) => {
      return tools.map(({ name, description, parameters }) => {
        const schema = jsonSchemaOf(parameters, "parameters");
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
      return result.messages.map((message) => ({ ...messageOf(message, redact), finish_reason: result.finishReason }));
    }),
  };
}

/** A text that goes into a status message or another plain attribute; undefined where it must not be recorded. */
export function redacted(text: string, attribute: string, capture: Capture): string | undefined {
  try {
    return capture.redact === undefined ? text : capture.redact(text, { attribute });
  } catch {
    return undefined; // A redactor that throws has not redacted.
  }
}

/** Redacts one text; undefined leaves it out. */
type Clean = (text: string, role: string) => string | undefined;

/** One attribute: redacted first, then cut until its JSON fits; dropped whole where the redactor throws. */
function valueOf(
  attribute: string,
  capture: Capture,
  build: (redact: Clean) => readonly unknown[],
): string | undefined {
  const { redact, maxLength } = capture;
  try {
    const built = build((text, role) => redact === undefined ? text : redact(text, { attribute, role }));
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
    case "thinking": {
      const content = redact(part.text, role);
      return content === undefined ? [] : [{ type: "reasoning", content }];
    }
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

/** Of binary data its media type and size. */
function imagePart(image: ImagePart, role: string, redact: Clean): readonly unknown[] {
  const mime_type = imageMediaType(image);
  if (image.data !== undefined) {
    const padding = image.data.endsWith("==") ? 2 : image.data.endsWith("=") ? 1 : 0;
    return [{ type: "blob", modality: "image", mime_type, size: Math.max(0, image.data.length * 3 / 4 - padding) }];
  }
  const uri = redact(image.url ?? "", role);
  return uri === undefined ? [] : [{ type: "uri", modality: "image", mime_type, uri }];
}

/** The same value with every text in it redacted. */
function leaves(value: unknown, role: string, redact: Clean): unknown {
  if (typeof value === "string") return redact(value, role);
  if (Array.isArray(value)) return value.map((item) => leaves(item, role, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, leaves(item, role, redact)]));
}
