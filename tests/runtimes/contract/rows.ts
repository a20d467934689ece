/**
 * What the vendors and the back end must have seen of each row of the contract.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { ReceivedPoint, ReceivedSpan } from "../../support/otlp_decode.ts";
import type { OtlpReceiver } from "../../support/otlp_receiver.ts";
import { METRICS, namesOfMetrics } from "../expected.ts";
import type { RowName, Told } from "./program.ts";
import { CALLER, KEYS, ROW } from "./row.ts";
import type { ContractVendor } from "./vendor.ts";

/** A play, when it is over. */
export interface Played {
  readonly told: Told;
  readonly vendor: ContractVendor;
  readonly receiver: OtlpReceiver;
}

/** Looks at a row from outside. */
type Look = (played: Played, row: RowName) => void | Promise<void>;

const completed = { outcome: "completed", status: "UNSET" } as const;
const once: Look = (played, row) => void trees(played, row, 1, completed);
const thrice: Look = (played, row) => void trees(played, row, 3, completed);

/** Each row that the program plays, as it is seen from outside. */
export const looks: Readonly<Record<RowName, Look>> = {
  import: () => {},
  "nothing done at module scope": () => {},
  "OpenAI chat, plain": once,
  "OpenAI chat, streamed": once,
  "OpenAI Responses, plain": once,
  "OpenAI Responses, streamed": once,
  "Anthropic, plain": once,
  "Anthropic, streamed": once,
  tools({ receiver }, row) {
    const agent = marked(receiver, row).find(({ name }) => name === "llm.reasoning_agent.stream");
    const spans = receiver.spans().filter(({ traceId }) => traceId === agent?.traceId);
    const below = spans.filter(({ parentSpanId }) => parentSpanId === agent?.spanId).map(({ name }) => name);
    assertEquals(below.sort(), ["reasoning.final_answer", "reasoning.thinking.iteration_1", "reasoning.tool.weather"]);
    assertEquals(spans.filter(({ name }) => name === "llm.request").length, 2);
    assertWhole(spans);
  },
  async abort(played, row) {
    await played.vendor.left("abort");
    trees(played, row, 1, { outcome: "cancelled", status: "ERROR" });
  },
  async "early break"(played, row) {
    await played.vendor.left("break");
    trees(played, row, 1, { outcome: "cancelled", status: "UNSET" });
  },
  "typed error"(played, row) {
    const [request] = trees(played, row, 1, { outcome: "error", status: "ERROR" });
    assertEquals(request?.attributes["error.type"], "401");
  },
  "parentage across awaits"({ receiver }, row) {
    const [request] = marked(receiver, row);
    const outer = receiver.spans().find(({ name }) => name === "outer");
    assert(request !== undefined && outer !== undefined);
    assertEquals([request.traceId, request.parentSpanId], [outer.traceId, outer.spanId]);
  },
  "two at once, one after idling": thrice,
  "one call": once,
  "traces arrive"({ receiver }) {
    assertEquals(receiver.requests().filter(({ status }) => status !== 200), []);
    const spans = receiver.spans();
    assertEquals(new Set(spans.map(({ spanId }) => spanId)).size, spans.length, "none arrives twice");
    assertEquals(new Set(spans.map(({ resource }) => resource["service.name"])), new Set(["sik-llms"]));
    assertWhole(spans);
  },
  "metrics arrive"({ receiver }) {
    const names = namesOfMetrics(receiver);
    assertEquals(METRICS.filter((name) => !names.includes(name)), []);
    const series = new Map<string, number>();
    for (const { name, attributes, value = 0 } of receiver.metrics()) {
      if (name === "llm_requests_total") series.set(JSON.stringify(attributes), value); // Cumulative: the last counts.
    }
    const requests = receiver.spans().filter(({ name }) => name === "llm.request").length;
    assertEquals([...series.values()].reduce((sum, value) => sum + value, 0), requests);
  },
  "vendors see keys and nothing of traces"({ vendor, receiver }) {
    const [openai, anthropic] = Object.values(KEYS);
    for (const { url, headers, body } of vendor.requests()) {
      const claude = new URL(url).pathname === "/v1/messages";
      const [name, value] = claude ? ["x-api-key", anthropic] : ["authorization", `Bearer ${openai}`];
      assertEquals(headers.get(name), value);
      headers.delete(name);
      assertEquals(["traceparent", "tracestate", "baggage"].filter((each) => headers.has(each)), []);
      assertNoKey([url, body, JSON.stringify([...headers])].join());
    }
    assert(vendor.requests().length >= 10, "the vendors were asked");
    for (const { path, headers, body } of receiver.requests()) {
      assertNoKey([path, new TextDecoder().decode(body), JSON.stringify([...headers])].join());
    }
  },
  "flush counts"({ told: { flushes }, receiver }) {
    const reported = (signal: "spans" | "metrics") =>
      flushes.reduce((total, report) => total + report[signal].exported, 0);
    // After the last flush that is reported comes another, at the exit or after the response: metrics are sent again.
    // So does the handler, which flushes by itself.
    const spans = receiver.spans().filter(({ traceId }) => traceId !== CALLER.traceId);
    const posts = receiver.requests().filter(({ signal }) => signal === "metrics").slice(0, flushes.length);
    const points = posts.reduce((total, { metrics }) => total + metrics.length, 0);
    assertEquals([reported("spans"), reported("metrics")], [spans.length, points]);
  },
  "instrumented handler"({ told: { flushes }, receiver }, row) {
    const requests = marked(receiver, row);
    for (const name of ["POST /waited", "POST /held"]) {
      const server = receiver.spans().find((span) => span.name === name);
      assertEquals([server?.kind, server?.traceId, server?.parentSpanId], ["SERVER", CALLER.traceId, CALLER.spanId]);
      const below = requests.filter(({ parentSpanId }) => parentSpanId === server?.spanId);
      assertEquals(below.map(({ traceId }) => traceId), [CALLER.traceId]);
    }
    // What was flushed in waitUntil came before what came later, spans and metrics.
    const batches = receiver.requests().map(({ spans }) => spans.map(({ name }) => name));
    assertEquals(batches.filter((names) => names.includes("POST /waited") && names.includes("POST /held")), []);
    const counts = receiver.requests().filter(({ signal }) => signal === "metrics").map(({ metrics }) =>
      counted(metrics)
    );
    const before = counts[flushes.length - 1] ?? NaN;
    // In waitUntil; before the body's end; and the two of the row itself.
    const expected = [before + 1, before + 2, before + 2, before + 3];
    assertEquals(counts.slice(flushes.length, flushes.length + expected.length), expected);
  },
  "nothing pending after waitUntil": () => {},
};

