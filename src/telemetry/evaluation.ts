/**
 * Judgements of an answer, recorded as spans that point to the request they judge.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { activeContext } from "../otel/registry.ts";
import type { Attributes, TraceContext } from "../otel_types.ts";
import { createSpanLink, isLinkable } from "./links.ts";
import { EVALUATION, evaluationSpanName, LINK } from "./names.ts";
import { currentVocabulary } from "./recording.ts";
import { isRecording, tracerOf } from "./signals.ts";
import { merged, openSpan } from "./span.ts";

/** One judgement of one answer. */
export interface Evaluation {
  /** What is judged, as in `relevance`; part of the span's name, so bounded. */
  readonly name: string;
  /** The score, on the evaluation's own scale. */
  readonly score?: number | undefined;
  /** The verdict, as in `pass`. */
  readonly label?: string | undefined;
  /** Why. */
  readonly explanation?: string | undefined;
  /** What was asked of the answer. */
  readonly criteria?: string | undefined;
  /** More of the span's attributes. */
  readonly attributes?: Attributes | undefined;
}

/**
 * Records a judgement of the answer that `target` names, as a span `evaluation.<name>` with a link to it. Gives where
 * the evaluation is to be found; undefined while telemetry is off.
 *
 * @example
 * ```ts
 * import { recordEvaluation } from "@sik/llms";
 *
 * const target = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
 * recordEvaluation(target, { name: "relevance", score: 0.9, label: "pass" });
 * ```
 */
export function recordEvaluation(target: TraceContext, evaluation: Evaluation): TraceContext | undefined {
  if (!isRecording({}) || typeof evaluation?.name !== "string" || evaluation.name === "") return undefined;
  const { name, score, label, explanation, criteria, attributes } = evaluation;
  const vocabulary = currentVocabulary();
  const own = vocabulary === "gen_ai" ? {} : {
    [EVALUATION.score]: score,
    [EVALUATION.criteria]: criteria,
    [EVALUATION.label]: label,
  };
  const genAi = vocabulary === "llm" ? {} : {
    [EVALUATION.genAiName]: name,
    [EVALUATION.genAiScore]: score,
    [EVALUATION.genAiLabel]: label,
    [EVALUATION.genAiExplanation]: explanation,
  };
  const span = openSpan(tracerOf({}), {
    name: evaluationSpanName(name),
    kind: SpanKind.INTERNAL,
    parent: activeContext(),
    attributes: [merged(attributes), own, genAi],
    links: isLinkable(target) ? [createSpanLink(target, { [LINK.type]: LINK.evaluation })] : [],
  });
  span.end();
  return span.traceContext;
}
