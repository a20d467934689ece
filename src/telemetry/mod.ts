/**
 * Telemetry of `@sik/llms`, for programs that configure it without loading clients.
 *
 * ```ts
 * import { startTelemetry } from "@sik/llms/telemetry";
 *
 * await using telemetry = await startTelemetry({ enabled: true, serviceName: "travel-desk" });
 * const { spans } = await telemetry.flush({ timeoutMs: 1000 });
 * console.log(telemetry.state.rule, spans.exported);
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
export { type EdgeHandler, type HandlerOptions, instrumentHandler } from "./handler.ts";
export { type Evaluation, recordEvaluation } from "./evaluation.ts";
export { extractContext, type IncomingHeaders, injectContext, withContext } from "./propagation.ts";
export { costBasedSampler, type CostBasedSamplerOptions } from "./sampler.ts";
export { tailFilter, type TailFilterOptions } from "./tail_filter.ts";
export { diagnoseTelemetry, type Diagnosis, type Finding } from "./diagnose.ts";
export type { CaptureContent, ClientTelemetry, Redact, RedactPlace, TelemetryOptions } from "./options.ts";
export type { Vocabulary } from "./names.ts";
export type {
  BatchSettings,
  Counts,
  ExportOutcome,
  FlushOptions,
  FlushReport,
  MetricExporterLike,
  MetricReaderLike,
  OtelOptions,
  Rule,
  SamplerLike,
  Signal,
  SpanExporterLike,
  SpanProcessorLike,
  TelemetryState,
  Trouble,
} from "../otel/options.ts";
export type { Attributes, Context, Link, Meter, Span, TraceContext, Tracer } from "../otel_types.ts";
