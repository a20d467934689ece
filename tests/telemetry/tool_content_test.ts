import { assert, assertEquals } from "@std/assert";
import type { Capture } from "../../src/telemetry/content.ts";
import { toolArguments, toolResult } from "../../src/telemetry/tool_content.ts";

const everything: Capture = { input: true, output: true, redact: undefined, maxLength: 64 * 1024 };
const call = { type: "tool_call", id: "call_1", name: "look_up", arguments: { word: "xyzzy" } } as const;
const ARGUMENTS = "gen_ai.tool.call.arguments";
const RESULT = "gen_ai.tool.call.result";

Deno.test("toolArguments() and toolResult() follow their own switch", () => {
  const recorded = [[true, false], [false, true], [false, false]].map(([input, output]) => {
    const capture = { ...everything, input: input === true, output: output === true };
    return [toolArguments(call, capture)[ARGUMENTS], toolResult("a word", capture)[RESULT]];
  });
  assertEquals(recorded, [['{"word":"xyzzy"}', undefined], [undefined, '"a word"'], [undefined, undefined]]);
});

/** What a tool gives, and what is recorded of it. */
const results: Readonly<Record<string, readonly [result: unknown, recorded: unknown]>> = {
  "a text": ["21 °C", "21 °C"],
  "a value": [{ celsius: 21, sunny: true, wind: null }, { celsius: 21, sunny: true, wind: null }],
  "a date": [{ at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
  "an image": [
    [{ type: "text", text: "a map" }, { type: "image", data: "R0lGODlhAQ==" }],
    [{ type: "text", text: "a map" }, { type: "blob", modality: "image", mime_type: "image/gif", size: 7 }],
  ],
  "bytes": [{ file: new Uint8Array(3_000) }, { file: { type: "blob", size: 3_000 } }],
  "floats": [new Float64Array(2), { type: "blob", size: 16 }],
};
for (const [name, [result, recorded]] of Object.entries(results)) {
  Deno.test(`toolResult() records ${name} as JSON`, () => {
    assertEquals(JSON.parse(String(toolResult(result, everything)[RESULT])), recorded);
  });
}

Deno.test("toolResult() records nothing of what gives nothing", () => {
  assertEquals(toolResult(undefined, everything)[RESULT], undefined);
});

Deno.test("toolResult() leaves out what has no JSON, and throws nothing", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  assertEquals([circular, 7n].map((value) => toolResult(value, everything)[RESULT]), [undefined, undefined]);
});

Deno.test("toolResult() is cut to the longest value, and is JSON all the same", () => {
  const capture = { ...everything, maxLength: 100 };
  const json = String(toolResult({ pages: ["😀".repeat(90), "short"] }, capture)[RESULT]);
  assert(json.length <= 100);
  const [long, short] = JSON.parse(json).pages;
  assertEquals([long.endsWith("😀…"), short], [true, "short"]);
});

Deno.test("toolArguments() are redacted text by text, and dropped where that throws", () => {
  const redact = (text: string) => text.toUpperCase();
  assertEquals(toolArguments(call, { ...everything, redact })[ARGUMENTS], '{"word":"XYZZY"}');
  const broken = () => {
    throw new Error("mine");
  };
  assertEquals(toolArguments(call, { ...everything, redact: broken })[ARGUMENTS], undefined);
});
