import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { conversationOf } from "../src/conversation.ts";
import { ConfigError } from "../src/error.ts";
import type { Message, Messages } from "../src/message.ts";

const NEEDLE = "the-users-own-words";

Deno.test("conversationOf() makes one user message of a string", () => {
  assertEquals(conversationOf("Hi"), [{ role: "user", content: "Hi" }]);
});

Deno.test("conversationOf() gives a good list back as it is", () => {
  const messages: Message[] = [
    { role: "system", content: "" },
    { role: "user", content: ["a", { type: "text", text: "b" }, { type: "image", url: "https://example.com/a.png" }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", text: "" },
        { type: "text", text: "c" },
        { type: "tool_call", id: "1", name: "t", arguments: {} },
        { type: "vendor", provider: "x", data: null },
        { type: "image", data: "AAAA" },
      ],
    },
    { role: "tool", toolCallId: "1", content: [{ type: "text", text: "d" }] },
    { role: "tool", toolCallId: "2", content: "", isError: false },
    { role: "system", content: "e", cache: "1h" },
    { role: "user", content: "f", cache: true },
    { role: "user", content: [{ type: "image", url: "DATA:image/png,x", mediaType: undefined }], cache: undefined },
    { role: "assistant", content: [{ type: "thinking", text: "", signature: "s", redacted: undefined }] },
    { role: "assistant", content: [] },
  ];
  assertStrictEquals(conversationOf(messages), messages);
});

const WRONG: Readonly<Record<string, readonly [messages: unknown, place: string]>> = {
  "an empty string": ["", "The message is empty"],
  "an empty list": [[], "The list of messages is empty"],
  "undefined": [undefined, "not undefined"],
  "null": [null, "not null"],
  "a number": [1, "not number"],
  "one message without its list": [{ role: "user", content: NEEDLE }, "not object"],
  "null as a message": [[null], "messages[0]"],
  "a string as a message": [[{ role: "user", content: "a" }, NEEDLE], "messages[1]"],
  "a hole in the list": [Object.assign([], { 1: { role: "user", content: "a" } }), "messages[0]"],
  "no role": [[{ content: NEEDLE }], "messages[0].role"],
  "an unknown role": [[{ role: "developer", content: NEEDLE }], "messages[0].role"],
  "a role from the prototype": [[{ role: "constructor", content: NEEDLE }], "messages[0].role"],
  "no content": [[{ role: "user" }], "messages[0].content"],
  "content of a wrong kind": [[{ role: "user", content: { text: NEEDLE } }], "messages[0].content"],
  "a list as system content": [[{ role: "system", content: [NEEDLE] }], "messages[0].content"],
  "an empty list as user content": [[{ role: "user", content: [] }], "messages[0].content"],
  "a tool message without its call": [[{ role: "tool", content: NEEDLE }], "messages[0].toolCallId"],
  "a tool message with an empty call id": [[{ role: "tool", toolCallId: "", content: "" }], "messages[0].toolCallId"],
  "a bare string among assistant parts": [[{ role: "assistant", content: [NEEDLE] }], "messages[0].content[0]"],
  "null as a part": [[{ role: "user", content: ["a", null] }], "messages[0].content[1]"],
  "a part without a type": [[{ role: "user", content: [{ text: NEEDLE }] }], "messages[0].content[0].type"],
  "a part of another role": [
    [{ role: "user", content: [{ type: "tool_call", id: "1", name: NEEDLE, arguments: {} }] }],
    "messages[0].content[0].type",
  ],
  "a text part without text": [[{ role: "user", content: [{ type: "text" }] }], "messages[0].content[0].text"],
  "a thought without text": [[{ role: "assistant", content: [{ type: "thinking" }] }], "messages[0].content[0].text"],
  "an image without url and data": [[{ role: "user", content: [{ type: "image" }] }], "messages[0].content[0]"],
  "a tool call without id": [
    [{ role: "assistant", content: [{ type: "tool_call", name: NEEDLE, arguments: {} }] }],
    "messages[0].content[0]",
  ],
  "a cache mark of two hours": [[{ role: "user", content: "a", cache: "2h" }], "messages[0].cache"],
  "a cache mark that is a number": [[{ role: "system", content: "a", cache: 5 }], "messages[0].cache"],
  "a cache mark that is null": [[{ role: "user", content: "a", cache: null }], "messages[0].cache"],
  "isError in words": [[{ role: "tool", toolCallId: "1", content: "a", isError: "no" }], "messages[0].isError"],
  "an image whose url is a number": [[{ role: "user", content: [{ type: "image", url: 5 }] }], "content[0].url"],
  "an image whose data are bytes": [
    [{ role: "user", content: [{ type: "image", data: new Uint8Array(3) }] }],
    "content[0].data must be a string",
  ],
  "an image whose data are empty": [
    [{ role: "user", content: [{ type: "image", data: "", url: "https://example.com/a.png" }] }],
    "content[0].data is empty",
  ],
  "an image of a number for its media type": [
    [{ role: "user", content: [{ type: "image", data: "AAAA", mediaType: 5 }] }],
    "content[0].mediaType",
  ],
  "an image by the name of its file": [
    [{ role: "user", content: [{ type: "image", url: `./${NEEDLE}.png` }] }],
    "content[0].url must be a whole one",
  ],
  "an image on a drive": [
    [{ role: "user", content: [{ type: "image", url: `C:\\${NEEDLE}.png` }] }],
    "content[0].url must be a whole one",
  ],
  "a thought with a number for its signature": [
    [{ role: "assistant", content: [{ type: "thinking", text: NEEDLE, signature: 5 }] }],
    "content[0].signature",
  ],
  "a thought with null for what is redacted": [
    [{ role: "assistant", content: [{ type: "thinking", text: NEEDLE, redacted: null }] }],
    "content[0].redacted",
  ],
  "a vendor part without its provider": [
    [{ role: "assistant", content: [{ type: "vendor", data: NEEDLE }] }],
    "content[0].provider",
  ],
  "a tool call of an empty name": [
    [{ role: "assistant", content: [{ type: "tool_call", id: NEEDLE, name: "", arguments: {} }] }],
    "messages[0].content[0]",
  ],
  "a tool call without name": [
    [{ role: "assistant", content: [{ type: "tool_call", id: NEEDLE, arguments: {} }] }],
    "messages[0].content[0]",
  ],
};

for (const [name, [messages, place]] of Object.entries(WRONG)) {
  Deno.test(`conversationOf() refuses ${name}, naming the place and not the content`, () => {
    const error = assertThrows(() => conversationOf(messages as Messages), ConfigError);
    assertStringIncludes(error.message, place);
    assert(!error.message.includes(NEEDLE), error.message);
  });
}
