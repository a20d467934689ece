// The stand-in of scripts/std_assert/ against node:assert and, where JSR answers, against the real @std/assert: the
// same table is run with both.
import * as configured from "@std/assert";
import nodeAssert from "node:assert/strict";
import * as standIn from "../../scripts/std_assert/mod.ts";

const assertions: Readonly<Record<string, typeof standIn | typeof configured>> = { standIn, configured };

class Base extends Error {}
class Derived extends Base {}
const circular: Record<string, unknown> = { a: 1 };
circular.self = circular;
const twin: Record<string, unknown> = { a: 1 };
twin.self = twin;
const bare = Object.assign(Object.create(null), { a: 1 });

/** Values by pair, and whether they are equal. */
const pairs: readonly (readonly [unknown, unknown, boolean])[] = [
  [1, 1, true],
  [1, "1", false],
  [1n, 1n, true],
  [1n, 1, false],
  [NaN, NaN, true],
  [0, -0, true],
  [null, undefined, false],
  [{ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: undefined }, {}, false],
  [{ a: undefined }, { b: undefined }, false],
  [[1, 2], [2, 1], false],
  [[undefined], [], false],
  [[], {}, false],
  [bare, { a: 1 }, true],
  [new Base("a"), new Derived("a"), false],
  [new Date(5), new Date(5), true],
  [new Date(5), new Date(6), false],
  [new Date(NaN), new Date(NaN), true],
  [/a/g, /a/g, true],
  [/a/g, /a/i, false],
  [new URL("http://a/"), new URL("http://a/"), true],
  [new URL("http://a/"), new URL("http://b/"), false],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
  [new Uint8Array([1]), new Int8Array([1]), false],
  [new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]]), true],
  [new Map([["a", { b: 1 }]]), new Map([["a", { b: 2 }]]), false],
  [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]]), true],
  [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 2 }, 1]]), false],
  [new Set([1, 2]), new Set([2, 1]), true],
  [new Set([1, 2]), new Set([1, 3]), false],
  [new Set([{ a: 1 }, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }]), true],
  [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 2 }, false],
  [circular, twin, true],
  [() => 1, () => 1, false],
];

/** Calls that pass, and the same ones wrong. */
function calls(a: typeof standIn): readonly (readonly [pass: () => unknown, fail: () => unknown])[] {
  const throws = (error: unknown) => () => {
    throw error;
  };
  return [
    [() => a.assert(1), () => a.assert("")],
    [() => a.assertFalse(0), () => a.assertFalse(1)],
    [() => a.assertExists(0), () => a.assertExists(null)],
    [() => a.assertStrictEquals(NaN, NaN), () => a.assertStrictEquals({}, {})],
    [() => a.assertNotStrictEquals({}, {}), () => a.assertNotStrictEquals(NaN, NaN)],
    [() => a.assertNotEquals([1], [2]), () => a.assertNotEquals([1], [1])],
    [() => a.assertInstanceOf(new Derived(), Base), () => a.assertInstanceOf(new Base(), Derived)],
    [() => a.assertNotInstanceOf(new Base(), Derived), () => a.assertNotInstanceOf(new Derived(), Base)],
    [() => a.assertStringIncludes("abc", "bc"), () => a.assertStringIncludes("abc", "cb")],
    [() => a.assertMatch("abc", /^a/), () => a.assertMatch("abc", /^b/)],
    [() => a.assertNotMatch("abc", /^b/), () => a.assertNotMatch("abc", /^a/)],
    [() => a.assertAlmostEquals(0.1 + 0.2, 0.3), () => a.assertAlmostEquals(1, 1.001)],
    [() => a.assertAlmostEquals(1, 1.001, 0.01), () => a.assertAlmostEquals(1, 1.001, 0.0001)],
    [() => a.assertGreater(2, 1), () => a.assertGreater(1, 1)],
    [() => a.assertGreaterOrEqual(1, 1), () => a.assertGreaterOrEqual(0, 1)],
    [() => a.assertLess(1, 2), () => a.assertLess(1, 1)],
    [() => a.assertLessOrEqual(1, 1), () => a.assertLessOrEqual(2, 1)],
    [() => {}, () => a.fail("so")],
    [() => {}, () => a.unreachable()],
    [() => a.assertArrayIncludes([1, { b: 2 }], [{ b: 2 }]), () => a.assertArrayIncludes([1], [1, 2])],
    [
      () => a.assertObjectMatch({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 } }),
      () => a.assertObjectMatch({ a: { b: 1 } }, { a: { b: 1, c: 2 } }),
    ],
    [
      () => a.assertObjectMatch({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }),
      () => a.assertObjectMatch({ a: [{ b: 1 }] }, { a: [{ b: 1 }, { b: 2 }] }),
    ],
    [
      () => a.assertObjectMatch({ e: new Derived("x"), s: 1 }, { e: {} }),
      () => a.assertObjectMatch({ a: undefined }, { b: undefined }),
    ],
    [() => a.assertObjectMatch(circular, twin), () => a.assertObjectMatch(circular, { self: { a: 2 } })],
    [() => a.assertThrows(throws(new Derived("abc")), Base, "bc"), () => a.assertThrows(throws(new Base()), Derived)],
    [() => a.assertThrows(throws("text")), () => a.assertThrows(throws("text"), Error)],
    [() => a.assertThrows(throws(new Base("abc"))), () => a.assertThrows(throws(new Base("abc")), Base, "cb")],
    [() => a.assertThrows(throws(1), "message"), () => a.assertThrows(() => 1)],
    [() => a.assertIsError(new Base("abc"), Base, /b/), () => a.assertIsError({ message: "abc" })],
  ];
}

