/**
 * Answers in a schema after the vendor's own search: what the model says before it has looked is none of the answer.
 */
import { assertEquals } from "@std/assert";
import { anthropic, openaiResponses } from "../../mod.ts";
import { decodeBody } from "../support/decoding.ts";
import { completed, created, done, hear, response, usage } from "../support/responses_wire.ts";

const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
const PREAMBLE = "I'll look it up.";
const ANSWER = '{"a":1}';

const search = { type: "web_search_call", id: "ws_1", status: "completed" };
const said = (text: string, more: object = {}) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [] }],
  ...more,
});

const OUTPUTS: Readonly<Record<string, readonly object[]>> = {
  "after a search": [said(PREAMBLE), search, said(ANSWER)],
  "after a remark by the way": [said(PREAMBLE, { phase: "commentary" }), said(ANSWER, { phase: "final_answer" })],
  "alone": [said(ANSWER)],
  "before a search": [said(ANSWER), search],
  "between a search and a compaction": [said(PREAMBLE), search, said(ANSWER), { type: "compaction", id: "cmp_1" }],
  "after a remark, before a compaction": [
    said(PREAMBLE, { phase: "commentary" }),
    said(ANSWER, { phase: "final_answer" }),
    { type: "compaction", id: "cmp_1" },
  ],
};
for (const [where, output] of Object.entries(OUTPUTS)) {
  Deno.test(`openaiResponses.decodeBody() gives the answer in a schema ${where}`, () => {
    const body = response("completed", { usage, output });
    assertEquals(decodeBody(openaiResponses, body, { schema }).result?.response, ANSWER);
  });
}

Deno.test("openaiResponses.decode() without a schema gives all that was said around a search", async () => {
  const { result } = await hear(created, done(0, said(PREAMBLE)), done(1, search), done(2, said(ANSWER)), completed);
  assertEquals(result?.response, PREAMBLE + ANSWER);
});

const call = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "a" } };
const found = { type: "web_search_tool_result", tool_use_id: "s1", content: [] };
const text = (text: string) => ({ type: "text", text });

const CONTENTS: Readonly<Record<string, readonly object[]>> = {
  "after a search": [text(PREAMBLE), call, found, text('{"a":'), text("1}")],
  "alone": [text(ANSWER)],
  "before a search": [text(ANSWER), call, found],
};
for (const [where, content] of Object.entries(CONTENTS)) {
  Deno.test(`anthropic.decodeBody() gives the answer in a schema ${where}`, () => {
    const body = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5",
      content,
      stop_reason: "end_turn",
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    assertEquals(decodeBody(anthropic, body, { schema }).result?.response, ANSWER);
    const whole = content.map((block) => (block as { text?: string }).text ?? "").join("");
    assertEquals(decodeBody(anthropic, body).result?.response, whole);
  });
}

const MORE_OUTPUTS: Readonly<Record<string, readonly object[]>> = {
  "after a shell of the vendor's": [
    said(PREAMBLE),
    { type: "shell_call", call_id: "s", environment: { type: "container_reference" }, status: "completed" },
    { type: "shell_call_output", call_id: "s", output: [] },
    said(ANSWER),
  ],
  "after a program": [said(PREAMBLE), { type: "program", id: "p" }, { type: "program_output", id: "o" }, said(ANSWER)],
  "after a search for tools": [
    said(PREAMBLE),
    { type: "tool_search_call", id: "t", execution: "server" },
    said(ANSWER),
  ],
};
for (const [where, output] of Object.entries(MORE_OUTPUTS)) {
  Deno.test(`openaiResponses.decodeBody() gives the answer in a schema ${where}, and tells of the tool`, () => {
    const { events, result } = decodeBody(openaiResponses, response("completed", { usage, output }), { schema });
    assertEquals(result?.response, ANSWER);
    const statuses = events.flatMap((event) => event.type === "server_tool" ? [event.status] : []);
    assertEquals(statuses, ["started", "finished"]);
  });
}

Deno.test("a shell or a search for tools that is the caller's to run is no tool of the vendor's", () => {
  const output = [
    { type: "shell_call", call_id: "s", environment: { type: "local" }, status: "completed" },
    { type: "tool_search_call", id: "t", execution: "client" },
  ];
  assertEquals(decodeBody(openaiResponses, response("completed", { usage, output })).events, []);
});

Deno.test("openaiResponses.decode() finds an item by its id where a server numbers none", async () => {
  const item = { type: "message", id: "msg_1", role: "assistant", content: [] };
  const { result } = await hear(
    created,
    { type: "response.output_item.added", output_index: 0, item },
    { type: "response.output_text.delta", item_id: "msg_1", delta: "Par" },
    { type: "response.output_text.delta", item_id: "msg_1", delta: "is." },
    completed,
  );
  assertEquals(result?.response, "Paris.");
});
