import { assertEquals, assertStrictEquals } from "@std/assert";
import { isNativeFetch, watchedBy, watcherOf } from "../src/watched_fetch.ts";

Deno.test("watcherOf() knows a watched fetch, and no copy, heir or proxy of it", () => {
  const fetch: typeof globalThis.fetch = () => Promise.resolve(new Response());
  const watcher = { send: () => Promise.reject(new Error("unasked")), gaveUp() {} };
  assertStrictEquals(watcherOf(watchedBy(fetch, watcher)), watcher);
  assertEquals([fetch.bind(null), Object.create(fetch), new Proxy(fetch, {}), undefined].map(watcherOf), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("isNativeFetch() knows the runtime's own", () => {
  assertEquals([isNativeFetch(fetch), isNativeFetch(fetch.bind(globalThis))], [true, false]);
});
