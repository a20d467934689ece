import { assert, assertEquals } from "@std/assert";
import { dashboardPath, dashboardText, traceStores } from "../../scripts/stack/dashboard.ts";
import { panels } from "../../scripts/stack/panels.ts";
import { ofRules } from "../../scripts/stack/expressions.ts";
import { readPages } from "../../scripts/docs/blocks.ts";
import { genAiProvider } from "../../src/telemetry/names.ts";
import { readStack } from "../../scripts/stack/place.ts";

interface Shown {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
  readonly fieldConfig: { readonly defaults: { readonly links: readonly { readonly url: string }[] } };
}

for (const store of traceStores) {
  Deno.test(`the dashboard for ${store} is what the panels say: run scripts/stack/dashboard.ts`, async () => {
    assertEquals(await readStack(dashboardPath(store)), dashboardText(store));
  });
}

const dashboard = JSON.parse(dashboardText("jaeger"));
const shown: readonly Shown[] = dashboard.panels;

Deno.test("a dashboard has 22 panels at most, each with a title, an explanation and a query", () => {
  assert(panels.length <= 22, `${panels.length} panels`);
  for (const { title, description, queries } of panels) {
    assert(title !== "" && description !== "" && queries.length > 0, title);
  }
  assertEquals(new Set(panels.map(({ title }) => title)).size, panels.length);
});

Deno.test("panels fill the page from left to right and never lie on each other", () => {
  const taken = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of shown) {
    assert(x + w <= 24, `${title} is too wide`);
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        assert(!taken.has(`${column},${row}`), `${title} lies on another panel`);
        taken.add(`${column},${row}`);
      }
    }
  }
  const bottom = Math.max(...shown.map(({ gridPos: { y, h } }) => y + h));
  assertEquals(taken.size, 24 * bottom, "there are holes");
});

Deno.test("its variables are service, provider and model, each bound to the ones before it", () => {
  const variables = dashboard.templating.list.filter(({ type }: { type: string }) => type === "query");
  assertEquals(variables.map(({ name, definition }: Record<string, string>) => [name, definition]), [
    ["service", "label_values(llm_requests_total, service)"],
    ["provider", 'label_values(llm_requests_total{service=~"$service"}, llm_provider)'],
    ["model", 'label_values(llm_requests_total{service=~"$service",llm_provider=~"$provider"}, llm_model)'],
  ]);
});

Deno.test("every query heeds the service that was chosen", () => {
  for (const { title, targets } of shown) {
    for (const { expr } of targets) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      assert(selectors.length > 0, title);
      for (const selector of selectors) assert(selector.includes('service=~"$service"'), `${title}: ${selector}`);
    }
  }
});

Deno.test("every query heeds the provider and the model that were chosen; tools have neither", () => {
  for (const { title, targets } of shown.filter(({ title }) => title !== "Tools: latency, p95")) {
    for (const { expr } of targets) assert(expr.includes("$provider") && expr.includes("$model"), title);
  }
});

const kinds = panels.find(({ title }) => title === "Failures per minute by kind")?.queries[0]?.expr ?? "";

Deno.test("an aborted call is no failure, in the dashboard and on the page", async () => {
  const page = (await readPages()).get("docs/promql.md") ?? "";
  for (const text of [kinds, page.slice(page.indexOf("Failures per minute by kind"))]) {
    const [, pattern] = /error_type!~"([^"]*)"/.exec(text) ?? [];
    const counted = (errorType: string) => !new RegExp(`^(?:${pattern})$`).test(errorType);
    assertEquals(["", "AbortError", "429", "TimeoutError"].map(counted), [false, false, true, true]);
  }
});

Deno.test("the conventions' names of providers are turned back into this project's own", () => {
  const steps = [...kinds.matchAll(/"llm_provider", "([^"]+)", "gen_ai_provider_name", "([^"]+)"/g)];
  assertEquals(steps.length, 2);
  for (const provider of ["openai", "anthropic", "mistral", "xai", "gemini", "azure", "together", "acme_ai"]) {
    const named = genAiProvider(provider);
    const turned = steps.reduce((label, [, to = "", pattern]) => {
      const whole = new RegExp(`^(?:${pattern})$`);
      return whole.test(named) ? named.replace(whole, to) : label;
    }, "");
    assertEquals(turned, provider);
  }
});

/** What is recorded under the conventions' names alone, of what the dashboard and the rules ask for. */
const kept = new Set([
  "llm_requests_total",
  "llm_requests_failed_total",
  "llm_retries_total",
  "llm_unpriced_requests_total",
  "llm_cost_usd_total",
  "llm_reasoning_requests_total",
  "llm_reasoning_success_total",
]);
const lacks = (expr: string) =>
  [...expr.matchAll(/(?<![:\w])(?:llm|gen_ai)_\w+?(?=\{|\[)/g)].some(([name]) => !kept.has(name));

Deno.test("the page of the setup names the panels that are empty under the conventions' names alone", async () => {
  const page = (await readPages()).get("docs/setup.md") ?? "";
  const [, list = ""] = /panels without data:([^]*?)\.\s/.exec(page) ?? [];
  const told = [...list.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title.replaceAll(/\s+/g, " "));
  const empty = panels.filter(({ queries }) => queries.some(({ expr }) => lacks(expr))).map(({ title }) => title);
  assertEquals(told.toSorted(), empty.toSorted());
});

Deno.test("the page of alerts names those that stay silent under the conventions' names alone", async () => {
  const page = (await readPages()).get("docs/alerts.md") ?? "";
  const [, list = ""] = /stay silent:([^]*?)\.\s/.exec(page) ?? [];
  const rules = ofRules(await readStack("prometheus/rules/recording.yaml"));
  const mute = new Set<string>();
  for (const { place, expr } of rules) if (place.startsWith("rule ") && lacks(expr)) mute.add(place.slice(5));
  const alerts = ofRules(await readStack("prometheus/rules/alerts.yaml"));
  const silent = alerts.filter(({ expr }) => lacks(expr) || [...mute].some((name) => expr.includes(name)));
  assertEquals(
    [...list.matchAll(/`(\w+)`/g)].map(([, name]) => `alert ${name}`).toSorted(),
    silent.map(({ place }) => place).toSorted(),
  );
});

Deno.test("a link leads to the traces of the service and the model that was clicked", () => {
  const links = shown.flatMap(({ fieldConfig }) => fieldConfig.defaults.links.map(({ url }) => url));
  assert(links.length > 0);
  for (const link of links) {
    const filled = link.replaceAll(/\$\{[\w.:]+\}/g, "filled");
    const { traces } = JSON.parse(new URL(filled, "http://localhost").searchParams.get("panes") ?? "");
    const [query] = traces.queries;
    assertEquals([traces.datasource, query.service, query.tags], ["jaeger", "filled", "llm.model=filled"]);
  }
  const [link = ""] = links;
  assert(link.includes("${__field.labels.llm_model}"), "Grafana must find the variable as it is");
});
