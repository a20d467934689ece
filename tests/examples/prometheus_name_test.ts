import { assertEquals, assertThrows } from "@std/assert";
import { prometheusLabel, prometheusName } from "../../examples/support/prometheus_name.ts";
import * as names from "../../src/telemetry/names.ts";

/** Every metric of this library: kind, unit, and the name in Prometheus. */
const metrics: Readonly<Record<string, readonly [kind: "counter" | "histogram", unit: string, expected: string]>> = {
  "llm_requests_total": ["counter", "{request}", "llm_requests_total"],
  "llm_requests_failed_total": ["counter", "{request}", "llm_requests_failed_total"],
  "llm_tokens_input_total": ["counter", "{token}", "llm_tokens_input_total"],
  "llm_tokens_output_total": ["counter", "{token}", "llm_tokens_output_total"],
  "llm_cache_read_tokens_total": ["counter", "{token}", "llm_cache_read_tokens_total"],
  "llm_cache_write_tokens_total": ["counter", "{token}", "llm_cache_write_tokens_total"],
  "llm_reasoning_tokens_total": ["counter", "{token}", "llm_reasoning_tokens_total"],
  "llm_cost_total_usd": ["counter", "{USD}", "llm_cost_usd_total"],
  "llm_request_duration_seconds": ["histogram", "s", "llm_request_duration_seconds"],
  "llm_time_to_first_token_seconds": ["histogram", "s", "llm_time_to_first_token_seconds"],
  "llm_unpriced_requests_total": ["counter", "{request}", "llm_unpriced_requests_total"],
  "llm_retries_total": ["counter", "{request}", "llm_retries_total"],
  "llm_reasoning_requests_total": ["counter", "{request}", "llm_reasoning_requests_total"],
  "llm_reasoning_success_total": ["counter", "{request}", "llm_reasoning_success_total"],
  "llm_reasoning_iterations_total": ["counter", "{iteration}", "llm_reasoning_iterations_total"],
  "llm_reasoning_tool_calls_total": ["counter", "{call}", "llm_reasoning_tool_calls_total"],
  "llm_reasoning_iterations_per_request": ["histogram", "{iteration}", "llm_reasoning_iterations_per_request"],
  "llm_tool_duration_seconds": ["histogram", "s", "llm_tool_duration_seconds"],
  "gen_ai.client.token.usage": ["histogram", "{token}", "gen_ai_client_token_usage"],
  "gen_ai.client.operation.duration": ["histogram", "s", "gen_ai_client_operation_duration_seconds"],
  "gen_ai.client.operation.time_to_first_chunk": [
    "histogram",
    "s",
    "gen_ai_client_operation_time_to_first_chunk_seconds",
  ],
  "gen_ai.client.inference.duration": ["histogram", "s", "gen_ai_client_inference_duration_seconds"],
  "gen_ai.client.inference.time_to_first_chunk": [
    "histogram",
    "s",
    "gen_ai_client_inference_time_to_first_chunk_seconds",
  ],
  "gen_ai.client.inference.usage.input_tokens": [
    "counter",
    "{token}",
    "gen_ai_client_inference_usage_input_tokens_total",
  ],
  "gen_ai.client.inference.usage.output_tokens": [
    "counter",
    "{token}",
    "gen_ai_client_inference_usage_output_tokens_total",
  ],
  "gen_ai.client.inference.usage.cache_read.input_tokens": [
    "counter",
    "{token}",
    "gen_ai_client_inference_usage_cache_read_input_tokens_total",
  ],
  "gen_ai.client.inference.usage.cache_write.input_tokens": [
    "counter",
    "{token}",
    "gen_ai_client_inference_usage_cache_write_input_tokens_total",
  ],
  "gen_ai.client.inference.usage.reasoning.output_tokens": [
    "counter",
    "{token}",
    "gen_ai_client_inference_usage_reasoning_output_tokens_total",
  ],
  "gen_ai.client.inference.operation.input_tokens": [
    "histogram",
    "{token}",
    "gen_ai_client_inference_operation_input_tokens",
  ],
  "gen_ai.client.inference.operation.output_tokens": [
    "histogram",
    "{token}",
    "gen_ai_client_inference_operation_output_tokens",
  ],
  "gen_ai.invoke_agent.duration": ["histogram", "s", "gen_ai_invoke_agent_duration_seconds"],
  "gen_ai.invoke_agent.inference_calls": ["histogram", "{inference_call}", "gen_ai_invoke_agent_inference_calls"],
  "gen_ai.invoke_agent.tool_calls": ["histogram", "{tool_call}", "gen_ai_invoke_agent_tool_calls"],
  "gen_ai.execute_tool.duration": ["histogram", "s", "gen_ai_execute_tool_duration_seconds"],
};

