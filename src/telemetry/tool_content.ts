/**
 * What a tool was given and what it gave, as span attributes; only where content is recorded.
 *
 * @module
 */
import type { ToolCall } from "../message.ts";
import { type Capture, leaves, valueOf } from "./content.ts";
import { CONTENT } from "./names.ts";
import type { OptionalAttributes } from "./span.ts";

/** The arguments of a call. */
export function toolArguments(call: ToolCall, capture: Capture): OptionalAttributes {
  return {
    [CONTENT.toolArguments]: capture.input ? jsonOf(CONTENT.toolArguments, call.arguments, capture) : undefined,
  };
}

/** The result of a call. */
export function toolResult(result: unknown, capture: Capture): OptionalAttributes {
  return { [CONTENT.toolResult]: capture.output ? jsonOf(CONTENT.toolResult, result, capture) : undefined };
}

/** JSON of one value, redacted and cut as lists of messages are. */
function jsonOf(attribute: string, value: unknown, capture: Capture): string | undefined {
  const list = valueOf(attribute, capture, (redact) => [{ content: leaves(value, "tool", redact) }]);
  return list === undefined ? undefined : JSON.stringify(JSON.parse(list)[0]?.content);
}
