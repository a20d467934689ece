import { assertEquals } from "@std/assert";
import { type Message, systemMessage } from "../../src/message.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { encoded } from "../support/decoding.ts";

const MODEL = "claude-haiku-4-5";
const PNG = "iVBORw0KGgoAAAANSUhEUg==";

function messagesOf(...messages: readonly Message[]): unknown {
  return encoded(anthropic, MODEL, { messages }).body["messages"];
}

Deno.test("system messages stand above the conversation, behind the texts to be cached", () => {
  const { body } = encoded(anthropic, MODEL, {
    cacheContent: ["A long book.", "Another."],
    messages: [
      systemMessage("Be brief."),
      { role: "user", content: "Hello" },
      systemMessage("Be kind.", { cache: true }),
      systemMessage(""),
    ],
  });
  assertEquals(body["system"], [
    { type: "text", text: "A long book.", cache_control: { type: "ephemeral" } },
    { type: "text", text: "Another.", cache_control: { type: "ephemeral" } },
    { type: "text", text: "Be brief." },
    { type: "text", text: "Be kind.", cache_control: { type: "ephemeral" } },
  ]);
  assertEquals(body["messages"], [{ role: "user", content: "Hello" }]);
});

Deno.test("a mark goes to the last block of a user message, with the time that was asked for", () => {
  const parts = ["Look:", { type: "image", url: "https://example.com/cat.png" }] as const;
  assertEquals(
    messagesOf(
      { role: "user", content: "Hello", cache: "1h" },
      { role: "user", content: parts, cache: "5m" },
      { role: "user", content: "Bye", cache: false },
    ),
    [
      {
        role: "user",
        content: [{ type: "text", text: "Hello", cache_control: { type: "ephemeral", ttl: "1h" } }],
      },
      {
        role: "user",
        content: [
          { type: "text", text: "Look:" },
          {
            type: "image",
            source: { type: "url", url: "https://example.com/cat.png" },
            cache_control: { type: "ephemeral", ttl: "5m" },
          },
        ],
      },
      { role: "user", content: "Bye" },
    ],
  );
});

Deno.test("a request carries four marks at most, and no longer one behind a shorter one", () => {
  const { body } = encoded(anthropic, MODEL, {
    cacheContent: ["One.", "Two.", "Three."],
    cacheTools: true,
    tools: [{ name: "now", description: "Tells the time.", parameters: { type: "object" } }],
    messages: [systemMessage("Four.", { cache: "1h" }), { role: "user", content: "Five.", cache: true }],
  });
  const hour = { type: "ephemeral", ttl: "1h" };
  assertEquals(body["system"], [
    { type: "text", text: "One." },
    { type: "text", text: "Two.", cache_control: hour },
    { type: "text", text: "Three.", cache_control: hour },
    { type: "text", text: "Four.", cache_control: hour },
  ]);
  assertEquals(body["messages"], [{
    role: "user",
    content: [{ type: "text", text: "Five.", cache_control: { type: "ephemeral" } }],
  }]);
  assertEquals(Object.keys((body["tools"] as object[])[0] ?? {}), ["name", "description", "input_schema"]);
});

Deno.test("cacheTools marks the last tool", () => {
  const tool = (name: string) => ({ name, description: "Does.", parameters: { type: "object" } });
  const { body } = encoded(anthropic, MODEL, { tools: [tool("a"), tool("b")], cacheTools: true });
  const marks = (body["tools"] as { readonly cache_control?: unknown }[]).map((sent) => sent.cache_control);
  assertEquals(marks, [undefined, { type: "ephemeral" }]);
});

Deno.test("images go as addresses or as base64, with the media type that their bytes have", () => {
  assertEquals(
    messagesOf({
      role: "user",
      content: ["", { type: "text", text: "Which?" }, { type: "image", data: PNG }, {
        type: "image",
        data: "x",
        mediaType: "image/webp",
      }],
    }),
    [{
      role: "user",
      content: [
        { type: "text", text: "Which?" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        { type: "image", source: { type: "base64", media_type: "image/webp", data: "x" } },
      ],
    }],
  );
});

Deno.test("results that stand together go in one message, in order, with images and errors", () => {
  assertEquals(
    messagesOf(
      { role: "tool", toolCallId: "toolu_1", content: "21 °C" },
      { role: "tool", toolCallId: "call.2:x", content: "no such city", isError: true },
      { role: "user", content: "Go on." },
      {
        role: "tool",
        toolCallId: "toolu_3",
        content: [{ type: "text", text: "A map:" }, { type: "image", data: PNG }],
      },
    ),
    [
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: "21 °C" },
          { type: "tool_result", tool_use_id: "call_2e2_3ax", content: "no such city", is_error: true },
        ],
      },
      { role: "user", content: "Go on." },
      {
        role: "user",
        content: [{
          type: "tool_result",
          tool_use_id: "toolu_3",
          content: [
            { type: "text", text: "A map:" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
          ],
        }],
      },
    ],
  );
});

