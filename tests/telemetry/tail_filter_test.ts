import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { BatchSpanProcessor, InMemorySpanExporter, type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { createClient } from "../../mod.ts";
import { tailFilter, type TailFilterOptions } from "../../src/telemetry/mod.ts";
import { memoryTelemetry, pointNamed, tree } from "../support/telemetry.ts";
import { chat, refusal, someUsage, startVendor } from "../support/vendor_server.ts";

const FAILED = { code: SpanStatusCode.ERROR };
const question = "What is the capital of France?";

/** A tracer of the SDK behind a filter that keeps nothing by ratio, and what the filter lets through. */
function filtered(options: TailFilterOptions = {}, traceIds?: Iterator<string, void>) {
  const calls: string[] = [];
  const passed: ReadableSpan[] = [];
  const filter = tailFilter({
    onStart: (span: ReadableSpan) => void calls.push(`start ${span.name}`),
    onEnd: (span: ReadableSpan) => void passed.push(span),
    forceFlush: () => Promise.resolve(void calls.push("flush")),
    shutdown: () => Promise.resolve(void calls.push(`shutdown after ${passed.length}`)),
  }, { ratio: 0, ...options });
  const provider = new TracerProvider({
    spanProcessors: [filter],
    ...traceIds === undefined ? {} : {
      idGenerator: {
        generateTraceId: () => traceIds.next().value ?? "",
        generateSpanId: () => crypto.randomUUID().replaceAll("-", "").slice(0, 16),
      },
    },
  });
  const names = () => passed.map(({ name }) => name);
  return { tracer: provider.getTracer("test"), filter, provider, calls, names };
}

/** Opens a span, below `parent` where there is one. */
function open(tracer: Tracer, name: string, parent?: Span, options: SpanOptions = {}): Span {
  return tracer.startSpan(name, options, parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent));
}

/** A root with two children; what is given stands on the second, which ends first. */
function threeSpans(
  tracer: Tracer,
  { ms = 1, failed = false, costs = [] }: { ms?: number; failed?: boolean; costs?: readonly number[] } = {},
): void {
  const startTime: [number, number] = [1_700_000_000, 0];
  const costOf = (index: number): Attributes => index in costs ? { "llm.cost.total": costs[index] ?? 0 } : {};
  const sum = { "llm.aggregated.cost.total": costs.reduce((a, b) => a + b, 0) };
  const root = open(tracer, "root", undefined, { startTime, attributes: sum });
  const first = open(tracer, "first", root, { startTime, attributes: costOf(0) });
  const second = open(tracer, "second", root, { startTime, attributes: costOf(1) });
  if (failed) second.setStatus(FAILED);
  second.end([1_700_000_000, ms * 1e6]);
  first.end([1_700_000_000, 1e6]);
  root.end([1_700_000_000, 1e6]);
}

/** What a trace is like, and whether it is kept. */
const traces: Readonly<Record<string, readonly [like: Parameters<typeof threeSpans>[1], TailFilterOptions, boolean]>> =
  {
    "that was fine, quick and cheap": [{ costs: [0.01] }, {}, false],
    "of which a span erred": [{ failed: true }, {}, true],
    "of which a span took 10 s": [{ ms: 10_000 }, {}, true],
    "of which a span took a millisecond less than 10 s": [{ ms: 9_999 }, {}, false],
    "as slow as minDurationMs": [{ ms: 250 }, { minDurationMs: 250 }, true],
    "quicker than minDurationMs": [{ ms: 249 }, { minDurationMs: 250 }, false],
    "whose requests cost 0.10 dollars together": [{ costs: [0.04, 0.06] }, {}, true],
    "whose requests cost less than 0.10 dollars, told twice": [{ costs: [0.04, 0.05] }, {}, false],
    "as dear as minCostUsd": [{ costs: [0.02] }, { minCostUsd: 0.02 }, true],
    "cheaper than minCostUsd": [{ costs: [0.019] }, { minCostUsd: 0.02 }, false],
  };
for (const [name, [like, options, isKept]] of Object.entries(traces)) {
  Deno.test(`tailFilter() ${isKept ? "keeps whole" : "leaves out"} a trace ${name}`, () => {
    const { tracer, names } = filtered(options);
    threeSpans(tracer, like);
    assertEquals(names(), isKept ? ["second", "first", "root"] : []);
  });
}

Deno.test("tailFilter() keeps a trace whose cost is no number only for other reasons", () => {
  const { tracer, names } = filtered();
  open(tracer, "odd", undefined, { attributes: { "llm.cost.total": "1000" } }).end();
  assertEquals(names(), []);
});

Deno.test("tailFilter() keeps of the rest the share that is asked for, by trace id", () => {
  const count = 20_000;
  // The ids' random part, evenly spread.
  const ids = Array.from({ length: count }, (_, index) => {
    return `${"1".repeat(18)}${Math.floor(index / count * 2 ** 52).toString(16).padStart(13, "0")}0`;
  });
  const { tracer, names } = filtered({ ratio: 0.25 }, ids.values());
  for (let made = 0; made < count; made++) open(tracer, "root").end();
  assertGreater(names().length, count * 0.249);
  assertLess(names().length, count * 0.251);
});

Deno.test("tailFilter() holds a trace until its last span has ended", () => {
  const { tracer, names, calls } = filtered({ ratio: 1 });
  const root = open(tracer, "root");
  const child = open(tracer, "child", root);
  assertEquals(calls, ["start root", "start child"]);
  root.end();
  assertEquals(names(), []);
  child.end();
  assertEquals(names(), ["root", "child"]);
});

