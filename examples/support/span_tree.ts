/**
 * Spans as trees, with what their attributes tell and with sums for every parent. Pure.
 *
 * @module
 */
import type { ReceivedSpan } from "./otlp_decode.ts";

/** What a span tells of a language model's request, of an HTTP attempt, or of neither. */
export interface SpanFacts {
  /** A request to a model: what tokens and cost belong to. */
  readonly isRequest: boolean;
  /** A run of an agent. */
  readonly isAgent: boolean;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Input tokens, cached ones included. */
  readonly inputTokens: number | undefined;
  /** The part of them that the vendor's cache gave. */
  readonly cachedTokens: number | undefined;
  /** Output tokens. */
  readonly outputTokens: number | undefined;
  /** US dollars. */
  readonly cost: number | undefined;
  /** Its reader, or its signal, ended it. */
  readonly cancelled: boolean;
  /** What went wrong: an HTTP status, or an error's name. */
  readonly error: string | undefined;
  /** The status of an HTTP attempt. */
  readonly httpStatus: number | undefined;
  /** Attempts before this one. */
  readonly resends: number;
  /** Attempts beyond the first, on a request. */
  readonly retries: number;
  /** How long the vendor asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Turns, on an agent's run. */
  readonly turns: number | undefined;
  /** Tools that an agent's run asked for. */
  readonly toolCalls: number | undefined;
  /** Pieces of the answer, on a stream. */
  readonly chunks: number | undefined;
}

/** Sums over a span and everything below it. */
export interface Totals {
  /** Requests to models. */
  readonly requests: number;
  /** Input tokens, where they are known. */
  readonly inputTokens: number;
  /** Output tokens, where they are known. */
  readonly outputTokens: number;
  /** US dollars, where they are known; undefined where no cost is. */
  readonly cost: number | undefined;
}

/** A span in its tree. */
export interface SpanNode {
  /** The span. */
  readonly span: ReceivedSpan;
  /** What it tells. */
  readonly facts: SpanFacts;
  /** In the order they began. */
  readonly children: readonly SpanNode[];
  /** Its own and those of everything below. */
  readonly totals: Totals;
}

/** Builds trees; a span whose parent is not among `spans` begins one. In the order they began. */
export function buildTrees(spans: readonly ReceivedSpan[]): SpanNode[] {
  const known = new Set(spans.map(keyOf));
  const children = Map.groupBy(spans, (span) => {
    const parent = span.parentSpanId === undefined ? undefined : `${span.traceId}/${span.parentSpanId}`;
    return parent !== undefined && known.has(parent) ? parent : undefined;
  });
  const nodesBelow = (key: string | undefined): SpanNode[] =>
    (children.get(key) ?? []).toSorted(byStart).map((span) => {
      const facts = factsOf(span);
      const below = nodesBelow(keyOf(span));
      return { span, facts, children: below, totals: totalsOf(facts, below) };
    });
  return nodesBelow(undefined);
}

/** The name of a span without what all steps of an agent begin with: `search_flights`, `iteration_2`, `final_answer`. */
export function shortName({ name }: ReceivedSpan): string {
  return name.replace(/^reasoning\.(thinking\.|tool\.)?/, "");
}

/** A node and everything below it, parents first. */
export function flatten(node: SpanNode): SpanNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

/** Reads both vocabularies: the project's own names, else those of the GenAI conventions. */
export function factsOf({ attributes, status, startNs, endNs }: ReceivedSpan): SpanFacts {
  const number = (...names: readonly string[]): number | undefined =>
    names.map((name) => attributes[name]).find((value) => typeof value === "number");
  const operation = attributes["llm.operation"] ?? attributes["gen_ai.operation.name"];
  const cached = number("llm.tokens.cache_read", "gen_ai.usage.cache_read.input_tokens");
  const uncached = number("llm.tokens.input");
  const retryAfter = number("llm.http.retry_after_seconds");
  const type = attributes["error.type"];
  return {
    isRequest: operation === "chat",
    isAgent: operation === "reasoning" || operation === "invoke_agent",
    durationMs: Number(endNs - startNs) / 1e6,
    inputTokens: uncached === undefined
      ? number("gen_ai.usage.input_tokens")
      : uncached + (cached ?? 0) + (number("llm.tokens.cache_write") ?? 0),
    cachedTokens: cached,
    outputTokens: number("llm.tokens.output", "gen_ai.usage.output_tokens"),
    cost: number("llm.cost.total"),
    cancelled: attributes["llm.stream.outcome"] === "cancelled",
    error: status.code === "ERROR" ? String(type ?? "error") : undefined,
    httpStatus: number("http.response.status_code"),
    resends: number("http.request.resend_count") ?? 0,
    retries: number("llm.retries") ?? 0,
    retryAfterMs: retryAfter === undefined ? undefined : retryAfter * 1000,
    turns: number("llm.reasoning.iterations.total"),
    toolCalls: number("llm.reasoning.tool_calls.total"),
    chunks: number("llm.stream.chunks"),
  };
}

function totalsOf(facts: SpanFacts, below: readonly SpanNode[]): Totals {
  const totals = below.map((node) => node.totals);
  const sum = (own: number | undefined, of: (totals: Totals) => number | undefined): number =>
    totals.reduce((all, each) => all + (of(each) ?? 0), own ?? 0);
  const priced = facts.cost !== undefined || totals.some(({ cost }) => cost !== undefined);
  return {
    requests: sum(facts.isRequest ? 1 : 0, ({ requests }) => requests),
    inputTokens: sum(facts.inputTokens, ({ inputTokens }) => inputTokens),
    outputTokens: sum(facts.outputTokens, ({ outputTokens }) => outputTokens),
    cost: priced ? sum(facts.cost, ({ cost }) => cost) : undefined,
  };
}

function keyOf({ traceId, spanId }: ReceivedSpan): string {
  return `${traceId}/${spanId}`;
}

function byStart(a: ReceivedSpan, b: ReceivedSpan): number {
  return a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0;
}
