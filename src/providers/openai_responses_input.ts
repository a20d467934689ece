/**
 * A conversation as the items of OpenAI's Responses (https://platform.openai.com/docs/guides/conversation-state).
 *
 * @module
 */
import { cachedTexts, type ChatRequest } from "../language_model.ts";
import type { ImagePart, Message, Part, TextPart } from "../message.ts";
import { argumentsText, imageUrl } from "./openai_chat_messages.ts";
import { type Raw, record, text } from "./raw.ts";
import { vendorFieldsOf } from "./vendor_fields.ts";

/**
 * The items of a request, the texts to be cached first: OpenAI caches the longest prefix it has seen by itself.
 * `provider` is the one whose vendor items go along.
 */
export function encodeInput(request: ChatRequest, provider: string): readonly unknown[] {
  const { store = false } = request;
  const cached = cachedTexts(request).map((content) => ({ role: "system", content }));
  const answers = answersTo(request.messages, provider);
  return [...cached, ...request.messages.flatMap((message) => encodeMessage(message, provider, store, answers))];
}

/** What the answer to a call is sent with, by the call's id: it has the call's own caller, and its kind. */
function answersTo(messages: readonly Message[], provider: string): ReadonlyMap<string, Raw> {
  const parts = messages.flatMap((message) =>
    message.role === "assistant" && typeof message.content !== "string" ? message.content : []
  );
  return new Map(parts.flatMap((part): readonly (readonly [string, Raw])[] => {
    if (part.type === "tool_call") {
      const { caller } = vendorFieldsOf(part, provider);
      return caller === undefined ? [] : [[part.id, { caller }]];
    }
    const { type, call_id: id } = part.type === "vendor" && part.provider === provider ? record(part.data) : {};
    return type === "custom_tool_call" ? [[text(id), { type: "custom_tool_call_output" }]] : [];
  }));
}

function encodeMessage(
  message: Message,
  provider: string,
  store: boolean,
  answers: ReadonlyMap<string, Raw>,
): readonly unknown[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: message.content }];
    case "user":
      return [{ role: "user", content: encodeContent(message.content) }];
    case "assistant":
      return encodeAssistant(message.content, provider, store);
    case "tool":
      return [{
        type: "function_call_output",
        call_id: message.toolCallId,
        output: encodeContent(message.content),
        ...answers.get(message.toolCallId),
      }];
  }
}

function encodeContent(content: string | readonly (string | TextPart | ImagePart)[]): unknown {
  if (typeof content === "string") return content;
  return content.map((part) => {
    if (typeof part !== "string" && part.type === "image") {
      return { type: "input_image", image_url: imageUrl(part), detail: "auto" };
    }
    return { type: "input_text", text: typeof part === "string" ? part : part.text };
  });
}

/** Each part is an item of its own. Thoughts without their item, other vendors' blocks and images have no place here. */
function encodeAssistant(content: string | readonly Part[], provider: string, store: boolean): readonly unknown[] {
  if (typeof content === "string") return content === "" ? [] : [{ role: "assistant", content }];
  return content.flatMap((part): readonly unknown[] => {
    switch (part.type) {
      case "text":
        return part.text === "" ? [] : [{ role: "assistant", content: part.text, ...vendorFieldsOf(part, provider) }];
      case "tool_call":
        return [{
          type: "function_call",
          call_id: part.id,
          name: part.name,
          arguments: argumentsText(part),
          ...vendorFieldsOf(part, provider),
        }];
      case "vendor":
        return part.provider === provider && isKnown(part.data, store) ? [part.data] : [];
      case "thinking":
      case "image":
        return [];
    }
  });
}

/** A reasoning item stands for a thought that the vendor keeps, or brings it along encrypted; else it means nothing. */
function isKnown(item: unknown, store: boolean): boolean {
  const { type, encrypted_content } = record(item);
  return type !== "reasoning" || store || typeof encrypted_content === "string";
}
