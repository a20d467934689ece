import { assertEquals, assertThrows } from "@std/assert";
import { ResponseError } from "../../src/error.ts";
import { count, logprobOf, mergeUsage, parseEvent, partIndex, record, text, word } from "../../src/providers/raw.ts";

Deno.test("record(), word(), text() and count() take nothing on trust", () => {
  assertEquals([record({ a: 1 }), record(null), record("a"), record(undefined)], [{ a: 1 }, {}, {}, {}]);
  assertEquals([word("a"), word(""), word(1)], ["a", undefined, undefined]);
  assertEquals([text("a"), text(""), text(null)], ["a", "", ""]);
  assertEquals([count(0), count(7), count(-1), count(NaN), count("7")], [0, 7, undefined, undefined, undefined]);
});

Deno.test("partIndex() takes an index that an answer can have", () => {
  assertEquals([partIndex(0), partIndex(65_535)], [0, 65_535]);
  for (const index of [-1, 65_536, 1e9, 0.5, NaN, "0", "__proto__", null, undefined]) {
    assertEquals(assertThrows(() => partIndex(index), ResponseError).reason, "protocol");
  }
});

Deno.test("parseEvent() gives an object, whatever JSON it was, and does not quote what is none", () => {
  const parse = (data: string, event?: string) => parseEvent({ event, data }, (name) => name === "chunk");
  assertEquals([parse('{"a":1}'), parse("1"), parse("null"), parse('[{"a":1}]')], [{ a: 1 }, {}, {}, { a: 1 }]);
  assertEquals([parse(" "), parse("now", "ping"), parse('{"a":1}', "heartbeat")], [undefined, undefined, undefined]);
  assertEquals([parse("now", "clock"), parse('{"a":1}', "clock")], [undefined, { a: 1 }]);
  assertThrows(() => parse("now", "chunk"), ResponseError);
  const error = assertThrows(() => parse("{secret"), ResponseError);
  assertEquals(error.reason, "json");
  assertEquals(Deno.inspect(error).includes("secret"), false);
});

Deno.test("mergeUsage() keeps the last word on each field, inside too, and writes no prototype", () => {
  const first = mergeUsage(undefined, { input: 1, details: { cached: 2, written: 3 } });
  const merged = mergeUsage(first, { input: 5, output: 4, details: { cached: null, written: 6 }, more: undefined });
  assertEquals(merged, { input: 5, output: 4, details: { cached: 2, written: 6 } });
  const evil = mergeUsage(merged, JSON.parse('{"__proto__": {"polluted": true}, "input": 9}'));
  assertEquals(evil["input"], 9);
  assertEquals(Object.getPrototypeOf(evil), Object.prototype);
  assertEquals("polluted" in {}, false);
});

Deno.test("logprobOf() adds up the tokens of a piece", () => {
  assertEquals(logprobOf([{ logprob: -0.5 }, { logprob: -0.25 }]), -0.75);
  assertEquals([logprobOf([]), logprobOf(undefined), logprobOf([{}])], [undefined, undefined, undefined]);
});
