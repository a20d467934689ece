/**
 * A tree of spans where there is little room: short names, and in columns their times, costs, tokens and bars. Pure.
 *
 * @module
 */
import { columnsOf, cut, type Paint, paintFor, type Tone } from "./colors.ts";
import { duration, money } from "./format.ts";
import { shortName, type SpanNode } from "./span_tree.ts";
import { barOf, barTone, type Label, longestBar, nameTone, periodOf, type TreeLine } from "./tree_line.ts";

/** How the columns are drawn. */
export interface ColumnOptions {
  /** Columns of the longest line. */
  readonly width: number;
  /** Whether lines hold colours of the terminal. */
  readonly color: boolean;
  /** Names of the program's own. */
  readonly label: Label | undefined;
  /** Whether bars are drawn. */
  readonly bars: boolean;
}

/** A line's name, and what stands behind it however little room there is. */
interface Name {
  readonly text: string;
  readonly tone: Tone;
  readonly mark: string;
  readonly markTone: Tone;
}

const shortestBar = 12;
const shortestName = 16;

/** Draws the lines of one tree. */
export function renderColumns(lines: readonly TreeLine[], { width, color, label, bars }: ColumnOptions): string[] {
  const paint = paintFor(color);
  const barRoom = bars ? shortestBar + 1 : 0;
  const digits = Math.max(...lines.map(({ node }) => String(tokensOf(node)?.[0] ?? "").length));
  const cells = lines.map(({ node }) => cellsOf(node, digits));
  // What matters least stands last: it is left out where no name would be left.
  const kept = [cells.map(([time]) => time), cells.map(([, cost]) => cost), cells.map(([, , tokens]) => tokens)];
  const sizeOf = (column: readonly string[]) => Math.max(...column.map(columnsOf));
  const used = () => kept.reduce((sum, column) => sum + (sizeOf(column) === 0 ? 0 : sizeOf(column) + 1), 0);
  while (kept.length > 1 && width - used() - barRoom < shortestName) kept.pop();
  const room = width - used() - barRoom;
  const full = lines.map(({ node }) => nameOf(node, label, false));
  const fits = full.every((name, index) => lengthOf(name) + columnsOf(lines[index]?.branch ?? "") <= room);
  const names = fits ? full : lines.map(({ node }) => nameOf(node, label, true));
  const longest = Math.max(...names.map((name, index) => lengthOf(name) + columnsOf(lines[index]?.branch ?? "")));
  const nameWidth = Math.min(longest, room);
  const barWidth = bars ? Math.min(longestBar, width - used() - nameWidth - 1) : 0;
  const period = periodOf(lines);
  return lines.map(({ node, branch }, index) => {
    const name = names[index] as Name;
    const values = kept.map((column, place) =>
      paint(padded(column, index, place, sizeOf(column)), tones[place] ?? "dim")
    );
    const left = [paintedName(name, branch, nameWidth, paint), ...values.filter((value) => value !== "")].join(" ");
    if (barWidth === 0) return left.trimEnd();
    const [from, to] = barOf(node.span, period, barWidth);
    return `${left} ${" ".repeat(from)}${paint("━".repeat(to - from), barTone(node))}`;
  });
}

const tones: readonly Tone[] = ["plain", "good", "dim"];

/** Times end together, the others begin together. */
function padded(column: readonly string[], index: number, place: number, size: number): string {
  const text = column[index] ?? "";
  const fill = " ".repeat(size - columnsOf(text));
  return place === 0 ? fill + text : text + fill;
}

function lengthOf({ text, mark }: Name): number {
  return columnsOf(text) + (mark === "" ? 0 : 1 + columnsOf(mark));
}

function paintedName({ text, tone, mark, markTone }: Name, branch: string, width: number, paint: Paint): string {
  const behind = mark === "" ? "" : ` ${mark}`;
  const fitting = cut(text, Math.max(1, width - columnsOf(branch) - columnsOf(behind)));
  const fill = " ".repeat(Math.max(0, width - columnsOf(branch + fitting + behind)));
  return paint(branch, "dim") + paint(fitting, tone) + paint(behind, markTone) + fill;
}

/** Time, cost and tokens, whose arrows stand below each other; of all but a request they are sums. */
function cellsOf(node: SpanNode, digits: number): readonly [time: string, cost: string, tokens: string] {
  const { facts, totals } = node;
  const cost = facts.isRequest ? facts.cost : totals.requests > 0 ? totals.cost : undefined;
  const [input, output] = tokensOf(node) ?? [];
  return [
    duration(facts.durationMs),
    cost === undefined ? "" : `${facts.isRequest ? " " : "Σ"}${money(cost)}`,
    input === undefined ? "" : `${String(input).padStart(digits)}→${output}`,
  ];
}

function tokensOf({ facts, totals }: SpanNode): readonly [input: number, output: number] | undefined {
  const { inputTokens, outputTokens } = facts.isRequest ? facts : totals;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  return facts.isRequest || inputTokens + outputTokens > 0 ? [inputTokens, outputTokens] : undefined;
}

function nameOf(node: SpanNode, label: Label | undefined, short: boolean): Name {
  const { facts, span } = node;
  const own = label?.(span);
  const text = short ? own ?? briefName(node) : [span.name, own].filter((each) => each !== undefined).join(" ");
  const status = facts.httpStatus === undefined ? undefined : String(facts.httpStatus);
  const failed = facts.cancelled
    ? "◌"
    : facts.error === undefined
    ? ""
    : facts.error === status
    ? "✗"
    : `✗ ${facts.error}`;
  const retried = facts.retries > 0 ? `↻${facts.retries}` : "";
  const mark = [short ? undefined : status, retried, failed].filter(Boolean).join(" ");
  const markTone = facts.cancelled || facts.error === undefined ? "warn" : "bad";
  return { text, tone: nameTone(node), mark, markTone: mark === status ? "good" : markTone };
}

/** What tells a span from those beside it: the name without what all of its kind begin with, of an attempt its status. */
function briefName({ facts, span }: SpanNode): string {
  if (facts.httpStatus !== undefined) return String(facts.httpStatus);
  if (facts.isRequest) return "request";
  if (facts.isAgent) return "agent";
  return shortName(span).replace(/^llm\.\w+\.stream$/, "stream").replace(/^execute_tool /, "");
}
