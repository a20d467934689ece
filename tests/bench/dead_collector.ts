/**
 * What 10,000 spans per second against a dead collector do to a program: `deno task bench:dead`, or with a number of
 * seconds behind it. Ends with code 1 when the heap grows by 64 MiB, when a call fails, or when the losses do not add up.
 *
 * @module
 */
import { type Client, createClient, getTracer, startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { chatChunks, sse } from "../support/chat_wire.ts";
import { startCollector } from "../support/collector.ts";

const SPANS_PER_SECOND = 10_000;
const TURN_MS = 10;
const MOST_GROWTH_MIB = 64;
const BASELINE_SECONDS = 5;
const MIB = 1024 * 1024;

/** What one phase measured. */
interface Phase {
  readonly spans: number;
  /** How long each call took, sorted, in milliseconds. */
  readonly calls: readonly number[];
  readonly failures: number;
  /** After a collection, at the beginning and then about every second. */
  readonly heap: readonly number[];
}

function collectedHeap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed / MIB;
}

/** Makes spans at the rate for so many seconds, while a client asks again and again. */
async function load(client: Client, seconds: number): Promise<Phase> {
  const tracer = getTracer("bench");
  const begun = performance.now();
  const calls: number[] = [];
  const heap: number[] = [];
  let spans = 0;
  let failures = 0;
  let running = true;

  const asking = (async () => {
    while (running) {
      const at = performance.now();
      try {
        await client.run("What is the capital of France?");
      } catch {
        failures++;
      }
      calls.push(performance.now() - at);
      await pause(TURN_MS);
    }
  })();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - begun) / 1000) {
    if (elapsed >= heap.length) heap.push(collectedHeap());
    for (; spans < elapsed * SPANS_PER_SECOND; spans++) {
      tracer.startSpan("bench", { attributes: { index: spans, text: "some text of a usual length" } }).end();
    }
    await pause(TURN_MS);
  }
  running = false;
  await asking;
  heap.push(collectedHeap());
  return { spans, calls: calls.toSorted((a, b) => a - b), failures, heap };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function row(name: string, { spans, calls, failures, heap }: Phase, seconds: number) {
  const at = (share: number) => Number((calls[Math.floor(calls.length * share)] ?? NaN).toFixed(1));
  return {
    collector: name,
    "spans/s": Math.round(spans / seconds),
    calls: calls.length,
    failed: failures,
    "p50 (ms)": at(0.5),
    "p99 (ms)": at(0.99),
    "heap (MiB)": `${heap[0]?.toFixed(1)} to ${heap.at(-1)?.toFixed(1)}, at most ${Math.max(...heap).toFixed(1)}`,
  };
}

/** One phase with telemetry of its own; gives what was lost besides. */
async function phase(
  vendor: string,
  seconds: number,
  options: TelemetryOptions,
): Promise<Phase & { readonly lost: number }> {
  let lost = 0;
  const telemetry = await startTelemetry({
    enabled: true,
    env: { OTEL_METRICS_EXPORTER: "none" },
    onError: (trouble) => void (lost += trouble.lost),
    ...options,
  });
  const client = createClient("gpt-4o-mini", { baseUrl: vendor, apiKey: "sk-bench" });
  await load(client, 1); // Warm.
  lost = 0;
  await telemetry.flush({ timeoutMs: 0 });
  lost = 0;
  const measured = await load(client, seconds);
  await telemetry.shutdown({ timeoutMs: 0 });
  return { ...measured, lost };
}

if (import.meta.main) {
  const seconds = Number(Deno.args[0] ?? 60);
  const stop = new AbortController();
  const vendor = Deno.serve({ port: 0, signal: stop.signal, onListen() {} }, async (request) => {
    await request.body?.cancel(); // It remembers nothing: this process's own heap is measured.
    return new Response(sse(...chatChunks(), "[DONE]"), { headers: { "content-type": "text/event-stream" } });
  });
  const url = `http://127.0.0.1:${vendor.addr.port}/v1`;
  await using collector = await startCollector("down");
  const well = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve(),
  };
  const before = await phase(url, Math.min(seconds, BASELINE_SECONDS), { spanExporter: well });
  const dead = await phase(url, seconds, { endpoint: collector.url });
  console.table([row("well", before, Math.min(seconds, BASELINE_SECONDS)), row("dead", dead, seconds)]);

  const growth = Math.max(...dead.heap) - (dead.heap[0] ?? 0);
  const made = dead.spans + 3 * dead.calls.length; // llm.request, llm.openai.stream, http.request
  console.log(
    `Heap growth ${growth.toFixed(1)} MiB (${MOST_GROWTH_MIB} are allowed); ${dead.lost} of ${made} spans told lost.`,
  );
  if (growth > MOST_GROWTH_MIB || before.failures + dead.failures > 0 || dead.lost !== made) Deno.exitCode = 1;
  stop.abort();
  await vendor.finished;
}
