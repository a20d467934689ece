/**
 * The stack, proven with the real servers: `deno task test:stack`. Collector, Jaeger and Prometheus are built from Go
 * modules (once; SIK_LLMS_STACK_CACHE says where they are kept), started with the stack's own files, fed, and asked
 * everything that the dashboard, the rules and the alerts ask. With SIK_LLMS_STACK=whole it fails where it cannot do that.
 *
 * @module
 */
import {
  checkAlerts,
  checkCollectors,
  checkIncrease,
  checkLogs,
  checkNames,
  checkQueries,
  checkSums,
  checkTraces,
  type Row,
} from "./checks.ts";
import type { Told } from "./feed.ts";
import { type Feeder, startFeeder } from "./feeder.ts";
import { checkDemo, checkGuideConfigs, checkGuideRules, checkSearches, checkTraceql } from "./guide_checks.ts";
import { testLess } from "./less.ts";
import { freeNetwork, NoLoopback } from "./place.ts";
import { getPrograms, NoGo, type Programs } from "./programs.ts";
import { checkConfigs, checkRules } from "./rules.ts";
import { type Stand, startAlone, startStand, type Way } from "./stand.ts";
import { verify } from "./verify.ts";

let passed = 0;
let failed = 0;

/** Runs one check and tells how it went. */
async function check<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
  const start = performance.now();
  try {
    const result = await run();
    passed++;
    console.log(`ok      ${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    if (Array.isArray(result) && typeof result[0] === "string") {
      for (const line of result) console.log(`        ${line}`);
    }
    return result;
  } catch (error) {
    failed++;
    console.error(`FAILED  ${what}\n${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** Every query, and how many samples it gave on each way. */
function printTable(ways: readonly Way[], rows: readonly Row[]): void {
  const heads = ["query", ...ways.map(({ name }) => name)];
  const lines = rows.map((
    { place, expr, samples },
  ) => [`${place}: ${expr.replaceAll(/\s+/g, " ")}`, ...samples.map(String)]);
  console.log(`\n| ${heads.join(" | ")} |\n|${heads.map(() => " --- |").join("")}`);
  for (const [query = "", ...counts] of lines) {
    console.log(`| ${query.replaceAll("|", "\\|")} | ${counts.join(" | ")} |`);
  }
  console.log("");
}

/** The task that a user runs, on the stack as it is here. */
async function checkVerify({ otlp, prometheus, jaeger }: Way): Promise<void> {
  const said: string[] = [];
  const variant = {
    name: "here",
    file: "",
    pages: [],
    env: {},
    health: [{ name: "Prometheus", url: `${prometheus}/-/ready` }, { name: "Jaeger", url: `${jaeger}/api/services` }],
    traces: { store: "jaeger", url: jaeger },
    metrics: prometheus,
  } as const;
  if (!await verify(variant, otlp, (line) => said.push(line))) throw new Error(said.join("\n"));
}

async function testStand(stand: Stand): Promise<void> {
  const { ways } = stand;
  const service = "stack-test";
  await using feeders = new AsyncDisposableStack();
  const fed: { way: Way; feeder: Feeder; told: Told }[] = await Promise.all(ways.map(async (way) => {
    const feeder = feeders.use(await startFeeder(service, way.otlp));
    return { way, feeder, told: await feeder.round() };
  }));
  for (const { way, told } of fed) await check(`the first round arrives, ${way.name}`, () => checkSums(way, told));
  for (const { way, told } of fed) {
    await check(`increase() misses nothing, ${way.name}`, () => checkIncrease(way, told));
  }
  for (const each of fed) each.told = await each.feeder.round();
  for (const { way, told } of fed) await check(`the second round arrives, ${way.name}`, () => checkSums(way, told));
  for (const { way } of fed) await check(`names and labels, ${way.name}`, () => checkNames(way));
  const rows = await check("every query gives data", () => checkQueries(ways));
  for (const { way } of fed) await check(`rules run and alerts fire, ${way.name}`, () => checkAlerts(way));
  for (const { way } of fed) await check(`rules of the guide, ${way.name}`, () => checkGuideRules(way, service));
  // Together, since the workers take their time to decide about a trace.
  await Promise.all(fed.flatMap(({ way, told }) => [
    check(`traces, ${way.name}`, () => checkTraces(way, service, told)),
    check(`stack:verify, ${way.name}`, () => checkVerify(way)),
  ]));
  for (const { way } of fed.filter(({ way }) => way.everyTrace)) {
    await check(`searches of the guide, ${way.name}`, () => checkSearches(way, service));
    await check(`the demo, ${way.name}`, () => checkDemo(way));
  }
  for (const { way } of fed) await check(`the Collectors' own numbers, ${way.name}`, () => checkCollectors(way));
  await check("nothing is deprecated", () => checkLogs(stand.servers));
  if (rows !== undefined) printTable(ways, rows);
}

/** Jaeger by itself: with the file of the variant `jaeger`, and without any, as the one line of `docker run` has it. */
async function testAlone({ jaeger }: Programs): Promise<void> {
  for (const configured of [true, false]) {
    const what = `Jaeger alone, ${configured ? "with its file" : "without a file"}`;
    await check(what, async () => {
      await using alone = await startAlone(jaeger, configured);
      await using feeder = await startFeeder("alone", alone.otlp, { OTEL_METRICS_EXPORTER: "none" });
      await checkTraces(alone, "alone", await feeder.round());
    });
  }
}

async function testAll(programs: Programs): Promise<void> {
  await check("configurations", () => checkConfigs(programs));
  await check("configurations of the guide", () => checkGuideConfigs(programs));
  await check("TraceQL of the guide", () => checkTraceql(programs));
  await check("rules and their tests", () => checkRules(programs.promtool));
  await testAlone(programs);
  const stand = await check("servers start", () => startStand(programs));
  if (stand === undefined) return;
  await using _ = stand;
  await testStand(stand);
}

if (import.meta.main) {
  try {
    freeNetwork(); // Before anything is built in vain.
    const programs = await getPrograms(console.log);
    for (const line of programs.built) console.log(`built   ${line}`);
    await testAll(programs);
  } catch (error) {
    if (!(error instanceof NoGo || error instanceof NoLoopback)) throw error;
    // Where it is known that all of it can be run, as on CI's Linux, less is no proof.
    if (Deno.env.get("SIK_LLMS_STACK") === "whole") {
      failed++;
      console.error(`FAILED  all of it was to be run\n${error.message}`);
    } else {
      console.log(`less than everything, since ${error.message}`);
      const less = await testLess(check, console.log);
      if (less !== undefined) printTable(less.ways, less.rows);
    }
  }
  if (passed + failed === 0) console.log("nothing was proven here: this needs Go, or at least prometheus and promtool");
  else console.log(`stack: ${passed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
}
