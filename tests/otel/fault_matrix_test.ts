import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type Client,
  createClient,
  type Signal,
  startTelemetry,
  type TelemetryOptions,
  type Trouble,
} from "../../mod.ts";
import { type FakeClock, fakeClock } from "../support/clock.ts";
import {
  type AnswerFault,
  type Collector,
  endless,
  type Fault,
  hangs,
  partial,
  redirect,
  silentAfterHead,
  startCollector,
  status,
  webPage,
} from "../support/collector.ts";
import { BACKOFF, throughWaits, type Wait } from "../support/outcome.ts";
import { chat, startVendor } from "../support/vendor_server.ts";
import { stderrLines } from "./ingredients.ts";

/** What is wrong, what the exporter waits for, and what becomes of what it sends. */
interface Row {
  readonly fault: Fault;
  /** Between attempts, in this order. */
  readonly waits?: readonly Wait[];
  /** How many requests come; undefined where none can be counted. */
  readonly asked?: number;
  /** Why it is lost, undefined: it arrives. */
  readonly reason?: RegExp;
  /** How much of it is lost; all, otherwise. */
  readonly failed?: number;
  /** Metrics are not sent again. */
  readonly pausesMetrics?: boolean;
}

/** All that fits into one deadline of ten seconds. */
const RETRIES: readonly Wait[] = [...BACKOFF, [1_500, 2_000], [3_000, 4_000]];
const unreachable = /cannot be reached$/;
const late = /did not answer in time$/;
const answered = (code: number) => new RegExp(`answered HTTP ${code}(, so it takes traces only.*)?$`);

function refused(code: number, pausesMetrics = false): Row {
  return { fault: status(code), asked: 1, reason: answered(code), pausesMetrics };
}

const ROWS: Readonly<Record<string, Row>> = {
  "is well": { fault: () => undefined, asked: 1 },
  "is down": { fault: "down", waits: RETRIES, reason: unreachable },
  "disconnects": { fault: "disconnects", waits: RETRIES, asked: 5, reason: unreachable },
  "dies in its answer": { fault: "cut", waits: RETRIES, asked: 5, reason: unreachable },
  "speaks another protocol": { fault: "garbage", waits: RETRIES, asked: 5, reason: unreachable },
  "hangs": { fault: hangs, waits: [10_000], asked: 1, reason: late },
  ...Object.fromEntries([429, 502, 503, 504].flatMap((code) => {
    const after = (value: string) => status(code, { "retry-after": value });
    const reason = answered(code);
    return [
      [`answers ${code}`, { fault: status(code), waits: RETRIES, asked: 5, reason }],
      [`answers ${code}, to be asked in 4 s`, { fault: after("4"), waits: [4_000, 4_000], asked: 3, reason }],
      [`answers ${code}, to be asked in an hour`, { fault: after("3600"), asked: 1, reason }],
      [`answers ${code}, to be asked soon`, { fault: after("soon"), waits: RETRIES, asked: 5, reason }],
      [`answers ${code}, to be asked in the past`, { fault: after("-1"), waits: RETRIES, asked: 5, reason }],
    ] satisfies [string, Row][];
  })),
  "answers 400": refused(400),
  "answers 401": refused(401),
  "answers 404": refused(404, true),
  "answers 405": refused(405, true),
  "answers 413": refused(413),
  "answers 500": refused(500),
  "answers 501": refused(501, true),
  "redirects": { fault: redirect("http://127.0.0.1:9/v1/traces"), asked: 1, reason: answered(307) },
  "rejects a part": { fault: partial(2), asked: 1, reason: /rejected 2 of \d+$/, failed: 2 },
  "answers with a web page": { fault: webPage, asked: 1, reason: /web page/ },
  "answers without end": { fault: endless(), asked: 1 },
  "refuses without end": { fault: endless(500), asked: 1, reason: answered(500) },
  "says it took them, and no more": { fault: silentAfterHead(), waits: [1_000], asked: 1 },
  "answers what is no OTLP": { fault: () => new Response("thanks"), asked: 1 },
};

const question = "What is the capital of France?";
const FOR_EVER = 2 ** 31 - 1;

/** Zero-config's telemetry of one signal, to a collector; nothing is sent but by a flush. */
function telemetryTo({ url }: Collector, signal: Signal, options: TelemetryOptions) {
  const other = signal === "traces" ? "METRICS" : "TRACES";
  return startTelemetry({
    enabled: true,
    env: { [`OTEL_${other}_EXPORTER`]: "none" },
    endpoint: `${url}/?api_key=sk-needle`,
    headers: { "x-api-key": "sk-needle" },
    batch: { scheduledDelayMs: FOR_EVER },
    metricIntervalMs: FOR_EVER,
    ...options,
  });
}

