/**
 * Measures askers: in turns with the floor, so that both meet the same machine.
 *
 * @module
 */
import { askers, FLOOR } from "./askers/mod.ts";
import { startWorker, type Turn, type Vendor, type Worker } from "./processes.ts";
import type { Runtime } from "./runtimes.ts";
import { median, pairedRatio } from "./statistics.ts";
import type { Work } from "./works.ts";

/** Rounds that nobody looks at: compilers and caches settle in them. */
const WARMING = 3;
/** Of a call whose telemetry is on; a stock exporter may have its last ones under way when its process ends. */
const LEAST_SPANS = 0.9;

/** What one asker took for a call of one work. */
export interface Row {
  readonly runtime: string;
  readonly work: Work;
  readonly name: string;
  readonly cpuMicros: number;
  readonly wallMicros: number;
  /** CPU over the floor's. */
  readonly ratio: number;
  readonly memoryBytes: number;
  /** Of a call, that arrived at the back end. */
  readonly spans: number;
  /** Of the whole process, that it has told lost. */
  readonly lost: number;
}

/** One who does not load. */
export interface Missing {
  readonly runtime: string;
  readonly name: string;
  readonly because: string;
}

/** How it is measured. */
export interface Measuring {
  readonly runtime: Runtime;
  readonly vendor: Vendor;
  readonly rounds: number;
}

/**
 * Measures one asker beside the floor. Both processes are fresh, since what else one has asked for before changes what
 * its compiler does with the next and what its heap holds; and they are two, since the heap of one that waits a second
 * for its turn is shrunk, and costs more afterwards.
 */
export async function measure(work: Work, name: string, how: Measuring): Promise<readonly Row[] | Missing> {
  const runtime = how.runtime.name;
  const asker = await startWorker(how.runtime, name, how.vendor);
  if (asker.trouble !== undefined) {
    await asker.end();
    return { runtime, name, because: asker.trouble };
  }
  const floor = await startWorker(how.runtime, FLOOR, how.vendor);
  const seen: { readonly floor: Turn; readonly asker: Turn }[] = [];
  for (let round = -WARMING; round < how.rounds; round++) {
    const both = await oneRound(work, floor, asker);
    if (round >= 0) seen.push(both);
  }
  await Promise.all([floor.end(), asker.end()]);
  const spans = await asker.spans() / (work.calls * (WARMING + how.rounds));
  if (askers[name]?.traced && spans < LEAST_SPANS) throw new Error(`${name} sent ${spans} spans a call, ${runtime}.`);
  const [floors, theirs] = [seen.map((both) => both.floor), seen.map((both) => both.asker)];
  return [
    { runtime, work, name: FLOOR, spans: 0, ...summary(floors, floors) },
    { runtime, work, name, spans, ...summary(theirs, floors) },
  ];
}

/** A round: both take turns. */
async function oneRound(work: Work, floor: Worker, asker: Worker): Promise<{ floor: Turn; asker: Turn }> {
  const { calls, turns = 5 } = work;
  const all: { readonly floor: Turn; readonly asker: Turn }[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const take = (worker: Worker) => worker.turn(work, calls / turns, turn === turns);
    all.push({ floor: await take(floor), asker: await take(asker) });
  }
  return { floor: together(work, all.map((both) => both.floor)), asker: together(work, all.map((both) => both.asker)) };
}

/** All turns of one worker together, for a call. */
function together({ calls }: Work, turns: readonly Turn[]): Turn {
  const sum = (key: keyof Turn) => turns.reduce((total, turn) => total + turn[key], 0);
  return {
    cpuMicros: sum("cpuMicros") / calls,
    wallMicros: sum("wallMicros") / calls,
    memoryBytes: Math.max(...turns.map(({ memoryBytes }) => memoryBytes)),
    lost: turns.at(-1)?.lost ?? 0,
  };
}

function summary(seen: readonly Turn[], floor: readonly Turn[]): Omit<Row, "runtime" | "work" | "name" | "spans"> {
  const all = (key: keyof Turn) => seen.map((one) => one[key]);
  return {
    cpuMicros: median(all("cpuMicros")),
    wallMicros: median(all("wallMicros")),
    ratio: pairedRatio(all("cpuMicros"), floor.map(({ cpuMicros }) => cpuMicros)),
    memoryBytes: Math.max(...all("memoryBytes")),
    lost: Math.max(...all("lost")),
  };
}

/** Whether one can be measured at a work. */
export function speaks(name: string, { dialect, model }: Work): boolean {
  const asker = askers[name];
  return asker !== undefined && asker.dialects.includes(dialect) && !(asker.streamsOnly && model === "plain");
}
