/**
 * The dashboard's panels: what is asked, and how it is shown.
 *
 * @module
 */

/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** What a series is called. */
  readonly legend?: string;
}

/** One panel. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: "stat" | "timeseries" | "table";
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  readonly height: number;
  /** Stands instead of the dashboard's time range. */
  readonly timeFrom?: string;
  /** Its series have a model, whose traces a click shows. */
  readonly traces?: boolean;
  /** From here on it is orange, and from there on red. */
  readonly thresholds?: readonly [warning: number, critical: number];
}

const own = 'service=~"$service",llm_provider=~"$provider",llm_model=~"$model"';
const request = `{${own}}`;
/**
 * Failed requests by kind. An aborted call is no failure, though its duration says AbortError. The conventions spell some
 * providers differently; what was chosen is compared with this project's own names.
 */
const failures = `rate(gen_ai_client_operation_duration_seconds_count{service=~"$service",` +
  `gen_ai_request_model=~"$model",error_type!~"|AbortError"}[$__rate_interval])`;
/** The conventions' names of providers, turned back: mistral_ai, gcp.gemini, azure.ai.openai, x_ai. */
const ownProvider = (series: string) =>
  `label_replace(label_replace(${series}, "llm_provider", "$1$2$3$4", "gen_ai_provider_name", ` +
  `"(mistral)_ai|gcp[.](gemini)|(azure)[.]ai[.]openai|(.+)"), "llm_provider", "xai", "gen_ai_provider_name", "x_ai")`;
const tool = '{service=~"$service"}';

/** A sum over a counter's increase per second. */
const rate = (name: string, by = "") =>
  `sum${by === "" ? "" : ` by (${by}) `}(rate(${name}${request}[$__rate_interval]))`;
const increase = (name: string, by = "") =>
  `sum${by === "" ? "" : ` by (${by}) `}(increase(${name}${request}[$__range]))`;
const quantile = (q: number, name: string, labels: string, by = "") =>
  `histogram_quantile(${q}, sum by (${
    by === "" ? "" : `${by}, `
  }le) (rate(${name}_bucket${labels}[$__rate_interval])))`;

const small = { kind: "stat", width: 4, height: 4 } as const;
const half = { kind: "timeseries", width: 12, height: 8 } as const;
const third = { kind: "timeseries", width: 8, height: 8 } as const;

const allInput = ["llm_cache_read_tokens_total", "llm_cache_write_tokens_total", "llm_tokens_input_total"];

