import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { genaiPrices, generateCatalog, type PriceSource, type SourceModel } from "../scripts/catalog.ts";
import { LEFT_OUT } from "../scripts/catalog_facts.ts";
import { modelInfo, models } from "../src/catalog.ts";
import { CATALOG } from "../src/catalog_data.ts";

const DATA = new URL("../src/catalog_data.ts", import.meta.url);

Deno.test("modelInfo() finds a model by its name", () => {
  assertEquals(modelInfo("gpt-4o-mini"), {
    name: "gpt-4o-mini",
    aliases: ["gpt-4o-mini-2024-07-18"],
    provider: "openai",
    api: undefined,
    contextWindow: 128_000,
    maxOutputTokens: 16_384,
    price: { input: 0.15, output: 0.6, cacheRead: 0.075, cacheWrite: undefined, cacheWrite1h: undefined },
    reasoning: false,
    tools: true,
    structuredOutput: true,
    images: true,
  });
});

Deno.test("modelInfo() gives the same object for a name and its aliases", () => {
  const aliases = {
    "gpt-4o-2024-08-06": "gpt-4o",
    "gpt-5.6": "gpt-5.6-sol",
    "o3-2025-04-16": "o3",
    "claude-sonnet-4-5-20250929": "claude-sonnet-4-5",
    "claude-opus-4-20250514": "claude-opus-4-0",
  };
  for (const [alias, name] of Object.entries(aliases)) {
    assertEquals(modelInfo(alias)?.name, name);
    assertStrictEquals(modelInfo(alias), modelInfo(name));
  }
});

Deno.test("modelInfo() gives undefined for a name it does not know", () => {
  for (const name of ["", "llama-3", "GPT-4o", "gpt-4o ", "gpt-4o-2024", "claude", "text-embedding-3-small"]) {
    assertStrictEquals(modelInfo(name), undefined, name);
  }
});

Deno.test("modelInfo() gives undefined for the names of Object.prototype", () => {
  for (const name of [...Object.getOwnPropertyNames(Object.prototype), "prototype"]) {
    assertStrictEquals(modelInfo(name), undefined, name);
  }
});

Deno.test("modelInfo() gives a snapshot with a price of its own a row of its own", () => {
  const { name, price } = modelInfo("gpt-4o-2024-05-13") ?? {};
  assertEquals([name, price?.input, price?.output, price?.cacheRead], ["gpt-4o-2024-05-13", 5, 15, undefined]);
});

Deno.test("modelInfo() takes the price valid today where the source has several", () => {
  assertEquals([modelInfo("o3")?.price?.input, modelInfo("o3")?.price?.output], [2, 8]); // 10 and 40 until 2025-06-10
  assertEquals(modelInfo("gpt-5.6-luna")?.price?.input, 0.2); // 1 until 2026-07-30
  assertEquals(modelInfo("claude-opus-4-6")?.price?.above, undefined); // a tier until 2026-03-13
});

Deno.test("modelInfo() knows Anthropic's three cache classes", () => {
  const { cacheRead, cacheWrite, cacheWrite1h } = modelInfo("claude-opus-5-5")?.price ?? {};
  assertEquals([cacheRead, cacheWrite, cacheWrite1h], [0.2, 5, 8]);
});

Deno.test("modelInfo() knows long-context tiers with all their classes", () => {
  assertEquals(modelInfo("claude-haiku-5-5")?.price?.above, [
    { inputTokens: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625, cacheWrite1h: 1 },
  ]);
  assertEquals(modelInfo("gpt-5.4")?.price?.above, [
    { inputTokens: 271_999, input: 5, output: 22.5, cacheRead: 0.5, cacheWrite: undefined, cacheWrite1h: undefined },
  ]);
});

Deno.test("modelInfo() names the Responses API for the models that need it", () => {
  const names = [
    "o1-pro",
    "o3-pro",
    "gpt-5-pro",
    "gpt-5-codex",
    "gpt-5.5-pro",
    "gpt-6.2-sol",
    "o3-deep-research",
  ];
  for (const name of names) assertEquals(modelInfo(name)?.api, "responses", name);
});

Deno.test("modelInfo() names Chat Completions for the models that have nothing else", () => {
  assertEquals(modelInfo("gpt-4o-search-preview")?.api, "chat");
});

Deno.test("modelInfo() names no API for the models that have both", () => {
  for (const name of ["gpt-4o", "gpt-4.1", "o3", "gpt-5", "gpt-5.5"]) {
    assertEquals(modelInfo(name)?.api, undefined, name);
  }
});

Deno.test("modelInfo() gives objects nobody can change", () => {
  const model = modelInfo("gpt-5.6-sol");
  const parts = [model, model?.aliases, model?.price, model?.price?.above, model?.price?.above?.[0]];
  for (const part of parts) assert(part !== undefined && Object.isFrozen(part), JSON.stringify(part));
});

Deno.test("models() gives the same frozen list at every call", () => {
  assertStrictEquals(models(), models());
  assert(Object.isFrozen(models()));
});

Deno.test("models() has a row of the data each", () => {
  assertEquals(models().map((model) => model.name), Object.values(CATALOG).flat().map((row) => row[0]));
  assert(models().length > 70, `${models().length} models`);
});

Deno.test("models() has no name twice, aliases included", () => {
  const names = models().flatMap((model) => [model.name, ...model.aliases]);
  assertEquals(names.filter((name, position) => names.indexOf(name) !== position), []);
});

