import { assertEquals } from "@std/assert";
import { streamFields } from "../../src/agent/step_stream.ts";

/** What the fields `thought` and `answer` come to when the text arrives in pieces of this length. */
function gathered(text: string, length: number): Readonly<Record<string, string>> {
  const read = streamFields(["thought", "answer"], ["thought", "next_action"]);
  const texts: Record<string, string> = {};
  for (let at = 0; at < text.length; at += length) {
    for (const { field, delta } of read(text.slice(at, at + length))) {
      assertEquals(delta.isWellFormed(), true);
      texts[field] = (texts[field] ?? "") + delta;
    }
  }
  return texts;
}

const steps: Readonly<Record<string, readonly [value: object, expected: Readonly<Record<string, string>>]>> = {
  "plain texts": [{ thought: "Hm.", answer: "Yes." }, { thought: "Hm.", answer: "Yes." }],
  "escapes": [{ thought: 'a "b" \\ / \b\f\n\r\t é 🎈' }, { thought: 'a "b" \\ / \b\f\n\r\t é 🎈' }],
  "other fields between": [{ x: "no", thought: "Hm.", y: { thought: "no" }, z: ["no", { answer: "no" }] }, {
    thought: "Hm.",
  }],
  "values that are no texts": [{ thought: null, answer: { city: "Rome" } }, {}],
  "a text that looks like a key": [{ x: "answer", thought: 'Hm, "answer": "no"' }, { thought: 'Hm, "answer": "no"' }],
};

for (const [name, [value, expected]] of Object.entries(steps)) {
  Deno.test(`streamFields() reads ${name}, however it is cut`, () => {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2), escaped(JSON.stringify(value))]) {
      for (let length = 1; length <= text.length; length++) assertEquals(gathered(text, length), expected);
    }
  });
}

/** The same JSON with everything beyond ASCII as \u escapes. */
function escaped(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (char) => {
    return char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  });
}

Deno.test("streamFields() gives a text while it is written", () => {
  const read = streamFields(["thought"], ["thought"]);
  assertEquals(read('{"thought": "Let me'), [{ field: "thought", delta: "Let me" }]);
  assertEquals(read(" see"), [{ field: "thought", delta: " see" }]);
  assertEquals(read('."'), [{ field: "thought", delta: "." }]);
});

Deno.test("streamFields() passes over words and quotation marks before the object", () => {
  assertEquals(gathered('Here is "my" step: {"thought": "Hm."}', 3), { thought: "Hm." });
});

Deno.test("streamFields() reads the first object with a mark, whatever stands around it", () => {
  const step = '{"answer": "Yes.", "next_action": "finish", "thought": "Hm."}';
  const expected = { answer: "Yes.", thought: "Hm." };
  for (const before of ["", "I think {x}: ", "{{ ", '{"answer": "no"} ', '{"a": nothing} ']) {
    for (const behind of ["", ' {"thought": "no"}', " {smile}"]) {
      for (const length of [1, 2, 7, 1_000]) assertEquals(gathered(before + step + behind, length), expected);
    }
  }
});

Deno.test("streamFields() keeps a text until its object is known to be the one", () => {
  const read = streamFields(["answer"], ["next_action"]);
  assertEquals(read('{"answer": "Yes."'), []);
  assertEquals(read(', "next_action": "fin'), [{ field: "answer", delta: "Yes." }]);
});

Deno.test("streamFields() of what is no JSON gives nothing, and does not fail", () => {
  for (const text of ["", "Yes.", "}}}", '{"thought', '{"thought": ', "[]", '"thought"']) {
    assertEquals(gathered(text, 2), {});
  }
});
