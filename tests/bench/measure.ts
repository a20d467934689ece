/**
 * Measures askers: interleaved rounds of processes that stand beside each other, so that all meet the same machine.
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
  /** That arrived at the back end. */
  readonly spans: number;
}

/** One who does not load. */
export interface Missing {
  readonly runtime: string;
  readonly name: string;
  readonly because: string;
}

/** What was found of one work in one runtime. */
export interface Found {
  readonly rows: readonly Row[];
  readonly missing: readonly Missing[];
}

/**
 * Measures one work. Its processes are fresh: what else one has asked for before changes what its compiler does with the
 * next, and what its heap holds.
 */
export async function measure(
  work: Work,
  names: readonly string[],
  { runtime, vendor, rounds }: { readonly runtime: Runtime; readonly vendor: Vendor; readonly rounds: number },
): Promise<Found> {
  const workers: Standing[] = [];
  const missing: Missing[] = [];
  for (const name of names.filter((each) => speaks(each, work))) {
    const worker = await startWorker(runtime, name, vendor.url);
    if (worker.trouble === undefined) workers.push({ name, worker, seen: [] });
    else {
      missing.push({ runtime: runtime.name, name, because: worker.trouble });
      await worker.end();
    }
  }
  for (let round = -WARMING; round < rounds; round++) {
    const turns = await oneRound(work, workers, vendor);
    if (round < 0) continue;
    for (const [at, { seen }] of workers.entries()) seen.push(roundOf(work, turns.map((turn) => turn[at]!)));
  }
  await Promise.all(workers.map(({ worker }) => worker.end()));
  const floor = workers.find(({ name }) => name === FLOOR)?.seen ?? [];
  const rows = workers.map(({ name, seen }) => ({ runtime: runtime.name, work, name, ...summary(seen, floor) }));
  for (const { name, spans } of rows) {
    if (askers[name]?.traced && spans < 1) throw new Error(`${name} sent ${spans} spans a call under ${runtime.name}.`);
  }
  return { rows, missing };
}

/** What a round took, for a call. */
type Round = Turn & { readonly spans: number };

/** A round: for each turn what each of the workers took, and the spans that came meanwhile. */
async function oneRound(work: Work, workers: readonly Standing[], vendor: Vendor): Promise<readonly Round[][]> {
  const { calls, turns = 5 } = work;
  const all: Round[][] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const these: Round[] = [];
    for (const { worker } of workers) {
      const before = await vendor.spans();
      const took = await worker.turn(work, calls / turns, turn === turns);
      these.push({ ...took, spans: await vendor.spans() - before });
    }
    all.push(these);
  }
  return all;
}

/** All turns of one worker together, for a call. */
function roundOf({ calls }: Work, turns: readonly Round[]): Round {
  const sum = (key: keyof Round) => turns.reduce((total, turn) => total + turn[key], 0);
  return {
    cpuMicros: sum("cpuMicros") / calls,
    wallMicros: sum("wallMicros") / calls,
    memoryBytes: Math.max(...turns.map(({ memoryBytes }) => memoryBytes)),
    spans: sum("spans") / calls,
  };
}

/** One who asks, and what was seen so far. */
interface Standing {
  readonly name: string;
  readonly worker: Worker;
  readonly seen: Round[];
}

function summary(seen: readonly Round[], floor: readonly Round[]): Omit<Row, "runtime" | "work" | "name"> {
  const all = (key: keyof Round) => seen.map((one) => one[key]);
  return {
    cpuMicros: median(all("cpuMicros")),
    wallMicros: median(all("wallMicros")),
    ratio: pairedRatio(all("cpuMicros"), floor.map(({ cpuMicros }) => cpuMicros)),
    memoryBytes: Math.max(...all("memoryBytes")),
    spans: median(all("spans")),
  };
}

function speaks(name: string, { dialect, model }: Work): boolean {
  const asker = askers[name];
  return asker !== undefined && asker.dialects.includes(dialect) && !(asker.streamsOnly && model === "plain");
}
