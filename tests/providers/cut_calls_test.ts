/**
 * Calls without arguments, and the words of vendors for an answer that was cut: a tool is run with `{}` only where the
 * call was whole.
 */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { openaiChat, ToolArgumentsError } from "../../mod.ts";
import { decodeBody, decodeStream } from "../support/decoding.ts";
import { sse } from "../support/chat_wire.ts";

const tool_calls = [{ index: 0, id: "a", type: "function", function: { name: "wipe", arguments: "" } }];
const piece = (delta: object, finish_reason: string | null) => ({
  id: "1",
  choices: [{ index: 0, delta, finish_reason }],
});

/** How an answer with such a call ends, streamed and in one body. */
async function ended(reason: string) {
  const message = { role: "assistant", content: null, tool_calls };
  return [
    await decodeStream(openaiChat, sse(piece({ tool_calls }, null), piece({}, reason), "[DONE]")),
    decodeBody(openaiChat, { id: "1", choices: [{ index: 0, message, finish_reason: reason }] }),
  ];
}

for (
  const reason of [
    "length",
    "content_filter",
    "model_length",
    "error",
    "insufficient_system_resource",
    "MAX_TOKENS",
    "SAFETY",
  ]
) {
  Deno.test(`a call without arguments is no call where the answer ended with ${reason}`, async () => {
    for (const { error } of await ended(reason)) {
      assertInstanceOf(error, ToolArgumentsError);
      assertEquals(error.tool, "wipe");
    }
  });
}

for (const reason of ["tool_calls", "stop", "function_call", "tool_call", "TOOL_CALL", "COMPLETE", "moon"]) {
  Deno.test(`a call without arguments is whole where the answer ended with ${reason}`, async () => {
    for (const { result } of await ended(reason)) assertEquals(result?.toolCalls.map((call) => call.arguments), [{}]);
  });
}
