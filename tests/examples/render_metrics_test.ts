import { assert, assertEquals } from "@std/assert";
import { columnsOf } from "../../examples/support/colors.ts";
import { money, plainNumber } from "../../examples/support/format.ts";
import { seriesOf } from "../../examples/support/metric_series.ts";
import { renderMetrics } from "../../examples/support/render_metrics.ts";
import { at, point } from "./received.ts";

const model = { "llm.model": "gpt-4o-mini", "llm.provider": "openai" };
const plain = { width: 100, color: false };

function histogram(name: string, unit: string, values: readonly number[], attributes: Record<string, unknown> = {}) {
  const bounds = [0.1, 0.2, 0.4, 0.8];
  const buckets = [...bounds, Infinity].map((bound, index) => {
    return values.filter((value) => value <= bound && value > (bounds[index - 1] ?? -1)).length;
  });
  const sum = values.reduce((all, value) => all + value, 0);
  return point({ name, unit, kind: "histogram", attributes, count: values.length, sum, bounds, buckets });
}

Deno.test("seriesOf() keeps the newest cumulative point of each set of labels", () => {
  const counter = (value: number, timeNs: bigint, attributes = {}) => {
    return point({ name: "llm_requests_total", unit: "{request}", value, timeNs, attributes });
  };
  const series = seriesOf([
    counter(1, at(1), model),
    counter(5, at(3), model),
    counter(3, at(2), model),
    counter(7, at(1), { ...model, "llm.model": "gpt-4o" }),
  ]);
  assertEquals(series.map(({ name, value, labels }) => [name, value, labels["llm_model"]]), [
    ["llm_requests_total", 5, "gpt-4o-mini"],
    ["llm_requests_total", 7, "gpt-4o"],
  ]);
});

Deno.test("seriesOf() adds deltas up", () => {
  const delta = { temporality: "delta" } as const;
  const [counter, times] = seriesOf([
    point({ name: "a", value: 2, timeNs: at(1), ...delta }),
    point({ name: "a", value: 3, timeNs: at(2), ...delta }),
    { ...histogram("b", "s", [0.05, 0.3]), ...delta },
    { ...histogram("b", "s", [0.35]), ...delta },
  ]);
  assertEquals([counter?.name, counter?.value], ["a_total", 5]);
  assertEquals(times?.histogram, { count: 3, sum: 0.05 + 0.3 + 0.35, buckets: [1, 0, 2, 0, 0] });
});

Deno.test("seriesOf() keeps the same metric of two processes apart", () => {
  const from = (id: string) => point({ name: "a", value: 1, resource: { "service.instance.id": id } });
  assertEquals(seriesOf([from("one"), from("two"), from("one")]).length, 2);
});

Deno.test("renderMetrics() draws a table under the names of Prometheus, with shared labels once", () => {
  const genAi = { "gen_ai.provider.name": "openai", "gen_ai.response.model": "gpt-4o-mini-2024-07-18" };
  const lines = renderMetrics([
    point({ name: "llm_requests_total", unit: "{request}", value: 5, attributes: model }),
    point({ name: "llm_requests_failed_total", unit: "{request}", value: 0, attributes: model }),
    point({ name: "llm_cost_total_usd", unit: "{USD}", value: 0.0000513, attributes: model }),
    histogram("llm_request_duration_seconds", "s", [0.05, 0.3, 0.35], model),
    histogram("gen_ai.client.operation.duration", "s", [0.3], genAi),
    histogram("gen_ai.client.operation.duration", "s", [0.5], {
      "gen_ai.provider.name": "openai",
      "error.type": "400",
    }),
    histogram("gen_ai.client.operation.duration", "s", [0.7], { "gen_ai.provider.name": "openai" }),
    point({ name: "travel_desk.questions", unit: "{question}", value: 2, attributes: { "user.kind": "tourist" } }),
  ], plain);
  assertEquals(lines, [
    'llm_*  llm_model="gpt-4o-mini" llm_provider="openai"',
    "  llm_requests_total                    5",
    "  llm_requests_failed_total             0",
    "  llm_cost_usd_total            0.0000513",
    "  llm_request_duration_seconds         3×  mean 233ms  ▅▁█",
    "",
    'gen_ai_*  gen_ai_provider_name="openai"',
    "  gen_ai_client_operation_duration_seconds",
    '    gen_ai_response_model="gpt-4o-mini-2024-07-18"  1×  300ms',
    '    error_type="400"                                1×  500ms',
    "    (no further label)                              1×  700ms",
    "",
    'others  user_kind="tourist"',
    "  travel_desk_questions_total  2",
  ]);
});

Deno.test("renderMetrics() of nothing is nothing", () => {
  assertEquals(renderMetrics([], plain), []);
});

Deno.test("renderMetrics() keeps to its width and drops no value", () => {
  const name = "gen_ai.client.operation.time_to_first_chunk";
  const long = {
    "gen_ai.response.model": "a-model-with-a-name-of-some-length-2024-07-18",
    "server.address": "127.0.0.1",
  };
  const points = [
    histogram(name, "s", [0.3, 0.5], long),
    histogram(name, "s", [0.3], { ...long, "gen_ai.token.type": "input", "deployment.of.the.user": "eu-west-1" }),
    point({ name: "llm_cache_write_tokens_total", value: 1_234_567, attributes: { "llm.model": "gpt-4o-mini" } }),
  ];
  for (let width = 60; width <= 200; width += 7) {
    const lines = renderMetrics(points, { width, color: false });
    assertEquals(lines.filter((line) => columnsOf(line) > width), [], `at ${width} columns`);
    const values = lines.join("\n").match(/\b(?:2×|1×|1234567)/g)?.toSorted();
    assertEquals(values, ["1234567", "1×", "2×"], `at ${width} columns`);
    assert(lines.some((line) => line.includes("2×  mean 400ms")), `at ${width} columns`);
  }
});

Deno.test("renderMetrics() says the same with colours as without", () => {
  const points = [point({ name: "llm_requests_total", value: 5, attributes: model })];
  const colored = renderMetrics(points, { width: 100, color: true }).join("\n");
  assert(colored.includes("\x1b["));
  // deno-lint-ignore no-control-regex
  assertEquals(colored.replaceAll(/\x1b\[\d+m/g, ""), renderMetrics(points, plain).join("\n"));
});

Deno.test("money() shows two digits that count, and cents from a dollar on", () => {
  assertEquals([0, 0.00000254, 0.0021, 0.05, 0.999, 1.254, 12].map(money), [
    "$0",
    "$0.0000025",
    "$0.0021",
    "$0.050",
    "$1.00",
    "$1.25",
    "$12.00",
  ]);
});

Deno.test("plainNumber() has no exponent and no noise of floating point", () => {
  assertEquals([5, 0.1 + 0.2, 0.0000069, 1234.5678, 1e6, 100.5].map(plainNumber), [
    "5",
    "0.3",
    "0.0000069",
    "1234.57",
    "1000000",
    "100.5",
  ]);
});
