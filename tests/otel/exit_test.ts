// A program that has nothing left to do ends soon, whatever became of its telemetry. Each is a process of its own.
import { assert, assertEquals } from "@std/assert";
import { denoArgs, ROOT, run } from "../../scripts/child.ts";
import { hangs, startCollector } from "../support/collector.ts";
import { fakeClock } from "../support/clock.ts";
import { refusedUrl } from "../support/vendor_server.ts";
import { send } from "../../src/otel/transport.ts";
import { patiently, target } from "./ingredients.ts";

const library = new URL("mod.ts", ROOT).href;
/** Beyond what the exit hook may take: starting and ending a process, on a machine that does other things too. */
const SLACK_MS = 2_500;
const EXIT_MS = 2_000;

/** How a program ended. */
interface Ending {
  readonly code: number;
  readonly stdout: string;
  /** From its last line to its end. */
  readonly lateMs: number;
}

/** Runs a program that prints, as its last line, when it had nothing left to do. */
async function endOf(program: string, env: Readonly<Record<string, string>>): Promise<Ending> {
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-exit-" });
  try {
    const file = `${folder}/program.ts`;
    await Deno.writeTextFile(file, `import * as llms from ${JSON.stringify(library)};\n${program}`);
    const { code, stdout } = await run(Deno.execPath(), await denoArgs("run", "-A", "--no-check", file), {
      env: { OTEL_SDK_DISABLED: "false", ...env },
    });
    const endedAt = Date.now();
    return { code, stdout, lateMs: endedAt - Number(stdout.trim().split("\n").at(-1)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const SHORT = { OTEL_BSP_SCHEDULE_DELAY: "50", OTEL_METRIC_EXPORT_INTERVAL: "50" };
const dead = () => refusedUrl().replace(/\/v1$/, "");

/** Counts the program's attempts to export, and says when there was one. */
const WATCHED = `
const { fetch } = globalThis;
const attempted = Promise.withResolvers();
const seen = new Set();
globalThis.fetch = async (url, how) => {
  const at = new URL(url.url ?? url).pathname;
  try {
    return await fetch(url, how);
  } finally {
    seen.add(at);
    if (seen.has("/v1/traces") && seen.has("/v1/metrics")) attempted.resolve();
  }
};
await llms.startTelemetry();
llms.getTracer("users").startSpan("mine").end();
llms.getMeter("users").createCounter("mine").add(1);
`;

Deno.test("a program that outlives its first refused exports ends at once", async () => {
  const program = `${WATCHED}
const keepsAlive = setInterval(() => {}, 10_000);
await attempted.promise;
clearInterval(keepsAlive);
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { ...SHORT, OTEL_EXPORTER_OTLP_ENDPOINT: dead() });
  assertEquals(code, 0);
  assert(lateMs < EXIT_MS - 500, `${lateMs} ms`);
});

Deno.test("a program with more spans after its first refused export ends at once", async () => {
  const program = `${WATCHED}
const keepsAlive = setInterval(() => {}, 10_000);
await attempted.promise;
clearInterval(keepsAlive);
for (let number = 0; number < 2_000; number++) llms.getTracer("users").startSpan("late").end();
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { ...SHORT, OTEL_EXPORTER_OTLP_ENDPOINT: dead() });
  assertEquals(code, 0);
  assert(lateMs < EXIT_MS - 500, `${lateMs} ms`);
});

Deno.test("a spanExporter that never calls back holds a program for the exit's deadline at the most", async () => {
  const program = `
const spanExporter = { export() {}, shutdown: () => Promise.resolve() };
await llms.startTelemetry({ spanExporter });
llms.getTracer("users").startSpan("mine").end();
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { OTEL_METRICS_EXPORTER: "none" });
  assertEquals(code, 0);
  assert(lateMs < EXIT_MS + SLACK_MS, `${lateMs} ms`);
});

Deno.test("an export under way to a spanExporter that never calls back holds a program no longer", async () => {
  const program = `
const begun = Promise.withResolvers();
const spanExporter = { export: () => begun.resolve(), shutdown: () => Promise.resolve() };
await llms.startTelemetry({ spanExporter });
llms.getTracer("users").startSpan("mine").end();
const keepsAlive = setInterval(() => {}, 10_000);
await begun.promise;
clearInterval(keepsAlive);
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { OTEL_METRICS_EXPORTER: "none", OTEL_BSP_SCHEDULE_DELAY: "50" });
  assertEquals(code, 0);
  assert(lateMs < EXIT_MS + SLACK_MS, `${lateMs} ms`);
});

Deno.test("a collector that hangs holds a program for the exit's deadline at the most", async () => {
  await using collector = await startCollector(hangs);
  const program = `
await llms.startTelemetry();
llms.getTracer("users").startSpan("mine").end();
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  assertEquals([code, collector.asked > 0], [0, true]);
  assert(lateMs < EXIT_MS + SLACK_MS, `${lateMs} ms`);
});

Deno.test("a program that ends by itself sends what it has", async () => {
  await using collector = await startCollector();
  const program = `
await llms.startTelemetry();
llms.getTracer("users").startSpan("mine").end();
console.log(Date.now());`;
  const { code, lateMs } = await endOf(program, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  assertEquals([code, collector.receiver.spans().map(({ name }) => name)], [0, ["mine"]]);
  assert(lateMs < EXIT_MS, `${lateMs} ms`);
});

/** Each kind of timer that an export sets for itself; the exit hook is taken out, so that they alone could hold it. */
const PRIVATE: Readonly<Record<string, string>> = {
  "the wait between two attempts": `
const { fetch } = globalThis;
const tried = Promise.withResolvers();
globalThis.fetch = (...how) => fetch(...how).finally(() => setTimeout(tried.resolve, 0));
const env = { OTEL_EXPORTER_OTLP_ENDPOINT: Deno.env.get("DEAD"), OTEL_BSP_SCHEDULE_DELAY: "20" };
await llms.startTelemetry({ enabled: true, env: { ...env, OTEL_METRICS_EXPORTER: "none" } });
process.removeAllListeners("beforeExit");
llms.getTracer("users").startSpan("mine").end();
const keepsAlive = setInterval(() => {}, 10_000);
await tried.promise;
clearInterval(keepsAlive);`,
  "an injected exporter's own deadline": `
const begun = Promise.withResolvers();
const spanExporter = { export: () => begun.resolve(), shutdown: () => Promise.resolve() };
await llms.startTelemetry({ spanExporter, processor: "simple", env: { OTEL_METRICS_EXPORTER: "none" } });
process.removeAllListeners("beforeExit");
llms.getTracer("users").startSpan("mine").end();
const keepsAlive = setInterval(() => {}, 10_000);
await begun.promise;
clearInterval(keepsAlive);`,
  "a batch's delay and the metrics' interval": `
await llms.startTelemetry({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: Deno.env.get("DEAD") }, enabled: true });
process.removeAllListeners("beforeExit");
llms.getTracer("users").startSpan("mine").end();
llms.getMeter("users").createCounter("mine").add(1);`,
};
for (const [name, program] of Object.entries(PRIVATE)) {
  Deno.test(`${name} does not keep a program alive`, async () => {
    const whole = `import process from "node:process";\n${program}\nconsole.log(Date.now());`;
    const { code, lateMs } = await endOf(whole, { DEAD: dead() });
    assertEquals(code, 0);
    assert(lateMs < 1_500, `${lateMs} ms`);
  });
}

Deno.test("an export that waits for another attempt is over at once when the program is about to end", async () => {
  using clock = fakeClock();
  const hurry = new AbortController();
  const sending = send(new Uint8Array([1]), target(`${dead()}/v1/traces`), patiently({ hurry: hurry.signal }));
  await clock.armed((ms) => ms >= 100 && ms <= 500); // The wait between two attempts.
  hurry.abort();
  assertEquals([(await sending).ok, clock.elapsed, clock.timers], [false, 0, []]);
});
