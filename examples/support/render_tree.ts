/**
 * Spans as a tree of lines: names, durations, cost and tokens, and bars that show when each of them ran. Pure.
 *
 * @module
 */
import { columnsOf, cut, paintFor, type Tone } from "./colors.ts";
import { counted, duration, money } from "./format.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import { buildTrees, type SpanNode } from "./span_tree.ts";
import { renderColumns } from "./tree_columns.ts";
import { barOf, barTone, type Label, linesOf, longestBar, nameTone, periodOf, type TreeLine } from "./tree_line.ts";

/** How a tree is drawn. */
export interface TreeOptions {
  /** Columns of the longest line. */
  readonly width: number;
  /** Whether lines hold colours of the terminal. */
  readonly color: boolean;
  /** A name for a span from the program's own attributes, shown behind what is known of it. */
  readonly label?: Label | undefined;
  /**
   * Bars in the order of time.
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

interface Line extends TreeLine {
  readonly pieces: readonly Piece[];
}

/** Below this width there are columns, and no room for sentences. */
const narrowestForPieces = 96;
const shortestBar = 12;
const shortestName = 24;
/** Pieces from here on stand before a whole name. */
const least = 6;

/** Draws spans as trees, a line each; an empty line divides trees. */
export function renderTree(spans: readonly ReceivedSpan[], options: TreeOptions): string[] {
  return buildTrees(spans).flatMap((root, index) => [...index === 0 ? [] : [""], ...renderRoot(root, options)]);
}

function renderRoot(root: SpanNode, { width, color, label, bars = true }: TreeOptions): string[] {
  const places = linesOf(root);
  if (width < narrowestForPieces) return renderColumns(places, { width, color, label, bars });
  const paint = paintFor(color);
  const lines = places.map(({ node, branch }): Line => {
    return { node, branch, pieces: piecesOf(node, label?.(node.span), branch === "") };
  });
  const longestText = Math.max(...lines.map((line) => columnsOf(line.branch) + lengthOf(line.pieces)));
  const room = bars ? Math.min(longestText, width - shortestBar - 2) : width;
  const barWidth = bars ? Math.min(longestBar, width - room - 2) : 0;
  const period = periodOf(lines);
  return lines.map(({ node, branch, pieces }) => {
    const fitting = fit(pieces, room - columnsOf(branch));
    const painted = fitting.map(({ text, tone, before }, index) =>
      (index === 0 ? "" : before === " " ? " " : paint(before, "dim")) + paint(text, tone)
    );
    const left = paint(branch, "dim") + painted.join("");
    if (barWidth === 0) return left;
    const [from, to] = barOf(node.span, period, barWidth);
    const gap = " ".repeat(room - columnsOf(branch) - lengthOf(fitting) + 2 + from);
    return left + gap + paint("━".repeat(to - from), barTone(node));
  });
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

/** Left out are first what says least, then what a name can be cut by; of cost and tokens only what still has no room. */
function fit(pieces: readonly Piece[], width: number): Piece[] {
  const kept = [...pieces];
  const leaveOut = (weaker: number, room: number) => {
    while (lengthOf(kept) > room) {
      const weakest = Math.min(...kept.map(({ keep }) => keep));
      if (weakest >= weaker) return;
      kept.splice(kept.findLastIndex(({ keep }) => keep === weakest), 1);
    }
  };
  leaveOut(least, width);
  const name = columnsOf(pieces[0]?.text ?? "");
  leaveOut(9, width + Math.max(0, name - shortestName));
  const [first, ...rest] = kept;
  if (first === undefined || lengthOf(kept) <= width) return kept;
  return [{ ...first, text: cut(first.text, width - (lengthOf(kept) - columnsOf(first.text))) }, ...rest];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((length, { text, before }, index) => length + columnsOf(text) + (index && before.length), 0);
}
