/**
 * Whether ours holds what it has reached.
 *
 * @module
 */
import { OFF, ON } from "./askers/mod.ts";
import type { Row } from "./measure.ts";
import type { Target } from "./works.ts";

/** How far over what is held a ratio may be in a short run. */
const SLACK = 1.25;

/** A measured ratio, as far as it is judged. */
export type Judged = Pick<Row, "work" | "name" | "ratio">;

/** What ours may take of a work; of the others nothing is asked. */
export function targetOf({ work, name }: Pick<Judged, "work" | "name">): Target | undefined {
  return name === OFF ? work.targets?.off : name === ON ? work.targets?.on : undefined;
}

/** Whether it takes a quarter more than its target, or than what is held where the target is not reached yet. */
export function isOver(row: Judged): boolean {
  return row.ratio > limitOf(targetOf(row));
}

/** The verdict, in one line. */
export function guardLine(row: Judged): string {
  const target = targetOf(row);
  const { aim, held } = target ?? {};
  const reached = held !== undefined && row.ratio <= (aim ?? 0) ? "; the target is reached, nothing need be held" : "";
  const towards = held === undefined ? "" : `, held at ${held.ratio}: ${held.because}${reached}`;
  const verdict = isOver(row) ? "OVER" : "ok";
  return `${verdict} ${row.work.name}, ${row.name}: ${row.ratio.toFixed(2)}× the floor, at most ${
    limitOf(target).toFixed(2)
  }; target ${aim}${towards}`;
}

function limitOf(target: Target | undefined): number {
  return (target?.held?.ratio ?? target?.aim ?? Infinity) * SLACK;
}
