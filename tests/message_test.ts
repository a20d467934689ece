import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../src/error.ts";
import { imageFromUrl } from "../src/image.ts";
import { assistantMessage, systemMessage, toolMessage, userMessage } from "../src/message.ts";

Deno.test("systemMessage() makes a message without a cache mark unless asked", () => {
  assertEquals(systemMessage("a"), { role: "system", content: "a" });
  assertEquals(systemMessage("a", { cache: "1h" }), { role: "system", content: "a", cache: "1h" });
});

Deno.test("userMessage() takes text and lists", () => {
  assertEquals(userMessage("a"), { role: "user", content: "a" });
  assertEquals(userMessage(["a", imageFromUrl("https://example.com/b.png")]), {
    role: "user",
    content: ["a", { type: "image", url: "https://example.com/b.png" }],
  });
});

Deno.test("assistantMessage() takes text and parts", () => {
  assertEquals(assistantMessage("a"), { role: "assistant", content: "a" });
  assertEquals(assistantMessage([{ type: "text", text: "a" }]).content, [{ type: "text", text: "a" }]);
});

Deno.test("toolMessage() sends text as it is", () => {
  assertEquals(toolMessage("1", "sunny"), { role: "tool", toolCallId: "1", content: "sunny" });
});

Deno.test("toolMessage() marks an error", () => {
  assertEquals(toolMessage("1", "no", { isError: true }), {
    role: "tool",
    toolCallId: "1",
    content: "no",
    isError: true,
  });
});

Deno.test("toolMessage() sends lists of texts and images as they are", () => {
  const parts = [{ type: "text", text: "a" }, { type: "image", data: "AAAA" }];
  assertEquals(toolMessage("1", parts).content, parts as never);
});

const JSON_RESULTS: readonly (readonly [unknown, string])[] = [
  [{ celsius: 21 }, '{"celsius":21}'],
  [21, "21"],
  [true, "true"],
  [null, "null"],
  [undefined, "null"],
  [() => 1, "null"],
  [[], "[]"],
  [["a", "b"], '["a","b"]'],
  [[{ type: "text" }], '[{"type":"text"}]'],
  [[{ type: "text", text: "a" }, "b"], '[{"type":"text","text":"a"},"b"]'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
];

for (const [result, content] of JSON_RESULTS) {
  Deno.test(`toolMessage() sends ${Deno.inspect(result)} as ${content}`, () => {
    assertEquals(toolMessage("1", result).content, content);
  });
}

Deno.test("toolMessage() refuses what has no JSON form", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assertThrows(() => toolMessage("1", circle), ConfigError, "no JSON form");
  assertThrows(() => toolMessage("1", { n: 1n }), ConfigError, "no JSON form");
});

Deno.test("systemMessage() and toolMessage() refuse options that are no object", () => {
  assertThrows(() => systemMessage("a", null as never), ConfigError, "options must be");
  assertThrows(() => toolMessage("1", "a", "error" as never), ConfigError, "options must be");
});
