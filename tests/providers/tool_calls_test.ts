import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { gatherToolCalls, madeId, type ToolCallPiece } from "../../src/providers/tool_calls.ts";

function gathered(...pieces: readonly ToolCallPiece[]) {
  const calls = gatherToolCalls();
  for (const piece of pieces) calls.add(piece);
  return calls.finish({ answer: "answer-1" }).map(({ name, arguments: args }) => [name, args]);
}

const both = [["rome", {}], ["paris", { b: 2 }]];

const rows: Readonly<Record<string, readonly ToolCallPiece[]>> = {
  "without index and id": [{ name: "rome", arguments: "" }, { name: "paris", arguments: '{"b":2}' }],
  "with an empty id, and index 0 each": [
    { index: 0, id: "", name: "rome", arguments: "{}" },
    { index: 0, id: "", name: "paris", arguments: '{"b":2}' },
  ],
  "without index and id, in pieces": [
    { name: "rome", arguments: "{" },
    { arguments: "}" },
    { name: "paris", arguments: '{"b"' },
    { arguments: ":2}" },
  ],
  "with index 0 each, and ids": [
    { index: 0, id: "1", name: "rome", arguments: "{}" },
    { index: 0, id: "2", name: "paris", arguments: '{"b":2}' },
  ],
  "as OpenAI sends them, interleaved": [
    { index: 0, id: "1", name: "rome", arguments: "" },
    { index: 1, id: "2", name: "paris", arguments: "" },
    { index: 1, arguments: '{"b"' },
    { index: 0, arguments: "{}" },
    { index: 1, arguments: ":2}" },
  ],
};
for (const [name, pieces] of Object.entries(rows)) {
  Deno.test(`two calls ${name} are two calls, each with its own arguments`, () => {
    assertEquals(gathered(...pieces), both);
  });
}

Deno.test("the same tool called twice, without index and id, is two calls", () => {
  const pieces = [{ name: "t", arguments: '{"a":1}' }, { name: "t", arguments: '{"a":2}' }];
  assertEquals(gathered(...pieces), [["t", { a: 1 }], ["t", { a: 2 }]]);
});

Deno.test("a name that is said again with every piece begins no call before the arguments are whole", () => {
  const pieces = [{ name: "t", arguments: '{"a"' }, { name: "t", arguments: ":1}" }];
  assertEquals(gathered(...pieces), [["t", { a: 1 }]]);
});

Deno.test("madeId() never makes the same id twice in a conversation", () => {
  assertEquals(madeId(0, "resp_0123456789abcdef"), "call_0_456789abcdef");
  assertNotEquals(madeId(0, "resp_1"), madeId(0, "resp_2"));
  assertNotEquals(madeId(0, undefined), madeId(0, undefined));
  assertMatch(madeId(1, ""), /^call_1_[0-9a-f]{8}$/);
});
