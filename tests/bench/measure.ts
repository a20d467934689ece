/**
 * Measures askers: interleaved rounds of processes that stand beside each other, so that all meet the same machine.
 *
 * @module
 */
import { askers, FLOOR } from "./askers/mod.ts";
import { type Round, startWorker, type Vendor, type Worker } from "./processes.ts";
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

/** Those who stand ready in one runtime, until disposed of. */
export interface Field extends AsyncDisposable {
  readonly missing: readonly Missing[];
  /** Measures one work. */
  measure(work: Work, rounds: number): Promise<readonly Row[]>;
}

/** Starts the named askers in a runtime. */
export async function startField(runtime: Runtime, names: readonly string[], vendor: Vendor): Promise<Field> {
  const workers = new Map<string, Worker>();
  const missing: Missing[] = [];
  for (const name of names) {
    const worker = await startWorker(runtime, name, vendor.url);
    if (worker.trouble === undefined) workers.set(name, worker);
    else {
      missing.push({ runtime: runtime.name, name, because: worker.trouble });
      await worker.end();
    }
  }

  async function measure(work: Work, rounds: number): Promise<readonly Row[]> {
    const speaking = [...workers].filter(([name]) => speaks(name, work));
    const seen = new Map<string, (Round & { readonly spans: number })[]>(speaking.map(([name]) => [name, []]));
    for (let round = -WARMING; round < rounds; round++) {
      for (const [name, worker] of speaking) {
        const before = await vendor.spans();
        const one = await worker.round(work);
        if (round >= 0) seen.get(name)?.push({ ...one, spans: (await vendor.spans() - before) / work.calls });
      }
    }
    const floor = seen.get(FLOOR)?.map(({ cpuMicros }) => cpuMicros) ?? [];
    return [...seen].map(([name, all]) => {
      const middle = (key: keyof Round | "spans") => median(all.map((one) => one[key]));
      const [cpuMicros, wallMicros, spans] = [middle("cpuMicros"), middle("wallMicros"), middle("spans")];
      if (askers[name]?.traced && spans < 1) {
        throw new Error(`${name} sent ${spans} spans a call under ${runtime.name}.`);
      }
      const ratio = pairedRatio(all.map((one) => one.cpuMicros), floor);
      const memoryBytes = Math.max(...all.map((one) => one.memoryBytes));
      return { runtime: runtime.name, work, name, cpuMicros, wallMicros, ratio, memoryBytes, spans };
    });
  }

  return {
    missing,
    measure,
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers.values()].map((worker) => worker.end()));
    },
  };
}

function speaks(name: string, { dialect, model }: Work): boolean {
  const asker = askers[name];
  return asker !== undefined && asker.dialects.includes(dialect) && !(asker.streamsOnly && model === "plain");
}
