import { assert, assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { calcPrice } from "@pydantic/genai-prices";
import { PRICED_ON } from "../scripts/catalog_facts.ts";
import { type ModelInfo, models } from "../src/catalog.ts";
import { costOf, type CostOptions } from "../src/cost.ts";
import { type ModelPrice, type Usage, usageOf } from "../src/usage.ts";

const PRICE: ModelPrice = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 };

/** A million of each class, so that a cost reads like the price. */
const MILLIONS: Usage = usageOf({
  inputTokens: 1e6,
  cacheReadTokens: 1e6,
  cacheWriteTokens: 1e6,
  outputTokens: 1e6,
  reasoningTokens: 4e5,
});

Deno.test("costOf() prices each class on its own and adds up", () => {
  assertEquals(costOf(MILLIONS, PRICE), {
    input: 3,
    output: 15,
    cacheRead: 0.3,
    cacheWrite: 3.75,
    other: 0,
    total: 3 + 15 + 0.3 + 3.75,
    currency: "USD",
    source: "catalog",
  });
});

Deno.test("costOf() says who named the price", () => {
  assertEquals(costOf(MILLIONS, PRICE, { source: "override" })?.source, "override");
});

Deno.test("costOf() gives small costs without a rounding tail", () => {
  assertEquals(costOf(usageOf({ inputTokens: 7_000 }), { input: 3, output: 15 })?.total, 0.021); // not 0.020999999999999998
});

Deno.test("costOf() charges no reasoning beside the output it is a part of", () => {
  const thinking = usageOf({ outputTokens: 1_000, reasoningTokens: 900 });
  assertEquals(costOf(thinking, PRICE), costOf(usageOf({ outputTokens: 1_000 }), PRICE));
});

Deno.test("costOf() prices the 1-hour part of the cache writes apart", () => {
  assertEquals(costOf(MILLIONS, PRICE, { cacheWrite1hTokens: 4e5 })?.cacheWrite, 0.6 * 3.75 + 0.4 * 6);
});

Deno.test("costOf() prices a class without a price like its neighbour", () => {
  const { cacheRead, cacheWrite } = costOf(MILLIONS, { input: 3, output: 15 }) ?? {};
  assertEquals([cacheRead, cacheWrite], [3, 3]);
  const price = { input: 3, output: 15, cacheWrite: 4 };
  assertEquals(costOf(MILLIONS, price, { cacheWrite1hTokens: 1e6 })?.cacheWrite, 4);
});

Deno.test("costOf() takes an undefined class for a missing one", () => {
  const price = { input: 3, output: 15, cacheRead: undefined, cacheWrite: undefined, above: undefined };
  assertEquals(costOf(MILLIONS, price), costOf(MILLIONS, { input: 3, output: 15 }));
});

Deno.test("costOf() takes a price of 0 for free", () => {
  assertEquals(costOf(MILLIONS, { input: 0, output: 0 })?.total, 0);
});

Deno.test("costOf() multiplies tokens, not fees, by the service tier", () => {
  const { input, output, other, total } = costOf(MILLIONS, PRICE, { multiplier: 0.5, other: 0.25 }) ?? {};
  assertEquals([input, output, other], [1.5, 7.5, 0.25]);
  assertEquals(total, 1.5 + 7.5 + 0.15 + 1.875 + 0.25);
});

Deno.test("costOf() prices the whole request by a tier once its input exceeds it", () => {
  const price = { input: 1, output: 10, above: [{ inputTokens: 1_000, input: 2, output: 20 }] };
  const at = costOf(usageOf({ inputTokens: 1_000, outputTokens: 1e6 }), price);
  const beyond = costOf(usageOf({ inputTokens: 1_001, outputTokens: 1e6 }), price);
  assertEquals([at?.input, at?.output], [0.001, 10]);
  assertEquals([beyond?.input, beyond?.output], [0.002002, 20]);
});

Deno.test("costOf() counts cached input towards a tier, and output not", () => {
  const price = { input: 1, output: 10, above: [{ inputTokens: 1_000, input: 2, output: 20 }] };
  const cached = usageOf({ inputTokens: 1, cacheReadTokens: 500, cacheWriteTokens: 500, outputTokens: 1e6 });
  assertEquals(costOf(cached, price)?.output, 20);
  assertEquals(costOf(usageOf({ inputTokens: 1_000, outputTokens: 1e6 }), price)?.output, 10);
});

Deno.test("costOf() takes the highest tier exceeded, in whatever order they come", () => {
  const tiers = [10, 1_000, 100].map((inputTokens) => ({ inputTokens, input: inputTokens, output: 0 }));
  const rate = (inputTokens: number) =>
    (costOf(usageOf({ inputTokens }), { input: 1, output: 0, above: tiers })?.input ?? NaN) / inputTokens * 1e6;
  assertEquals([10, 11, 101, 1_001].map((size) => Math.round(rate(size))), [1, 10, 100, 1_000]);
});

Deno.test("costOf() lets a tier without cache prices fall back to its own input", () => {
  const price = { ...PRICE, above: [{ inputTokens: 10, input: 7, output: 20 }] };
  const { cacheRead, cacheWrite } = costOf(MILLIONS, price, { cacheWrite1hTokens: 5e5 }) ?? {};
  assertEquals([cacheRead, cacheWrite], [7, 7]);
});

Deno.test("costOf() gives undefined, never 0, for a usage that is no amount", () => {
  for (const field of ["inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens"] as const) {
    for (const value of [NaN, Infinity, -1, "5", null, undefined]) {
      assertStrictEquals(costOf({ ...MILLIONS, [field]: value } as Usage, PRICE), undefined, `${field} ${value}`);
    }
  }
});

