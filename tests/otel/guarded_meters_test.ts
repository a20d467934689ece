import { type Attributes, type BatchObservableResult, type Meter, metrics, ValueType } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type LanguageModel, startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { guardedMeterProvider } from "../../src/otel/guarded_meters.ts";
import { instrument } from "../../src/telemetry/instrument.ts";
import { type Collector, startCollector } from "../support/collector.ts";
import type { ReceivedPoint } from "../support/otlp_decode.ts";
import { stderrLines } from "./ingredients.ts";

const NO_NUMBERS = [NaN, Infinity, -Infinity, undefined, null, "5", 5n] as number[];

function throwing(): never {
  throw new Error("not yours");
}

/** Runs `record` with a meter of zero-config's, twice with an export after each, and gives what came last. */
async function exported(record: (meter: Meter) => void, options: TelemetryOptions = {}) {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector, options);
  const meter = metrics.getMeter("users");
  record(meter);
  await telemetry.flush();
  record(meter);
  const { metrics: counts } = await telemetry.flush();
  const requests = collector.receiver.requests();
  assertEquals(requests.map(({ trouble }) => trouble), requests.map(() => undefined));
  return { counts, points: requests.at(-1)?.metrics ?? [] };
}

function telemetryTo({ url }: Collector, options: TelemetryOptions) {
  return startTelemetry({ enabled: true, env: {}, endpoint: url, metricIntervalMs: 1e9, ...options });
}

/** What of a point a test compares. */
function told({ name, value, count, sum, attributes }: ReceivedPoint): unknown[] {
  return [name, ...value === undefined ? [count, sum] : [value], attributes];
}

for (const protocol of ["http/json", "http/protobuf"] as const) {
  Deno.test(`what is no finite number poisons no instrument of the user's, as ${protocol}`, async () => {
    const { points } = await exported((meter) => {
      const counter = meter.createCounter("counter");
      const updown = meter.createUpDownCounter("updown");
      const histogram = meter.createHistogram("histogram");
      const gauge = meter.createGauge("gauge");
      for (const value of [...NO_NUMBERS, 2, ...NO_NUMBERS]) {
        counter.add(value);
        updown.add(value);
        histogram.record(value);
        gauge.record(value);
      }
      updown.add(-1);
    }, { protocol });
    assertEquals(points.map(told), [["counter", 4, {}], ["updown", 2, {}], ["histogram", 2, 4, {}], ["gauge", 2, {}]]);
  });

  Deno.test(`what is no finite number poisons no observable instrument of the user's, as ${protocol}`, async () => {
    let turn = 0;
    const { points } = await exported((meter) => {
      turn++;
      if (turn > 1) return;
      const counter = meter.createObservableCounter("counter");
      const updown = meter.createObservableUpDownCounter("updown");
      const gauge = meter.createObservableGauge("gauge");
      gauge.addCallback((result) => {
        for (const value of NO_NUMBERS) result.observe(value, { odd: true });
        result.observe(turn);
      });
      const several = (result: BatchObservableResult) => {
        // In the first turn what a sum cannot get rid of, in the second a number.
        result.observe(counter, turn === 1 ? NaN : 5, { a: 1 });
        result.observe(updown, turn === 1 ? Infinity : -5);
      };
      meter.addBatchObservableCallback(several, [counter, updown]);
    }, { protocol });
    assertEquals(points.map(told), [["counter", 5, { a: 1 }], ["updown", -5, {}], ["gauge", 2, {}]]);
  });

  Deno.test(`labels of odd kinds harm no instrument, as ${protocol}`, async () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle.self = circle;
    const labels = {
      big: 5n,
      date: new Date(0),
      circle,
      nan: NaN,
      get bad() {
        return throwing();
      },
      lone: "\ud800",
    };
    const { points } = await exported((meter) => {
      meter.createCounter("counter").add(1, labels as unknown as Attributes);
      meter.createCounter("none").add(1, null as unknown as Attributes);
      meter.createHistogram("proxy").record(1, new Proxy({}, { ownKeys: throwing }));
    }, { protocol });
    const clean = { big: "5", date: "1970-01-01T00:00:00.000Z", circle: { a: 1 }, nan: NaN, lone: "\ufffd" };
    assertEquals(points.map(told), [["counter", 2, clean], ["none", 2, {}], ["proxy", 2, 2, {}]]);
  });

  Deno.test(`names of odd kinds and numbers beyond all bounds arrive valid, as ${protocol}`, async () => {
    const { points, counts } = await exported((meter) => {
      meter.createCounter(undefined as unknown as string, { description: 5 as never, unit: "\ud800" }).add(1);
      meter.createCounter("int", { valueType: ValueType.INT }).add(1e300);
      meter.createCounter("long", { valueType: ValueType.INT }).add(2 ** 62);
      const full = meter.createHistogram("full");
      full.record(Number.MAX_VALUE);
      full.record(Number.MAX_VALUE);
      meter.createCounter("full counter").add(Number.MAX_VALUE);
    }, { protocol });
    assertEquals(points.map(told), [
      ["undefined", 2, {}],
      ["int", 2e300, {}],
      ["long", 2 ** 63, {}],
      ["full", 4, undefined, {}],
    ]);
    assertEquals([points[0]?.description, points[0]?.unit], ["5", "\ufffd"]);
    assertEquals(counts, { exported: 4, failed: 0, dropped: 0 }); // The counter is no number any more.
  });
}

