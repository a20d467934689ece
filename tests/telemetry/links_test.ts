import { assert, assertEquals } from "@std/assert";
import { createClient, getTracer, startTelemetry, type TraceContext } from "../../mod.ts";
import { createSpanLink } from "../../src/telemetry/mod.ts";
import { isLinkable } from "../../src/telemetry/links.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { chat, startVendor } from "../support/vendor_server.ts";

const target = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };

Deno.test("createSpanLink() points to the span, as one of another process", () => {
  assertEquals(createSpanLink(target), { context: { ...target, isRemote: true } });
});

Deno.test("createSpanLink() carries attributes", () => {
  const link = createSpanLink(target, { "link.type": "continues", weight: 0.5 });
  assertEquals(link, { context: { ...target, isRemote: true }, attributes: { "link.type": "continues", weight: 0.5 } });
});

Deno.test("createSpanLink() takes nothing else of what it is given", () => {
  const more = { ...target, baggage: "user=alice", traceState: "foo=1" };
  assertEquals(Object.keys(createSpanLink(more).context), ["traceId", "spanId", "traceFlags", "isRemote"]);
});

Deno.test("createSpanLink() ties a span of the program's own to the request that it answers to", async () => {
  await using telemetry = await memoryTelemetry();
  await using vendor = startVendor(chat());
  const { traceContext } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("What is the capital?");
  assert(traceContext !== undefined);
  getTracer("test").startSpan("answer mail", { links: [createSpanLink(traceContext, { why: "it wrote it" })] }).end();
  const spans = await telemetry.spans();
  const [link, another] = spanNamed(spans, "answer mail").links;
  assertEquals(link?.context.spanId, spanNamed(spans, "llm.request").id);
  assertEquals([link?.attributes, another], [{ why: "it wrote it" }, undefined]);
});

for (const protocol of ["http/json", "http/protobuf"] as const) {
  Deno.test(`a link to nowhere costs no span of its batch, as ${protocol}`, async () => {
    await using receiver = startReceiver();
    await using telemetry = await startTelemetry({ enabled: true, env: {}, endpoint: receiver.url, protocol });
    const nowhere = { ...target, traceId: "0".repeat(32), spanId: "0".repeat(16) };
    getTracer("test").startSpan("linked", { links: [createSpanLink(nowhere), createSpanLink(target)] }).end();
    const { spans } = await telemetry.flush();
    assertEquals(spans, { exported: 1, failed: 0, dropped: 0 });
    assertEquals(receiver.spans()[0]?.links.map(({ spanId }) => spanId), [target.spanId]);
  });
}

/** What is given as the target of a link, and whether it names a span. */
const targets: Readonly<Record<string, readonly [target: unknown, isLinkable: boolean]>> = {
  "a span": [target, true],
  "a span that was not sampled": [{ ...target, traceFlags: 0 }, true],
  "nothing": [undefined, false],
  "a trace id of zeros": [{ ...target, traceId: "0".repeat(32) }, false],
  "a span id of zeros": [{ ...target, spanId: "0".repeat(16) }, false],
  "a trace id too short": [{ ...target, traceId: target.traceId.slice(1) }, false],
  "a span id that is no number": [{ ...target, spanId: "what-is-this-id?" }, false],
};
for (const [name, [given, expected]] of Object.entries(targets)) {
  Deno.test(`isLinkable() is ${expected} for ${name}`, () => {
    assertEquals(isLinkable(given as typeof target | undefined), expected);
  });
}

Deno.test("createSpanLink() of no request, as while telemetry is off, points nowhere and is left out", async () => {
  const link = createSpanLink(undefined as unknown as TraceContext);
  await using telemetry = await memoryTelemetry();
  getTracer("test").startSpan("answer mail", { links: [link] }).end();
  assertEquals(spanNamed(await telemetry.spans(), "answer mail").links, []);
});
