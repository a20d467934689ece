/**
 * The tables.
 *
 * @module
 */
import { askers, FLOOR } from "./askers/mod.ts";
import { targetOf } from "./guard.ts";
import type { Missing, Row } from "./measure.ts";

const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** The head of the table that is printed while it is measured. */
export const HEAD: string = [
  line(["runtime", "work", "who", "CPU µs a call", "× floor", "target", "time µs", "peak MB", "spans"]),
  line(["---", "---", "---", "---:", "---:", "---:", "---:", "---:", "---:"]),
].join("\n");

/** One of its lines. */
export function lineOf(row: Row): string {
  const { runtime, work, name, cpuMicros, wallMicros, ratio, memoryBytes, spans } = row;
  const numbers = [cpuMicros.toFixed(0), ratio.toFixed(2), String(targetOf(row)?.aim ?? ""), wallMicros.toFixed(0)];
  return line([runtime, work.name, name, ...numbers, (memoryBytes / 1e6).toFixed(0), spans.toFixed(0)]);
}

/** What README shows: the kinds of a call, each measured in the first of these dialects that one speaks. */
const COLUMNS: readonly (readonly [title: string, ...works: string[]])[] = [
  ["plain", "chat, plain", "anthropic, plain"],
  ["1,000 chunks, 20 a write", "chat, 1,000 chunks, 20 per write", "anthropic, 1,000 chunks, 20 per write"],
  ["1,000 chunks, 1 a write", "chat, 1,000 chunks, 1 per write"],
];

/** The CPU over the floor's of everyone in every runtime, as Markdown. */
export function ratioTable(rows: readonly Row[], missing: readonly Missing[]): string {
  const runtimes = [...new Set(rows.map(({ runtime }) => runtime))];
  const cell = (who: string, runtime: string, names: readonly string[]): string => {
    if (missing.some(({ name, runtime: where }) => name === who && where === runtime)) return "does not load";
    const own = names.map((name) =>
      rows.find((row) => row.runtime === runtime && row.name === who && row.work.name === name)
    );
    return own.find((row) => row !== undefined)?.ratio.toFixed(2) ?? "–";
  };
  const head = runtimes.flatMap((runtime) => COLUMNS.map(([title]) => `${runtime}: ${title}`));
  const everyone = Object.keys(askers).filter((who) => who !== FLOOR);
  const shown = everyone.filter((who) => [...rows, ...missing].some(({ name }) => name === who));
  const body = shown.map((who) => [
    who,
    ...runtimes.flatMap((runtime) => COLUMNS.map(([, ...names]) => cell(who, runtime, names))),
  ]);
  return [["CPU, × floor", ...head], ["---", ...head.map(() => "---:")], ...body].map(line).join("\n");
}
