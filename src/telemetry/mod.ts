/**
 * Telemetry of `@sik/llms`, for programs that configure it without loading clients.
 *
 * ```ts
 * import { configureTelemetry, flushTelemetry } from "@sik/llms/telemetry";
 *
 * configureTelemetry({ enabled: true, serviceName: "travel-desk" });
 * await flushTelemetry({ timeoutMs: 2000 });
 * ```
 *
 * @module
 */
export {
  configureTelemetry,
  flushTelemetry,
  getMeter,
  getTracer,
  isTelemetryEnabled,
  shutdownTelemetry,
  startTelemetry,
  type Telemetry,
} from "./signals.ts";
export { createSpanLink } from "./links.ts";
export { type Evaluation, recordEvaluation } from "./evaluation.ts";
export { extractContext, type IncomingHeaders, injectContext, withContext } from "./propagation.ts";
export { costBasedSampler, type CostBasedSamplerOptions } from "./sampler.ts";
export { tailFilter, type TailFilterOptions } from "./tail_filter.ts";
export { diagnoseTelemetry, type Diagnosis, type Finding } from "./diagnose.ts";
export type { CaptureContent, ClientTelemetry, Redact, RedactPlace, TelemetryOptions } from "./options.ts";
export type { Vocabulary } from "./names.ts";
export type { Rule, TelemetryState } from "../otel/lifecycle.ts";
export type {
  BatchSettings,
  Counts,
  ExportOutcome,
  FlushOptions,
  FlushReport,
  MetricExporterLike,
  MetricReaderLike,
  OtelOptions,
  SamplerLike,
  Signal,
  SpanExporterLike,
  SpanProcessorLike,
  Trouble,
} from "../otel/options.ts";
export type { Attributes, Context, Link, Meter, Span, TraceContext, Tracer } from "../otel_types.ts";