Deno.test("tailFilter() tells traces that run at the same time apart", () => {
  const { tracer, names } = filtered();
  const [good, bad] = [open(tracer, "good"), open(tracer, "bad")];
  bad.setStatus(FAILED).end();
  good.end();
  assertEquals(names(), ["bad"]);
});

for (const failed of [true, false]) {
  Deno.test(`tailFilter() lets a late span follow the decision to ${failed ? "keep" : "leave out"} its trace`, () => {
    const { tracer, names } = filtered({ maxTraces: 1 });
    const late = open(tracer, "late");
    const early = open(tracer, "early", late);
    if (failed) early.setStatus(FAILED);
    early.end();
    open(tracer, "another").end(); // One trace too many: the first is decided as it stands.
    assertEquals(names(), failed ? ["early"] : []);
    late.end();
    assertEquals(names(), failed ? ["early", "late"] : []);
  });
}

Deno.test("tailFilter() does not take a late span for one of those that its trace goes on with", () => {
  const { tracer, names } = filtered({ maxTraces: 1 });
  const late = open(tracer, "late");
  open(tracer, "another").end();
  const child = open(tracer, "child", late);
  const grandchild = open(tracer, "grandchild", child);
  late.end();
  grandchild.setStatus(FAILED).end();
  assertEquals(names(), [], "the child is still open");
  child.end();
  assertEquals(names(), ["grandchild", "child"]);
});

const remote = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: "12345678901234567890123456789012",
  spanId: "1234567890123456",
  traceFlags: 1,
  isRemote: true,
});
Deno.test("tailFilter() keeps what a trace that erred goes on with", () => {
  const { tracer, names } = filtered();
  tracer.startSpan("failed", {}, remote).setStatus(FAILED).end();
  tracer.startSpan("fine", {}, remote).end();
  assertEquals(names(), ["failed", "fine"]);
});

Deno.test("tailFilter() keeps an error of a trace whose beginning it left out", () => {
  const { tracer, names } = filtered();
  tracer.startSpan("fine", {}, remote).end();
  tracer.startSpan("failed", {}, remote).setStatus(FAILED).end();
  assertEquals(names(), ["failed"]);
});

Deno.test("tailFilter() holds no more than maxTraces, and decides the oldest first", () => {
  const { tracer, names } = filtered({ maxTraces: 2 });
  const roots = ["a", "b", "c", "d"].map((name) => {
    const root = open(tracer, name);
    open(tracer, `child of ${name}`, root).setStatus(FAILED).end();
    return root;
  });
  assertEquals(names(), ["child of a", "child of b"]);
  roots.forEach((root) => root.end());
  assertEquals(names(), ["child of a", "child of b", "a", "b", "child of c", "c", "child of d", "d"]);
});

Deno.test("tailFilter() does not hold the spans of an endless trace for ever", () => {
  const { tracer, names } = filtered({ ratio: 1 });
  const root = open(tracer, "root");
  const passed = [999, 1, 1_500].map((count) => {
    for (let number = 0; number < count; number++) open(tracer, "child", root).end();
    return names().length;
  });
  assertEquals(passed, [0, 1_000, 2_500]);
  root.end();
  assertEquals(names().length, 2_501);
});

Deno.test("tailFilter() flushes what is behind it, and decides nothing", async () => {
  const { tracer, names, filter, calls } = filtered({ ratio: 1 });
  const root = open(tracer, "root");
  open(tracer, "child", root).end();
  await filter.forceFlush();
  assertEquals([calls.at(-1), names()], ["flush", []]);
  root.end();
  assertEquals(names(), ["child", "root"]);
});

Deno.test("tailFilter() decides what it holds before it shuts down what is behind it", async () => {
  const { tracer, names, provider, calls } = filtered();
  const [good, bad] = [open(tracer, "good"), open(tracer, "bad")];
  open(tracer, "child of good", good).end();
  open(tracer, "child of bad", bad).setStatus(FAILED).end();
  await provider.shutdown();
  assertEquals([calls.at(-1), names()], ["shutdown after 1", ["child of bad"]]);
});

Deno.test("zero-config with a filter sends a failed request whole and no other; metrics stand", async () => {
  await using telemetry = await memoryTelemetry({ filter: (next) => tailFilter(next, { ratio: 0 }) });
  await using vendor = startVendor(chat({ usage: someUsage }), refusal(400), chat());
  const client = createClient("gpt-4o-mini", { baseUrl: vendor.url });
  for (let call = 0; call < 3; call++) await client.run(question).catch(() => {});
  const spans = await telemetry.spans();
  assertEquals(tree(spans), ["llm.request", "  llm.openai.stream", "    http.request"]);
  assert(spans.every(({ traceId }) => traceId === spans[0]?.traceId));
  assertEquals(spans[0]?.attributes["error.type"], "400");
  assertEquals(pointNamed(await telemetry.points(), "llm_requests_total").value, 3);
});

Deno.test("the user's own provider takes tailFilter() in front of its processor", async () => {
  const exporter = new InMemorySpanExporter();
  const filter = tailFilter(new BatchSpanProcessor({ exporter }), { ratio: 0, minCostUsd: 0.0001 });
  const provider = new TracerProvider({ spanProcessors: [filter] });
  const telemetry = { tracer: provider.getTracer("mine") };
  await using vendor = startVendor(chat(), chat({ usage: { prompt_tokens: 0, completion_tokens: 1000 } }));
  const client = createClient("gpt-4o-mini", { baseUrl: vendor.url, telemetry });
  await client.run(question);
  await client.run(question);
  await provider.forceFlush();
  const requests = exporter.getFinishedSpans().filter(({ name }) => name === "llm.request");
  assertEquals(requests.map(({ attributes }) => attributes["llm.cost.total"]), [0.0006]);
  await provider.shutdown();
});
