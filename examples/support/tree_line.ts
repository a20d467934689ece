/**
 * What every drawing of a tree of spans has in common: its lines, their tones, and the bars behind them. Pure.
 *
 * @module
 */
import type { Tone } from "./colors.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import type { SpanNode } from "./span_tree.ts";

/** A name for a span from the program's own attributes. */
export type Label = (span: ReceivedSpan) => string | undefined;

/** A span in its place. */
export interface TreeLine {
  /** The span. */
  readonly node: SpanNode;
  /** The branches before its name. */
  readonly branch: string;
}

/** Spans of a tree, from the first start to the last end. */
export interface Period {
  /** The first start. */
  readonly startNs: bigint;
  /** The last end. */
  readonly endNs: bigint;
}

/** Longer bars say no more. */
export const longestBar = 72;

/** A node and everything below it, parents first, each with its branches. */
export function linesOf(node: SpanNode, branch = "", below = ""): TreeLine[] {
  const children = node.children.flatMap((child, index) => {
    const last = index === node.children.length - 1;
    return linesOf(child, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
  });
  return [{ node, branch }, ...children];
}

/** How a span's name looks. */
export function nameTone({ facts: { isRequest, error, httpStatus }, totals: { requests } }: SpanNode): Tone {
  if (error !== undefined) return "bad";
  if (isRequest) return "accent";
  return httpStatus === undefined && requests > 0 ? "strong" : "plain";
}

/** How a span's bar looks. */
export function barTone({ facts }: SpanNode): Tone {
  if (facts.cancelled) return "warn";
  if (facts.error !== undefined) return "bad";
  return facts.isRequest ? "accent" : facts.httpStatus === undefined ? "plain" : "good";
}

/** The period of all lines. */
export function periodOf(lines: readonly TreeLine[]): Period {
  const spans = lines.map(({ node }) => node.span);
  const startNs = spans.reduce((least, span) => span.startNs < least ? span.startNs : least, spans[0]?.startNs ?? 0n);
  const endNs = spans.reduce((most, span) => span.endNs > most ? span.endNs : most, startNs);
  return { startNs, endNs };
}

/** The columns of a span's bar, at least one of them. */
export function barOf(
  span: ReceivedSpan,
  { startNs, endNs }: Period,
  width: number,
): readonly [from: number, to: number] {
  const whole = Number(endNs - startNs) || 1;
  const at = (ns: bigint) => Number(ns - startNs) / whole * width;
  const from = Math.min(Math.floor(at(span.startNs)), width - 1);
  return [from, Math.max(from + 1, Math.round(at(span.endNs)))];
}
