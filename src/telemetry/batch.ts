/**
 * The span around a batch: `llm.sample` and `llm.batch_generate`, parents of their requests.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import type { LanguageModel, RequestOptions } from "../language_model.ts";
import { activeContext, runInContext } from "../otel/registry.ts";
import { LLM, SPAN } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { isRecording, telemetryReady, tracerOf } from "./signals.ts";
import { errorTypeOf, openSpan } from "./span.ts";

/** A batch, as its span tells it. */
export interface Batch {
  /** Which of the two. */
  readonly name: "sample" | "batch_generate";
  /** How many answers, or how many conversations. */
  readonly size: number;
  /** How many answers to each conversation. */
  readonly sampleN?: number | undefined;
}

/** Puts a span around the requests of a batch. */
export function aroundBatch(model: LanguageModel, options: ClientTelemetry = {}) {
  return async <R>(batch: Batch, request: RequestOptions, fn: (inner: RequestOptions) => Promise<R>): Promise<R> => {
    if (!isRecording(options)) return await fn(request);
    const parent = request.parent ?? activeContext();
    const loading = telemetryReady();
    if (loading !== undefined) await loading;
    const span = openSpan(tracerOf(options), {
      name: SPAN[batch.name === "sample" ? "sample" : "batchGenerate"],
      kind: SpanKind.INTERNAL,
      parent,
      attributes: {
        [LLM.model]: model.model,
        [LLM.provider]: model.provider,
        [batch.name === "sample" ? LLM.sampleSize : LLM.batchSize]: batch.size,
        [LLM.batchSampleN]: batch.sampleN,
      },
    });
    try {
      const result = await runInContext(span.context, () => fn({ ...request, parent: span.context }));
      span.end();
      return result;
    } catch (error) {
      const type = errorTypeOf(error);
      span.end({ type, message: "Not every request of the batch succeeded." });
      throw error;
    }
  };
}