/** Asks once. The clock stands still: whoever waits for the collector waits for ever. */
async function ask(client: Client, clock: FakeClock): Promise<void> {
  const before = clock.elapsed;
  const { response, finishReason } = await client.run(question);
  assertEquals([response, finishReason, clock.elapsed], ["Paris.", "stop", before]);
}

for (const signal of ["traces", "metrics"] as const) {
  for (const protocol of ["http/json", "http/protobuf"] as const) {
    for (const [name, { fault, waits = [], asked, reason, failed, pausesMetrics = false }] of Object.entries(ROWS)) {
      Deno.test(`${signal} as ${protocol}, when the collector ${name}: the call is as ever, the counts are exact`, async () => {
        await using collector = await startCollector(fault);
        await using vendor = startVendor(chat());
        using stderr = stderrLines();
        await using telemetry = await telemetryTo(collector, signal, { protocol });
        const client = createClient("gpt-4o-mini", { baseUrl: vendor.url });
        using clock = fakeClock();

        await ask(client, clock);
        const flush = () => telemetry.flush({ timeoutMs: 20_000 });
        const of = (report: Awaited<ReturnType<typeof flush>>) => signal === "traces" ? report.spans : report.metrics;
        const { errors, ...report } = await throughWaits(clock, waits, flush());
        const told = of({ errors, ...report });
        const total = told.exported + told.failed;
        if (signal === "traces") assertEquals(total, 3); // llm.request, llm.openai.stream, http.request
        assert(total >= 3, "nothing was sent");
        assertEquals([told.failed, told.dropped], [reason === undefined ? 0 : failed ?? total, 0]);
        if (asked !== undefined) assertEquals(collector.asked, asked);
        assertEquals(collector.receiver.requests().map(({ trouble }) => trouble).filter((each) => each), []);

        if (reason === undefined) assertEquals([errors, stderr.lines], [[], []]);
        else {
          assertMatch(errors[0]!, reason);
          assertEquals(stderr.lines, [
            `[sik-llms] Telemetry is being lost: ${errors[0]} (${some(told.failed, signal)} so far); ` +
            "run the doctor to find out why.",
          ]);
        }

        await collector.misbehave(undefined);
        await ask(client, clock);
        const after = of(await flush());
        const isPaused = pausesMetrics && signal === "metrics";
        assertEquals([after.exported > 0, after.failed], [!isPaused, 0]);
        const end = reason === undefined || isPaused ? [] : [
          `[sik-llms] Telemetry arrives again; lost: ${some(told.failed, signal)}.`,
        ];
        assertEquals(stderr.lines.slice(reason === undefined ? 0 : 1), end);
        assert(!JSON.stringify([errors, stderr.lines]).includes("needle"));
      });
    }
  }
}

function some(count: number, signal: Signal): string {
  return `${count} ${signal === "traces" ? "span" : "data point"}${count === 1 ? "" : "s"}`;
}

Deno.test("a collector that is down at the start and returns gets what waited for it", async () => {
  await using collector = await startCollector("down");
  await using vendor = startVendor(chat());
  await using telemetry = await telemetryTo(collector, "traces", {});
  using clock = fakeClock();
  await ask(createClient("gpt-4o-mini", { baseUrl: vendor.url }), clock);
  const flushing = telemetry.flush();
  await clock.armed((ms) => ms <= 500);
  await collector.misbehave(undefined);
  await clock.tick(500);
  assertEquals((await flushing).spans, { exported: 3, failed: 0, dropped: 0 });
});

Deno.test("a hundred calls go on while the collector hangs and the queue overflows", async () => {
  await using collector = await startCollector(hangs);
  await using vendor = startVendor(chat());
  const told: Trouble[] = [];
  const options = {
    batch: { maxQueueSize: 30, maxExportBatchSize: 10 },
    onError: (each: Trouble) => void told.push(each),
  };
  const telemetry = await telemetryTo(collector, "traces", options);
  const client = createClient("gpt-4o-mini", { baseUrl: vendor.url });
  using clock = fakeClock();
  for (let call = 0; call < 100; call++) await ask(client, clock);
  const shutdown = telemetry.shutdown({ timeoutMs: 2_000 });
  await clock.tick(2_000);
  const { exported, failed, dropped } = (await shutdown).spans;
  assertEquals([exported, failed, failed + dropped], [0, 40, 300]); // In flight 10, queued 30.
  assertEquals(told.reduce((sum, { lost }) => sum + lost, 0), 300);
});

