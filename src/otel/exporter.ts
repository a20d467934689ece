/**
 * OTLP exporters: clean values, encoded, bodies of bounded size, our transport, exact counts.
 *
 * @module
 */
import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { quietly } from "../quietly.ts";
import { placeOf } from "../url.ts";
import type { SignalEnvironment } from "./environment.ts";
import { cleanMetrics, cleanSpan, countPoints, halveMetrics } from "./clean.ts";
import { encodeSpans } from "./encode_spans.ts";
import { restoreNumbers } from "./normalize.ts";
import type { Signal } from "./options.ts";
import { send, type SendOptions, type TransportOptions } from "./transport.ts";

/** What became of the items of one export. */
export interface Exported {
  /** The back end took them. */
  readonly exported: number;
  /** It did not. */
  readonly failed: number;
  /** Why, without key or query. */
  readonly errors: readonly string[];
}

/** Takes items and says how many arrived; never throws. */
export interface Sink<T> {
  /** Where it sends to, as far as an operator may be told. */
  readonly place?: string | undefined;
  /** Sends. */
  send(items: readonly T[], how: SendOptions): Promise<Exported>;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
}

const LONGEST_BODY = 4 * 1024 * 1024;
const NOTHING: Exported = { exported: 0, failed: 0, errors: [] };

/** How a signal's items become bytes, and how they are cut in two. */
interface Encoding<T> {
  readonly signal: Signal;
  clean(item: T): T;
  encode(items: readonly T[]): Uint8Array | undefined;
  rejected(body: Uint8Array): unknown;
  count(items: readonly T[]): number;
  halve(items: readonly T[]): readonly [readonly T[], readonly T[]] | undefined;
}

/** The OTLP exporter of spans. */
export function otlpSpanSink(to: SignalEnvironment): Sink<ReadableSpan> {
  const json = to.protocol === "http/json";
  const serializer = json ? JsonTraceSerializer : ProtobufTraceSerializer;
  return otlpSink<ReadableSpan>(to, {
    signal: "traces",
    clean: (span) => cleanSpan(span, { json }),
    encode: (spans) => json ? finished(serializer.serializeRequest([...spans]), json) : encodeSpans(spans),
    rejected: (body) => serializer.deserializeResponse(body).partialSuccess?.rejectedSpans,
    count: (spans) => spans.length,
    halve: (spans) =>
      spans.length < 2 ? undefined : [spans.slice(0, spans.length >> 1), spans.slice(spans.length >> 1)],
  });
}

/** The OTLP exporter of metrics. */
export function otlpMetricSink(to: SignalEnvironment): Sink<ResourceMetrics> {
  const json = to.protocol === "http/json";
  const serializer = json ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  return otlpSink<ResourceMetrics>(to, {
    signal: "metrics",
    clean: (metrics) => cleanMetrics(metrics, { json }),
    encode: ([metrics]) => finished(serializer.serializeRequest(metrics as ResourceMetrics), json),
    rejected: (body) => serializer.deserializeResponse(body).partialSuccess?.rejectedDataPoints,
    count: countPoints,
    halve([metrics]) {
      const halves = metrics === undefined ? undefined : halveMetrics(metrics);
      return halves && [[halves[0]], [halves[1]]];
    },
  });
}

/** Some back ends take traces only: their answer to metrics is one of these, and asking again is no use. */
const NO_SUCH_SIGNAL: ReadonlySet<number | undefined> = new Set([404, 405, 501]);

function otlpSink<T>(to: SignalEnvironment, encoding: Encoding<T>): Sink<T> {
  const transport: TransportOptions = {
    ...to,
    contentType: to.protocol === "http/json" ? "application/json" : "application/x-protobuf",
  };
  let paused = false;

  /** Sends in as many bodies as it takes, all before `until`. */
  async function deliver(items: readonly T[], how: SendOptions, until: number): Promise<Exported> {
    const count = encoding.count(items);
    if (count === 0) return NOTHING;
    const body = quietly(() => encoding.encode(items));
    if (body === undefined || body.length > LONGEST_BODY) {
      // What one item has that the encoder refuses must not cost the others.
      const halves = encoding.halve(items);
      if (halves !== undefined) return sum(await deliver(halves[0], how, until), await deliver(halves[1], how, until));
    }
    if (body === undefined) return refused(count);
    if (paused) return { ...NOTHING, failed: count };
    const sent = await send(body, { ...transport, timeoutMs: until - performance.now() }, how);
    if (!sent.ok) {
      paused = encoding.signal === "metrics" && NO_SUCH_SIGNAL.has(sent.status);
      const hint = paused ? ", so it takes traces only; metrics are paused (OTEL_METRICS_EXPORTER=none says so)" : "";
      return { exported: 0, failed: count, errors: [sent.reason + hint] };
    }
    const failed = rejectedOf(encoding, sent.body, count);
    const errors = failed === 0 ? [] : [`The back end rejected ${failed} of ${count}`];
    return { exported: count - failed, failed, errors };
  }

  return {
    place: placeOf(to.url),
    async send(items, how) {
      if (paused) return NOTHING;
      const kept: T[] = [];
      const lost: T[] = [];
      for (const item of items) {
        const clean = quietly(() => encoding.clean(item));
        if (clean === undefined) lost.push(item);
        else kept.push(clean);
      }
      const delivered = await deliver(kept, how, performance.now() + to.timeoutMs);
      return lost.length === 0 ? delivered : sum(delivered, refused(encoding.count(lost)));
    },
    shutdown: () => Promise.resolve(),
  };
}

/** How many the back end says it did not take; a body that is no OTLP response says nothing. */
function rejectedOf<T>(encoding: Encoding<T>, body: Uint8Array, count: number): number {
  const rejected = Number(quietly(() => encoding.rejected(body)) ?? 0);
  return Number.isInteger(rejected) ? Math.min(Math.max(0, rejected), count) : 0;
}

function refused(count: number): Exported {
  return { exported: 0, failed: count, errors: ["The encoder refused them"] };
}

function finished(body: Uint8Array | undefined, json: boolean): Uint8Array | undefined {
  if (body === undefined || !json) return body;
  const text = new TextDecoder().decode(body);
  const restored = restoreNumbers(text);
  return restored === text ? body : new TextEncoder().encode(restored);
}

function sum(a: Exported, b: Exported): Exported {
  return { exported: a.exported + b.exported, failed: a.failed + b.failed, errors: [...a.errors, ...b.errors] };
}
