/**
 * Answers that are no object, for vendors that want one: they stand in its property `answer`.
 *
 * @module
 */
import { asPart, isObjectSchema, withOwnRoot } from "../json_schema.ts";
import type { Message, Part } from "../message.ts";
import type { DecodedEvent, DecodedResult, Fold } from "../provider.ts";
import type { JsonSchema } from "../schema.ts";
import { record } from "./raw.ts";

/** Whether an answer in this schema is put into an object: a list, a text, a union. */
export function needsWrapping(schema: JsonSchema): boolean {
  return !isObjectSchema(withOwnRoot(schema));
}

/** The schema of the object around an answer. */
export function wrapSchema(schema: JsonSchema): JsonSchema {
  const { part, definitions } = asPart(schema, "answer");
  return {
    type: "object",
    properties: { answer: part },
    required: ["answer"],
    additionalProperties: false,
    ...definitions,
  };
}

/** The answer as JSON, out of the object around it; "" where there is none. */
export function unwrapAnswer(wrapped: unknown): string {
  return JSON.stringify(record(wrapped)["answer"]) ?? "";
}

/**
 * A fold whose text is the answer alone, in one piece at the end: only then it is whole. A text that is no such object,
 * as that of an answer that was cut, is left as it is.
 */
export function unwrapping(fold: Fold, onOutput?: () => void): Fold {
  let text = "";

  /** Lets everything through but text. */
  function hold<R>(step: (out: DecodedEvent[]) => R, out: DecodedEvent[]): R {
    const given: DecodedEvent[] = [];
    try {
      return step(given);
    } finally {
      for (const event of given) {
        if (event.type !== "text") out.push(event);
        else {
          onOutput?.();
          text += event.delta;
        }
      }
    }
  }
  return {
    take: (event, out) => hold((given) => fold.take(event, given), out),
    takeBody: (body, out) => hold((given) => fold.takeBody(body, given), out),
    billed: fold.billed,
    text: () => text,
    finish(out) {
      const given: DecodedEvent[] = [];
      fold.finish(given);
      for (const event of given) {
        if (event.type !== "finish") out.push(event);
        else {
          const result = unwrapResult(event.result);
          if (result.response !== "") out.push({ type: "text", delta: result.response });
          out.push({ type: "finish", result });
        }
      }
    },
  };
}

function unwrapResult(result: DecodedResult): DecodedResult {
  let wrapped: unknown;
  try {
    wrapped = JSON.parse(result.response);
  } catch {
    return result; // Whether that is a fault is told where the answer is parsed.
  }
  const response = unwrapAnswer(wrapped);
  if (response === "") return result;
  return { ...result, response, messages: result.messages.map((message) => withText(message, response)) };
}

/** What the model said, with the answer alone for its text. */
function withText(message: Message, text: string): Message {
  if (message.role !== "assistant") return message;
  if (typeof message.content === "string") return { ...message, content: text };
  const first = message.content.findIndex(({ type }) => type === "text");
  const content = message.content.flatMap((part, index): readonly Part[] => {
    if (part.type !== "text") return [part];
    return index === first ? [{ ...part, text }] : [];
  });
  return { ...message, content };
}
