import { assert, assertEquals } from "@std/assert";
import { normalizeAttributes, restoreNumbers, textOf } from "../../src/otel/normalize.ts";
import type { Attributes } from "../../src/otel_types.ts";
import { otlpSpanSink } from "../../src/otel/exporter.ts";
import { startCollector } from "../support/collector.ts";
import { destination, endedSpans, patiently } from "./ingredients.ts";

const LONGEST = 256 * 1024;

/** One value, made clean. */
function clean(value: unknown, json = false): unknown {
  return normalizeAttributes({ value } as Attributes, { json }).value;
}

function throwing(): never {
  throw new Error("not yours");
}

const circle: { list: unknown[]; name: string } = { list: [1], name: "circle" };
circle.list.push(circle, 2);

const VALUES: Readonly<Record<string, readonly [given: unknown, clean: unknown]>> = {
  text: ["é😀", "é😀"],
  "an empty text": ["", ""],
  "a boolean": [false, false],
  "an integer": [-42, -42],
  "a double": [0.5, 0.5],
  "a BigInt": [12345678901234567890n, "12345678901234567890"],
  "a Date": [new Date(0), "1970-01-01T00:00:00.000Z"],
  "an invalid Date": [new Date(NaN), undefined],
  null: [null, undefined],
  "a symbol": [Symbol("s"), undefined],
  "a function": [() => 1, undefined],
  "a list": [["a", 1, true, 2n], ["a", 1, true, "2"]],
  "holes in a list, which keep the other items' places": [[1, null, undefined, 4], [1, null, null, 4]],
  "what has no form in a list": [[1, Symbol("s"), 4], [1, 4]],
  "nested maps": [{ a: { b: [{ c: 1n }] } }, { a: { b: [{ c: "1" }] } }],
  "a map without prototype": [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  "undefined in a map": [{ a: undefined, b: 1 }, { b: 1 }],
  "an empty map": [{}, {}],
  "a circle": [circle, { list: [1, 2], name: "circle" }],
  "a getter that throws": [
    {
      get a() {
        return throwing();
      },
      b: 1,
    },
    { b: 1 },
  ],
  "a Proxy that throws": [new Proxy({}, { ownKeys: throwing, get: throwing }), undefined],
  "a list of which an item throws": [Object.defineProperty([1, 2, 3], 1, { get: throwing }), [1, 3]],
  "a value of a class": [
    new (class Point {
      x = 1;
      y = 2n;
    })(),
    { x: 1, y: "2" },
  ],
  "a Map, whose content cannot be seen": [new Map([["a", 1]]), undefined],
  "a Promise": [Promise.resolve(1), undefined],
  bytes: [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  "numbers of another kind": [new Float32Array([0.5, 1]), [0.5, 1]],
  "BigInts of another kind": [new BigInt64Array([5n]), ["5"]],
  "lone surrogates": ["a\ud800b\udc00", "a\ufffdb\ufffd"],
  "lone surrogates in keys": [{ "k\ud800": 1 }, { "k\ufffd": 1 }],
  "a key that is no name": [
    JSON.parse(`{"__proto__":{"polluted":true},"a":1}`),
    JSON.parse(`{"__proto__":{"polluted":true},"a":1}`),
  ],
};

for (const [name, [given, expected]] of Object.entries(VALUES)) {
  Deno.test(`normalizeAttributes() makes of ${name} what an encoder takes`, () => {
    assertEquals(clean(given), expected);
    assertEquals(({} as Record<string, unknown>).polluted, undefined);
  });
}

Deno.test("normalizeAttributes() cuts 10 MB on a code point", () => {
  const long = "x" + "😀".repeat(5_000_000);
  const cut = clean(long);
  assert(typeof cut === "string" && cut.isWellFormed());
  assertEquals([cut.length, cut.slice(-2)], [LONGEST - 1, "😀"]);
});

Deno.test("normalizeAttributes() cuts texts and bytes at the limit that was set, on a code point", () => {
  const options = { json: false, longest: 4 };
  const given = { text: "ab😀😀", half: "abc😀", list: ["abcdef"], bytes: new Uint8Array(9), short: "abcd", n: 123456 };
  assertEquals(normalizeAttributes(given as unknown as Attributes, options) as unknown, {
    text: "ab😀",
    half: "abc",
    list: ["abcd"],
    bytes: new Uint8Array(4),
    short: "abcd",
    n: 123456,
  });
});

Deno.test("normalizeAttributes() bounds an attribute as a whole", () => {
  const long = "x".repeat(LONGEST - 10);
  const texts = clean(Array.from({ length: 50 }, () => long)) as string[];
  assert(texts.join("").length <= LONGEST);
  assertEquals(texts[0], long);
  assert((clean(new Array(1e9)) as unknown[]).length <= LONGEST);
  assert((clean(new Uint8Array(LONGEST + 1)) as Uint8Array).length <= LONGEST);
  const keys = clean(
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}`.padEnd(9_999, "k"), index])),
  );
  assert(Object.keys(keys as object).join("").length <= LONGEST);
});

Deno.test("normalizeAttributes() ends where a value branches without end", () => {
  let tree: unknown = "leaf";
  for (let level = 0; level < 64; level++) tree = [tree, tree];
  assert(JSON.stringify(clean(tree)).length < 10 * LONGEST);
  const endless: object = new Proxy({}, {
    ownKeys: () => ["a", "b"],
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 1 }),
    get: () => endless,
  });
  assert(JSON.stringify(clean({ endless }) ?? null).length < 10 * LONGEST);
});

Deno.test("normalizeAttributes() leaves out what lies too deep", () => {
  let deep: unknown = "bottom";
  for (let level = 0; level < 100_000; level++) deep = { deep };
  const json = JSON.stringify(clean(deep));
  assertEquals([json.includes("bottom"), json.split("deep").length], [false, 20]);
  assertEquals(clean([[[[["kept"]]]]]), [[[[["kept"]]]]]);
});

Deno.test("normalizeAttributes() finds nothing in what is no attributes", () => {
  const none: readonly unknown[] = [undefined, null, "text", 5, new Proxy({}, { ownKeys: throwing })];
  for (const given of none) assertEquals(normalizeAttributes(given as Attributes, { json: false }), {});
});

Deno.test("normalizeAttributes() spares the other attributes", () => {
  const given = Object.defineProperty({ a: 1, c: 3 }, "b", { enumerable: true, get: throwing });
  assertEquals(normalizeAttributes(given, { json: false }), { a: 1, c: 3 });
});

Deno.test("textOf() makes text of anything", () => {
  const odd = [5, undefined, null, Symbol("s"), { toString: throwing }, Object.create(null), "a\udfff"];
  assertEquals(odd.map((value) => textOf(value)), ["5", "undefined", "null", "Symbol(s)", "", "", "a\ufffd"]);
});

/** Numbers that JSON has no numeral for, or that no 64 bits hold. */
const NUMBERS = [NaN, Infinity, -Infinity, 2 ** 63, -(2 ** 63) - 2048, 1e21, 1e300, -1e300, Number.MAX_VALUE];
/** Numbers that an int64 holds. */
const INTEGERS = [0, -1, Number.MAX_SAFE_INTEGER, 2 ** 53 + 2, 2 ** 63 - 1024, -(2 ** 63)];

for (const protocol of ["http/json", "http/protobuf"] as const) {
  Deno.test(`numbers travel as ${protocol} as the doubles and integers they are`, async () => {
    await using collector = await startCollector();
    const spans = endedSpans(1, (span) => span.setAttributes({ doubles: NUMBERS, integers: INTEGERS, nan: NaN }));
    const sent = await otlpSpanSink(destination(collector.url, "traces", { protocol })).send(spans, patiently());
    assertEquals([sent.exported, collector.receiver.requests()[0]?.trouble], [1, undefined]);
    const { doubles, integers, nan } = collector.receiver.spans()[0]!.attributes;
    assertEquals([doubles, nan], [NUMBERS, NaN]);
    assertEquals((integers as (number | bigint)[]).map(Number), INTEGERS);
  });
}

Deno.test("numbers that JSON has no numeral for are proto3's texts, large integers exact", async () => {
  await using collector = await startCollector();
  const spans = endedSpans(
    1,
    (span) => span.setAttributes({ a: [NaN, Infinity, -Infinity, 1e21, -(2 ** 63), 2 ** 54] }),
  );
  await otlpSpanSink(destination(collector.url, "traces", { protocol: "http/json" })).send(spans, patiently());
  const json = new TextDecoder().decode(collector.receiver.requests()[0]?.body);
  const forms = ["NaN", "Infinity", "-Infinity"].map((text) => `{"doubleValue":"${text}"}`);
  // JavaScript's numeral of -(2 ** 63) would be -9223372036854776000, which no int64 holds.
  const integers = [`{"intValue":"-9223372036854775808"}`, `{"intValue":"18014398509481984"}`];
  for (const form of [...forms, `{"doubleValue":1e+21}`, ...integers]) {
    assert(json.includes(form), `${form} in ${json}`);
  }
});

Deno.test("texts that look like marked numbers stay texts", async () => {
  const mark = "\u0000number:";
  const texts = [
    `${mark}NaN`,
    `${mark}1`,
    `${mark}${mark}NaN`,
    `${mark}-}{`,
    `${mark}1,"x":[`,
    mark,
    `x${mark}1`,
    "\u0000",
  ];
  for (const protocol of ["http/json", "http/protobuf"] as const) {
    await using collector = await startCollector();
    const spans = endedSpans(1, (span) => {
      span.setAttribute("texts", texts);
      span.setAttribute(`${mark}1`, NaN);
      span.updateName(`${mark}1`);
    });
    await otlpSpanSink(destination(collector.url, "traces", { protocol })).send(spans, patiently());
    assertEquals(collector.receiver.requests()[0]?.trouble, undefined);
    const [span] = collector.receiver.spans();
    assertEquals([span?.attributes.texts, span?.attributes[`${mark}1`], span?.name], [texts, NaN, `${mark}1`]);
  }
});

Deno.test("restoreNumbers() leaves other JSON alone", () => {
  const json = JSON.stringify({ stringValue: "number:1", key: "stringValue", value: { stringValue: "\u0000" } });
  assertEquals(restoreNumbers(json), json);
});