/** In the order of the page, 22 at most. */
export const panels: readonly Panel[] = [
  {
    ...small,
    title: "Requests",
    description: "Requests in the time shown, failed ones included.",
    unit: "short",
    queries: [{ expr: increase("llm_requests_total") }],
  },
  {
    ...small,
    title: "Spend today",
    description: "US dollars since midnight. Models without a price are missing here.",
    unit: "currencyUSD",
    timeFrom: "now/d",
    queries: [{ expr: increase("llm_cost_usd_total") }],
  },
  {
    ...small,
    title: "Spend per hour",
    description: "US dollars per hour at the present pace.",
    unit: "currencyUSD",
    queries: [{ expr: `${rate("llm_cost_usd_total")} * 3600` }],
  },
  {
    ...small,
    title: "Latency, p95",
    description: "95 of 100 requests are done after this time, retries included.",
    unit: "s",
    thresholds: [5, 10],
    queries: [{ expr: quantile(0.95, "llm_request_duration_seconds", request) }],
  },
  {
    ...small,
    title: "Errors",
    description: "The part of all requests that failed for good.",
    unit: "percentunit",
    thresholds: [0.01, 0.05],
    queries: [{ expr: `${increase("llm_requests_failed_total")} / ${increase("llm_requests_total")}` }],
  },
  {
    ...small,
    title: "From the cache",
    description: "The part of all input tokens that the vendor read from its cache.",
    unit: "percentunit",
    queries: [{
      expr: `${increase("llm_cache_read_tokens_total")} / (${allInput.map((name) => increase(name)).join(" + ")})`,
    }],
  },
  {
    ...half,
    title: "Spend per hour by model",
    description: "US dollars per hour. A click on a line leads to the model's traces.",
    unit: "currencyUSD",
    traces: true,
    queries: [{
      expr: `${rate("llm_cost_usd_total", "service, llm_model")} * 3600`,
      legend: "{{llm_model}} ({{service}})",
    }],
  },
  {
    ...half,
    kind: "table",
    title: "Spend by model and service",
    description: "US dollars in the time shown.",
    unit: "currencyUSD",
    traces: true,
    queries: [{ expr: `sort_desc(${increase("llm_cost_usd_total", "service, llm_provider, llm_model")})` }],
  },
  {
    ...third,
    title: "Tokens per second",
    description: "Input is what was billed in full; thoughts are part of the output.",
    unit: "short",
    queries: [
      { expr: rate("llm_tokens_input_total"), legend: "input" },
      { expr: rate("llm_tokens_output_total"), legend: "output" },
      { expr: rate("llm_cache_read_tokens_total"), legend: "read from cache" },
      { expr: rate("llm_cache_write_tokens_total"), legend: "written to cache" },
      { expr: rate("llm_reasoning_tokens_total"), legend: "thoughts" },
    ],
  },
  {
    ...third,
    title: "Tokens per request",
    description: "The mean over all models.",
    unit: "short",
    queries: [
      { expr: `${rate("llm_tokens_input_total")} / ${rate("llm_requests_total")}`, legend: "input" },
      { expr: `${rate("llm_tokens_output_total")} / ${rate("llm_requests_total")}`, legend: "output" },
    ],
  },
  {
    ...third,
    title: "From the cache by model",
    description: "The part of all input tokens that the vendor read from its cache.",
    unit: "percentunit",
    traces: true,
    queries: [{
      expr: `${rate("llm_cache_read_tokens_total", "service, llm_model")} / (${
        allInput.map((name) => rate(name, "service, llm_model")).join(" + ")
      })`,
      legend: "{{llm_model}} ({{service}})",
    }],
  },
  {
    ...third,
    title: "Latency",
    description: "From the first attempt to the end.",
    unit: "s",
    queries: [0.5, 0.95, 0.99].map((q) => ({
      expr: quantile(q, "llm_request_duration_seconds", request),
      legend: `p${q * 100}`,
    })),
  },
  {
    ...third,
    title: "Latency by model, p95",
    description: "A click on a line leads to the model's traces.",
    unit: "s",
    traces: true,
    queries: [{
      expr: quantile(0.95, "llm_request_duration_seconds", request, "service, llm_model"),
      legend: "{{llm_model}} ({{service}})",
    }],
  },
  {
    ...third,
    title: "Time to first token by model, p95",
    description: "From sending the request to the first text, thought or tool call of a stream.",
    unit: "s",
    traces: true,
    queries: [{
      expr: quantile(0.95, "llm_time_to_first_token_seconds", request, "service, llm_model"),
      legend: "{{llm_model}} ({{service}})",
    }],
  },
  {
    ...third,
    title: "Requests per second by model",
    description: "Failed ones included.",
    unit: "reqps",
    traces: true,
    queries: [{ expr: rate("llm_requests_total", "service, llm_model"), legend: "{{llm_model}} ({{service}})" }],
  },
  {
    ...third,
    title: "Failures per minute by kind",
    description: "The HTTP status, or the error's name. Calls that the program aborted are not among them.",
    unit: "short",
    queries: [{
      expr: `sum by (error_type) (${ownProvider(failures)}` +
        ` and on (service, llm_provider) llm_requests_total${request}) * 60`,
      legend: "{{error_type}}",
    }],
  },
  {
    ...third,
    title: "Retries per request, and models without a price",
    description:
      "Above 0.2 the vendor is in trouble, or your limits are too low. What has no price is in no sum of money.",
    unit: "short",
    queries: [
      {
        expr: `${rate("llm_retries_total", "llm_model")} / ${rate("llm_requests_total", "llm_model")}`,
        legend: "retries, {{llm_model}}",
      },
      { expr: `${rate("llm_unpriced_requests_total", "llm_model")} > 0`, legend: "no price, {{llm_model}}" },
    ],
  },
  {
    ...third,
    title: "Agents: iterations per request",
    description: "Turns that an agent takes for one answer. Above 10 it runs away.",
    unit: "short",
    queries: [
      {
        expr: `${rate("llm_reasoning_iterations_total")} / ${rate("llm_reasoning_requests_total")}`,
        legend: "mean",
      },
      { expr: quantile(0.95, "llm_reasoning_iterations_per_request", request), legend: "p95" },
    ],
  },
  {
    ...third,
    title: "Agents: tool calls per request",
    description: "Tools that an agent runs for one answer.",
    unit: "short",
    queries: [{
      expr: `${rate("llm_reasoning_tool_calls_total", "llm_model")} / ${
        rate("llm_reasoning_requests_total", "llm_model")
      }`,
      legend: "{{llm_model}}",
    }],
  },
  {
    ...third,
    title: "Agents: success",
    description: "The part of an agent's requests that it answered of its own accord.",
    unit: "percentunit",
    queries: [{
      expr: `${rate("llm_reasoning_success_total", "reasoning_effort")} / ${
        rate("llm_reasoning_requests_total", "reasoning_effort")
      }`,
      legend: "{{reasoning_effort}}",
    }],
  },
  {
    ...half,
    width: 24,
    title: "Tools: latency, p95",
    description: "How long an agent's tools take.",
    unit: "s",
    queries: [{
      expr: quantile(0.95, "llm_tool_duration_seconds", tool, "tool_name"),
      legend: "{{tool_name}}",
    }],
  },
];