Deno.test("an answer goes back part by part: sealed thoughts, own vendor blocks, calls; nothing of other vendors", () => {
  const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "Paris" } };
  assertEquals(
    messagesOf({
      role: "assistant",
      content: [
        { type: "thinking", text: "Hm.", signature: "EqQBsig" },
        { type: "thinking", text: "", redacted: "EmwKAhgB" },
        { type: "thinking", text: "Nobody sealed this." },
        { type: "vendor", provider: "anthropic", data: search },
        { type: "vendor", provider: "openai", data: { type: "reasoning", id: "rs_1" } },
        { type: "text", text: "Paris." },
        { type: "text", text: "" },
        { type: "image", data: PNG },
        { type: "tool_call", id: "functions.weather:0", name: "weather", arguments: { city: "Paris" } },
        { type: "tool_call", id: "toolu_2", name: "now", arguments: undefined },
      ],
    }),
    [{
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "EqQBsig" },
        { type: "redacted_thinking", data: "EmwKAhgB" },
        search,
        { type: "text", text: "Paris." },
        { type: "tool_use", id: "functions_2eweather_3a0", name: "weather", input: { city: "Paris" } },
        { type: "tool_use", id: "toolu_2", name: "now", input: {} },
      ],
    }],
  );
});

Deno.test("what a vendor adds to a part goes back to it alone, through JSON and back", () => {
  const citations = [{ type: "web_search_result_location", url: "https://example.com" }];
  const caller = { type: "code_execution_20260120", tool_id: "srvtoolu_1" };
  const add = (provider: string, data: object) => ({ vendor: { provider, data } });
  const message: Message = JSON.parse(JSON.stringify({
    role: "assistant",
    content: [
      { type: "text", text: "Cited.", ...add("anthropic", { citations }) },
      { type: "text", text: "Final.", ...add("openai", { phase: "final_answer" }) },
      { type: "tool_call", id: "toolu_1", name: "now", arguments: {}, ...add("anthropic", { caller }) },
    ],
  }));
  assertEquals(messagesOf(message), [{
    role: "assistant",
    content: [
      { type: "text", text: "Cited.", citations },
      { type: "text", text: "Final." },
      { type: "tool_use", id: "toolu_1", name: "now", input: {}, caller },
    ],
  }]);
});

Deno.test("an answer without anything to send back is left out", () => {
  assertEquals(
    messagesOf(
      { role: "user", content: "Hello" },
      { role: "assistant", content: "" },
      { role: "assistant", content: [{ type: "text", text: "" }] },
    ),
    [{ role: "user", content: "Hello" }],
  );
});

Deno.test("an image whose address holds it goes as its data", () => {
  const image = { type: "image", url: `data:image/png;base64,${PNG}` } as const;
  const source = { type: "base64", media_type: "image/png", data: PNG };
  assertEquals(messagesOf({ role: "user", content: [image] }), [{
    role: "user",
    content: [{ type: "image", source }],
  }]);
});

Deno.test("arguments that are no object go back as none: the vendor refuses them, and the tool was told", () => {
  for (const args of [[1], "text", 5, null]) {
    const call = { type: "tool_call", id: "1", name: "t", arguments: args } as const;
    assertEquals(
      messagesOf({ role: "user", content: "Hi" }, { role: "assistant", content: [call] }, {
        role: "tool",
        toolCallId: "1",
        content: "No.",
        isError: true,
      }),
      [
        { role: "user", content: "Hi" },
        { role: "assistant", content: [{ type: "tool_use", id: "1", name: "t", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "No.", is_error: true }] },
      ],
    );
  }
});

Deno.test("a vendor's own part goes back as it is, and stays the caller's own", () => {
  const data = Object.freeze({ type: "x", cache_control: Object.freeze({ type: "ephemeral" }) });
  const asked: Message = { role: "user", content: "Go on.", cache: "1h" };
  const kept: Message = { role: "assistant", content: [{ type: "vendor", provider: "anthropic", data }] };
  messagesOf(asked, kept, asked, asked, asked, asked);
  assertEquals(data, { type: "x", cache_control: { type: "ephemeral" } });
});
