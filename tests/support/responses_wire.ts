/**
 * OpenAI's Responses as they stand on the wire, event by event.
 *
 * @module
 */
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { type Decoded, decodeStream, named, type WireEvent } from "./decoding.ts";

export const usage = { input_tokens: 10, output_tokens: 7 };
export const response = (status: string, more: object = {}) => ({
  id: "resp_1",
  model: "gpt-4o-2024-08-06",
  status,
  error: null,
  output: [],
  ...more,
});
export const created = { type: "response.created", response: response("in_progress") };
export const message = { type: "message", id: "msg_1", role: "assistant", content: [] };
export const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", arguments: "" };
export const added = (output_index: unknown, item: object) => ({
  type: "response.output_item.added",
  output_index,
  item,
});
export const done = (output_index: unknown, item: object) => ({
  type: "response.output_item.done",
  output_index,
  item,
});
export const say = (output_index: unknown, delta: string, more: object = {}) => ({
  type: "response.output_text.delta",
  output_index,
  content_index: 0,
  delta,
  ...more,
});
export const argue = (output_index: number, delta: string) => ({
  type: "response.function_call_arguments.delta",
  output_index,
  delta,
});
export const completed = { type: "response.completed", response: response("completed", { usage }) };

/** What the dialect of Responses hears. */
export function hear(...events: readonly WireEvent[]): Promise<Decoded> {
  return decodeStream(openaiResponses, named(...events));
}