Deno.test("models() has every family of both vendors", () => {
  const families = [
    ...[/^gpt-4o$/, /^gpt-4o-mini$/, /^gpt-4\.1(-mini|-nano)?$/, /^chatgpt-/, /^o1/, /^o3/, /^o4/, /^gpt-5$/],
    ...[/^gpt-5-(mini|nano|pro|codex)$/, /^gpt-5\.[1-6]/, /^gpt-6-/, /^gpt-6\.1-/, /^gpt-6\.2-/],
    ...[/^claude-3-5-/, /^claude-3-7-/, /^claude-(opus|sonnet)-4-/, /^claude-haiku-4-5$/],
    ...[/^claude-(opus|sonnet|haiku)-5-5$/, /^claude-fable-5-2$/],
  ];
  const missing = families.filter((family) => !models().some((model) => family.test(model.name)));
  assertEquals(missing, []);
});

Deno.test("models() has only chat models", () => {
  const other = /audio|realtime|transcribe|tts|whisper|image|embedding|moderation|^ft:|instruct/;
  assertEquals(models().filter((model) => [model.name, ...model.aliases].some((name) => other.test(name))), []);
});

Deno.test("models() has limits and prices that can be true", () => {
  for (const { name, contextWindow = 0, maxOutputTokens = 0, price } of models()) {
    assert(0 < maxOutputTokens && maxOutputTokens <= contextWindow, `${name}: ${maxOutputTokens} of ${contextWindow}`);
    for (const rates of [price, ...price?.above ?? []]) {
      const { input = 0, output = 0, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite } = rates ?? {};
      const ordered = 0 < cacheRead && cacheRead <= input && input <= cacheWrite && cacheWrite <= cacheWrite1h;
      assert(ordered && input < output, `${name}: ${JSON.stringify(rates)}`);
    }
  }
});

Deno.test("generateCatalog() gives what is committed (else: deno task catalog)", async () => {
  assertEquals(await Deno.readTextFile(DATA), generateCatalog());
});

Deno.test("generateCatalog() gives at most 3,584 bytes gzipped, importing nothing", async () => {
  const text = generateCatalog();
  const gzipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const { byteLength } = await new Response(gzipped).arrayBuffer();
  assert(byteLength <= 3_584, `${byteLength} bytes`);
  assert(!/\bimport\b/.test(text), "an import");
});

Deno.test("generateCatalog() starts with its origin", () => {
  const [first] = generateCatalog({ ...genaiPrices(), version: "1.2.3" }).split("\n");
  assert(first?.startsWith("// Generated by deno task catalog from @pydantic/genai-prices 1.2.3"), first);
});

Deno.test("generateCatalog() stops when a model is missing from the source", () => {
  const genai = genaiPrices();
  const source: PriceSource = {
    ...genai,
    model: (vendor, name) => name.startsWith("gpt-4.1") ? undefined : genai.model(vendor, name),
  };
  assertThrows(() => generateCatalog(source), Error, "does not know gpt-4.1");
});

Deno.test("generateCatalog() stops at a name of the source nobody has decided about", () => {
  assertThrows(() => generateCatalog(genaiKnowing("gpt-7-nova")), Error, "gpt-7-nova: put them into FACTS or LEFT_OUT");
});

Deno.test("generateCatalog() stops when the source has caught up with a price of ours", () => {
  assertThrows(() => generateCatalog(genaiKnowing("gpt-6.2-sol")), Error, "caught up with gpt-6.2-sol");
});

Deno.test("generateCatalog() stops when an alias has another price", () => {
  const facts = [{ name: "gpt-4o", aliases: ["-2024-08-06", "-2024-05-13"], can: "tsi" }];
  const source = { ...genaiPrices(), names: () => [] };
  assertThrows(() => generateCatalog(source, { openai: facts, anthropic: [] }), Error, "aliases of gpt-4o differ");
});

Deno.test("generateCatalog() stops at a price it cannot express", () => {
  const audio = { input_mtok: 1, output_mtok: 4, input_audio_mtok: 32 };
  assertThrows(() => catalogOfOne(audio), Error, "m has prices the catalogue cannot express: input_audio_mtok");
  const gap = { input_mtok: 1, output_mtok: 4, cache_write_mtok: 2 };
  assertThrows(() => catalogOfOne(gap), Error, "m lacks a price between two others");
  assertThrows(() => catalogOfOne({ input_mtok: 1 }), Error, "m has no input or no output price");
});

Deno.test("generateCatalog() leaves fees per call out", () => {
  const text = catalogOfOne({ input_mtok: 1, output_mtok: 4, web_searches_kcount: 10 });
  assertStringIncludes(text, `["m","","",0,0,[1,4]]`);
});

Deno.test("generateCatalog() gives every tier the prices of all classes", () => {
  const text = catalogOfOne({
    input_mtok: { base: 1, tiers: [{ start: 20, price: 3 }, { start: 10, price: 2 }] },
    output_mtok: { base: 4, tiers: [{ start: 15, price: 5 }] },
    cache_read_mtok: 0.5,
  });
  assertStringIncludes(text, `["m","","",0,0,[1,4,0.5],[10,2,4,0.5],[15,2,5,0.5],[20,3,5,0.5]]`);
});

Deno.test("LEFT_OUT has no rule that leaves nothing out", () => {
  const genai = genaiPrices();
  const known = [...genai.names("openai"), ...genai.names("anthropic")];
  assertEquals(LEFT_OUT.filter((rule) => !known.some((name) => rule.names.test(name))), []);
});

/** The real source with one more name. */
function genaiKnowing(name: string): PriceSource {
  const genai = genaiPrices();
  return { ...genai, names: (vendor) => [...genai.names(vendor), name] };
}

/** The catalogue of one model with these prices. */
function catalogOfOne(prices: SourceModel["prices"]): string {
  const source = { version: "0.0.0", names: () => [], model: () => ({ prices }) };
  return generateCatalog(source, { openai: [{ name: "m", can: "" }], anthropic: [] });
}
