/** What every metric is called in Prometheus, by the instruments as they are, not as a table says. */
import { assert, assertEquals } from "@std/assert";
import {
  type OtlpMetric,
  prometheusLabel,
  prometheusName,
  strategies,
  type Strategy,
} from "../../examples/support/prometheus_name.ts";
import { createReasoningAgent, defineTool } from "../../mod.ts";
import * as names from "../../src/telemetry/names.ts";
import { type FlatPoint, memoryTelemetry } from "../support/telemetry.ts";
import { chat, someUsage, startVendor } from "../support/vendor_server.ts";

/** Every metric of the library, in the order in which the pages have them. */
const groups: readonly Readonly<Record<string, string>>[] = [
  names.LLM_METRIC,
  names.AGENT_METRIC,
  names.GEN_AI_METRIC,
  names.GEN_AI_INFERENCE_METRIC,
  names.GEN_AI_AGENT_METRIC,
];
const known = groups.flatMap((group) => Object.values(group));

/** What an agent that uses a tool records under one vocabulary: everything that there is. */
async function pointsOf(vocabulary: names.Vocabulary): Promise<readonly FlatPoint[]> {
  await using telemetry = await memoryTelemetry({ vocabulary });
  const toolCalls = [{ id: "call_1", name: "look_up", arguments: "{}" }];
  await using vendor = startVendor(chat({ toolCalls, usage: someUsage }), chat({ usage: someUsage }));
  const lookUp = defineTool({
    name: "look_up",
    description: "",
    parameters: { type: "object" },
    execute: () => "found",
  });
  await createReasoningAgent("gpt-4o-mini", { baseUrl: vendor.url, tools: [lookUp] }).run("What is xyzzy?");
  return await telemetry.points();
}

/** The instruments as they were made. All counters are monotonic sums. */
async function metricsOf(): Promise<readonly (OtlpMetric & { readonly unit: string })[]> {
  const points = [...await pointsOf("both"), ...await pointsOf("gen_ai")];
  const shapes = new Map(points.map(({ name, unit, count }) => {
    const shape = count === undefined ? { kind: "sum", monotonic: true } as const : { kind: "histogram" } as const;
    return [name, { name, unit, ...shape }];
  }));
  assertEquals(
    [...shapes.keys()].sort(),
    [...known].sort(),
    "every metric is recorded, and has its name from names.ts",
  );
  return known.map((name) => shapes.get(name)).filter((metric) => metric !== undefined);
}

/** A table of Markdown, as `deno fmt` leaves it. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  return [line(head), line(head.map(() => ""), "-"), ...rows.map((row) => line(row))].join("\n");
}

/** The table that users read; what is not translated stands in its first column. */
function metricTable(metrics: readonly (OtlpMetric & { readonly unit: string })[]): string {
  const [byDefault, ...others] = strategies.filter((strategy) => strategy !== "NoTranslation");
  const head = ["metric, and `NoTranslation`", "kind", "unit", `\`${byDefault}\` (default)`];
  return tableOf(
    [...head, ...others.map((strategy) => `\`${strategy}\``)],
    metrics.map((metric) => [
      `\`${prometheusName(metric, "NoTranslation")}\``,
      metric.kind === "sum" ? "counter" : metric.kind,
      `\`${metric.unit}\``,
      ...[byDefault, ...others].map((strategy) => `\`${prometheusName(metric, strategy)}\``),
    ]),
  );
}

/** What stands between the marks on a page; undefined where it has none. */
async function sectionOf(page: string): Promise<string | undefined> {
  const text = await Deno.readTextFile(new URL(`../../${page}`, import.meta.url)).catch(() => "");
  return /<!-- metric-names -->\n([\s\S]*?)<!-- \/metric-names -->/.exec(text)?.[1]?.trim();
}

Deno.test("every group of metrics is in the list", () => {
  assertEquals(Object.keys(names).filter((key) => key.endsWith("_METRIC")).length, groups.length);
});

