/**
 * What one call leaves behind, on every runtime.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ReceivedSpan } from "../support/otlp_decode.ts";
import type { OtlpReceiver } from "../support/otlp_receiver.ts";
import type { ChatServer } from "./chat_server.ts";

/** The metrics of a streamed request that succeeded. */
export const METRICS: readonly string[] = [
  "gen_ai.client.operation.duration",
  "gen_ai.client.operation.time_to_first_chunk",
  "gen_ai.client.token.usage",
  "llm_cache_read_tokens_total",
  "llm_cache_write_tokens_total",
  "llm_cost_total_usd",
  "llm_reasoning_tokens_total",
  "llm_request_duration_seconds",
  "llm_requests_failed_total",
  "llm_requests_total",
  "llm_retries_total",
  "llm_time_to_first_token_seconds",
  "llm_tokens_input_total",
  "llm_tokens_output_total",
  "llm_unpriced_requests_total",
];

/** Asserts that `count` calls arrived, each as one tree of its own, with all metrics and nothing twice. */
export function assertCallsArrived(receiver: OtlpReceiver, vendor: ChatServer, count = 1): void {
  assertEquals(receiver.requests().filter(({ status }) => status !== 200), []);
  const spans = receiver.spans();
  assertEquals(spans.length, 3 * count, `spans: ${spans.map(({ name }) => name).join(", ")}`);
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  assertEquals(traces.size, count);
  for (const tree of traces.values()) assertTree(tree);

  assertEquals(namesOfMetrics(receiver), [...METRICS]);
  assertEquals(lastValue(receiver, "llm_requests_total"), count);
  assertEquals(lastValue(receiver, "llm_requests_failed_total"), 0);
  assertEquals(lastValue(receiver, "llm_tokens_input_total"), 10 * count);
  assertEquals(lastValue(receiver, "llm_cache_read_tokens_total"), 4 * count);
  assertEquals(lastValue(receiver, "llm_tokens_output_total"), 2 * count);

  assertEquals(vendor.requests().length, count);
  for (const { headers } of vendor.requests()) {
    assertEquals(["traceparent", "tracestate", "baggage"].filter((name) => headers.has(name)), []);
  }
}

/** The names of all metrics that arrived, each once. */
export function namesOfMetrics(receiver: OtlpReceiver): string[] {
  return [...new Set(receiver.metrics().map(({ name }) => name))].sort();
}

/** What a counter stood at when it was last sent. */
export function lastValue(receiver: OtlpReceiver, name: string): number | undefined {
  return receiver.metrics().findLast((point) => point.name === name)?.value;
}

/** Asserts the tree of one call: `llm.request`, `llm.openai.stream`, `http.request`, each below the one before. */
export function assertTree(spans: readonly ReceivedSpan[], root?: string): void {
  const named = (name: string) => {
    const [span, ...more] = spans.filter((span) => span.name === name);
    assert(span !== undefined && more.length === 0, `${name} among ${spans.map((span) => span.name).join(", ")}`);
    return span;
  };
  const [request, stream, http] = [named("llm.request"), named("llm.openai.stream"), named("http.request")];
  assertEquals([request.parentSpanId, stream.parentSpanId, http.parentSpanId], [root, request.spanId, stream.spanId]);
  assertEquals([request.kind, stream.kind, http.kind], ["CLIENT", "INTERNAL", "CLIENT"]);
  assertEquals(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assertEquals([request, stream, http].map(({ status }) => status.code), ["UNSET", "UNSET", "UNSET"]);
  assertEquals(request.attributes["llm.stream.outcome"], "completed");
  assertEquals(request.attributes["llm.tokens.total"], 16);
  assertEquals(http.attributes["http.response.status_code"], 200);
  assertEquals(request.resource["service.name"], "sik-llms");

  // Clocks differ between runtimes, and stand still between I/O in some; none may be off by more than that.
  const minute = 60_000_000_000n;
  const now = BigInt(Date.now()) * 1_000_000n;
  for (const { startNs, endNs } of [request, stream, http]) {
    assert(startNs > now - 2n * minute && endNs < now + minute && startNs <= endNs);
  }
}