Deno.test("prometheusName() gives every metric of the library the name that dashboards use", () => {
  const given = Object.entries(metrics).map(([name, [kind, unit]]) => {
    const shape = kind === "counter" ? { kind: "sum", monotonic: true } as const : { kind } as const;
    return prometheusName({ name, unit, ...shape });
  });
  assertEquals(given, Object.values(metrics).map(([, , expected]) => expected));
});

Deno.test("prometheusName() is tested with every metric of the library", () => {
  const known = Object.entries(names).filter(([key]) => key.endsWith("_METRIC"))
    .flatMap(([, group]) => Object.values(group as Readonly<Record<string, string>>));
  assertEquals(known.filter((name) => !(name in metrics)), []);
  assertEquals(known.length > 20, true);
});

Deno.test("prometheusName() appends a unit without braces, in its own spelling", () => {
  // Why the cost's unit is {USD}: the word usd in its name is not the unit USD.
  const cost = { name: "llm_cost_total_usd", kind: "sum", monotonic: true } as const;
  assertEquals(prometheusName({ ...cost, unit: "USD" }), "llm_cost_usd_USD_total");
});

Deno.test("prometheusName() spells units out, once", () => {
  const gauge = (name: string, unit: string) => prometheusName({ name, unit, kind: "gauge" });
  assertEquals(gauge("response_time", "ms"), "response_time_milliseconds");
  assertEquals(gauge("memory.usage", "By"), "memory_usage_bytes");
  assertEquals(gauge("response_time_seconds", "s"), "response_time_seconds");
  assertEquals(gauge("custom_metric", "custom_unit"), "custom_metric_custom_unit");
  assertEquals(gauge("custom_metric", "unit__many__lines"), "custom_metric_unit_many_lines");
  assertEquals(gauge("custom_metric", "unit@with#special/chars"), "custom_metric_unit_with_special_per_chars");
  assertEquals(gauge("custom_metric", "unit@"), "custom_metric_unit_");
});

Deno.test("prometheusName() spells units behind a slash in the singular", () => {
  const gauge = (unit: string) => prometheusName({ name: "throughput", unit, kind: "gauge" });
  assertEquals(gauge("By/s"), "throughput_bytes_per_second");
  assertEquals(gauge("1/m"), "throughput_per_minute");
  assertEquals(gauge("By/{call}"), "throughput_bytes");
  assertEquals(gauge("{call}/s"), "throughput_per_second");
  assertEquals(gauge("unit@/s"), "throughput_unit_per_second");
  assertEquals(
    prometheusName({ name: "requests", unit: "1/s", kind: "sum", monotonic: true }),
    "requests_per_second_total",
  );
});

Deno.test("prometheusName() ends counters with total and ratios with ratio, once", () => {
  const counter = (name: string, unit?: string) => prometheusName({ name, unit, kind: "sum", monotonic: true });
  assertEquals(counter("requests"), "requests_total");
  assertEquals(counter("total.requests"), "requests_total");
  assertEquals(counter("items", "1"), "items_total");
  assertEquals(counter("cpu", "s"), "cpu_seconds_total");
  assertEquals(prometheusName({ name: "cpu_usage", unit: "1", kind: "gauge" }), "cpu_usage_ratio");
  assertEquals(prometheusName({ name: "ratio.of.cpu", unit: "1", kind: "gauge" }), "of_cpu_ratio");
  assertEquals(prometheusName({ name: "active", unit: "{call}", kind: "sum", monotonic: false }), "active");
});

Deno.test("prometheusName() leaves nothing in a name that Prometheus does not take", () => {
  const gauge = (name: string) => prometheusName({ name, kind: "gauge" });
  assertEquals(gauge("a.b-c//d__e"), "a_b_c_d_e");
  assertEquals(gauge("job:rate"), "job:rate");
  assertEquals(gauge("123metric"), "_123metric");
  assertThrows(() => gauge("@#$%"), TypeError, "no name in Prometheus");
});

Deno.test("prometheusLabel() puts lines where Prometheus takes no sign", () => {
  assertEquals(prometheusLabel("llm.model"), "llm_model");
  assertEquals(prometheusLabel("gen_ai.request.model"), "gen_ai_request_model");
  assertEquals(prometheusLabel("label!with&special$chars)"), "label_with_special_chars_");
  assertEquals(prometheusLabel("字符"), "__");
  assertEquals(prometheusLabel("123label"), "key_123label");
  assertEquals(prometheusLabel("_private"), "key_private");
  assertEquals(prometheusLabel("__reserved"), "__reserved");
});
