/**
 * What must be found in Prometheus: names and labels.
 *
 * @module
 */

const resource = ["__name__", "service", "job", "instance"];
const request = [...resource, "llm_model", "llm_provider"];
const agent = [...request, "reasoning_effort"];
const genAi = [
  ...resource,
  "gen_ai_operation_name",
  "gen_ai_provider_name",
  "gen_ai_request_model",
  "gen_ai_response_model",
  "server_address",
  "server_port",
];

/** The parts of a histogram. */
function histogram(name: string, labels: readonly string[]): [string, readonly string[]][] {
  return [[`${name}_bucket`, [...labels, "le"]], [`${name}_sum`, labels], [`${name}_count`, labels]];
}

/** Every series' name, and the labels it has. */
export const expectedLabels: ReadonlyMap<string, readonly string[]> = new Map([
  ...[
    "llm_requests_total",
    "llm_requests_failed_total",
    "llm_retries_total",
    "llm_unpriced_requests_total",
    "llm_tokens_input_total",
    "llm_tokens_output_total",
    "llm_cache_read_tokens_total",
    "llm_cache_write_tokens_total",
    "llm_reasoning_tokens_total",
    "llm_cost_usd_total",
  ].map((name): [string, readonly string[]] => [name, request]),
  ...["llm_request_duration_seconds", "llm_time_to_first_token_seconds"].flatMap((name) => histogram(name, request)),
  ...[
    "llm_reasoning_requests_total",
    "llm_reasoning_success_total",
    "llm_reasoning_iterations_total",
    "llm_reasoning_tool_calls_total",
  ].map((name): [string, readonly string[]] => [name, agent]),
  ...histogram("llm_reasoning_iterations_per_request", agent),
  ...histogram("llm_tool_duration_seconds", [...resource, "tool_name"]),
  ...histogram("gen_ai_client_token_usage", [...genAi, "gen_ai_token_type"]),
  ...histogram("gen_ai_client_operation_duration_seconds", [...genAi, "error_type"]),
  ...histogram("gen_ai_client_operation_time_to_first_chunk_seconds", genAi),
]);

/** The trees of the fed requests, as Jaeger must show them. */
export const expectedTrees = {
  plain: `llm.request
  llm.openai.stream
    http.request`,
  retried: `llm.request
  llm.openai.stream
    http.request
    http.request`,
  failed: `llm.request
  llm.openai.stream
    http.request`,
  agent: `llm.reasoning_agent.stream
  reasoning.thinking.iteration_1
    llm.request
      llm.openai.stream
        http.request
  reasoning.tool.search_flights
  reasoning.tool.search_hotels
  reasoning.final_answer
    llm.request
      llm.openai.stream
        http.request`,
} as const;
