import { assertEquals } from "@std/assert";
import { breakable, type Lifeline } from "../src/breakable.ts";
import { takerOf } from "../src/ready.ts";

interface Value {
  readonly name: string;
}

const values = (names: string): Value[] => [...names].map((name) => ({ name }));

/** Gives these lists, and then whatever `last` does. */
const lists = (all: readonly string[], last: () => Promise<void> = async () => {}) =>
  async function* ({ signal }: Lifeline) {
    for (const names of all) {
      if (signal.aborted) throw signal.reason;
      yield values(names);
    }
    if (signal.aborted) throw signal.reason;
    await last();
  };

async function read(iterator: AsyncIterator<Value>): Promise<string> {
  let names = "";
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) names += next.value.name;
  return names;
}

Deno.test("breakable() gives the values of lists one by one, empty lists among them", async () => {
  assertEquals(await read(breakable(undefined, lists(["ab", "", "c"]))), "abc");
});

Deno.test("breakable() offers what is at hand, and nothing while somebody waits", async () => {
  const iterator = breakable(undefined, lists(["ab", "c"]));
  const take = takerOf(iterator);
  assertEquals(take?.(), undefined);
  const first = iterator.next();
  assertEquals(take?.(), undefined);
  await first;
  assertEquals([take?.(), take?.()], [{ name: "b" }, undefined]);
  assertEquals(await read(iterator), "c");
});

Deno.test("breakable() answers whoever asks in the order in which they ask, whenever that is", async () => {
  for (let turns = 0; turns < 30; turns++) {
    const iterator = breakable(undefined, lists(["abc", "de"]));
    const told: string[] = [];
    const ask = (number: number) => iterator.next().then(({ value }) => void told.push(`${number}:${value?.name}`));
    const asked = [ask(1)];
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    asked.push(ask(2), ask(3), ask(4), ask(5), ask(6));
    await Promise.all(asked);
    assertEquals(told, ["1:a", "2:b", "3:c", "4:d", "5:e", "6:undefined"], `after ${turns} turns`);
  }
});

Deno.test("breakable() gives nothing after an abort, in whatever turn it comes", async () => {
  for (let turns = 0; turns < 30; turns++) {
    const controller = new AbortController();
    const iterator = breakable(controller.signal, lists(["abcd", "ef"]));
    const first = iterator.next();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    controller.abort(new Error("enough"));
    let after = "";
    const failure = await (async () => {
      await first;
      after = await read(iterator);
    })().catch((error) => error.message);
    assertEquals([failure, after], ["enough", ""], `after ${turns} turns`);
  }
});

Deno.test("breakable() is broken off for everyone who waits", async () => {
  const hung = ({ signal }: Lifeline) =>
    lists([], () => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const iterator = breakable(undefined, (line) => hung(line)(line));
  const asked = [iterator.next(), iterator.next()];
  assertEquals(await iterator.return?.(), { value: undefined, done: true });
  asked.push(iterator.next());
  assertEquals((await Promise.all(asked)).map(({ done }) => done), [true, true, true]);
});

Deno.test("a copy, an heir and a proxy of an iterator offer nothing past their own next()", async () => {
  const make = () => breakable(undefined, lists(["abc"]));
  const loud = (iterator: AsyncIterator<Value>) => async () => {
    const next = await iterator.next();
    return next.done ? next : { done: false, value: { name: next.value.name.toUpperCase() } };
  };
  const wrappers = [
    (it: AsyncIterator<Value>) => ({ ...it, next: loud(it) }),
    (it: AsyncIterator<Value>) => Object.assign(Object.create(it), { next: loud(it) }),
    (it: AsyncIterator<Value>) =>
      new Proxy(it, { get: (target, key) => key === "next" ? loud(target) : Reflect.get(target, key) }),
  ];
  for (const wrap of wrappers) {
    const wrapped = wrap(make()) as AsyncIterator<Value>;
    assertEquals(takerOf(wrapped), undefined);
    assertEquals(await read(wrapped), "ABC");
  }
});
