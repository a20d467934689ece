/**
 * Many streams at once, with telemetry on: `deno task bench:scale [--rounds=7]`. A thousand take little more time than
 * the raw floor takes and no more memory than a small machine has, and five thousand are all answered, each with its
 * spans: they have arrived, or are told lost. Prints figures and targets, and ends with code 1 where one is missed.
 *
 * @module
 */
import { FLOOR, ON } from "./askers/mod.ts";
import { startVendor, startWorker, type Turn, type Vendor, type Worker } from "./processes.ts";
import { deno } from "./runtimes.ts";
import { median, pairedRatio } from "./statistics.ts";
import type { Work } from "./works.ts";

const MOST_TIME = 1.15;
const MOST_BYTES = 500e6;
/** `llm.request`, `llm.openai.stream`, `http.request`. */
const SPANS = 3;
/** Rounds that nobody looks at. */
const WARMING = 3;

const streams: Pick<Work, "dialect" | "model"> = { dialect: "chat", model: "stream-200-20" };

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** A figure, and what it should be. */
interface Figure {
  readonly name: string;
  readonly measured: string;
  readonly target: string;
  readonly isMet: boolean;
}

/** All at once, with their telemetry; an answer that is not whole ends the worker. */
async function many(worker: Worker, count: number): Promise<Turn> {
  return await worker.turn({ ...streams, atOnce: count }, count, true);
}

async function thousand(vendor: Vendor, rounds: number): Promise<readonly Figure[]> {
  const count = 1_000;
  const floor = await startWorker(deno, FLOOR, vendor);
  const ours = await startWorker(deno, ON, vendor);
  const seen: { readonly floor: Turn; readonly ours: Turn }[] = [];
  for (let round = -WARMING; round < rounds; round++) {
    const pair = { floor: await many(floor, count), ours: await many(ours, count) };
    if (round >= 0) seen.push(pair);
  }
  const spans = await ours.spans();
  await Promise.all([floor.end(), ours.end()]);
  const [wall, cpu] = (["wallMicros", "cpuMicros"] as const).map((key) =>
    [seen.map((pair) => pair.ours[key]), seen.map((pair) => pair.floor[key])] as const
  );
  const ratio = pairedRatio(...wall!);
  const peak = (who: "floor" | "ours") => Math.max(...seen.map((pair) => pair[who].memoryBytes));
  const bytes = peak("ours");
  const expected = SPANS * count * (rounds + WARMING);
  const lost = seen.at(-1)?.ours.lost ?? 0;
  const times = wall!.map((all) => `${(median(all) / 1e6).toFixed(2)} s`).join(" over ");
  return [
    {
      name: "1,000 streams: time over the floor's",
      measured: `${ratio.toFixed(2)} (${times}; CPU ${pairedRatio(...cpu!).toFixed(2)})`,
      target: `≤ ${MOST_TIME}`,
      isMet: ratio <= MOST_TIME,
    },
    {
      name: "1,000 streams: peak memory",
      measured: `${megabytes(bytes)} (the floor's ${megabytes(peak("floor"))})`,
      target: `< ${megabytes(MOST_BYTES)}`,
      isMet: bytes < MOST_BYTES,
    },
    spanFigure("1,000 streams: spans", spans, lost, expected),
  ];
}

async function fiveThousand(vendor: Vendor): Promise<readonly Figure[]> {
  const count = 5_000;
  const ours = await startWorker(deno, ON, vendor);
  const { wallMicros, memoryBytes, lost } = await many(ours, count);
  const spans = await ours.spans();
  await ours.end();
  const measured = `all whole in ${(wallMicros / 1e6).toFixed(1)} s, ${megabytes(memoryBytes)}`;
  return [
    { name: "5,000 streams: answers", measured, target: "all whole", isMet: true },
    spanFigure("5,000 streams: spans", spans, lost, SPANS * count),
  ];
}

function spanFigure(name: string, arrived: number, lost: number, expected: number): Figure {
  const measured = `${arrived} arrived, ${lost} told lost`;
  return { name, measured, target: `${expected} together`, isMet: arrived + lost === expected };
}

const rounds = Number(/^--rounds=(\d+)$/.exec(Deno.args[0] ?? "")?.[1] ?? 7);
await using vendor = await startVendor();
const figures = [...await thousand(vendor, rounds), ...await fiveThousand(vendor)];
console.log("| what | measured | target | |\n| --- | --- | --- | --- |");
for (const { name, measured, target, isMet } of figures) {
  console.log(`| ${name} | ${measured} | ${target} | ${isMet ? "met" : "MISSED"} |`);
}
if (figures.some(({ isMet }) => !isMet)) Deno.exitCode = 1;
