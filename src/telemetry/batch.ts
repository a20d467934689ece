/**
 * The span around a batch: `llm.sample` and `llm.batch_generate`, parents of their requests.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isReasonOf } from "../deadline.ts";
import { ConfigError } from "../error.ts";
import type { LanguageModel, ReasoningEffort, RequestOptions } from "../language_model.ts";
import { activeContext, runInContext } from "../otel/registry.ts";
import type { Context, Tracer } from "../otel_types.ts";
import { tellWhere } from "./ending.ts";
import { lateContext } from "./late_context.ts";
import { GEN_AI, genAiProvider, LLM, SPAN } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { currentVocabulary } from "./recording.ts";
import { isRecording, telemetryReady, tracerOf } from "./signals.ts";
import { errorTypeOf, type OpenSpan, openSpan } from "./span.ts";

/** A batch, as its span tells it. */
export interface Batch {
  /** Which of the two. */
  readonly name: "sample" | "batch_generate";
  /** How many answers, or how many conversations. */
  readonly size: number;
  /** How many answers to each conversation. */
  readonly sampleN?: number | undefined;
}

/** What samplers are told of a batch's requests, beside the model. */
export interface BatchKind {
  /** `reasoning` for an agent's runs. */
  readonly operation?: "reasoning" | undefined;
  /** How much each is to think, where a request does not say otherwise. */
  readonly reasoningEffort?: ReasoningEffort | undefined;
}

/**
 * Puts a span around the requests of a batch. It opens when the first of them looks for its parent: what the caller did
 * wrong is told before, and leaves no span.
 */
export function aroundBatch(model: LanguageModel, options: ClientTelemetry = {}, kind: BatchKind = {}) {
  return async <R>(batch: Batch, request: RequestOptions, fn: (inner: RequestOptions) => Promise<R>): Promise<R> => {
    if (!isRecording(options)) return await fn(request);
    const parent = request.parent ?? activeContext();
    const loading = telemetryReady(options);
    if (loading !== undefined) await loading;
    let span: OpenSpan | undefined;
    const opened = (): OpenSpan => span ??= openBatch(tracerOf(options), parent, model, batch, request, kind);
    const context = lateContext(() => opened().context);
    try {
      const result = await runInContext(context, () => fn({ ...request, parent: context }));
      opened().end();
      return result;
    } catch (error) {
      if (span === undefined && error instanceof ConfigError) throw error;
      const type = errorTypeOf(error, isReasonOf(request.signal, error) ? "AbortError" : undefined);
      opened().end({ type, message: "Not every request of the batch succeeded." });
      if (!isReasonOf(request.signal, error)) tellWhere(error, opened().traceContext);
      throw error;
    }
  };
}

function openBatch(
  tracer: Tracer,
  parent: Context,
  model: LanguageModel,
  batch: Batch,
  request: RequestOptions,
  kind: BatchKind,
): OpenSpan {
  const vocabulary = currentVocabulary();
  const effort = request.reasoningEffort ?? kind.reasoningEffort;
  const llm = vocabulary === "gen_ai" ? {} : {
    [LLM.model]: model.model,
    [LLM.provider]: model.provider,
    [LLM.operation]: kind.operation,
    [LLM.reasoningEffort]: effort,
    [batch.name === "sample" ? LLM.sampleSize : LLM.batchSize]: batch.size,
    [LLM.batchSampleN]: batch.sampleN,
  };
  const genAi = vocabulary !== "gen_ai" ? {} : {
    [GEN_AI.provider]: genAiProvider(model.provider),
    [GEN_AI.requestModel]: model.model,
    [GEN_AI.reasoningLevel]: effort,
  };
  return openSpan(tracer, {
    name: SPAN[batch.name === "sample" ? "sample" : "batchGenerate"],
    kind: SpanKind.INTERNAL,
    parent,
    attributes: [llm, genAi],
  });
}
