/**
 * How punctual a flush is when the collector takes everything and never answers: `deno task bench:flush`. In real time;
 * ends with code 1 when one of them is more than 50 ms late.
 *
 * @module
 */
import { flushTelemetry, getMeter, getTracer, startTelemetry } from "../../mod.ts";

const MOST_LATE_MS = 50;
const DEADLINES_MS = [50, 100, 250, 1_000, 2_000];
const SPANS = [1, 2_048, 20_000];

/** How late one flush of so many spans comes back, and whether its counts add up. */
async function lateness(spans: number, timeoutMs: number): Promise<{ readonly lateMs: number; readonly sum: number }> {
  const stop = new AbortController();
  // It decodes nothing: this process's own work would be measured.
  const collector = Deno.serve({ port: 0, signal: stop.signal, onListen() {} }, () => new Promise<never>(() => {}));
  const telemetry = await startTelemetry({
    enabled: true,
    env: {},
    endpoint: `http://127.0.0.1:${collector.addr.port}`,
    batch: { maxQueueSize: 20_000, scheduledDelayMs: 1e9 },
    metricIntervalMs: 1e9,
    onError: () => {},
  });
  const tracer = getTracer("bench");
  for (let index = 0; index < spans; index++) tracer.startSpan("bench", { attributes: { index } }).end();
  getMeter("bench").createCounter("bench").add(1);
  const begun = performance.now();
  const report = await flushTelemetry({ timeoutMs });
  const lateMs = performance.now() - begun - timeoutMs;
  await telemetry.shutdown({ timeoutMs: 0 });
  stop.abort();
  await collector.finished;
  const { exported, failed, dropped } = report.spans;
  return { lateMs, sum: report.timedOut ? exported + failed + dropped : NaN };
}

if (import.meta.main) {
  await lateness(1, 50); // Loads the SDK.
  const rows: Record<string, string | number>[] = [];
  let worst = 0;
  let exact = true;
  for (const spans of SPANS) {
    for (const deadline of DEADLINES_MS) {
      const { lateMs, sum } = await lateness(spans, deadline);
      worst = Math.max(worst, lateMs);
      exact &&= sum === spans;
      rows.push({
        spans,
        "deadline (ms)": deadline,
        "late (ms)": Number(lateMs.toFixed(1)),
        "counts add up": String(sum === spans),
      });
    }
  }
  console.table(rows);
  console.log(
    `At most ${worst.toFixed(1)} ms late (${MOST_LATE_MS} are allowed); counts ${exact ? "add up" : "do not add up"}.`,
  );
  if (worst > MOST_LATE_MS || !exact) Deno.exitCode = 1;
}