Deno.test("every metric has the names that the pages tell, under every strategy", async () => {
  const table = metricTable(await metricsOf());
  const sections = await Promise.all(["README.md", "docs/metrics.md"].map(sectionOf));
  assert(sections.some((section) => section !== undefined), "a page has the table between its marks");
  for (const section of sections) if (section !== undefined) assertEquals(section, table);
});

Deno.test("every label that a metric has stands on the page", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  const points = [...await pointsOf("both"), ...await pointsOf("gen_ai")];
  const labels = new Set(points.flatMap(({ labels }) => Object.keys(labels)).map(prometheusLabel));
  assertEquals([...labels].filter((label) => !page.includes(`\`${label}\``)), []);
});

Deno.test("no two metrics have one name under any strategy", async () => {
  const metrics = await metricsOf();
  for (const strategy of strategies) {
    const series = metrics.flatMap((metric) => {
      const name = prometheusName(metric, strategy);
      return metric.kind === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    });
    assertEquals(series.filter((name, index) => series.indexOf(name) !== index), [], strategy);
  }
});

Deno.test("every unit is a time, or a remark that no translation appends", async () => {
  for (const { name, unit } of await metricsOf()) assert(unit === "s" || /^\{\w+\}$/.test(unit), `${name}: ${unit}`);
});

const counter = { kind: "sum", monotonic: true } as const;
const gauge = { kind: "gauge" } as const;
/** The cases of Prometheus' own tests, for the strategies in the order of the list. */
const cases: readonly (readonly [metric: OtlpMetric, ...expected: readonly string[]])[] = [
  [{ name: "requests", ...counter }, "requests_total", "requests", "requests_total", "requests"],
  [{ name: "requests_total", ...counter }, "requests_total", "requests_total", "requests_total", "requests_total"],
  [
    { name: "llm_cost_total_usd", unit: "{USD}", ...counter },
    "llm_cost_usd_total",
    "llm_cost_total_usd",
    "llm_cost_total_usd_total",
    "llm_cost_total_usd",
  ],
  [
    { name: "http.request.duration", unit: "ms", kind: "histogram" },
    "http_request_duration_milliseconds",
    "http_request_duration",
    "http.request.duration_milliseconds",
    "http.request.duration",
  ],
  [{ name: "cpu.usage", unit: "1", ...gauge }, "cpu_usage_ratio", "cpu_usage", "cpu.usage_ratio", "cpu.usage"],
  [{ name: "cpu_ratio", unit: "1", ...gauge }, "cpu_ratio", "cpu_ratio", "cpu_ratio", "cpu_ratio"],
  [
    { name: "cpu_seconds_total", unit: "s", ...counter },
    "cpu_seconds_total",
    "cpu_seconds_total",
    "cpu_seconds_total",
    "cpu_seconds_total",
  ],
  [
    { name: "requests", unit: "1/s", ...counter },
    "requests_per_second_total",
    "requests",
    "requests_per_second_total",
    "requests",
  ],
  [
    { name: "throughput.bytes", unit: "By/s", ...gauge },
    "throughput_bytes_per_second",
    "throughput_bytes",
    "throughput.bytes_per_second",
    "throughput.bytes",
  ],
  [{ name: "a__b", unit: "{c}", ...gauge }, "a_b", "a__b", "a__b", "a__b"],
  [{ name: "1st.métric", ...gauge }, "_1st_m_tric", "_1st_m_tric", "1st.métric", "1st.métric"],
  [{ name: "total", ...counter }, "total", "total", "total_total", "total"],
];
for (const [metric, ...expected] of cases) {
  for (const [index, strategy] of strategies.entries()) {
    Deno.test(`prometheusName() under ${strategy satisfies Strategy} calls ${metric.name} ${expected[index]}`, () => {
      assertEquals(prometheusName(metric, strategy), expected[index]);
    });
  }
}
