import { assert, assertEquals } from "@std/assert";
import { parse } from "npm:yaml@^2.8.1";
import { guideRules } from "../../scripts/stack/guide_checks.ts";
import { guideConfigs, guideQueries, queriesIn, twinsIn } from "../../scripts/stack/guide.ts";
import { readStack } from "../../scripts/stack/place.ts";
import { printed } from "../../scripts/stack/expressions.ts";
import { expectedLabels } from "../../scripts/stack/names.ts";
import { images } from "../../scripts/stack/versions.ts";
import { readPages } from "../../scripts/docs/blocks.ts";
import { AGENT, EVALUATION, GEN_AI, GENERAL, LLM } from "../../src/telemetry/names.ts";

const attributes = new Set<string>([AGENT, EVALUATION, GEN_AI, GENERAL, LLM].flatMap((names) => Object.values(names)));

Deno.test("an indented line goes on with a query, any other begins one", () => {
  const code = "# First\nrate(a[5m])\n  / rate(b[5m]) # per request\n\nsum(c)\n# Third\nd\nsum(\n  e\n)\n";
  assertEquals(queriesIn({ page: "a.md", line: 10, code }), [
    { place: "a.md:11", text: "rate(a[5m])\n  / rate(b[5m])" },
    { place: "a.md:14", text: "sum(c)" },
    { place: "a.md:16", text: "d" },
    { place: "a.md:17", text: "sum(\n  e\n)" },
  ]);
});

Deno.test("the second column of a table of twins is read, by language", () => {
  const page =
    "`no`\n\n<!-- twins -->\n\n| theirs | ours |\n| - | - |\n| `x` | `sum(a)` or `{ true } \\| count() > 1` |\n" +
    "| `y` | `/search?tags={}` |\n\nwords\n| `z` | `not_asked` |\n";
  assertEquals(twinsIn("a.md", page, "promql"), [{ place: "a.md:7", text: "sum(a)" }]);
  assertEquals(twinsIn("a.md", page, "traceql"), [{ place: "a.md:7", text: "{ true } | count() > 1" }]);
  assertEquals(twinsIn("a.md", page, "jaeger"), [{ place: "a.md:8", text: "/search?tags={}" }]);
});

Deno.test("the pages ask everybody, and print configurations", async () => {
  for (const language of ["promql", "traceql", "jaeger"] as const) {
    assert((await guideQueries(language)).length > 5, language);
  }
  assert((await guideConfigs()).length > 2);
});

Deno.test("the pages ask Prometheus for metrics that there are", async () => {
  const known = new Set([...expectedLabels.keys(), "llm_cost_total_usd"]);
  for (const { place, text } of await guideQueries("promql")) {
    const bare = text.replaceAll(/"[^"]*"/g, "").replaceAll(/\b(by|without|on|ignoring) \([^)]*\)/g, "");
    for (const [name] of bare.matchAll(/(?<![:\w])(?:llm|gen_ai)_\w+(?![:\w]|=|!)/g)) {
      assert(known.has(name), `${place} asks for ${name}`);
    }
  }
});

Deno.test("the pages ask for attributes that there are", async () => {
  for (const { place, text } of await guideQueries("traceql")) {
    const bare = text.replaceAll(/"[^"]*"/g, "");
    for (const [, name = ""] of bare.matchAll(/\bspan\.([a-z_.]+)/g)) {
      assert(attributes.has(name) || name.startsWith("app."), `${place} asks for ${name}`);
    }
  }
  for (const { place, text } of await guideQueries("jaeger")) {
    const tags = new URLSearchParams(text.slice(text.indexOf("?") + 1)).get("tags");
    for (const name of Object.keys(JSON.parse(tags ?? "{}"))) {
      assert(attributes.has(name) || name === "error", `${place} asks for ${name}`);
    }
  }
});

Deno.test("a query of the original that is said to run is run as it was printed, and the other way round", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/from_python.md", import.meta.url));
  const rows = page.split("\n").filter((line) => line.startsWith("|")).map((line) => line.split(/(?<!\\)\|/));
  const said = rows.filter(([, , , why = ""]) => /^runs\b/.test(why.trim())).flatMap(([, original = ""]) =>
    [...original.matchAll(/`([^`]+)`/g)].map(([, query = ""]) => query)
  );
  assertEquals([...new Set(said)].sort(), [...printed].sort());
});

Deno.test("the pages name the stack's own images, by the versions that it has", async () => {
  let named = 0;
  for (const [page, text] of await readPages()) {
    for (const [, image = "", tag] of text.matchAll(/\b([a-z-]+\/[a-z-]+):(v?\d[\w.-]*\w)/g)) {
      named++;
      assertEquals(tag, images[image], `${page} names ${image}:${tag}`);
    }
  }
  assert(named > 1);
});

Deno.test("the page of alerts tells of every alert, and of no other", async () => {
  const page = (await readPages()).get("docs/alerts.md") ?? "";
  const told = [...page.matchAll(/^\| `(\w+)` /gm)].map(([, name = ""]) => name);
  const rules = await readStack("prometheus/rules/alerts.yaml");
  assertEquals(told.toSorted(), [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name).toSorted());
});

Deno.test("the smallest Collector of the pages makes the labels that the stack's own makes", async () => {
  const stack = parse(await readStack("collector/full.yaml"));
  const configs = (await guideConfigs()).filter(({ reader }) => reader === "collector").map(({ text }) => parse(text));
  const scraped = configs.filter(({ exporters }) => exporters.prometheus !== undefined);
  assertEquals(scraped.length, 1);
  const [{ processors, exporters, service }] = scraped;
  assertEquals(processors["transform/service"], stack.processors["transform/service"]);
  assertEquals(exporters.prometheus.without_scope_info, stack.exporters.prometheus.without_scope_info);
  assertEquals(service.pipelines.metrics.processors, stack.service.pipelines.metrics.processors);
});

Deno.test("the rules of the pages are asked about the service that is fed, as numbers", async () => {
  const rules = await guideRules("fed");
  assert(rules.length > 0);
  for (const { place, text } of rules) {
    assert(text.includes('service="fed"') && !text.includes("my-llm-app"), `${place}: ${text}`);
    assert(text.includes("> bool"), `${place}: ${text}`);
  }
});