function broken(): never {
  throw new Error("broken");
}
const rejecting = () => Promise.reject(new Error("broken"));
const never = () => new Promise<never>(() => {});
const fine = () => Promise.resolve();
const exporter = (exporting: () => unknown, rest = fine) => ({ export: exporting, forceFlush: rest, shutdown: rest });
const refusing: AnswerFault = status(400);

/** Parts of somebody else's that break in one way or another, and whether spans arrive all the same. */
const BROKEN: Readonly<Record<string, readonly [options: () => unknown, arrives: boolean, fault?: AnswerFault]>> = {
  "a span exporter that throws": [() => ({ spanExporter: exporter(broken, rejecting) }), false],
  "a span exporter that rejects": [() => ({ spanExporter: exporter(rejecting, broken) }), false],
  "a metric exporter that throws": [() => ({ metricExporter: exporter(broken, rejecting) }), true],
  "a metric exporter that rejects": [() => ({ metricExporter: exporter(rejecting, broken) }), true],
  "a sampler that rejects": [() => ({ sampler: { shouldSample: rejecting, toString: broken } }), true],
  "a processor that rejects": [() => ({
    spanProcessors: [{ onStart: rejecting, onEnd: rejecting, forceFlush: rejecting, shutdown: rejecting }],
  }), true],
  "a redactor that throws": [() => ({ captureContent: true, redact: broken }), true],
  "an onError hook that throws": [() => ({ onError: broken }), false, refusing],
  "an onError hook that rejects": [() => ({ onError: rejecting }), false, refusing],
  "a reader that throws": [() => ({
    metricReaders: [{
      setMetricProducer() {},
      selectAggregationTemporality: broken,
      forceFlush: broken,
      shutdown: broken,
    }],
  }), true],
  "spans that the serializer falls over": [() => ({
    spanProcessors: [{
      onStart() {},
      onEnd: (span: object) => void Object.defineProperty(span, "instrumentationScope", { get: broken }),
      forceFlush: fine,
      shutdown: fine,
    }],
  }), false],
};
for (const [name, [options, arrives, fault]] of Object.entries(BROKEN)) {
  Deno.test(`under ${name} the call is as ever`, async () => {
    await using collector = await startCollector(fault);
    await using vendor = startVendor(chat());
    using _stderr = stderrLines();
    const telemetry = await telemetryTo(collector, "traces", options() as TelemetryOptions);
    {
      using clock = fakeClock();
      await ask(createClient("gpt-4o-mini", { baseUrl: vendor.url }), clock);
    }
    const { spans, timedOut } = await telemetry.shutdown();
    assertEquals([spans, timedOut], [{ exported: arrives ? 3 : 0, failed: arrives ? 0 : 3, dropped: 0 }, false]);
    assertEquals(collector.receiver.spans().length, arrives ? 3 : 0);
  });
}

Deno.test("under exporters that never answer the call is as ever, and shutdown ends at its deadline", async () => {
  await using vendor = startVendor(chat());
  const options = { spanExporter: exporter(never, never), metricExporter: exporter(never, never), onError: () => {} };
  const telemetry = await startTelemetry({
    env: {},
    metricIntervalMs: FOR_EVER,
    ...options as unknown as TelemetryOptions,
  });
  using clock = fakeClock();
  await ask(createClient("gpt-4o-mini", { baseUrl: vendor.url }), clock);
  const shutdown = telemetry.shutdown({ timeoutMs: 1_000 });
  await clock.tick(1_000);
  const { spans, timedOut } = await shutdown;
  assertEquals([spans.failed, timedOut, clock.timers], [3, true, []]);
});

for (const protocol of ["http/json", "http/protobuf"] as const) {
  Deno.test(`a clock that jumps harms nothing, as ${protocol}`, async () => {
    await using collector = await startCollector();
    await using vendor = startVendor(chat());
    await using telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: collector.url, protocol });
    const client = createClient("gpt-4o-mini", { baseUrl: vendor.url });
    const { now } = Date;
    try {
      // An hour back at each look, then to 1970, then to before it.
      let at = now();
      for (const clock of [() => at -= 3_600_000, () => 0, () => -5e12, () => now() + 1e12]) {
        Date.now = clock;
        assertEquals((await client.run(question)).response, "Paris.");
        const { spans, metrics, errors } = await telemetry.flush();
        assertEquals([spans.exported, metrics.failed, errors], [3, 0, []]);
      }
    } finally {
      Date.now = now;
    }
    assertEquals(collector.receiver.requests().map(({ trouble }) => trouble).filter((each) => each), []);
    for (const { startNs, endNs } of collector.receiver.spans()) assert(startNs >= 0n && endNs >= startNs);
  });
}
