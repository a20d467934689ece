/**
 * A program that makes every metric and every kind of trace that this library has, through its public API, against a
 * scripted vendor of its own: answers, retries, a failure, a model without a price, an agent that finishes and one that
 * does not. Telemetry goes where OpenTelemetry's environment variables say.
 *
 * Each line on stdin starts a round; when the round is exported, one line of JSON on stdout tells what must be found.
 *
 * @module
 */
import { createClient, createReasoningAgent, defineTool, openaiChat, startTelemetry } from "@sik/llms";
import { startVendor, unpricedModel, type Vendor } from "./vendor.ts";

/** What the rounds so far have left behind, as sums over all labels. */
export interface Told {
  /** Names of metrics in Prometheus, to their sums. */
  readonly sums: Readonly<Record<string, number>>;
  /** Trace ids of this round. */
  readonly traces: Readonly<Record<"plain" | "retried" | "failed" | "agent", string>>;
}

const searchFlights = defineTool<{ to: string }>({
  name: "search_flights",
  description: "Finds flights to a city.",
  parameters: { type: "object", properties: { to: { type: "string" } }, required: ["to"] },
  execute: ({ to }) => `TAP 531 to ${to} at nine`,
});
const searchHotels = defineTool<{ city: string }>({
  name: "search_hotels",
  description: "Finds hotels in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  execute: ({ city }) => `Hotel Miradouro, ${city}`,
});

/** Sums that the vendor cannot count. */
const sums = { agents: 0, finished: 0, iterations: 0, toolCalls: 0, cost: 0 };

async function round(vendor: Vendor): Promise<Told["traces"]> {
  const connection = { baseUrl: vendor.url, apiKey: "none" };
  const client = createClient("gpt-4o-mini", connection);
  const acme = createClient(unpricedModel, {
    provider: { ...openaiChat, name: "acme", baseUrl: vendor.url, keyVariable: undefined },
  });

  const plain = await client.run("When do I fly?");
  const retried = await client.run("When do I fly? Say it again.");
  const failed = await client.run("Please fail.").then(
    () => {
      throw new Error("the vendor should have refused");
    },
    (error) => error.traceContext?.traceId as string,
  );
  await acme.run("Where do I sleep?");
  sums.cost += (plain.cost?.total ?? 0) + (retried.cost?.total ?? 0);
  // So many that one failure is less than the twentieth part, at which an alert would fire.
  for (let more = 0; more < 8; more++) sums.cost += (await client.run("When do I fly?")).cost?.total ?? 0;

  const tools = [searchFlights, searchHotels];
  const agent = createReasoningAgent("gpt-4o-mini", { ...connection, tools });
  const trip = await agent.run("Plan my trip.");
  const lost = createReasoningAgent("gpt-4o-mini", { ...connection, tools, maxIterations: 11, reasoningEffort: "low" });
  const journey = await lost.run("Plan my trip for ever.");
  sums.agents += 2;
  sums.finished += 1;
  sums.iterations += 2 + 12;
  sums.toolCalls += 2 + 22;
  sums.cost += (trip.cost?.total ?? 0) + (journey.cost?.total ?? 0);

  return {
    plain: plain.traceContext?.traceId ?? "",
    retried: retried.traceContext?.traceId ?? "",
    failed,
    agent: trip.traceContext?.traceId ?? "",
  };
}

/** What was fed so far, under Prometheus' names. */
function told({ tally }: Vendor): Told["sums"] {
  const { answers, failures, refusals, unpriced } = tally;
  const requests = answers + failures;
  return {
    llm_requests_total: requests,
    llm_requests_failed_total: failures,
    llm_retries_total: refusals,
    llm_unpriced_requests_total: unpriced,
    llm_tokens_input_total: answers * 30,
    llm_tokens_output_total: answers * 25,
    llm_cache_read_tokens_total: answers * 60,
    llm_cache_write_tokens_total: answers * 10,
    llm_reasoning_tokens_total: answers * 5,
    llm_cost_usd_total: sums.cost,
    llm_request_duration_seconds_count: requests,
    llm_time_to_first_token_seconds_count: answers,
    llm_reasoning_requests_total: sums.agents,
    llm_reasoning_success_total: sums.finished,
    llm_reasoning_iterations_total: sums.iterations,
    llm_reasoning_tool_calls_total: sums.toolCalls,
    llm_reasoning_iterations_per_request_count: sums.agents,
    llm_reasoning_iterations_per_request_sum: sums.iterations,
    llm_tool_duration_seconds_count: sums.toolCalls,
    gen_ai_client_token_usage_sum: answers * 125,
    gen_ai_client_operation_duration_seconds_count: requests,
    gen_ai_client_operation_time_to_first_chunk_seconds_count: answers,
  };
}

if (import.meta.main) {
  await using telemetry = await startTelemetry();
  await using vendor = startVendor();
  for await (const _ of Deno.stdin.readable) {
    const traces = await round(vendor);
    const { spans, metrics } = await telemetry.flush();
    if (spans.failed + spans.dropped + metrics.failed + metrics.dropped > 0) {
      throw new Error(`not exported: ${JSON.stringify({ spans, metrics })}`);
    }
    console.log(JSON.stringify({ sums: told(vendor), traces } satisfies Told));
  }
}
