/**
 * Keeps whole traces by how they turned out: those that erred, were slow or dear; of the rest a share.
 *
 * @module
 */
import type { SpanProcessorLike } from "../otel/options.ts";
import type { Context } from "../otel_types.ts";
import { LLM } from "./names.ts";
import { isWithin } from "./sampler.ts";

/** What {@linkcode tailFilter} keeps. */
export interface TailFilterOptions {
  /**
   * Traces of which a span took at least this long, in milliseconds, are kept.
   * @default 10_000
   */
  readonly minDurationMs?: number | undefined;
  /**
   * Traces that cost at least this much, by measured cost, are kept. Under GenAI names alone no span has a cost.
   * @default 0.1
   */
  readonly minCostUsd?: number | undefined;
  /**
   * The share of the other traces that is kept, from 0 to 1.
   * @default 0.1
   */
  readonly ratio?: number | undefined;
  /**
   * How many traces are held at once; beyond it the oldest is decided as it stands.
   * @default 1000
   */
  readonly maxTraces?: number | undefined;
}

/** What is used of a span that has ended. */
interface EndedSpan {
  readonly status: { readonly code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly duration: readonly [number, number];
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

/** A trace of which a span is open. */
interface Held {
  /** Those that have ended. */
  readonly spans: EndedSpan[];
  /** The ids of those that have not. */
  readonly open: Set<string>;
  /** One of them erred or was slow. */
  stands: boolean;
  costUsd: number;
}

const ERROR = 2;
const MOST_DECISIONS = 10_000;
/** Of one trace, as of a program that is one trace for as long as it runs; the queue behind takes 2,048 by default. */
const MOST_SPANS = 1_000;

/**
 * A span processor in front of `next` that holds each trace until its last span of this process has ended, and lets it
 * through whole when it erred, was slow or dear; the rest by ratio of the trace id. Spans that end after their trace was
 * decided follow the decision, unless they themselves erred, were slow or dear. A trace that goes on after that, as under a parent in another process, is kept where it
 * was, and else decided anew.
 *
 * @example
 * ```ts
 * import { configureTelemetry, tailFilter } from "@sik/llms";
 *
 * configureTelemetry({ filter: (next) => tailFilter(next, { ratio: 0.05 }) });
 * ```
 */
export function tailFilter(next: SpanProcessorLike, options: TailFilterOptions = {}): SpanProcessorLike {
  const { minDurationMs = 10_000, minCostUsd = 0.1, ratio = 0.1, maxTraces = 1000 } = options;
  const traces = new Map<string, Held>();
  const decisions = new Map<string, boolean>();

  function decide(traceId: string, { spans, stands, costUsd }: Held): void {
    traces.delete(traceId);
    const wasKept = decisions.get(traceId) === true;
    const keep = wasKept || stands || costUsd >= minCostUsd || isWithin(traceId, ratio);
    remember(decisions, traceId, keep);
    if (keep) spans.forEach((span) => next.onEnd(span as never));
  }

  /** Whether it erred or was slow. */
  function standsOut({ status, duration: [seconds, nanoseconds] }: EndedSpan): boolean {
    return status.code === ERROR || seconds * 1000 + nanoseconds / 1e6 >= minDurationMs;
  }

  /** One whose trace is not held: it was decided, or begun by somebody else. */
  function endLate(span: EndedSpan): void {
    const { traceId } = span.spanContext();
    const alone = standsOut(span) || costOf(span) >= minCostUsd;
    if (alone) remember(decisions, traceId, true);
    if (alone || (decisions.get(traceId) ?? isWithin(traceId, ratio))) next.onEnd(span as never);
  }

  return {
    onStart(span: never, context: Context) {
      const { traceId, spanId } = (span as EndedSpan).spanContext();
      let held = traces.get(traceId);
      if (held === undefined) {
        const [oldest] = traces.size >= maxTraces ? traces : [];
        if (oldest !== undefined) decide(...oldest);
        traces.set(traceId, held = { spans: [], open: new Set(), stands: false, costUsd: 0 });
      }
      held.open.add(spanId);
      next.onStart(span, context);
    },
    onEnd(ended: never) {
      const span = ended as EndedSpan;
      const { traceId, spanId } = span.spanContext();
      const held = traces.get(traceId);
      if (!held?.open.delete(spanId)) return endLate(span);
      held.spans.push(span);
      held.stands ||= standsOut(span);
      held.costUsd += costOf(span);
      if (held.open.size === 0 || held.spans.length >= MOST_SPANS) decide(traceId, held);
    },
    // A trace that still runs may yet err: a flush, which another request may have asked for, does not decide it.
    forceFlush: () => next.forceFlush(),
    async shutdown() {
      for (const [traceId, held] of [...traces]) decide(traceId, held);
      await next.shutdown();
    },
  };
}

/** Only leaf requests carry a cost, so that a trace's cost is their sum. */
function costOf({ attributes }: EndedSpan): number {
  const cost = attributes[LLM.costTotal];
  return typeof cost === "number" ? cost : 0;
}

/** A decision made twice after the trace was forgotten would be the same but for what it went by. */
function remember(decisions: Map<string, boolean>, traceId: string, keep: boolean): void {
  decisions.set(traceId, keep);
  const oldest = decisions.size > MOST_DECISIONS ? decisions.keys().next().value : undefined;
  if (oldest !== undefined) decisions.delete(oldest);
}
