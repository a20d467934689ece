/**
 * One asker in a process of its own, in any runtime: `worker.ts <name> <url>`. The first line of its output says that
 * it stands ready, or why it does not load. From then on each line of its input is a turn,
 * `<dialect> <model> <calls> <at once> <whether it is the last of its round>`, and each line of its output what that
 * turn took.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Asker } from "./askers/asker.ts";
import { askers } from "./askers/mod.ts";
import type { Ready, Turn } from "./processes.ts";
import { type Dialect, shapeOf } from "./works.ts";

/** Often enough for the peak of a turn, seldom enough to cost nothing. */
const MEMORY_EVERY_MS = 20;

const [, , name = "", url = ""] = process.argv;
const measured = askers[name];
if (measured === undefined) throw new Error(`Nobody is called "${name}".`);

function tell(what: Ready | Turn): void {
  console.log(JSON.stringify(what));
}

/** The most memory that the process has while `work` runs. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const look = () => void (most = Math.max(most, process.memoryUsage().rss));
  const timer = setInterval(look, MEMORY_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return most;
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What turns have paid for so far: timers export between them, too. */
let paid = 0;

async function turn(asker: Asker, input: string): Promise<Turn> {
  const [dialect = "", model = "", calls = "", atOnce = "", last = ""] = input.split(" ");
  const least = shapeOf(model)?.chunks ?? 1;
  let asked = 0;
  const run = async () => {
    while (asked++ < Number(calls)) {
      const length = await asker.ask(dialect as Dialect, model);
      if (length < least) throw new Error(`${name} read ${length} characters of ${model}.`);
    }
  };
  const begun = performance.now();
  const memoryBytes = await peakOf(async () => {
    await Promise.all(Array.from({ length: Number(atOnce) }, run));
    if (last === "true") await asker.settle?.();
  });
  const wallMicros = (performance.now() - begun) * 1000;
  const [before, now] = [paid, cpuMicros()];
  paid = now;
  return { cpuMicros: now - before, wallMicros, memoryBytes, lost: asker.lost?.() ?? 0 };
}

let asker: Asker | undefined;
try {
  asker = await measured.make(url);
  paid = cpuMicros();
  tell({ ready: true });
} catch (error) {
  tell({ ready: false, because: String(error).split("\n", 1)[0] ?? "" });
}
if (asker !== undefined) {
  for await (const line of createInterface({ input: process.stdin })) tell(await turn(asker, line));
}
process.exit(); // Some peers keep their timers.
