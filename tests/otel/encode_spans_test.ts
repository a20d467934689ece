import { type Context, ROOT_CONTEXT, type SpanOptions, trace, TraceFlags } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type ReadableSpan, type SpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { assertEquals } from "@std/assert";
import { encodeSpans } from "../../src/otel/encode_spans.ts";

const VALUES: readonly unknown[] = [
  "",
  "plain",
  "Grüße, 世界 🌍",
  "x".repeat(127),
  "x".repeat(128),
  "x".repeat(70_000),
  `${"x".repeat(300)}é`,
  0,
  1,
  127,
  128,
  300,
  16_384,
  2 ** 31,
  2 ** 32 + 1,
  Number.MAX_SAFE_INTEGER,
  2 ** 62,
  -1,
  -128,
  -(2 ** 40),
  -(2 ** 63),
  0.1,
  -2.5e-300,
  1e21,
  NaN,
  Infinity,
  -Infinity,
  true,
  false,
  [],
  ["a", "b"],
  [1, 2.5, null, true, ["deep", { deeper: [] }]],
  {},
  { a: 1, b: { c: ["d"] } },
  new Uint8Array([0, 255, 7]),
  new Uint8Array(),
];

const remote = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", isRemote: true };

/** The spans that a program ends, as exporters are given them. */
function ended(program: (span: (options?: SpanOptions, parent?: Context) => void) => void): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const collecting: SpanProcessor = {
    onStart() {},
    onEnd: (span) => void spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const resource = resourceFromAttributes({ "service.name": "test", numbers: [1, 2] });
  const provider = new TracerProvider({ resource, spanProcessors: [collecting] });
  program((options = {}, parent = ROOT_CONTEXT) =>
    provider.getTracer("one", "1.0").startSpan("span", options, parent).end()
  );
  const span = provider.getTracer("two").startSpan("operation", {
    kind: 4,
    links: [{ context: { ...remote, traceFlags: 1 } }],
  });
  span.addEvent("happened", { a: 1 }).addEvent("again").setStatus({ code: 2, message: "It failed." }).end();
  return spans;
}

function assertSame(spans: ReadableSpan[]): void {
  assertEquals(encodeSpans(spans), Uint8Array.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []));
}

for (const [index, value] of VALUES.entries()) {
  Deno.test(`encodeSpans() writes what the stock encoder does of value ${index}`, () => {
    assertSame(ended((span) => span({ attributes: { value, beside: "it" } as never })));
  });
}

Deno.test("encodeSpans() writes what the stock encoder does of parents, flags, states, times and kinds", () => {
  const state = trace.setSpanContext(ROOT_CONTEXT, { ...remote, traceFlags: TraceFlags.SAMPLED });
  assertSame(ended((span) => {
    for (const kind of [0, 1, 2, 3, 4]) span({ kind }, state);
    span({ startTime: [1_700_000_000, 999_999_999] });
    span({ startTime: [0, 0] });
    span({ startTime: [18_446_744_073, 1] });
    span({ links: [{ context: { ...remote, traceFlags: 0 }, attributes: { why: "because" } }] });
  }));
});

Deno.test("encodeSpans() writes what the stock encoder does of nothing, and of more than its buffer holds", () => {
  assertSame([]);
  const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`attribute ${n}`, "value ".repeat(n)]));
  assertSame(ended((span) => {
    for (let made = 0; made < 50; made++) span({ attributes });
  }));
});

Deno.test("encodeSpans() begins anew each time", () => {
  const spans = ended((span) => span());
  assertEquals(encodeSpans(spans), encodeSpans(spans));
});
