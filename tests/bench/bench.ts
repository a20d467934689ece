/**
 * CPU of one call beside the raw floor's, for everyone and every work, in interleaved rounds: `bench.ts [--rounds=7]
 * [--only=<text in a work's name>] [--askers="a;b"] [--guard] [--json=<file>]`.
 *
 * The limit is raw `fetch`, server-sent events and `JSON.parse` of the same bytes. Ratios, not times: another machine has
 * other times. With `--guard` it fails where ours leaves a target by more than a quarter.
 *
 * @module
 */
import { type Round, startVendor, startWorker, type Worker } from "./processes.ts";
import { type Work, works } from "./works.ts";
import { askers } from "./clients.ts";

const FLOOR = "raw floor";
const OFF = "ours, telemetry off";
const ON = "ours, telemetry on";
/** Rounds that nobody looks at: compilers and caches settle in them. */
const WARMING = 3;
/** How far over its target a ratio may be in a short run. */
const SLACK = 1.25;

const given = new Map(Deno.args.map((arg) => {
  const [name = "", value = ""] = arg.replace(/^--/, "").split("=");
  return [name, value] as const;
}));
const guard = given.has("guard");
const rounds = Number(given.get("rounds") ?? (guard ? 9 : 7));
const names = guard ? [FLOOR, OFF, ON] : given.get("askers")?.split(";") ?? Object.keys(askers);
const measured = works.filter(({ name, targets }) => name.includes(given.get("only") ?? "") && (!guard || targets));

await using vendor = await startVendor();
const workers = new Map<string, Worker>();
for (const name of names) workers.set(name, startWorker(name, vendor.url));

/** What one asker took for one work. */
interface Row {
  readonly work: Work;
  readonly name: string;
  readonly cpuMicros: number;
  readonly wallMicros: number;
  readonly ratio: number;
  readonly memoryBytes: number;
}

const rows: Row[] = [];
for (const work of measured) {
  const speaking = names.filter((name) => askers[name]?.dialects.includes(work.dialect));
  const seen = new Map<string, Round[]>(speaking.map((name) => [name, []]));
  for (let round = -WARMING; round < rounds; round++) {
    for (const [name, all] of seen) {
      const one = await workers.get(name)?.round(work);
      if (round >= 0 && one !== undefined) all.push(one); // The first ones warm up.
    }
  }
  const floor = seen.get(FLOOR) ?? [];
  for (const [name, all] of seen) {
    // Rounds that stood beside each other met the same machine: their ratio is what holds.
    const ratio = median(all.map(({ cpuMicros }, index) => cpuMicros / (floor[index]?.cpuMicros ?? NaN)));
    const [cpuMicros, wallMicros] = [median(all.map((r) => r.cpuMicros)), median(all.map((r) => r.wallMicros))];
    rows.push({ work, name, cpuMicros, wallMicros, ratio, memoryBytes: Math.max(...all.map((r) => r.memoryBytes)) });
  }
  print(work);
}
await Promise.all([...workers.values()].map((worker) => worker.end()));

const json = given.get("json");
if (json !== undefined) {
  const told = rows.map(({ work, ...row }) => ({ work: work.name, ...row }));
  await Deno.writeTextFile(json, `${JSON.stringify({ deno: Deno.version.deno, rounds, rows: told }, null, 2)}\n`);
}

if (guard) {
  const over = rows.filter(({ ratio, ...row }) => ratio > (targetOf(row) ?? Infinity) * SLACK);
  for (const row of over) {
    console.error(
      `${row.work.name}: ${row.name} takes ${row.ratio.toFixed(2)}× the floor, its target is ${targetOf(row)}.`,
    );
  }
  if (over.length > 0) Deno.exit(1);
  console.log(`guard: every ratio is within a quarter of its target.`);
}

function targetOf({ work, name }: Pick<Row, "work" | "name">): number | undefined {
  return name === OFF ? work.targets?.off : name === ON ? work.targets?.on : undefined;
}

function print(work: Work): void {
  const mine = rows.filter((row) => row.work === work);
  if (rows.length === mine.length) {
    console.log(
      "| work | who | CPU µs a call | × floor | target | time µs | peak MB |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    );
  }
  for (const row of mine) {
    const { name, cpuMicros, wallMicros, ratio, memoryBytes } = row;
    const cells = [cpuMicros.toFixed(0), ratio.toFixed(2), targetOf(row) ?? "", wallMicros.toFixed(0)];
    console.log(`| ${work.name} | ${name} | ${cells.join(" | ")} | ${(memoryBytes / 1e6).toFixed(0)} |`);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
