/**
 * The spans of an agent's run as one picture: names, parents, kinds, attributes, failures, and what overlapped.
 *
 * @module
 */
import type { Span } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { FlatSpan, Values } from "./telemetry.ts";

/** One span, and what is below it, in the order in which it began. */
export interface PaintedSpan {
  readonly name: string;
  readonly kind: string;
  /** The `error.type` of a span whose status is ERROR. */
  readonly error?: string;
  /** All of an agent's own spans; of the spans of a request how it ended. */
  readonly attributes: Values;
  readonly children: readonly PaintedSpan[];
}

const ownSpan = /^(?:llm\.reasoning_agent\.stream|reasoning\..*|invoke_agent .*|execute_tool .*)$/;
/** What a picture shows of a request; the rest of it is request_test's matter. */
const ofRequests = ["llm.stream.outcome", "llm.tokens.total", "gen_ai.usage.input_tokens"];

/** The one trace in the spans. */
export function pictureOf(spans: readonly FlatSpan[]): PaintedSpan {
  const [root, another] = spans.filter(({ parentId }) => !spans.some(({ id }) => id === parentId));
  if (root === undefined || another !== undefined) throw new Error("The spans are not one tree.");
  return paint(root, spans);
}

function paint(span: FlatSpan, spans: readonly FlatSpan[]): PaintedSpan {
  const { name, kind, status, attributes } = span;
  const shown = Object.entries(attributes).filter(([key]) => {
    return key !== "error.type" && (ownSpan.test(name) || ofRequests.includes(key));
  });
  return {
    name,
    kind,
    ...status === "UNSET" ? {} : { error: `${status} ${attributes["error.type"]}` },
    attributes: Object.fromEntries(shown.map(([key, value]) => [key, key === "server.port" ? "a port" : value])),
    children: spans.filter(({ parentId }) => parentId === span.id).map((child) => paint(child, spans)),
  };
}

/** Watches when spans begin and end, by their order alone. */
export function spanOrder() {
  const life = new Map<string, { name: string; begun: number; ended: number }>();
  let now = 0;
  return {
    /** To be handed to `memoryTelemetry`. */
    processor: {
      onStart(span: Span & ReadableSpan) {
        life.set(span.spanContext().spanId, { name: span.name, begun: now++, ended: Infinity });
      },
      onEnd(span: ReadableSpan) {
        const times = life.get(span.spanContext().spanId);
        if (times !== undefined) Object.assign(times, { name: span.name, ended: now++ });
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    },
    /** Pairs of spans of these names that were open at the same time. */
    overlaps(names: RegExp): readonly (readonly [string, string])[] {
      const all = [...life.values()].filter(({ name }) => names.test(name)).sort((a, b) => a.begun - b.begun);
      return all.flatMap((one, index) =>
        all.slice(index + 1).filter(({ begun }) => begun < one.ended).map(({ name }) => [one.name, name] as const)
      );
    },
    /** Spans that began after the span they stand under had ended, or ended after it. */
    outlived(spans: readonly FlatSpan[]): readonly string[] {
      return spans.filter(({ id, parentId }) => {
        const own = life.get(id);
        const above = life.get(parentId ?? "");
        return own !== undefined && above !== undefined && (own.ended > above.ended || own.begun < above.begun);
      }).map(({ name }) => name);
    },
  };
}
