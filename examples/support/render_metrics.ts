/**
 * Metrics as a table under the names they have in Prometheus. Pure.
 *
 * @module
 */
import { columnsOf, cut, type Paint, paintFor, wrap } from "./colors.ts";
import { duration, plainNumber } from "./format.ts";
import { type Series, seriesOf } from "./metric_series.ts";
import type { ReceivedPoint } from "./otlp_decode.ts";

/** How a table is drawn. */
export interface TableOptions {
  /** Columns of the longest line. */
  readonly width: number;
  /** Whether lines hold colours of the terminal. */
  readonly color: boolean;
}

/** A line before it is laid out: a text, and for a series its value. */
interface Row {
  readonly text: string;
  readonly indent: number;
  /** A metric's name, or the labels that tell its series apart. */
  readonly isName: boolean;
  /** Right-aligned: a counter's value, a histogram's count. */
  readonly value?: string;
  /** What else a histogram tells, most important first. */
  readonly details?: readonly string[];
}

const familyOrder = ["llm_*", "llm_reasoning_*", "llm_tool_*", "gen_ai_*", "others"];

type Labels = readonly (readonly [name: string, value: string])[];

/**
 * Draws metrics in families of names. What labels all series share stands once: above the family, or beside the
 * metric's name; the rest tells its series apart, a line each.
 */
export function renderMetrics(points: readonly ReceivedPoint[], options: TableOptions): string[] {
  const families = Map.groupBy(seriesOf(points), ({ name }) => familyOf(name));
  const ordered = [...families].toSorted(([a], [b]) => familyOrder.indexOf(a) - familyOrder.indexOf(b));
  return ordered.flatMap(([family, series], index) => {
    return [...index === 0 ? [] : [""], ...renderFamily(family, series, options)];
  });
}

/**
 * The llm_… and gen_ai_… metrics are two views of the same calls, those of agents and of their tools have labels of
 * their own; whatever else comes is the program's own.
 */
function familyOf(name: string): string {
  if (/^llm_reasoning_(?!tokens)/.test(name)) return "llm_reasoning_*";
  if (name.startsWith("llm_tool_")) return "llm_tool_*";
  return name.startsWith("gen_ai_") ? "gen_ai_*" : name.startsWith("llm_") ? "llm_*" : "others";
}

function renderFamily(family: string, series: readonly Series[], { width, color }: TableOptions): string[] {
  const paint = paintFor(color);
  const shared = sharedBy(series);
  const rows = [...Map.groupBy(series, ({ name }) => name)].flatMap(([name, those]) => rowsOf(name, those, shared));
  const valueWidth = Math.max(...rows.map(({ value = "" }) => columnsOf(value)));
  const longest = Math.max(...rows.map((row) => row.value === undefined ? 0 : row.indent + columnsOf(row.text)));
  // What a histogram tells first, its mean, stands at every width; its buckets where there is room.
  const told = Math.max(...rows.map(({ details: [first] = [] }) => first === undefined ? 0 : columnsOf(first) + 2));
  const valueAt = Math.min(longest + 2, width - valueWidth - told);
  const room = width - columnsOf(family) - 2;
  const heading = wrap(textOf(shared), room).map((line, index) => {
    const left = index === 0 ? paint(family, "strong") : " ".repeat(columnsOf(family));
    return line === "" ? left : `${left}  ${paint(cut(line, room), "dim")}`;
  });
  return [...heading, ...rows.flatMap((row) => renderRow(row, valueAt, valueWidth, width, paint))];
}

/** One row where a metric has one series and nothing more to say, else its name with a row for each series below. */
function rowsOf(name: string, series: readonly Series[], above: Labels): Row[] {
  const [only, ...more] = series;
  const left = (each: Series) => without(Object.entries(each.labels), above);
  if (only !== undefined && more.length === 0 && left(only).length === 0) {
    return [{ text: name, indent: 2, isName: true, ...valueOf(only) }];
  }
  const shared = more.length === 0 ? [] : without(sharedBy(series), above);
  return [
    { text: [name, textOf(shared)].filter(Boolean).join("  "), indent: 2, isName: true },
    ...series.map((each): Row => ({
      text: textOf(without(left(each), shared)) || "(no further label)",
      indent: 4,
      isName: false,
      ...valueOf(each),
    })),
  ];
}

function renderRow(row: Row, valueAt: number, valueWidth: number, width: number, paint: Paint): string[] {
  const { text, indent, isName, value, details = [] } = row;
  const room = (value === undefined ? width : valueAt - 1) - indent;
  // A name is one word, and so is a label: where it leaves no room, its value stands on the next line.
  const wrapped = isName && columnsOf(text) > room ? text.split("  ") : wrap(text, room);
  const texts = wrapped.some((line) => columnsOf(line) > room) ? [...wrapped, ""] : wrapped;
  const lines = texts.filter((line, index) => line !== "" || value !== undefined || index === 0).map((line, index) => {
    const tone = isName && index === 0 ? "plain" : "dim";
    return { plain: columnsOf(line), painted: paint(cut(line, width - indent - 2), tone) };
  });
  const last = lines.length - 1;
  return lines.map(({ plain, painted }, index) => {
    const left = " ".repeat(isName && index > 0 ? indent + 2 : indent) + painted;
    if (value === undefined || index < last) return left;
    const number = " ".repeat(Math.max(1, valueAt - indent - plain)) +
      paint(value.padStart(valueWidth), value === "0" ? "dim" : "accent");
    return left + number + paint(fitting(details, width - valueAt - valueWidth), "dim");
  });
}

/** As many texts as there is room for. */
function fitting(texts: readonly string[], room: number): string {
  let fits = "";
  for (const text of texts) {
    if (columnsOf(fits) + 2 + columnsOf(text) > room) break;
    fits += `  ${text}`;
  }
  return fits;
}

function valueOf({ name, value, histogram }: Series): Pick<Row, "value" | "details"> {
  if (histogram === undefined) return { value: plainNumber(value ?? 0) };
  const { count, sum, buckets } = histogram;
  const mean = count === 0 ? 0 : sum / count;
  const shown = name.endsWith("_seconds") ? duration(mean * 1000) : plainNumber(Number(mean.toPrecision(3)));
  return { value: `${count}×`, details: count > 1 ? [`mean ${shown}`, chartOf(buckets)] : [shown] };
}

/** The buckets from the first that holds something to the last, as columns. */
function chartOf(buckets: readonly number[]): string {
  const from = buckets.findIndex((count) => count > 0);
  const to = buckets.findLastIndex((count) => count > 0);
  const most = Math.max(...buckets);
  return buckets.slice(from, to + 1).map((count) => {
    return count === 0 ? "▁" : "▂▃▄▅▆▇█"[Math.ceil(count / most * 7) - 1];
  }).join("");
}

function sharedBy([first, ...others]: readonly Series[]): Labels {
  return Object.entries(first?.labels ?? {})
    .filter(([key, value]) => others.every(({ labels }) => labels[key] === value));
}

function without(labels: Labels, taken: Labels): Labels {
  const names = new Set(taken.map(([name]) => name));
  return labels.filter(([name]) => !names.has(name));
}

function textOf(labels: Labels): string {
  return labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
}
