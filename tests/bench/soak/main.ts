/**
 * Mixed work with a tenth of it faulty, for a long time, with telemetry on: `deno task bench:soak [--minutes=30]`.
 * Prints a line a minute, then whether heap and sockets stayed flat and whether the exported metrics account for every
 * call; ends with code 1 where not.
 *
 * @module
 */
import { startTelemetry } from "../../../mod.ts";
import { startProgram } from "../processes.ts";
import { type Counts, type Sample, verdict } from "./counts.ts";
import { startLoad } from "./load.ts";

/** Often enough for a line through the points, in a short run as well. */
const SAMPLES_A_MINUTE = 6;
/** Calls go on meanwhile: the least of some is the nearest to what is kept. */
const COLLECTIONS = 5;
const REQUESTS = "llm_requests_total";
const FAILURES = "llm_requests_failed_total";

const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error("The heap is only known after a collection: --v8-flags=--expose-gc is missing.");
const minutes = Number(/^--minutes=([\d.]+)$/.exec(Deno.args[0] ?? "")?.[1] ?? 30);
if (!(minutes >= 2)) throw new Error("The first minute warms up: a soak takes two at least.");

await using program = await startProgram("soak/vendor.ts");
const ports: { readonly vendor: number; readonly backEnd: number } = JSON.parse(program.firstLine);
const backEnd = `http://127.0.0.1:${ports.backEnd}`;
const counts = async (): Promise<Counts> => await (await fetch(`${backEnd}/counts`)).json();

let lost = 0;
const telemetry = await startTelemetry({
  enabled: true,
  endpoint: backEnd,
  onError: (trouble) => {
    lost += trouble.lost;
    console.error(trouble.message);
  },
});
const load = startLoad(`http://127.0.0.1:${ports.vendor}/v1`);
const samples: Sample[] = [];
const begun = performance.now();
const megabytes = (bytes: number) => Number((bytes / 1e6).toFixed(1));

/** What is left once queued spans are sent, and what waited for a finalizer is gone, too. */
async function collectedHeap(): Promise<number> {
  await telemetry.flush();
  let least = Infinity;
  for (let time = 0; time < COLLECTIONS; time++) {
    gc?.();
    least = Math.min(least, Deno.memoryUsage().heapUsed);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return least;
}

console.log("| minute | heap MB | memory MB | open sockets | calls made | in the metrics |");
console.log("| ---: | ---: | ---: | ---: | ---: | ---: |");
for (let number = 1; number <= minutes * SAMPLES_A_MINUTE; number++) {
  await new Promise((resolve) => setTimeout(resolve, begun + number * 60_000 / SAMPLES_A_MINUTE - performance.now()));
  const heapUsed = await collectedHeap();
  const { rss } = Deno.memoryUsage();
  const { sockets, metrics } = await counts();
  const minute = number / SAMPLES_A_MINUTE;
  samples.push({ minute, heapMB: heapUsed / 1e6, sockets });
  if (number % SAMPLES_A_MINUTE !== 0) continue;
  const cells = [minute, megabytes(heapUsed), megabytes(rss), sockets, load.made, metrics[REQUESTS] ?? 0];
  console.log(`| ${cells.join(" | ")} |`);
}
await load.stop();
await telemetry.shutdown();

const { metrics, requests, spans, sockets } = await counts();
console.log(`${requests} requests at the vendor, ${spans} spans arrived, ${lost} told lost, ${sockets} sockets open.`);
const lines = verdict(samples, {
  made: load.made,
  failed: load.failed,
  requests: metrics[REQUESTS] ?? 0,
  failures: metrics[FAILURES] ?? 0,
  surprises: load.surprises,
});
for (const { text, isMet } of lines) console.log(`${isMet ? "met" : "MISSED"} ${text}`);
if (lines.some(({ isMet }) => !isMet)) Deno.exitCode = 1;
