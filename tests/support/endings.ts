/**
 * What holds for every request however it ended: the table of endings, as one check.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TraceContext } from "../../mod.ts";
import { type FlatPoint, type FlatSpan, type MemoryTelemetry, spanNamed, tree } from "./telemetry.ts";

/** How one request ended. */
export interface ExpectedEnding {
  readonly outcome: "completed" | "cancelled" | "error";
  /** Then the status is ERROR; without it, unset. */
  readonly errorType?: string;
  /** How many attempts were made, or the `error.type` of each. */
  readonly attempts: number | readonly (string | undefined)[];
  /** What of tokens is on record, input then output; none without it. */
  readonly tokens?: readonly [input: number, output: number];
  /** What the caller was given to find the request by. */
  readonly traceContext?: TraceContext | undefined;
}

/**
 * Checks spans and metrics of the only request that was made, and gives its spans: each ended once, in the right tree,
 * with the right status; counted once, timed once, tokens from real usage alone.
 */
export async function assertEnding(
  telemetry: MemoryTelemetry,
  expected: ExpectedEnding,
): Promise<{ readonly request: FlatSpan; readonly stream: FlatSpan; readonly attempts: readonly FlatSpan[] }> {
  assertEquals(telemetry.open, [], "spans that never ended");
  const spans = await telemetry.spans();
  assertEquals([...telemetry.endings.values()].filter((times) => times !== 1), [], "spans that ended twice");
  const attemptCount = typeof expected.attempts === "number" ? expected.attempts : expected.attempts.length;
  assertEquals(tree(spans), [
    "llm.request",
    "  llm.openai.stream",
    ...Array.from({ length: attemptCount }, () => "    http.request"),
  ]);
  const request = spanNamed(spans, "llm.request");
  const stream = spanNamed(spans, "llm.openai.stream");
  const attempts = spans.filter(({ name }) => name === "http.request");

  const { errorType, outcome } = expected;
  const status = errorType === undefined ? "UNSET" : "ERROR";
  assertEquals([request.status, request.attributes["error.type"]], [status, errorType]);
  assertEquals([stream.status, stream.attributes["error.type"]], [status, errorType]);
  assertEquals(request.attributes["llm.stream.outcome"], outcome);
  assertEquals(request.attributes["llm.retries"], Math.max(0, attemptCount - 1));
  for (const attempt of attempts) {
    assertEquals(attempt.status, attempt.attributes["error.type"] === undefined ? "UNSET" : "ERROR");
  }
  if (typeof expected.attempts !== "number") {
    assertEquals(attempts.map(({ attributes }) => attributes["error.type"]), [...expected.attempts]);
  }
  if ("traceContext" in expected) {
    assertEquals(expected.traceContext, { traceId: request.traceId, spanId: request.id, traceFlags: 1 });
  }

  assertMetrics(await telemetry.points(), expected, Math.max(0, attemptCount - 1));
  const [input, output] = expected.tokens ?? [];
  assertEquals([request.attributes["llm.tokens.input"], request.attributes["llm.tokens.output"]], [input, output]);
  return { request, stream, attempts };
}

function assertMetrics(points: readonly FlatPoint[], expected: ExpectedEnding, retries: number): void {
  const failed = expected.outcome === "error" ? 1 : 0;
  const values = (name: string) =>
    points.filter((point) => point.name === name).map(({ value, count }) => value ?? count);
  assertEquals({
    requests: values("llm_requests_total"),
    failed: values("llm_requests_failed_total"),
    retries: values("llm_retries_total"),
    durations: values("llm_request_duration_seconds"),
    genAiDurations: values("gen_ai.client.operation.duration"),
  }, { requests: [1], failed: [failed], retries: [retries], durations: [1], genAiDurations: [1] });
  const genAi = points.find(({ name }) => name === "gen_ai.client.operation.duration");
  assertEquals(genAi?.labels["error.type"], expected.errorType);
  const [input, output] = expected.tokens ?? [];
  assertEquals(values("llm_tokens_input_total"), input === undefined ? [] : [input]);
  assertEquals(values("llm_tokens_output_total"), output === undefined ? [] : [output]);
  assertEquals(values("gen_ai.client.token.usage").length, input === undefined ? 0 : 2);
}

/** Nothing was recorded at all. */
export async function assertNothing(telemetry: MemoryTelemetry): Promise<void> {
  assertEquals(telemetry.open, []);
  assertEquals(await telemetry.spans(), []);
  assertEquals(await telemetry.points(), []);
}
