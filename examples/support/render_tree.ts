/**
 * Spans as a tree of lines: names, durations, cost and tokens, and bars that show when each of them ran. Pure.
 *
 * @module
 */
import { columnsOf, cut, paintFor, type Tone } from "./colors.ts";
import { counted, duration, money } from "./format.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import { buildTrees, type SpanNode } from "./span_tree.ts";

/** How a tree is drawn. */
export interface TreeOptions {
  /** Columns of the longest line. */
  readonly width: number;
  /** Whether lines hold colours of the terminal. */
  readonly color: boolean;
  /** A name for a span from the program's own attributes, shown behind what is known of it. */
  readonly label?: ((span: ReceivedSpan) => string | undefined) | undefined;
  /**
   * Bars in the order of time, where the width allows them.
   * @default true
   */
  readonly bars?: boolean | undefined;
}

/** A piece of a line. Where a line is too long, the pieces with the lowest `keep` are left out first. */
interface Piece {
  readonly text: string;
  readonly tone: Tone;
  readonly keep: number;
  /** What divides it from the piece before. */
  readonly before: " " | " · ";
}

interface Line {
  readonly node: SpanNode;
  /** The branches before the name. */
  readonly branch: string;
  readonly pieces: readonly Piece[];
}

/** Spans of the tree, from the first start to the last end. */
interface Period {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

const narrowestForBars = 76;
const longestBar = 72;

/** Draws spans as trees, a line each; an empty line divides trees. */
export function renderTree(spans: readonly ReceivedSpan[], options: TreeOptions): string[] {
  return buildTrees(spans).flatMap((root, index) => [...index === 0 ? [] : [""], ...renderRoot(root, options)]);
}

function renderRoot(root: SpanNode, { width, color, label, bars = true }: TreeOptions): string[] {
  const paint = paintFor(color);
  const lines = linesOf(root, "", "", label);
  const shortestBar = !bars || width < narrowestForBars ? 0 : width < 90 ? 14 : 24;
  const longestText = Math.max(...lines.map((line) => columnsOf(line.branch) + lengthOf(line.pieces)));
  const room = shortestBar === 0 ? width : Math.min(longestText, width - shortestBar - 2);
  const barWidth = shortestBar === 0 ? 0 : Math.min(longestBar, width - room - 2);
  const period = periodOf(lines.map(({ node }) => node.span));
  return lines.map(({ node, branch, pieces }) => {
    const fitting = fit(pieces, room - columnsOf(branch));
    const painted = fitting.map(({ text, tone, before }, index) =>
      (index === 0 ? "" : before === " " ? " " : paint(before, "dim")) + paint(text, tone)
    );
    const left = paint(branch, "dim") + painted.join("");
    if (barWidth === 0) return left;
    const [from, to] = barOf(node.span, period, barWidth);
    const gap = " ".repeat(room - columnsOf(branch) - lengthOf(fitting) + 2 + from);
    return left + gap + paint("━".repeat(to - from), toneOf(node));
  });
}

function linesOf(node: SpanNode, branch: string, below: string, label: TreeOptions["label"]): Line[] {
  const children = node.children.flatMap((child, index) => {
    const last = index === node.children.length - 1;
    return linesOf(child, below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "), label);
  });
  return [{ node, branch, pieces: piecesOf(node, label?.(node.span), branch === "") }, ...children];
}

function piecesOf(node: SpanNode, label: string | undefined, isRoot: boolean): Piece[] {
  const { span, facts, totals } = node;
  const own = facts.isRequest;
  const sum = !own && totals.requests > 0;
  const tokens = own ? tokensOf(facts.inputTokens, facts.outputTokens) : undefined;
  const sums = sum && totals.inputTokens + totals.outputTokens > 0
    ? `${totals.inputTokens} ${isRoot ? "tokens " : ""}in, ${totals.outputTokens} out`
    : undefined;
  const cached = facts.cachedTokens ?? 0;
  const pieces: (Piece | undefined)[] = [
    { text: span.name, tone: nameTone(node), keep: 9, before: " " },
    piece(facts.httpStatus?.toString(), facts.error === undefined ? "good" : "bad", 9, " "),
    piece(duration(facts.durationMs), "plain", 9, " "),
    own ? piece(facts.cost === undefined ? undefined : money(facts.cost), "good", 9, " ") : undefined,
    sum ? piece(totals.cost === undefined ? undefined : `Σ ${money(totals.cost)}`, "good", 8, " ") : undefined,
    piece(failureOf(node), "bad", 8, " "),
    piece(facts.cancelled ? "◌ cancelled" : undefined, "warn", 8, " "),
    piece(facts.retries === 0 ? undefined : `↻ ${counted(facts.retries, "retry", "retries")}`, "warn", 8, " "),
    piece(label, "strong", 7),
    piece(tokens ?? sums, "dim", 6),
    own && cached > 0 ? piece(`${cached} cached`, "dim", 4) : undefined,
    sum && totals.requests > 1 && facts.turns === undefined ? piece(`${totals.requests} calls`, "dim", 5) : undefined,
    piece(facts.turns === undefined ? undefined : counted(facts.turns, "turn", "turns"), "dim", 4),
    piece(facts.toolCalls === undefined ? undefined : counted(facts.toolCalls, "tool", "tools"), "dim", 4),
    piece(facts.chunks ? counted(facts.chunks, "chunk", "chunks") : undefined, "dim", 3),
    piece(facts.resends === 0 ? undefined : `attempt ${facts.resends + 1}`, "warn", 4),
    piece(facts.retryAfterMs === undefined ? undefined : `asks to wait ${duration(facts.retryAfterMs)}`, "warn", 3),
  ];
  return pieces.filter((each) => each !== undefined);
}

function piece(text: string | undefined, tone: Tone, keep: number, before: Piece["before"] = " · "): Piece | undefined {
  return text === undefined ? undefined : { text, tone, keep, before };
}

/** An attempt's status says already what went wrong. */
function failureOf({ facts: { error, httpStatus, cancelled } }: SpanNode): string | undefined {
  if (error === undefined || cancelled) return undefined;
  return error === String(httpStatus) ? "✗" : `✗ ${error}`;
}

function tokensOf(input: number | undefined, output: number | undefined): string | undefined {
  return input === undefined || output === undefined ? undefined : `${input} in, ${output} out`;
}

function nameTone({ facts: { isRequest, error, httpStatus }, totals: { requests } }: SpanNode): Tone {
  if (error !== undefined) return "bad";
  if (isRequest) return "accent";
  return httpStatus === undefined && requests > 0 ? "strong" : "plain";
}

function toneOf({ facts }: SpanNode): Tone {
  if (facts.cancelled) return "warn";
  if (facts.error !== undefined) return "bad";
  return facts.isRequest ? "accent" : facts.httpStatus === undefined ? "plain" : "good";
}

function fit(pieces: readonly Piece[], width: number): Piece[] {
  const kept = [...pieces];
  while (lengthOf(kept) > width && kept.length > 1) {
    const weakest = Math.min(...kept.map(({ keep }) => keep));
    if (weakest === 9) break;
    kept.splice(kept.findLastIndex(({ keep }) => keep === weakest), 1);
  }
  const [first, ...rest] = kept;
  if (first === undefined || lengthOf(kept) <= width) return kept;
  return [{ ...first, text: cut(first.text, width - (lengthOf(kept) - columnsOf(first.text))) }, ...rest];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((length, { text, before }, index) => length + columnsOf(text) + (index && before.length), 0);
}

function periodOf(spans: readonly ReceivedSpan[]): Period {
  const startNs = spans.reduce((least, span) => span.startNs < least ? span.startNs : least, spans[0]?.startNs ?? 0n);
  const endNs = spans.reduce((most, span) => span.endNs > most ? span.endNs : most, startNs);
  return { startNs, endNs };
}

/** The columns of a span's bar, at least one of them. */
function barOf(span: ReceivedSpan, { startNs, endNs }: Period, width: number): readonly [from: number, to: number] {
  const whole = Number(endNs - startNs) || 1;
  const at = (ns: bigint) => Number(ns - startNs) / whole * width;
  const from = Math.min(Math.floor(at(span.startNs)), width - 1);
  return [from, Math.max(from + 1, Math.round(at(span.endNs)))];
}
