import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/error.ts";
import type { Message, TextPart, ToolCall } from "../../src/message.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { encodeChatMessages } from "../../src/providers/openai_chat_messages.ts";
import { encoded } from "../support/decoding.ts";

const PNG = "iVBORw0KGgo=";

/** A message in OpenAI's words, as JSON has it. */
function encode(message: Message): unknown {
  return JSON.parse(JSON.stringify(encodeChatMessages({ messages: [message] }, "openai")[0]));
}

const CASES: Readonly<Record<string, readonly [message: Message, expected: unknown]>> = {
  "instructions, without their cache mark": [
    { role: "system", content: "Be brief.", cache: "1h" },
    { role: "system", content: "Be brief." },
  ],
  "a user's text": [{ role: "user", content: "Hi", cache: true }, { role: "user", content: "Hi" }],
  "a user's texts and images": [
    {
      role: "user",
      content: [
        "a",
        { type: "text", text: "b" },
        { type: "image", url: "https://example.com/c.png" },
        { type: "image", data: PNG },
        { type: "image", data: "AAAA", mediaType: "image/webp" },
        { type: "image", data: "AAAA" },
      ],
    },
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
        { type: "image_url", image_url: { url: "https://example.com/c.png" } },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        { type: "image_url", image_url: { url: "data:image/webp;base64,AAAA" } },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      ],
    },
  ],
  "a model's text": [{ role: "assistant", content: "Hello" }, { role: "assistant", content: "Hello" }],
  "a model's parts, without thoughts and other vendors' blocks": [
    {
      role: "assistant",
      content: [
        { type: "thinking", text: "hm", signature: "s" },
        { type: "text", text: "Hel" },
        { type: "vendor", provider: "anthropic", data: {} },
        { type: "text", text: "lo" },
      ],
    },
    { role: "assistant", content: "Hello" },
  ],
  "a turn of OpenAI's Responses, without the items that only Responses knows": [
    {
      role: "assistant",
      content: [
        { type: "vendor", provider: "openai", data: { type: "reasoning", id: "rs_1", encrypted_content: "gAAAA" } },
        { type: "text", text: "Hello", vendor: { provider: "openai", data: { phase: "commentary" } } } as TextPart,
        {
          type: "tool_call",
          id: "1",
          name: "f",
          arguments: {},
          vendor: { provider: "openai", data: { namespace: "n", id: "fc_1" } },
        } as ToolCall,
      ],
    },
    {
      role: "assistant",
      content: "Hello",
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
    },
  ],
  "a model's tool calls": [
    {
      role: "assistant",
      content: [
        { type: "text", text: "Wait." },
        { type: "tool_call", id: "1", name: "f", arguments: { x: 1 } },
        { type: "tool_call", id: "2", name: "g", arguments: {} },
      ],
    },
    {
      role: "assistant",
      content: "Wait.",
      tool_calls: [
        { id: "1", type: "function", function: { name: "f", arguments: '{"x":1}' } },
        { id: "2", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    },
  ],
  "a model's tool call without a word": [
    { role: "assistant", content: [{ type: "tool_call", id: "1", name: "f", arguments: null }] },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "null" } }],
    },
  ],
  "a model's tool call whose arguments were left out": [
    { role: "assistant", content: [{ type: "tool_call", id: "1", name: "f", arguments: undefined }] },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
    },
  ],
  "a model that said nothing": [{ role: "assistant", content: [] }, { role: "assistant", content: "" }],
  "a tool's result": [
    { role: "tool", toolCallId: "1", content: "21", isError: true },
    { role: "tool", tool_call_id: "1", content: "21" },
  ],
  "a tool's images, as text": [
    {
      role: "tool",
      toolCallId: "1",
      content: [
        { type: "text", text: "See:" },
        { type: "image", data: PNG },
        { type: "image", data: "AAAA", mediaType: "image/gif" },
        { type: "image", data: "AAA=" },
        { type: "image", url: "https://example.com/c.jpg" },
      ],
    },
    {
      role: "tool",
      tool_call_id: "1",
      content: "See:\n[image/png, 8 bytes]\n[image/gif, 3 bytes]\n[image, 2 bytes]\n" +
        "[image/jpeg at https://example.com/c.jpg]",
    },
  ],
};

for (const [name, [message, expected]] of Object.entries(CASES)) {
  Deno.test(`encodeChatMessages() puts ${name} in OpenAI's words`, () => assertEquals(encode(message), expected));
}

Deno.test("encodeChatMessages() puts what is to be cached first, and keeps the order", () => {
  const messages: Message[] = [{ role: "system", content: "b" }, { role: "user", content: "c" }];
  assertEquals(encodeChatMessages({ messages, cacheContent: "a" }, "openai"), [
    { role: "system", content: "a" },
    { role: "system", content: "b" },
    { role: "user", content: "c" },
  ]);
});

Deno.test("tool arguments without a JSON form are a ConfigError", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  for (const args of [circle, { n: 1n }]) {
    const call = { type: "tool_call", id: "1", name: "f", arguments: args } as const;
    const request = { messages: [{ role: "assistant", content: [call] }] as const };
    assertThrows(() => openaiChat.encode("gpt-4o-mini", request), ConfigError, "JSON");
  }
});

Deno.test("an image in a tool's result is told by its type and size, however it was given", () => {
  const base64 = "iVBORw0KGgoAAAANSUhEUg==";
  const address = `data:image/png;base64,${base64}`;
  const images = [{ data: base64 }, { url: address }, { data: address }, { url: address, mediaType: "image/png" }];
  for (const image of images) {
    const message = { role: "tool", toolCallId: "c", content: [{ type: "image", ...image }] } as const;
    const [sent] = encoded(openaiChat, "gpt-4o", { messages: [message] }).body["messages"] as readonly object[];
    assertEquals(sent, { role: "tool", tool_call_id: "c", content: "[image/png, 16 bytes]" });
  }
});

Deno.test("an image whose data is a whole address is sent once", () => {
  const address = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==";
  const message = { role: "user", content: [{ type: "image", data: address }] } as const;
  const { body } = encoded(openaiChat, "gpt-4o", { messages: [message] });
  const [sent] = body["messages"] as readonly { readonly content: readonly unknown[] }[];
  assertEquals(sent?.content, [{ type: "image_url", image_url: { url: address } }]);
});
