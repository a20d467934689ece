/**
 * Anthropic's Messages as they stand on the wire, event by event.
 *
 * @module
 */
import { anthropic } from "../../src/providers/anthropic.ts";
import { type Decoded, decodeStream, named, type WireEvent } from "./decoding.ts";

export const start = {
  type: "message_start",
  message: { id: "msg_1", model: "claude-haiku-4-5", usage: { input_tokens: 10, output_tokens: 1 } },
};
export const open = (index: unknown, content_block: object) => ({ type: "content_block_start", index, content_block });
export const piece = (index: unknown, delta: object) => ({ type: "content_block_delta", index, delta });
export const say = (index: unknown, text: string) => piece(index, { type: "text_delta", text });
export const close = (index: unknown) => ({ type: "content_block_stop", index });
export const end = (stop_reason: string, usage: object = { output_tokens: 7 }) => ({
  type: "message_delta",
  delta: { stop_reason },
  usage,
});
export const stop = { type: "message_stop" };
export const textBlock = { type: "text", text: "" };
export const toolBlock = { type: "tool_use", id: "toolu_1", name: "weather", input: {} };

/** A short answer of one text. */
export const hello: readonly WireEvent[] = [
  start,
  open(0, textBlock),
  say(0, "Hello"),
  close(0),
  end("end_turn"),
  stop,
];

/** What Anthropic\'s dialect hears. */
export function hear(...events: readonly WireEvent[]): Promise<Decoded> {
  return decodeStream(anthropic, named(...events));
}
