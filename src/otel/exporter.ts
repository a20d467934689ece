/**
 * OTLP exporters: clean values, the stock encoder, bodies of bounded size, our transport, exact counts.
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
import type { SignalEnvironment } from "./environment.ts";
import { cleanMetrics, cleanSpan, countPoints, halveMetrics } from "./clean.ts";
import { restoreDoubles } from "./normalize.ts";
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
  /** Sends. */
  send(items: readonly T[], how: SendOptions): Promise<Exported>;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
}

const LONGEST_BODY = 4 * 1024 * 1024;

/** How a signal's items become bytes, and how they are cut in two. */
interface Encoding<T> {
  readonly signal: Signal;
  encode(items: readonly T[]): Uint8Array | undefined;
  rejected(body: Uint8Array): { readonly count: number; readonly message: string | undefined };
  count(items: readonly T[]): number;
  halve(items: readonly T[]): readonly [readonly T[], readonly T[]] | undefined;
}

/** The OTLP exporter of spans. */
export function otlpSpanSink(to: SignalEnvironment): Sink<ReadableSpan> {
  const json = to.protocol === "http/json";
  const serializer = json ? JsonTraceSerializer : ProtobufTraceSerializer;
  return otlpSink<ReadableSpan>(to, {
    signal: "traces",
    encode: (spans) => finished(serializer.serializeRequest(spans.map((span) => cleanSpan(span, { json }))), json),
    rejected(body) {
      const { partialSuccess } = serializer.deserializeResponse(body);
      return { count: Number(partialSuccess?.rejectedSpans ?? 0), message: partialSuccess?.errorMessage };
    },
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
    encode: ([metrics]) =>
      finished(serializer.serializeRequest(cleanMetrics(metrics as ResourceMetrics, { json })), json),
    rejected(body) {
      const { partialSuccess } = serializer.deserializeResponse(body);
      return { count: Number(partialSuccess?.rejectedDataPoints ?? 0), message: partialSuccess?.errorMessage };
    },
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

  async function deliver(items: readonly T[], how: SendOptions): Promise<Exported> {
    const count = encoding.count(items);
    if (paused || count === 0) return { exported: 0, failed: 0, errors: [] };
    let body: Uint8Array | undefined;
    try {
      body = encoding.encode(items);
    } catch {
      body = undefined;
    }
    if (body === undefined) return { exported: 0, failed: count, errors: ["The encoder refused them"] };
    const halves = body.length > LONGEST_BODY ? encoding.halve(items) : undefined;
    if (halves !== undefined) return sum(await deliver(halves[0], how), await deliver(halves[1], how));
    const sent = await send(body, transport, how);
    if (!sent.ok) {
      paused = encoding.signal === "metrics" && NO_SUCH_SIGNAL.has(sent.status);
      const hint = paused ? ", so it takes traces only; metrics are paused (OTEL_METRICS_EXPORTER=none says so)" : "";
      return { exported: 0, failed: count, errors: [sent.reason + hint] };
    }
    const { count: rejected, message } = rejectedOf(encoding, sent.body);
    const failed = Math.min(Math.max(0, rejected), count);
    const errors = failed === 0 ? [] : [`The back end rejected ${failed} of ${count}${message ? " and said why" : ""}`];
    return { exported: count - failed, failed, errors };
  }

  return { send: deliver, shutdown: () => Promise.resolve() };
}

function rejectedOf<T>(encoding: Encoding<T>, body: Uint8Array): { count: number; message: string | undefined } {
  try {
    return encoding.rejected(body);
  } catch {
    return { count: 0, message: undefined }; // A body that is no OTLP response, under a status that is success.
  }
}

function finished(body: Uint8Array | undefined, json: boolean): Uint8Array | undefined {
  if (body === undefined || !json) return body;
  const text = new TextDecoder().decode(body);
  const restored = restoreDoubles(text);
  return restored === text ? body : new TextEncoder().encode(restored);
}

function sum(a: Exported, b: Exported): Exported {
  return { exported: a.exported + b.exported, failed: a.failed + b.failed, errors: [...a.errors, ...b.errors] };
}
