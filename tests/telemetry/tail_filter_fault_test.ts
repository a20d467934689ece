/** A filter is the user's own: whatever it does, the call goes on. */
import { assertEquals } from "@std/assert";
import { createClient } from "../../mod.ts";
import { type SpanProcessorLike, tailFilter } from "../../src/telemetry/mod.ts";
import { denoArgs, runWell } from "../../scripts/child.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { memoryTelemetry, pointNamed } from "../support/telemetry.ts";
import { chat, startVendor } from "../support/vendor_server.ts";

const broken = (): never => {
  throw new Error("mine");
};
const idle: SpanProcessorLike = {
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** A filter that fails, and the spans that arrive all the same. */
const filters: Readonly<
  Record<string, readonly [filter: (next: SpanProcessorLike) => SpanProcessorLike, spans: number]>
> = {
  "that throws when it is made": [broken, 3],
  "that throws at a span's beginning": [(next) => ({ ...next, onStart: broken }), 3],
  "that throws at a span's end": [(next) => ({ ...next, onEnd: broken }), 0],
  "that throws at a flush": [(next) => ({ ...next, forceFlush: broken }), 3],
  "that throws at shutdown": [(next) => ({ ...next, shutdown: broken }), 3],
  "that rejects at shutdown": [(next) => ({ ...next, shutdown: () => Promise.reject(new Error("mine")) }), 3],
  "that lets nothing through": [() => idle, 0],
};
for (const [name, [filter, spans]] of Object.entries(filters)) {
  Deno.test(`a filter ${name} changes neither the call nor its metrics`, async () => {
    await using telemetry = await memoryTelemetry({ filter, env: { OTEL_LOG_LEVEL: "none" } });
    await using vendor = startVendor(chat());
    const { response } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("What is the capital?");
    assertEquals(response, "Paris.");
    assertEquals((await telemetry.spans()).length, spans);
    assertEquals(pointNamed(await telemetry.points(), "llm_requests_total").value, 1);
  });
}

/** A processor beside zero-config's own that fails. */
const processors: Readonly<Record<string, SpanProcessorLike>> = {
  "throws at a span's beginning": { ...idle, onStart: broken },
  "throws at a span's end": { ...idle, onEnd: broken },
  "throws at a flush": { ...idle, forceFlush: broken },
  "rejects at a flush": { ...idle, forceFlush: () => Promise.reject(new Error("mine")) },
  "throws at shutdown": { ...idle, shutdown: broken },
};
for (const [name, processor] of Object.entries(processors)) {
  Deno.test(`a span processor that ${name} changes neither the call nor what is exported`, async () => {
    await using telemetry = await memoryTelemetry({ spanProcessors: [processor], env: { OTEL_LOG_LEVEL: "none" } });
    await using vendor = startVendor(chat());
    const { response } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("What is the capital?");
    assertEquals(response, "Paris.");
    assertEquals((await telemetry.spans()).length, 3);
  });
}

Deno.test("a program that ends by itself sends what its filter would keep of a trace that was never over", async () => {
  await using receiver = startReceiver();
  const program = `
    import { getTracer, startTelemetry, tailFilter } from "./mod.ts";
    const filter = (next) => tailFilter(next, { ratio: 0 });
    await startTelemetry({ enabled: true, endpoint: "${receiver.url}", filter });
    for (const code of [0, 2]) {
      const tracer = getTracer("test");
      tracer.startActiveSpan("never over", () => tracer.startSpan(code === 2 ? "failed" : "fine").setStatus({ code }).end());
    }
  `;
  await runWell(Deno.execPath(), await denoArgs("eval", program));
  assertEquals(receiver.spans().map(({ name }) => name), ["failed"]);
});

/** A span that has ended, as far as a filter looks at it. */
function ended(spanId: string, more: object = {}): never {
  const traceId = "f".repeat(32);
  const span = { status: { code: 0 }, attributes: {}, duration: [0, 0], spanContext: () => ({ traceId, spanId }) };
  return { ...span, ...more } as never;
}

const STANDING_OUT: Readonly<Record<string, object>> = {
  "erred": { status: { code: 2 } },
  "was slow": { duration: [11, 0] },
  "was dear": { attributes: { "llm.cost.total": 1 } },
};
for (const [how, more] of Object.entries(STANDING_OUT)) {
  Deno.test(`a span that ${how} and whose beginning was not seen is kept, with what comes of its trace after it`, () => {
    const kept: unknown[] = [];
    const filter = tailFilter({ ...idle, onEnd: (span) => void kept.push(span) }, { ratio: 0 });
    filter.onEnd(ended("a"));
    filter.onEnd(ended("b", more));
    filter.onEnd(ended("c"));
    const ids = kept.map((span) => (span as { spanContext(): { spanId: string } }).spanContext().spanId);
    assertEquals(ids, ["b", "c"]);
  });
}