for (const [name, module] of Object.entries(assertions)) {
  const assertions = module as typeof standIn;
  Deno.test(`${name}: equality`, () => {
    for (const [left, right, same] of pairs) {
      for (const [a, b] of [[left, right], [right, left]]) {
        const told = Deno.inspect([a, b]);
        nodeAssert.equal(assertions.equal(a, b), same, told);
        const equals = () => assertions.assertEquals(a, b);
        if (same) equals();
        else nodeAssert.throws(equals, { name: "AssertionError" }, told);
      }
    }
  });

  Deno.test(`${name}: each assertion passes and fails`, () => {
    for (const [pass, fail] of calls(assertions)) {
      pass();
      nodeAssert.throws(fail, (error) => error instanceof assertions.AssertionError, String(fail));
    }
  });

  Deno.test(`${name}: the message of the caller is part of the error's`, () => {
    nodeAssert.throws(() => assertions.assertEquals(1, 2, "told"), /: told\n/);
    nodeAssert.throws(() => assertions.assertGreater(1, 2, "told"), /^AssertionError: told$/);
  });

  Deno.test(`${name}: assertThrows returns the error`, () => {
    const error = new Base("abc");
    const thrown: Base = assertions.assertThrows(
      () => {
        throw error;
      },
      Base,
    );
    nodeAssert.equal(thrown, error);
  });

  Deno.test(`${name}: assertRejects resolves to the error, and fails for what is no rejection`, async () => {
    const error = new Derived("abc");
    nodeAssert.equal(await assertions.assertRejects(() => Promise.reject(error), Base, "bc"), error);
    nodeAssert.equal(await assertions.assertRejects(() => Promise.reject("text")), "text");
    const wrong: readonly (() => PromiseLike<unknown>)[] = [
      () => assertions.assertRejects(() => Promise.resolve(1)),
      () => assertions.assertRejects(() => Promise.reject(error), SyntaxError),
      () => assertions.assertRejects(() => Promise.reject(error), Base, "cb"),
      () => assertions.assertRejects(() => Promise.reject("text"), Error),
      () => assertions.assertRejects(() => 1 as unknown as Promise<number>),
      () =>
        assertions.assertRejects(() => {
          throw error;
        }),
    ];
    for (const call of wrong) await nodeAssert.rejects(async () => await call(), { name: "AssertionError" });
  });
}
