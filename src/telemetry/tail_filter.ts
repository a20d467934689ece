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
   * Traces whose root took at least this long, in milliseconds, are kept.
   * @default 10_000
   */
  readonly minDurationMs?: number | undefined;
  /**
   * Traces that cost at least this much, by measured cost, are kept.
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
  readonly name: string;
  readonly status: { readonly code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly duration: readonly [number, number];
  readonly parentSpanContext?: { readonly spanId: string; readonly isRemote?: boolean } | undefined;
  readonly parentSpanId?: string | undefined;
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

interface Held {
  readonly spans: EndedSpan[];
  open: number;
  erred: boolean;
  slow: boolean;
  costUsd: number;
}

const ERROR = 2;
const MOST_DECISIONS = 10_000;

/**
 * A span processor in front of `next` that holds each trace until its last span of this process has ended, and lets it
 * through whole when it erred, was slow or dear; the rest by ratio of the trace id. Spans that end after their trace was
 * decided follow the decision.
 *
 * @example
 * ```ts
 * import { configureTelemetry } from "./signals.ts";
 * import { tailFilter } from "./tail_filter.ts";
 *
 * configureTelemetry({ filter: (next) => tailFilter(next, { ratio: 0.05 }) });
 * ```
 */
export function tailFilter(next: SpanProcessorLike, options: TailFilterOptions = {}): SpanProcessorLike {
  const { minDurationMs = 10_000, minCostUsd = 0.1, ratio = 0.1, maxTraces = 1000 } = options;
  const traces = new Map<string, Held>();
  const decisions = new Map<string, boolean>();

  function decide(traceId: string, held: Held): void {
    traces.delete(traceId);
    const keep = held.erred || held.slow || held.costUsd >= minCostUsd || isWithin(traceId, ratio);
    remember(decisions, traceId, keep);
    if (keep) held.spans.forEach((span) => next.onEnd(span as never));
  }

  function decideAll(): void {
    for (const [traceId, held] of [...traces]) if (held.spans.length > 0) decide(traceId, held);
  }

  return {
    onStart(span: never, context: Context) {
      const { traceId } = (span as EndedSpan).spanContext();
      const held = traces.get(traceId);
      if (held !== undefined) held.open++;
      else {
        const [oldest] = traces.size >= maxTraces ? traces : [];
        if (oldest !== undefined) decide(...oldest);
        traces.set(traceId, { spans: [], open: 1, erred: false, slow: false, costUsd: 0 });
      }
      next.onStart(span, context);
    },
    onEnd(ended: never) {
      const span = ended as EndedSpan;
      const { traceId } = span.spanContext();
      const held = traces.get(traceId);
      if (held === undefined) {
        if (decisions.get(traceId) ?? isWithin(traceId, ratio)) next.onEnd(ended);
        return;
      }
      held.spans.push(span);
      held.open--;
      held.erred ||= span.status.code === ERROR;
      const [seconds, nanoseconds] = span.duration;
      held.slow ||= seconds * 1000 + nanoseconds / 1e6 >= minDurationMs;
      // Only leaf requests carry a cost, so that a trace's cost is their sum.
      const cost = span.attributes[LLM.costTotal];
      if (typeof cost === "number") held.costUsd += cost;
      if (held.open <= 0) decide(traceId, held);
    },
    // A trace that still runs may yet err: a flush, which another request may have asked for, does not decide it.
    forceFlush: () => next.forceFlush(),
    async shutdown() {
      decideAll();
      await next.shutdown();
    },
  };
}

/** A decision made twice after the trace was forgotten would be the same but for what it went by. */
function remember(decisions: Map<string, boolean>, traceId: string, keep: boolean): void {
  decisions.set(traceId, keep);
  const oldest = decisions.size > MOST_DECISIONS ? decisions.keys().next().value : undefined;
  if (oldest !== undefined) decisions.delete(oldest);
}