/** How many requests there were, as one post of metrics has it. */
export function counted(points: readonly ReceivedPoint[]): number {
  return points.filter(({ name }) => name === "llm_requests_total").reduce((sum, { value = 0 }) => sum + value, 0);
}

function assertNoKey(text: string): void {
  assertEquals(Object.values(KEYS).filter((key) => text.includes(key)), []);
}

/** The requests of a row, each the root of a complete tree of its own that ended so. */
export function trees(
  { receiver }: Pick<Played, "receiver">,
  row: string,
  count: number,
  { outcome, status }: { readonly outcome: string; readonly status: string },
): ReceivedSpan[] {
  const requests = marked(receiver, row);
  assertEquals(requests.length, count, `${receiver.spans().length} spans have come`);
  assertEquals(new Set(requests.map(({ traceId }) => traceId)).size, count, "each is a trace of its own");
  for (const request of requests) {
    const spans = receiver.spans().filter(({ traceId }) => traceId === request.traceId);
    assertEquals(spans.map(({ name }) => name).filter((name) => !/^llm\.\w+\.stream$/.test(name)).sort(), [
      "http.request",
      "llm.request",
    ]);
    assertEquals([spans.length, request.parentSpanId], [3, undefined]);
    assertEquals([request.attributes["llm.stream.outcome"], request.status.code], [outcome, status]);
    assertWhole(spans);
  }
  return requests;
}

function marked(receiver: OtlpReceiver, row: string): ReceivedSpan[] {
  return receiver.spans().filter(({ attributes }) => attributes[ROW] === row);
}

/** Every span's parent is there, and of its own trace. */
function assertWhole(spans: readonly ReceivedSpan[]): void {
  const ids = new Set([...spans, CALLER].map(({ traceId, spanId }) => traceId + spanId));
  const orphans = spans.filter(({ traceId, parentSpanId }) =>
    parentSpanId !== undefined && !ids.has(traceId + parentSpanId)
  );
  assertEquals(orphans.map(({ name }) => name), []);
}
