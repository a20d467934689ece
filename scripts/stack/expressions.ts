/**
 * Every query that the stack comes with: of the dashboard, its variables and links, of rules and alerts, of the pages in
 * docs/, and those of the guide this project grew from that are to run as they were printed.
 *
 * @module
 */
import { parse } from "npm:yaml@^2.8.1";
import { guideQueries } from "./guide.ts";
import { readStack } from "./place.ts";

/** One query. */
export interface Expression {
  /** Where it stands. */
  readonly place: string;
  /** With the dashboard's variables filled in; of an alert, 0 or 1 in place of silence or alarm. */
  readonly expr: string;
}

/** A variable's query: the values of a label. */
export interface LabelValues {
  readonly place: string;
  readonly match: string;
  readonly label: string;
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly record?: string; readonly alert?: string; readonly expr: string }[];
  }[];
}

/** As printed there; that they have data is due to the names of our metrics and to the recorded alias of the cost. */
export const printed: readonly string[] = [
  "llm_tokens_input_total",
  "sum by (llm_model) (llm_tokens_output_total)",
  "llm_cost_total_usd",
  "rate(llm_cost_total_usd[5m])",
  "rate(llm_cost_total_usd[1h])",
  "sum by (llm_model, llm_provider) (rate(llm_cost_total_usd[1h]))",
  "sum(rate(llm_cost_total_usd[24h])) * 24",
  "rate(llm_tokens_input_total[5m]) / rate(llm_requests_total[5m])",
  "rate(llm_tokens_output_total[5m]) / rate(llm_requests_total[5m])",
  "llm_cache_read_tokens_total / (llm_cache_read_tokens_total + llm_tokens_input_total)",
  "rate(llm_requests_failed_total[5m]) / rate(llm_requests_total[5m])",
  "rate(llm_reasoning_iterations_total[5m]) / rate(llm_reasoning_requests_total[5m])",
  "rate(llm_tokens_input_total[5m])",
  "rate(llm_tokens_output_total[5m])",
  "rate(llm_requests_total[5m])",
  "llm_reasoning_tool_calls_total",
  "rate(llm_reasoning_tool_calls_total[5m])",
  "rate(llm_reasoning_success_total[5m]) / rate(llm_reasoning_requests_total[5m])",
  "avg by (reasoning_effort) (llm_reasoning_iterations_total)",
  "histogram_quantile(0.95, llm_request_duration_seconds_bucket)",
];

/** Fills in what Grafana would: every value, and windows that hold the whole run. */
export function filledIn(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "2m")
    .replaceAll("$__range", "1h")
    .replaceAll("$$__tags", 'llm_model="gpt-4o-mini"')
    .replaceAll(/\$(service|provider|model)\b/g, ".*");
}

/** The expression of an alert that says 0 instead of nothing when all is well. */
export function asNumber(expr: string): string {
  const numbered = expr.trimEnd().replace(/([<>]=?|[!=]=)(\s*[\d.]+)$/, "$1 bool$2");
  if (numbered === expr.trimEnd()) throw new Error(`an alert must end in a comparison with a number: ${expr}`);
  return numbered;
}

/** Queries of a dashboard's panels. */
export function ofDashboard(text: string): Expression[] {
  const { panels } = JSON.parse(text);
  return panels.flatMap(({ title, targets }: { title: string; targets: readonly { expr: string }[] }) =>
    targets.map(({ expr }) => ({ place: `panel ${title}`, expr: filledIn(expr) }))
  );
}

/** Queries of a dashboard's variables. */
export function variablesOf(text: string): LabelValues[] {
  const { templating } = JSON.parse(text);
  return templating.list.flatMap(({ name, type, definition = "" }: Record<string, string>) => {
    if (type !== "query") return [];
    const [, match, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
    if (match === undefined || label === undefined) throw new Error(`the variable ${name} is no label_values query`);
    return [{ place: `variable ${name}`, match: filledIn(match), label }];
  });
}

/** Queries from a span to metrics. */
export function ofDatasources(text: string): Expression[] {
  const found: Expression[] = [];
  for (const { jsonData } of parse(text).datasources) {
    for (const { name, query } of jsonData?.tracesToMetrics?.queries ?? []) {
      found.push({ place: `from a span to ${name}`, expr: filledIn(query) });
    }
  }
  return found;
}

/** Expressions of rules, what they record, and alerts as numbers. */
export function ofRules(text: string): Expression[] {
  const { groups } = parse(text) as Rules;
  return groups.flatMap(({ rules }) => rules).flatMap(({ record, alert, expr }) => {
    if (alert !== undefined) return [{ place: `alert ${alert}`, expr: asNumber(expr) }];
    return [{ place: `rule ${record}`, expr }, { place: `recorded ${record}`, expr: record ?? "" }];
  });
}

/** Every query of the stack. */
export async function allExpressions(): Promise<Expression[]> {
  const [dashboard, datasources, recording, alerts] = await Promise.all([
    "grafana/dashboards/jaeger/llm.json",
    "grafana/datasources/jaeger.yaml",
    "prometheus/rules/recording.yaml",
    "prometheus/rules/alerts.yaml",
  ].map(readStack)) as [string, string, string, string];
  return [
    ...ofDashboard(dashboard),
    ...ofDatasources(datasources),
    ...ofRules(recording),
    ...ofRules(alerts),
    ...printed.map((expr) => ({ place: "as printed", expr })),
    ...(await guideQueries("promql")).map(({ place, text }) => ({ place: `guide ${place}`, expr: text })),
  ];
}

/** Every variable of the dashboard. */
export async function allVariables(): Promise<LabelValues[]> {
  return variablesOf(await readStack("grafana/dashboards/jaeger/llm.json"));
}
