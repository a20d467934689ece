/**
 * OpenAI's tools that take a text, and calls that a program made: they go back as they came.
 */
import { assertEquals } from "@std/assert";
import { assistantMessage, openaiChat, openaiResponses, toolMessage } from "../../mod.ts";
import { decodeBody, encoded } from "../support/decoding.ts";

Deno.test("a custom call of a chat completion is told with its text, and goes back as it came", () => {
  const call = { id: "call_1", type: "custom", custom: { name: "shell", input: "ls" } };
  const body = {
    id: "1",
    choices: [{
      index: 0,
      finish_reason: "tool_calls",
      message: { role: "assistant", content: null, tool_calls: [call] },
    }],
  };
  const { result } = decodeBody(openaiChat, body);
  assertEquals(result?.toolCalls.map(({ name, arguments: args }) => [name, args]), [["shell", { input: "ls" }]]);
  const messages = [...result?.messages ?? [], toolMessage("call_1", "README.md")];
  const sent = encoded(openaiChat, "gpt-5", { messages }).body["messages"] as readonly {
    readonly tool_calls?: unknown;
  }[];
  assertEquals(sent[0]?.tool_calls, [call]);
});

Deno.test("what answers a custom call of a response is told as such", () => {
  const data = { type: "custom_tool_call", id: "ctc_1", call_id: "call_1", name: "shell", input: "ls" };
  const messages = [
    assistantMessage([{ type: "vendor", provider: "openai", data }]),
    toolMessage("call_1", "README.md"),
  ];
  assertEquals(encoded(openaiResponses, "gpt-5", { messages }).body["input"], [
    data,
    { type: "custom_tool_call_output", call_id: "call_1", output: "README.md" },
  ]);
});

Deno.test("what answers a call that a program made names the program", () => {
  const caller = { type: "program", caller_id: "prog_1" };
  const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", arguments: "{}", caller };
  const output = [{ ...call, status: "completed" }];
  const { result } = decodeBody(openaiResponses, { id: "resp_1", status: "completed", output });
  const messages = [...result?.messages ?? [], toolMessage("call_1", "Sunny.")];
  const input = encoded(openaiResponses, "gpt-5", { messages }).body["input"] as readonly object[];
  assertEquals(input.at(-1), { type: "function_call_output", call_id: "call_1", output: "Sunny.", caller });
});
