/**
 * Writes the Grafana dashboard, once for each kind of trace store: `deno run -A scripts/stack/dashboard.ts`.
 *
 * @module
 */
import { type Panel, panels } from "./panels.ts";
import { stackFolder } from "./place.ts";

/** Where traces are. */
export type TraceStore = "jaeger" | "tempo";

/** The stores a dashboard is written for. */
export const traceStores: readonly TraceStore[] = ["jaeger", "tempo"];

/** A variable of the dashboard: its name, what it is called, its label, and what it depends on. */
const variables = [
  { name: "service", label: "Service", of: "service", where: "" },
  { name: "provider", label: "Provider", of: "llm_provider", where: '{service=~"$service"}' },
  { name: "model", label: "Model", of: "llm_model", where: '{service=~"$service",llm_provider=~"$provider"}' },
] as const;

const datasource = { type: "prometheus", uid: "${datasource}" };

/** The path of a dashboard's file, from the stack's folder. */
export function dashboardPath(store: TraceStore): string {
  return `grafana/dashboards/${store}/llm.json`;
}

/** The dashboard as Grafana reads it. */
export function dashboard(store: TraceStore): object {
  return {
    uid: "sik-llms",
    title: "Language models",
    description: "Requests, cost, tokens, latency and agents of @sik/llms.",
    tags: ["llm", "opentelemetry"],
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    templating: {
      list: [
        {
          name: "datasource",
          label: "Metrics",
          type: "datasource",
          query: "prometheus",
          current: { text: "Prometheus", value: "prometheus" },
          hide: 2,
        },
        ...variables.map(({ name, label, of, where }) => ({
          name,
          label,
          type: "query",
          datasource,
          query: { qryType: 1, query: `label_values(llm_requests_total${where}, ${of})`, refId: name },
          definition: `label_values(llm_requests_total${where}, ${of})`,
          refresh: 2,
          sort: 1,
          multi: true,
          includeAll: true,
          allValue: ".*",
          current: { text: ["All"], value: ["$__all"] },
        })),
      ],
    },
    links: [],
    panels: laidOut().map(({ panel, x, y }, index) => shown(panel, index + 1, x, y, store)),
  };
}

/** Places panels from left to right and from top to bottom. */
function laidOut(): { panel: Panel; x: number; y: number }[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map((panel) => {
    if (x + panel.width > 24) [x, y, height] = [0, y + height, 0];
    const at = { panel, x, y };
    x += panel.width;
    height = Math.max(height, panel.height);
    return at;
  });
}

function shown(panel: Panel, id: number, x: number, y: number, store: TraceStore): object {
  const { title, description, kind, unit, width, height, queries, timeFrom, thresholds } = panel;
  const instant = kind !== "timeseries";
  return {
    id,
    title,
    description,
    type: kind,
    datasource,
    gridPos: { x, y, w: width, h: height },
    ...timeFrom === undefined ? {} : { timeFrom },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      instant,
      range: !instant,
      ...kind === "table" ? { format: "table" } : {},
      ...legend === undefined ? {} : { legendFormat: legend },
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...thresholds === undefined ? { color: { mode: instant ? "thresholds" : "palette-classic" } } : {},
        thresholds: { mode: "absolute", steps: steps(thresholds) },
        links: panel.traces === true ? [traceLink(store, kind === "table")] : [],
      },
      overrides: [],
    },
    ...options(kind),
  };
}

function steps(thresholds: Panel["thresholds"]): object[] {
  const [warning, critical] = thresholds ?? [];
  const above = warning === undefined ? [] : [{ color: "orange", value: warning }, { color: "red", value: critical }];
  return [{ color: "green", value: null }, ...above];
}

function options(kind: Panel["kind"]): object {
  if (kind === "stat") {
    return { options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "none" } };
  }
  if (kind === "timeseries") {
    return {
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    };
  }
  return {
    options: { showHeader: true },
    transformations: [{ id: "organize", options: { excludeByName: { Time: true }, renameByName: { Value: "Spend" } } }],
  };
}

/** A link from a model's number to its traces. */
function traceLink(store: TraceStore, table: boolean): object {
  const label = (name: string) => table ? `\${__data.fields.${name}}` : `\${__field.labels.${name}}`;
  const [service, model] = [label("service"), label("llm_model")];
  const query = store === "jaeger"
    ? {
      refId: "A",
      queryType: "search",
      service,
      operation: "llm.request",
      tags: `llm.model=${model}`,
    }
    : { refId: "A", queryType: "traceql", query: `{ name = "llm.request" && span.llm.model = "${model}" }` };
  const pane = {
    datasource: store,
    queries: [{ ...query, datasource: { type: store, uid: store } }],
    range: { from: "${__from}", to: "${__to}" },
  };
  // Braces and quotes are escaped, variables are left for Grafana to fill in.
  const panes = encodeURIComponent(JSON.stringify({ traces: pane })).replace(
    /%24%7B(.+?)%7D/g,
    (_, name) => `\${${decodeURIComponent(name)}}`,
  );
  return { title: `Traces of ${model}`, url: `/explore?schemaVersion=1&panes=${panes}`, targetBlank: true };
}

/** The text of a dashboard's file. */
export function dashboardText(store: TraceStore): string {
  return `${JSON.stringify(dashboard(store), null, 2)}\n`;
}

if (import.meta.main) {
  for (const store of traceStores) {
    const file = new URL(dashboardPath(store), stackFolder);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, dashboardText(store));
  }
}
