/**
 * What one request adds to the metrics.
 *
 * @module
 */
import type { Attributes, Meter } from "../otel_types.ts";
import { GEN_AI_SECONDS, type Instruments, instrumentsOf, LLM_SECONDS, TOKENS } from "./instruments.ts";
import { allInputTokens, type Ending, type Measured } from "./attributes.ts";
import type { Labels, LabelsOf } from "./labels.ts";
import { GEN_AI_INFERENCE_METRIC, GEN_AI_METRIC, LLM_METRIC, type Vocabulary } from "./names.ts";
import { quietly } from "../quietly.ts";

/** One request, as the metrics see it. */
export interface RequestMeasurement {
  /** The model that answered, where one did. */
  readonly responseModel: string | undefined;
  /** How it ended. */
  readonly ending: Ending;
  /** What was measured. */
  readonly measured: Measured;
  /** Whether it streamed: only then is there a first token to wait for. */
  readonly streaming: boolean;
  /** The labels of the model that was asked. */
  readonly labelsOf: LabelsOf;
  /** Which names are written. */
  readonly vocabulary: Vocabulary;
}

/** Adds one request that has ended; never throws. */
export function recordRequest(meter: Meter | undefined, measurement: RequestMeasurement): void {
  if (meter === undefined) return;
  quietly(() => {
    const { responseModel, ending, labelsOf, vocabulary } = measurement;
    const instruments = instrumentsOf(meter);
    const labels = labelsOf(responseModel, ending.errorType);
    recordOwn(instruments, measurement, labels.own);
    if (vocabulary === "both") recordGenAi(instruments, measurement, labels);
    if (vocabulary === "gen_ai") recordGenAiNewest(instruments, measurement, labels);
  });
}

/** The project's own. What the GenAI conventions lack (cost, requests, retries) is recorded under their names too. */
function recordOwn(instruments: Instruments, measurement: RequestMeasurement, labels: Attributes): void {
  const { ending, measured, streaming, vocabulary } = measurement;
  const count = (name: string, unit: string, value: number, description: string) => {
    instruments.add(name, unit, description, value, labels);
  };
  const { usage, cost } = measured;
  count(LLM_METRIC.requests, "{request}", 1, "Requests that were sent.");
  count(LLM_METRIC.failed, "{request}", ending.outcome === "error" ? 1 : 0, "Requests that failed.");
  count(LLM_METRIC.retries, "{request}", measured.retries, "Attempts beyond a request's first.");
  const unpriced = usage !== undefined && cost === undefined ? 1 : 0;
  count(LLM_METRIC.unpriced, "{request}", unpriced, "Requests whose price is not known.");
  if (cost !== undefined) count(LLM_METRIC.cost, "{USD}", cost.total, "What requests cost, in US dollars.");
  if (vocabulary === "gen_ai") return;
  if (usage !== undefined) {
    count(LLM_METRIC.inputTokens, "{token}", usage.inputTokens, "Input tokens billed at full price.");
    count(LLM_METRIC.outputTokens, "{token}", usage.outputTokens, "Output tokens.");
    count(LLM_METRIC.cacheReadTokens, "{token}", usage.cacheReadTokens, "Input tokens read from the vendor's cache.");
    count(
      LLM_METRIC.cacheWriteTokens,
      "{token}",
      usage.cacheWriteTokens,
      "Input tokens written to the vendor's cache.",
    );
    count(LLM_METRIC.reasoningTokens, "{token}", usage.reasoningTokens, "Output tokens spent on reasoning.");
  }
  const time = (name: string, value: number, description: string) => {
    instruments.record(name, "s", LLM_SECONDS, description, value, labels);
  };
  time(LLM_METRIC.duration, measured.durationSeconds, "From the first attempt to the end.");
  const { timeToFirstTokenSeconds } = measured;
  if (streaming && timeToFirstTokenSeconds !== undefined) {
    time(LLM_METRIC.timeToFirstToken, timeToFirstTokenSeconds, "From the first attempt to the first token.");
  }
}

/** The GenAI client metrics that back ends know today. */
function recordGenAi(instruments: Instruments, { measured, streaming }: RequestMeasurement, labels: Labels): void {
  const { usage, durationSeconds, timeToFirstTokenSeconds } = measured;
  if (usage !== undefined) {
    const spread = (value: number, whose: Attributes) => {
      instruments.record(GEN_AI_METRIC.tokenUsage, "{token}", TOKENS, "Tokens per request.", value, whose);
    };
    spread(allInputTokens(usage), labels.genAiInput);
    spread(usage.outputTokens, labels.genAiOutput);
  }
  const time = (name: string, description: string, value: number) => {
    instruments.record(name, "s", GEN_AI_SECONDS, description, value, labels.genAiEnded);
  };
  time(GEN_AI_METRIC.duration, "Duration of requests.", durationSeconds);
  if (streaming && timeToFirstTokenSeconds !== undefined) {
    time(GEN_AI_METRIC.timeToFirstChunk, "Time to the first chunk of an answer.", timeToFirstTokenSeconds);
  }
}

/** The GenAI client metrics in their newest form. */
function recordGenAiNewest(
  instruments: Instruments,
  { measured, streaming }: RequestMeasurement,
  labels: Labels,
): void {
  const { usage, durationSeconds, timeToFirstTokenSeconds } = measured;
  const names = GEN_AI_INFERENCE_METRIC;
  const time = (name: string, description: string, value: number) => {
    instruments.record(name, "s", GEN_AI_SECONDS, description, value, labels.genAiEnded);
  };
  time(names.duration, "Duration of inference.", durationSeconds);
  if (streaming && timeToFirstTokenSeconds !== undefined) {
    time(names.timeToFirstChunk, "Time to the first chunk of an answer.", timeToFirstTokenSeconds);
  }
  if (usage === undefined) return;
  const add = (name: string, description: string, value: number) => {
    instruments.add(name, "{token}", description, value, labels.genAiAnyTokens);
  };
  add(names.inputTokens, "Input tokens, cached ones included.", allInputTokens(usage));
  add(names.outputTokens, "Output tokens.", usage.outputTokens);
  add(names.cacheReadTokens, "Input tokens read from the cache.", usage.cacheReadTokens);
  add(names.cacheWriteTokens, "Input tokens written to the cache.", usage.cacheWriteTokens);
  add(names.reasoningTokens, "Output tokens spent on reasoning.", usage.reasoningTokens);
  const spread = (name: string, description: string, value: number) => {
    instruments.record(name, "{token}", TOKENS, description, value, labels.genAi);
  };
  spread(names.operationInputTokens, "Input tokens per request.", allInputTokens(usage));
  spread(names.operationOutputTokens, "Output tokens per request.", usage.outputTokens);
}
