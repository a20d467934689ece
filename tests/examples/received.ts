/**
 * Spans and data points as the receiver would give them, for tests of what is drawn of them.
 *
 * @module
 */
import type { ReceivedPoint, ReceivedSpan, Values } from "../../examples/support/otlp_decode.ts";

/** What a test says of a span; times are milliseconds from the start of the trace. */
export interface SpanPlan {
  readonly name: string;
  /** Its id, and by default its name. */
  readonly id?: string;
  readonly parent?: string;
  readonly trace?: string;
  readonly from?: number;
  readonly to?: number;
  readonly attributes?: Values;
  readonly error?: string;
}

const beganNs = 1_800_000_000_000_000_000n;

/** A span. */
export function span(
  { name, id = name, parent, trace = "t", from = 0, to = 100, attributes = {}, error }: SpanPlan,
): ReceivedSpan {
  return {
    name,
    kind: "INTERNAL",
    traceId: trace,
    spanId: id,
    parentSpanId: parent,
    traceState: undefined,
    startNs: beganNs + BigInt(Math.round(from * 1e6)),
    endNs: beganNs + BigInt(Math.round(to * 1e6)),
    attributes: error === undefined ? attributes : { ...attributes, "error.type": error },
    events: [],
    links: [],
    status: { code: error === undefined ? "UNSET" : "ERROR", message: undefined },
    scope: { name: "test", version: undefined },
    resource: {},
  };
}

/** The attributes of a request to a model. */
export function request(facts: { readonly in?: number; readonly out?: number; readonly cost?: number } = {}): Values {
  return {
    "llm.operation": "chat",
    ...(facts.in === undefined ? {} : { "llm.tokens.input": facts.in }),
    ...(facts.out === undefined ? {} : { "llm.tokens.output": facts.out }),
    ...(facts.cost === undefined ? {} : { "llm.cost.total": facts.cost }),
  };
}

/** A data point; a counter's unless it says otherwise. */
export function point(plan: Partial<ReceivedPoint> & { readonly name: string }): ReceivedPoint {
  const kind = plan.kind ?? "sum";
  return {
    description: undefined,
    unit: undefined,
    kind,
    monotonic: kind === "sum" ? true : undefined,
    temporality: "cumulative",
    startNs: beganNs,
    timeNs: beganNs,
    attributes: {},
    scope: { name: "test", version: undefined },
    resource: {},
    ...plan,
  };
}

/** A data point at a time of its own. */
export function at(ms: number): bigint {
  return beganNs + BigInt(ms) * 1_000_000n;
}
