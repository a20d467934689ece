import { assertEquals } from "@std/assert";
import { secret } from "../src/secret.ts";

Deno.test("secret() keeps a value with an object, a sealed one and a function too", () => {
  const kept = secret<string>();
  for (const object of [{}, Object.seal({ sealed: true }), Object.create(null), () => {}, new Map()]) {
    assertEquals(kept.get(object), undefined);
    kept.set(object, "value");
    assertEquals(kept.get(object), "value");
    assertEquals(Reflect.ownKeys(object).filter((key) => typeof key === "symbol"), []);
  }
});

Deno.test("secret() gives nothing to a copy, an heir or a proxy", () => {
  const kept = secret<string>();
  const object = { own: 1 };
  kept.set(object, "value");
  assertEquals([{ ...object }, Object.create(object), new Proxy(object, {})].map(kept.get), [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("secret() knows nothing of what another one keeps", () => {
  const [one, other] = [secret<string>(), secret<string>()];
  const object = {};
  one.set(object, "one");
  assertEquals(other.get(object), undefined);
  other.set(object, "other");
  assertEquals([one.get(object), other.get(object)], ["one", "other"]);
});
