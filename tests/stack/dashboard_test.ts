import { assert, assertEquals } from "@std/assert";
import { dashboardPath, dashboardText, traceStores } from "../../scripts/stack/dashboard.ts";
import { panels } from "../../scripts/stack/panels.ts";
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
