/**
 * Clients for language models that are observable by default: ask a model, and the trace and the metrics of the call
 * (tokens, cost, latency, cache, retries) are there in standard OpenTelemetry, on Deno, Bun, Node and edge workers.
 *
 * ```ts
 * import { createClient } from "@sik/llms";
 *
 * async function ask(question: string): Promise<string> {
 *   const client = createClient("gpt-4o-mini", { temperature: 0.7 });
 *   const result = await client.run(question);
 *   console.log(result.usage, result.cost, result.traceContext);
 *   return result.response;
 * }
 *
 * console.log(typeof ask); // ask("What is the capital of France?") needs OPENAI_API_KEY
 * ```
 *
 * @module
 */

// Clients
export { type ClientOptions, createClient } from "./src/create_client.ts";
export { type AgentOptions, createReasoningAgent } from "./src/create_reasoning_agent.ts";
export { type BatchOptions, type Client, clientOf } from "./src/client.ts";
export type { OfficialSdk, SdkPostOptions } from "./src/sdk_fetch.ts";
export type { Timeouts } from "./src/timeouts.ts";

// Messages
export { assistantMessage, systemMessage, toolMessage, userMessage } from "./src/message.ts";
export { imageFromBytes, imageFromUrl } from "./src/image.ts";
export type {
  AssistantMessage,
  CacheMark,
  ImagePart,
  Message,
  Messages,
  Part,
  Role,
  SystemMessage,
  TextPart,
  ThinkingPart,
  ToolCall,
  ToolMessage,
  UserMessage,
  VendorPart,
} from "./src/message.ts";

// Requests, tools and schemas
export type {
  ChatRequest,
  LanguageModel,
  ReasoningEffort,
  RequestOptions,
  ServerAddress,
  ToolChoice,
} from "./src/language_model.ts";
export { defineTool, type Tool, type ToolContext, type ToolDefinition } from "./src/tool.ts";
export type { JsonSchema, Schema, StandardSchema } from "./src/schema.ts";

// Answers
export type {
  EventIterator,
  EventStream,
  FinishEvent,
  IterationEvent,
  NextAction,
  NoticeEvent,
  Result,
  ServerToolEvent,
  StreamEvent,
  TextEvent,
  ThinkingEvent,
  ToolResultEvent,
} from "./src/event.ts";
export type { Cost, ModelPrice, PriceTier, Usage } from "./src/usage.ts";

// Models and vendors
export { type ModelInfo, modelInfo, models } from "./src/catalog.ts";
export { anthropic } from "./src/providers/anthropic.ts";
export {
  deepseek,
  gemini,
  groq,
  llamaCpp,
  mistral,
  ollama,
  openrouter,
  together,
  vllm,
  xai,
} from "./src/providers/compatible.ts";
export { openaiChat } from "./src/providers/openai_chat.ts";
export { openaiResponses } from "./src/providers/openai_responses.ts";
export type { Billed, DecodedEvent, DecodedResult, EncodedRequest, Notice, Pass, Provider } from "./src/provider.ts";
export type { ServerSentEvent } from "./src/sse.ts";
export type { VendorError } from "./src/vendor_error.ts";

// Errors
export {
  ApiError,
  type ApiErrorFields,
  AuthenticationError,
  BadRequestError,
  BatchError,
  ConfigError,
  ConnectionError,
  type ErrorFields,
  LlmError,
  OverloadedError,
  RateLimitError,
  ResponseError,
  type ResponseErrorReason,
  SchemaError,
  StreamTruncatedError,
  TimeoutError,
  type TimeoutPhase,
  ToolArgumentsError,
} from "./src/error.ts";

// Telemetry
export {
  configureTelemetry,
  flushTelemetry,
  getMeter,
  getTracer,
  isTelemetryEnabled,
  shutdownTelemetry,
  startTelemetry,
  type Telemetry,
} from "./src/telemetry/signals.ts";
export { instrument } from "./src/telemetry/instrument.ts";
export { createSpanLink } from "./src/telemetry/links.ts";
export { type EdgeHandler, type HandlerOptions, instrumentHandler } from "./src/telemetry/handler.ts";
export { type Evaluation, recordEvaluation } from "./src/telemetry/evaluation.ts";
export { extractContext, type IncomingHeaders, injectContext, withContext } from "./src/telemetry/propagation.ts";
export { costBasedSampler, type CostBasedSamplerOptions } from "./src/telemetry/sampler.ts";
export { tailFilter, type TailFilterOptions } from "./src/telemetry/tail_filter.ts";
export { diagnoseTelemetry, type Diagnosis, type Finding } from "./src/telemetry/diagnose.ts";
export type {
  CaptureContent,
  ClientTelemetry,
  Redact,
  RedactPlace,
  TelemetryOptions,
} from "./src/telemetry/options.ts";
export type { Vocabulary } from "./src/telemetry/names.ts";
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
} from "./src/otel/options.ts";
export type { Attributes, Context, Link, Meter, Span, TraceContext, Tracer } from "./src/otel_types.ts";
