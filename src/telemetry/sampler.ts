/**
 * Sampling by what a request costs: the dear ones always, the cheap ones by a ratio. Metrics do not depend on it.
 *
 * @module
 */
import { isSpanContextValid, trace } from "@opentelemetry/api";
import { modelInfo } from "../catalog.ts";
import type { SamplerLike } from "../otel/options.ts";
import type { Attributes } from "../otel_types.ts";
import { GEN_AI, LLM } from "./names.ts";

/** What {@linkcode costBasedSampler} decides by. */
export interface CostBasedSamplerOptions {
  /**
   * The share of cheap models' traces, from 0 to 1.
   * @default 0.1
   */
  readonly cheapRatio?: number | undefined;
  /**
   * The share of traces whose root tells no model, or one without a price.
   * @default 0.2
   */
  readonly otherRatio?: number | undefined;
  /**
   * From this many dollars per million output tokens on, a model is expensive.
   * @default 10
   */
  readonly expensiveUsdPerMillion?: number | undefined;
}

/** The API's decisions (https://opentelemetry.io/docs/specs/otel/trace/sdk/#shouldsample). */
const DROP = 0;
const RECORD_AND_SAMPLE = 2;

/**
 * A sampler: parent-based; reasoning and models of at least `expensiveUsdPerMillion` output dollars always, others by
 * ratio of the trace id, so that all services decide alike. For zero-config and for a provider of the user's own.
 *
 * @example
 * ```ts
 * import { configureTelemetry, costBasedSampler } from "@sik/llms";
 *
 * configureTelemetry({ sampler: costBasedSampler({ cheapRatio: 0.05 }) });
 * ```
 */
export function costBasedSampler(options: CostBasedSamplerOptions = {}): SamplerLike {
  const cheapRatio = shareOf(options.cheapRatio, 0.1);
  const otherRatio = shareOf(options.otherRatio, 0.2);
  const expensive = options.expensiveUsdPerMillion ?? 10;
  return {
    shouldSample(context, traceId, _name, _kind, attributes = {}) {
      const parent = trace.getSpanContext(context);
      if (parent !== undefined && isSpanContextValid(parent)) {
        return { decision: (parent.traceFlags & 1) === 1 ? RECORD_AND_SAMPLE : DROP };
      }
      if (isReasoning(attributes)) return { decision: RECORD_AND_SAMPLE };
      const model = attributes[LLM.model] ?? attributes[GEN_AI.requestModel];
      const price = typeof model === "string" ? modelInfo(model)?.price : undefined;
      if (price !== undefined && price.output >= expensive) return { decision: RECORD_AND_SAMPLE };
      const ratio = price === undefined ? otherRatio : cheapRatio;
      return { decision: isWithin(traceId, ratio) ? RECORD_AND_SAMPLE : DROP };
    },
    toString: () => `CostBasedSampler{cheap=${cheapRatio},other=${otherRatio},expensive=${expensive}}`,
  };
}

/** A request that thinks, or an agent, under the names of either vocabulary. */
function isReasoning(attributes: Attributes): boolean {
  const effort = attributes[LLM.reasoningEffort] ?? attributes[GEN_AI.reasoningLevel];
  if (effort !== undefined && effort !== "none") return true;
  return attributes[LLM.operation] === "reasoning" || attributes[GEN_AI.operation] === "invoke_agent";
}

/**
 * Whether a trace id falls within a share. The id's last 56 bits are random by W3C's level 2, and the highest of them are
 * kept, as the specification has it: samplers of any make then keep the same traces at the same share, and at a smaller
 * one some of them (https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/).
 */
export function isWithin(traceId: string, ratio: number): boolean {
  // 52 of the 56 bits: what a double holds exactly.
  return Number.parseInt(traceId.slice(-14, -1), 16) >= (1 - ratio) * 2 ** 52;
}

function shareOf(value: number | undefined, fallback: number): number {
  return value === undefined || Number.isNaN(value) ? fallback : Math.min(1, Math.max(0, value));
}
