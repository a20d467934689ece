import { assert, assertEquals } from "@std/assert";
import { cutText, fitJson } from "../../src/telemetry/fit_json.ts";

const message = (content: string) => ({ role: "user", parts: [{ type: "text", content }] });

Deno.test("fitJson() leaves alone what fits, to the last character", () => {
  const items = [message("How many?")];
  const whole = JSON.stringify(items);
  assertEquals(fitJson(items, whole.length), whole);
});

Deno.test("fitJson() cuts by one character what is one too long", () => {
  const items = [message("How many?")];
  const length = JSON.stringify(items).length - 1;
  assertEquals(fitJson(items, length), JSON.stringify([message("How man…")]));
});

Deno.test("fitJson() cuts long texts to one common length and leaves short ones whole", () => {
  const items = [message("a".repeat(900)), message("short"), message("b".repeat(300))];
  const fitted = fitJson(items, 700) ?? "";
  const [first, second, third] = JSON.parse(fitted).map(({ parts }: ReturnType<typeof message>) => parts[0]?.content);
  assertEquals(second, "short");
  assertEquals([first.at(-1), third.at(-1), first.length], ["…", "…", third.length]);
  assert(fitted.length <= 700 && fitted.length >= 698, `${fitted.length} of 700 characters are used`);
});

Deno.test("fitJson() keeps to the length and to JSON at every length there is", () => {
  const texts = ['"quoted" \\ and\nmore', "é😀".repeat(5), "👩‍👩‍👧‍👦", "\u0000\u001f", ""];
  const items = texts.map((text, index) => ({ ...message(text), id: `call_${index}` }));
  const whole = JSON.stringify(items).length;
  let before = 0;
  for (let length = 2; length <= whole + 1; length++) {
    const fitted = fitJson(items, length) ?? "";
    assert(fitted.length <= length, `${fitted.length} characters of ${length}`);
    assert(fitted.isWellFormed(), `half of a code point at ${length}`);
    const kept = JSON.parse(fitted) as readonly unknown[];
    assert(kept.length >= before, `fewer items at ${length} than at ${length - 1}`);
    before = kept.length;
  }
  assertEquals(before, items.length);
});

Deno.test("fitJson() leaves out the oldest where little would be left of each", () => {
  const items = Array.from({ length: 50 }, (_, number) => message(`${number} ${"x".repeat(500)}`));
  const kept = JSON.parse(fitJson(items, 2_000) ?? "").map(({ parts }: ReturnType<typeof message>) => {
    return parts[0]?.content ?? "";
  });
  assertEquals(kept.map((text: string) => text.split(" ")[0]), ["43", "44", "45", "46", "47", "48", "49"]);
  assert(kept.every((text: string) => text.length >= 200), "texts of at least 200 characters");
});

Deno.test("fitJson() cuts the newest item further before it leaves it out too", () => {
  assertEquals(
    fitJson([message("old"), message("x".repeat(500))], 60),
    JSON.stringify([message("xxx…")]),
  );
});

Deno.test("fitJson() gives an empty list where not even the newest fits without its texts", () => {
  assertEquals(fitJson([{ name: "a name stays whole" }], 20), "[]");
});

Deno.test("fitJson() leaves out no more than it must, to the last comma", () => {
  const items = [{ name: "aaaa" }, { name: "bbbb" }];
  const whole = JSON.stringify(items);
  assertEquals([fitJson(items, whole.length), fitJson(items, whole.length - 1)], [whole, '[{"name":"bbbb"}]']);
});

Deno.test("fitJson() gives nothing where an empty list does not fit", () => {
  assertEquals([fitJson(["text"], 1), fitJson(["text"], 0)], [undefined, undefined]);
});

Deno.test("fitJson() keeps names, ids and a schema's own words whole", () => {
  const definition = {
    type: "function",
    name: "search_flights",
    description: "x".repeat(300),
    parameters: { type: "object", properties: { to: { type: "string", description: "y".repeat(300) } } },
  };
  const [fitted] = JSON.parse(fitJson([definition], 300) ?? "");
  assertEquals([fitted.name, fitted.parameters.type], ["search_flights", "object"]);
  assertEquals(fitted.parameters.properties.to.type, "string");
  assert(fitted.description.endsWith("x…"));
  assert(fitted.parameters.properties.to.description.endsWith("y…"));
});

Deno.test("fitJson() cuts texts at any depth of a tool's arguments and result", () => {
  const items = [
    { type: "tool_call", name: "write", arguments: { file: { lines: ["x".repeat(300), "y".repeat(300)] } } },
    { type: "tool_call_response", response: [{ type: "text", content: "z".repeat(300) }] },
  ];
  const [call, response] = JSON.parse(fitJson(items, 800) ?? "");
  assert(call.arguments.file.lines.every((line: string) => line.endsWith("…")));
  assert(response.response[0].content.endsWith("z…"));
});

Deno.test("fitJson() takes time in proportion to the length of a conversation", () => {
  // Cut one item at a time, each time writing all that is left, this would write some gigabytes.
  const items = Array.from({ length: 20_000 }, () => message("x".repeat(300)));
  let written = 0;
  const counting = items.map((item) => ({
    ...item,
    get role() {
      written++;
      return "user";
    },
  }));
  assert(JSON.parse(fitJson(counting, 64 * 1024) ?? "").length > 200);
  assert(written < 3 * items.length, `each item was written ${written / items.length} times on average`);
});

Deno.test("cutText() marks where it has cut, and never halves a code point", () => {
  assertEquals(["ab😀", "ab😀c", "ab😀c"].map((text, index) => cutText(text, [4, 4, 3][index] ?? 0)), [
    "ab😀",
    "ab😀…",
    "ab…",
  ]);
});
