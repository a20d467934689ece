import { assertEquals, assertStrictEquals } from "@std/assert";
import { withLegalNames, withoutCalls } from "../../src/agent/transcript.ts";
import type { Message, Part } from "../../src/message.ts";
import { tool } from "../support/agent_tools.ts";
import { call } from "../support/scripted_model.ts";

const said = (...content: readonly Part[]): Message => ({ role: "assistant", content });
const text: Part = { type: "text", text: "I look it up." };
const thought: Part = { type: "thinking", text: "Hm.", signature: "sealed" };
const item = (type: string): Part => ({ type: "vendor", provider: "openai", data: { type } });

Deno.test("withLegalNames() leaves a name that vendors take as it is, and makes one of any other", () => {
  const tools = [tool("search_flights", () => "never")];
  const names = {
    "flights": "flights",
    "find flights!": "find_flights_",
    "a/b.c": "a_b_c",
    "": "unknown_tool",
    "search.flights": "unknown_tool",
    ["x".repeat(65)]: "x".repeat(64),
    "é": "_",
  };
  for (const [name, legal] of Object.entries(names)) {
    const message = withLegalNames(said(text, call(name, { to: "Rome" }, "call_1")), tools);
    assertEquals(message, said(text, call(legal, { to: "Rome" }, "call_1")));
  }
  const plain: Message = { role: "assistant", content: "Yes." };
  assertStrictEquals(withLegalNames(plain, tools), plain);
});

Deno.test("withoutCalls() takes the thoughts along that led to a call alone", () => {
  const cases: readonly (readonly [Part[], Part[] | ""])[] = [
    [[text, call("a")], [text]],
    [[thought, call("a")], ""],
    [[item("reasoning"), call("a"), item("reasoning"), text], [item("reasoning"), text]],
    [[item("reasoning"), text, item("reasoning"), thought, call("a"), call("b")], [item("reasoning"), text]],
    [[thought, text, call("a")], [thought, text]],
    [[item("web_search_call"), call("a")], [item("web_search_call")]],
    [[thought], [thought]],
  ];
  for (const [parts, left] of cases) {
    assertEquals(withoutCalls(said(...parts)), { role: "assistant", content: left });
  }
});

Deno.test("withLegalNames() leaves the name of a tool that was declared", () => {
  const name = "x".repeat(80);
  const message = said(call(name, {}, "call_1"));
  assertEquals(withLegalNames(message, [tool(name, () => "never")]), message);
});