Deno.test("costOf() gives undefined, never 0, for a price that is no amount", () => {
  for (const value of [NaN, Infinity, -1, "5", null]) {
    for (const field of ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const) {
      const wrong = { ...PRICE, [field]: value } as ModelPrice;
      const above = [{ ...wrong, inputTokens: 1e9 }];
      assertStrictEquals(costOf(MILLIONS, wrong), undefined, `${field} ${value}`);
      assertStrictEquals(costOf(MILLIONS, { ...PRICE, above }), undefined, `${field} ${value} in a tier`);
    }
    const above = [{ ...PRICE, inputTokens: value as number }];
    assertStrictEquals(costOf(MILLIONS, { ...PRICE, above }), undefined, `a tier from ${value}`);
  }
});

Deno.test("costOf() gives undefined for options that are no amounts", () => {
  const wrong: readonly CostOptions[] = [
    ...[{ multiplier: NaN }, { multiplier: -1, other: 99 }, { other: Infinity }, { other: -0.01 }],
    ...[{ cacheWrite1hTokens: NaN }, { cacheWrite1hTokens: -1 }, { cacheWrite1hTokens: 1e6 + 1 }],
  ];
  for (const options of wrong) assertStrictEquals(costOf(MILLIONS, PRICE, options), undefined, JSON.stringify(options));
});

Deno.test("costOf() gives undefined for a cost beyond all numbers", () => {
  assertStrictEquals(costOf({ ...MILLIONS, inputTokens: 1e308 }, { input: 1e308, output: 0 }), undefined);
});

Deno.test("costOf() throws at nothing", () => {
  const nonsense = [undefined, null, 7, "price", {}, [], { input: 1, output: 1, above: 5 }, {
    input: 1,
    output: 1,
    above: [null],
  }];
  for (const value of nonsense) {
    assertStrictEquals(costOf(MILLIONS, value as ModelPrice), undefined, JSON.stringify(value));
    assertStrictEquals(costOf(value as unknown as Usage, PRICE), undefined, JSON.stringify(value));
  }
});

/** Where the catalogue deliberately differs from `@pydantic/genai-prices` 0.1.8, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "gpt-6.1-sol": "unknown to it: released 2026-09-29",
  "gpt-6.1-terra": "unknown to it: released 2026-10-26",
  "gpt-6.2-sol": "unknown to it: released 2026-11-17",
  "gpt-6.2-astra": "unknown to it: released 2026-11-17",
  "claude-sonnet-5-5": "taken for claude-sonnet-5 by its prefix, whose cache reads cost twice as much",
  "claude-haiku-5-5": "unknown to it: released 2026-10-07",
  "claude-fable-5-2": "unknown to it: released 2026-11-09",
  "claude-mythos-5": "unknown to it: for verified organisations only",
  "claude-mythos-5-1": "unknown to it: for verified organisations only",
};

Deno.test("costOf() agrees with genai-prices for every model, alias and grid point", () => {
  const compared = models().filter((model) => !(model.name in DIFFERENCES));
  for (const model of compared) {
    for (const name of [model.name, ...model.aliases]) {
      for (const [usage, cacheWrite1hTokens] of gridOf(model)) {
        const theirs = totalOfGenaiPrices(name, model.provider, usage, cacheWrite1hTokens);
        const ours = costOf(usage, model.price ?? { input: NaN, output: NaN }, { cacheWrite1hTokens });
        assertAlmostEquals(ours?.total ?? NaN, theirs ?? NaN, 1e-9, `${name} ${JSON.stringify(usage)}`);
      }
    }
  }
  assert(compared.length > 60, `${compared.length} models compared`);
});

Deno.test("costOf() differs from genai-prices where the table says so, and the table has no stale line", () => {
  for (const [name, why] of Object.entries(DIFFERENCES)) {
    const model = models().find((model) => model.name === name);
    assert(model !== undefined, `${name} is not in the catalogue`);
    const differs = gridOf(model).some(([usage, cacheWrite1hTokens]) => {
      const theirs = totalOfGenaiPrices(name, model.provider, usage, cacheWrite1hTokens);
      const ours = costOf(usage, model.price ?? { input: NaN, output: NaN }, { cacheWrite1hTokens });
      return theirs === undefined || Math.abs(theirs - (ours?.total ?? NaN)) > 1e-9;
    });
    assert(differs, `${name} agrees by now: ${why}`);
  }
});

/** Usages of the sizes that matter to a model, at, below and above each tier, in several mixtures of the classes. */
function gridOf(model: ModelInfo): readonly (readonly [usage: Usage, cacheWrite1hTokens: number])[] {
  const edges = (model.price?.above ?? []).flatMap((
    { inputTokens },
  ) => [inputTokens - 1, inputTokens, inputTokens + 1]);
  const sizes = [0, 1, 12_345, ...edges, 2_000_000];
  return sizes.flatMap((size) =>
    [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1], [0.5, 0.3, 0.2, 0.5]].flatMap((shares) => {
      const [, read = 0, write = 0, long = 0] = shares;
      const cacheReadTokens = Math.floor(size * read);
      const cacheWriteTokens = Math.floor(size * write);
      const inputTokens = size - cacheReadTokens - cacheWriteTokens;
      return [0, 777].map((outputTokens) =>
        [
          usageOf({ inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }),
          Math.floor(cacheWriteTokens * long),
        ] as const
      );
    })
  );
}

function totalOfGenaiPrices(name: string, providerId: string, usage: Usage, cacheWrite1h: number): number | undefined {
  const counted = {
    input_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_write_1h_tokens: cacheWrite1h,
    output_tokens: usage.outputTokens,
  };
  const timestamp = new Date(`${PRICED_ON}T12:00:00Z`);
  return calcPrice(counted, name, { providerId, timestamp })?.total_price;
}