Deno.test("callbacks can be taken back", async () => {
  let asked = 0;
  let first: (() => void) | undefined;
  await exported((meter) => {
    if (first !== undefined) return first();
    const gauge = meter.createObservableGauge("gauge");
    const one = () => void asked++;
    gauge.addCallback(one);
    gauge.addCallback(one); // The same: asked once.
    meter.addBatchObservableCallback(one, [gauge]);
    first = () => {
      gauge.removeCallback(one);
      meter.removeBatchObservableCallback(one, [gauge]);
    };
  });
  assertEquals(asked, 2);
});

Deno.test("a callback that throws costs its own values alone, and one line says so", async () => {
  using stderr = stderrLines();
  const { points } = await exported((meter) => {
    meter.createObservableGauge("broken").addCallback(throwing);
    meter.createObservableGauge("rejecting").addCallback(() => Promise.reject(new Error("not yours")));
    meter.createObservableGauge("well").addCallback((result) => result.observe(1));
    meter.createCounter("counter").add(1);
  });
  assertEquals(points.map(({ name }) => name), ["well", "counter"]);
  assertEquals(stderr.lines, [
    "[sik-llms] A callback of an observable instrument failed; its values are missing.",
  ]);
});

Deno.test("the library's own instruments record no number that is none", async () => {
  await using collector = await startCollector();
  await using telemetry = await telemetryTo(collector, {});
  const answer = (inputTokens: number, total: number): LanguageModel => ({
    provider: "test",
    model: "odd",
    async *stream() {
      const usage = {
        inputTokens,
        outputTokens: 1,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
        totalTokens: 1,
      };
      const cost = { total, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: 0, source: "price" as const };
      const result = { response: "", toolCalls: [], finishReason: "stop", provider: "test", model: "odd" };
      yield { type: "finish", result: { ...result, usage, cost, durationSeconds: 0, messages: [] } as never };
    },
  });
  for (const [tokens, usd] of [[NaN, Infinity], [3, 0.5]] as const) {
    for await (const _event of instrument(answer(tokens, usd)).stream({ messages: [] })) { /* reads on */ }
  }
  await telemetry.flush();
  assertEquals(collector.receiver.requests().map(({ trouble }) => trouble), [undefined, undefined]);
  const points = collector.receiver.metrics();
  const valueOf = (name: string) => points.find((point) => point.name === name)?.value;
  assertEquals([valueOf("llm_requests_total"), valueOf("llm_tokens_input_total"), valueOf("llm_cost_total_usd")], [
    2,
    3,
    0.5,
  ]);
  assert(points.every(({ value = 0, sum = 0 }) => Number.isFinite(value) && Number.isFinite(sum)));
});

Deno.test("a meter is the same object for as long as its provider is", () => {
  const provider = guardedMeterProvider(new MeterProvider(), { cumulative: true });
  assertStrictEquals(provider.getMeter("a", "1"), provider.getMeter("a", "1"));
  assert(provider.getMeter("a", "1") !== provider.getMeter("a", "2"));
});

for (const temporality of ["cumulative", "delta"] as const) {
  Deno.test(`a zero that is added again is told where sums are ${temporality}`, async () => {
    const labels = Object.freeze({ team: "blue" });
    const { points } = await exported((meter) => meter.createCounter("quiet").add(0, labels), { temporality });
    assertEquals(points.map(told), [["quiet", 0, labels]]);
  });
}
