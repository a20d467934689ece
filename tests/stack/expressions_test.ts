import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  allExpressions,
  allVariables,
  asNumber,
  filledIn,
  ofDatasources,
  ofRules,
  variablesOf,
} from "../../scripts/stack/expressions.ts";
import { expectedLabels } from "../../scripts/stack/names.ts";
import { cacheFolder } from "../../scripts/stack/programs.ts";
import { readStack } from "../../scripts/stack/place.ts";
import { variants } from "../../scripts/stack/variants.ts";

Deno.test("variables of the dashboard are filled in", () => {
  assertEquals(
    filledIn('rate(a{service=~"$service",llm_model=~"$model"}[$__rate_interval]) / increase(b[$__range])'),
    'rate(a{service=~".*",llm_model=~".*"}[2m]) / increase(b[1h])',
  );
  assertEquals(filledIn("sum(a{$$__tags})"), 'sum(a{llm_model="gpt-4o-mini"})');
});

Deno.test("an alert as a number says 0 where it would be silent", () => {
  assertEquals(asNumber("a / (b > 0) > 0.05\n"), "a / (b > 0) > bool 0.05");
  assertEquals(asNumber('up{job="x"} < 1'), 'up{job="x"} < bool 1');
  assertThrows(() => asNumber("absent(a)"), Error, "must end in a comparison");
});

Deno.test("a variable that is no label_values query is a mistake", () => {
  const text = JSON.stringify({ templating: { list: [{ name: "model", type: "query", definition: "metrics(llm)" }] } });
  assertThrows(() => variablesOf(text), Error, "the variable model");
});

Deno.test("a rule is asked as its expression and as what it records", () => {
  assertEquals(ofRules("groups: [{ rules: [{ record: b, expr: sum(a) }, { alert: C, expr: b > 1 }] }]"), [
    { place: "rule b", expr: "sum(a)" },
    { place: "recorded b", expr: "b" },
    { place: "alert C", expr: "b > bool 1" },
  ]);
});

Deno.test("queries from a span to metrics are found", () => {
  const text =
    "datasources: [{ uid: a }, { jsonData: { tracesToMetrics: { queries: [{ name: N, query: sum(a) }] } } }]";
  assertEquals(ofDatasources(text), [{ place: "from a span to N", expr: "sum(a)" }]);
});

Deno.test("every place has its queries", async () => {
  const places = (await allExpressions()).map(({ place }) => place.split(" ")[0]);
  assertEquals(new Set(places), new Set(["panel", "from", "rule", "recorded", "alert", "as", "guide"]));
  assertEquals((await allVariables()).map(({ label }) => label), ["service", "llm_provider", "llm_model"]);
});

Deno.test("no query asks for a metric that the library does not have", async () => {
  const known = new Set([...expectedLabels.keys(), "llm_cost_total_usd"]);
  for (const { place, expr } of await allExpressions()) {
    const bare = expr.replaceAll(/"[^"]*"/g, "").replaceAll(/\b(by|without|on|ignoring) \([^)]*\)/g, "");
    for (const [name] of bare.matchAll(/(?<![:\w])(?:llm|gen_ai)_\w+(?![:\w]|=|!)/g)) {
      assert(known.has(name), `${place} asks for ${name}`);
    }
  }
});

Deno.test("both data source files lead from a span to the same queries", async () => {
  const [jaeger, tempo] = await Promise.all(
    ["jaeger", "tempo"].map((name) => readStack(`grafana/datasources/${name}.yaml`)),
  );
  assertEquals(ofDatasources(jaeger ?? ""), ofDatasources(tempo ?? ""));
});

Deno.test("programs are kept outside the checkout, or where the environment says", () => {
  assertEquals(cacheFolder((name) => ({ SIK_LLMS_STACK_CACHE: "/cache" })[name]), "/cache");
  assert(cacheFolder((name) => ({ HOME: "/home/me" })[name]).startsWith("/home/me/"));
});

Deno.test("every Compose file is a variant, and the other way round", async () => {
  const entries = await Array.fromAsync(Deno.readDir(new URL("../../examples/otel-stack/", import.meta.url)));
  const files = entries.map(({ name }) => name).filter((name) => name.startsWith("compose."));
  assertEquals(variants.map(({ file }) => file).sort(), files.sort());
});
