/**
 * What zero-config can be told, and what it reports. Nothing here knows language models.
 *
 * @module
 */
import type { Attributes, Context, Link } from "../otel_types.ts";

/** What an exporter says when it is done: code 0 is success. */
export interface ExportOutcome {
  /** 0: success. */
  code: number;
  /** What went wrong. */
  error?: Error;
}

/** A span exporter; values of the SDK's 2.x and 3.x lines fit. */
export interface SpanExporterLike {
  /** Sends spans and calls `done` once. */
  export(spans: never, done: (result: ExportOutcome) => void): void;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
  /** Waits for what is under way. */
  forceFlush?(): Promise<void>;
}

/** A metric exporter; values of the SDK's 2.x and 3.x lines fit. */
export interface MetricExporterLike {
  /** Sends metrics and calls `done` once. */
  export(metrics: never, done: (result: ExportOutcome) => void): void;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
  /** Waits for what is under way. */
  forceFlush(): Promise<void>;
}

/** A span processor; values of the SDK's 2.x and 3.x lines fit. */
export interface SpanProcessorLike {
  /** A span began. */
  onStart(span: never, context: Context): void;
  /** A span ended. */
  onEnd(span: never): void;
  /** Waits for what is under way. */
  forceFlush(): Promise<void>;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
}

/** A metric reader; values of the SDK's 2.x and 3.x lines fit. */
export interface MetricReaderLike {
  /** Collects and sends. */
  forceFlush(): Promise<void>;
  /** Lets go of everything. */
  shutdown(): Promise<void>;
}

/** A sampler; values of the SDK's 2.x and 3.x lines fit. */
export interface SamplerLike {
  /** Decides about a span at its creation. */
  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: number,
    attributes: Attributes,
    links: Link[],
  ): { decision: number; attributes?: Attributes };
  /** Its name, for logs. */
  toString(): string;
}

/** The two signals. */
export type Signal = "traces" | "metrics";

/** Telemetry that was lost. */
export interface Trouble {
  /** Which signal. */
  readonly signal: Signal;
  /** One sentence, without key or query. */
  readonly message: string;
  /** How many spans, or data points. */
  readonly lost: number;
}

/** How spans are gathered before they are sent. */
export interface BatchSettings {
  /**
   * Spans beyond it are dropped, the newest first.
   * @default 2048
   */
  readonly maxQueueSize?: number | undefined;
  /**
   * The most spans in one request.
   * @default 512
   */
  readonly maxExportBatchSize?: number | undefined;
  /**
   * The longest a span waits, in milliseconds.
   * @default 5000
   */
  readonly scheduledDelayMs?: number | undefined;
  /**
   * The longest one export may take, in milliseconds.
   * @default 30_000
   */
  readonly exportTimeoutMs?: number | undefined;
}

/** What zero-config can be told; each option stands over its environment variable. */
export interface OtelOptions {
  /**
   * True, or any exporter, processor or reader given here, means zero-config's own providers, unless a provider is
   * already registered: then that one is used and one warning says that these are ignored. Without it the environment
   * decides. False means off.
   */
  readonly enabled?: boolean | undefined;
  /** Instead of the process environment (edge handlers). */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * The resource's `service.name`.
   * @default "sik-llms"
   */
  readonly serviceName?: string | undefined;
  /** More attributes of the resource. */
  readonly resource?: Attributes | undefined;
  /**
   * The back end's OTLP/HTTP base; `/v1/traces` and `/v1/metrics` are appended.
   * @default "http://localhost:4318"
   */
  readonly endpoint?: string | undefined;
  /** Sent with every export. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How exports are encoded.
   * @default "http/protobuf"
   */
  readonly protocol?: "http/protobuf" | "http/json" | undefined;
  /**
   * Whether exports are compressed.
   * @default "none"
   */
  readonly compression?: "gzip" | "none" | undefined;
  /**
   * Send spans in batches, or each as it ends.
   * @default "batch"
   */
  readonly processor?: "batch" | "simple" | undefined;
  /** How spans are gathered. */
  readonly batch?: BatchSettings | undefined;
  /**
   * How often metrics are sent, in milliseconds.
   * @default 5000
   */
  readonly metricIntervalMs?: number | undefined;
  /**
   * Whether metrics count from the start or from the last export.
   * @default "cumulative"
   */
  readonly temporality?: "cumulative" | "delta" | undefined;
  /** Decides which traces are recorded; all are, otherwise. */
  readonly sampler?: SamplerLike | undefined;
  /** Instead of the OTLP exporter of spans. */
  readonly spanExporter?: SpanExporterLike | undefined;
  /** Instead of the OTLP exporter of metrics. */
  readonly metricExporter?: MetricExporterLike | undefined;
  /** Beside zero-config's own. */
  readonly spanProcessors?: readonly SpanProcessorLike[] | undefined;
  /** Beside zero-config's own. */
  readonly metricReaders?: readonly MetricReaderLike[] | undefined;
  /** Stands before zero-config's own processor. */
  readonly filter?: ((next: SpanProcessorLike) => SpanProcessorLike) | undefined;
  /**
   * Whether the providers are the process's, so that the program's own spans and metrics flow too.
   * @default true
   */
  readonly registerGlobally?: boolean | undefined;
  /** Is told of every loss, instead of the line on stderr. */
  readonly onError?: ((trouble: Trouble) => void) | undefined;
}

/** How many spans, or data points, went which way. */
export interface Counts {
  /** The back end took them. */
  readonly exported: number;
  /** It refused them, could not be reached, or the deadline came first. */
  readonly failed: number;
  /** The queue was full. */
  readonly dropped: number;
}

/**
 * Spans, and metric data points, that were queued or in flight when the flush began, plus what was dropped since the
 * last report. At the deadline running exports are aborted; what was still queued or in flight counts as `failed`, is
 * given up and never reported again. With somebody else's providers their `forceFlush` is called and the counts are 0.
 */
export interface FlushReport {
  /** Spans. */
  readonly spans: Counts;
  /** Metric data points. */
  readonly metrics: Counts;
  /** The deadline came first. */
  readonly timedOut: boolean;
  /** What went wrong, one sentence each, without key or query. */
  readonly errors: readonly string[];
}

/** How long a flush may take. */
export interface FlushOptions {
  /**
   * Milliseconds.
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined;
}

/** Which rule of the switch holds: nobody's, somebody else's, or zero-config's own providers. */
export type Rule = "off" | "user" | "zero-config";

/** How telemetry stands. */
export interface TelemetryState {
  /** Which rule of the switch holds. */
  readonly rule: Rule;
  /** Whether spans go anywhere. */
  readonly traces: boolean;
  /** Whether metrics go anywhere. */
  readonly metrics: boolean;
  /** Whether the caller's span is found across awaits. */
  readonly contextManager: boolean;
  /** Whether this is Deno's built-in OpenTelemetry. */
  readonly deno: boolean;
}
