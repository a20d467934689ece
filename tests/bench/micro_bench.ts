/**
 * The parts of a call by themselves: `deno task bench:micro`. Times are this machine's; what counts is which part grew.
 *
 * @module
 */
import { instrument } from "../../src/telemetry/instrument.ts";
import { endAttributes, requestAttributes } from "../../src/telemetry/attributes.ts";
import { clientOf } from "../../src/client.ts";
import type { StreamEvent } from "../../src/event.ts";
import { foldOf } from "../../src/fold.ts";
import type { ChatRequest, LanguageModel } from "../../src/language_model.ts";
import { normalizeAttributes } from "../../src/otel/normalize.ts";
import type { DecodedEvent } from "../../src/provider.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { sseReader } from "../../src/sse.ts";
import { flushTelemetry, getTracer, startTelemetry } from "../../src/telemetry/signals.ts";
import { defined } from "../../src/telemetry/span.ts";
import { usageOf } from "../../src/usage.ts";
import { wires } from "../support/wires.ts";

const CHUNKS = 1_000;
const words = Array.from({ length: CHUNKS }, (_, index) => ` word${index}`);
const request: ChatRequest = { messages: [{ role: "user", content: "What is the capital of France?" }] };
const bytes = new Map(wires.map((wire) => [wire.name, new TextEncoder().encode(wire.stream(words))]));

for (const { name } of wires) {
  Deno.bench(`sse: ${CHUNKS} chunks of ${name}`, { group: "sse" }, () => {
    const reader = sseReader({ maxEventBytes: 2 ** 27 }, () => {});
    reader.feed(bytes.get(name));
    reader.feed(undefined);
  });
}

for (const { name, provider } of wires) {
  Deno.bench(`decode: ${CHUNKS} chunks of ${name}`, { group: "decode" }, () => {
    const out: DecodedEvent[] = [];
    const fold = foldOf(provider, request, () => {});
    const reader = sseReader({ maxEventBytes: 2 ** 27 }, (event) => void fold?.take(event, out));
    reader.feed(bytes.get(name));
    fold?.finish(out);
    if (out.length < CHUNKS) throw new Error(`${name} gave ${out.length} events.`);
  });
}

for (const [name, provider] of Object.entries({ openaiChat, openaiResponses, anthropic })) {
  const model = name === "anthropic" ? "claude-haiku-4-5" : "gpt-4o-mini";
  Deno.bench(`encode: ${name}`, { group: "encode" }, () => {
    JSON.stringify(provider.encode(model, request).body);
  });
}

const usage = usageOf({ inputTokens: 14, outputTokens: 8 });
const result = {
  response: "Paris.",
  toolCalls: [],
  finishReason: "stop",
  provider: "bench",
  model: "bench",
  usage,
  durationSeconds: 1,
  messages: [],
};

/** Gives a thousand pieces of text, without a wait between them. */
const model: LanguageModel = {
  provider: "bench",
  model: "bench",
  async *stream() {
    for (const delta of words) yield { type: "text", delta } as StreamEvent;
    yield { type: "finish", result } as StreamEvent;
  },
};

const measured = { durationSeconds: 1, timeToFirstTokenSeconds: 0.1, retries: 0, usage, cost: undefined };
const begin = requestAttributes(model, request, "both");

Deno.bench("attributes: of a request, at its begin", { group: "attributes" }, () => {
  requestAttributes(model, request, "both");
});
Deno.bench("attributes: of a request, at its end", { group: "attributes" }, () => {
  endAttributes({ outcome: "completed" }, measured, result, "both");
});
Deno.bench("attributes: made clean", { group: "attributes" }, () => {
  normalizeAttributes(defined(...begin) as Parameters<typeof normalizeAttributes>[0], { json: false });
});

const receiver = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  await request.arrayBuffer();
  return Response.json({});
});
const telemetry = await startTelemetry({ enabled: true, endpoint: `http://127.0.0.1:${receiver.addr.port}` });
const plain = clientOf(model);
const seen = clientOf(instrument(model));

Deno.bench(`instrument: ${CHUNKS} events, without`, { group: "instrument", baseline: true }, async () => {
  await plain.run("Where?");
});
Deno.bench(`instrument: ${CHUNKS} events, with`, { group: "instrument" }, async () => {
  await seen.run("Where?");
});
Deno.bench("export: 512 spans, serialised and sent", { group: "export" }, async () => {
  const tracer = getTracer("bench");
  for (let span = 0; span < 512; span++) tracer.startSpan("span", { attributes: { "bench.span": span } }).end();
  const { spans } = await telemetry.flush();
  if (spans.failed + spans.dropped > 0) throw new Error("Spans were lost.");
});
Deno.bench("flush: of nothing", { group: "export" }, async () => {
  await flushTelemetry();
});
