/**
 * Every name that this library writes on spans and metrics; no other file spells one.
 *
 * Two vocabularies describe the same facts: `llm.*`, the project's own, and OpenTelemetry's GenAI conventions. Those
 * deployed today are in https://github.com/open-telemetry/semantic-conventions (v1.37, docs/gen-ai); the newest form is
 * https://github.com/open-telemetry/semantic-conventions-genai/tree/066d4a7f356f8600de6f10c42874626ab88692fb.
 *
 * @module
 */

/** Which names are written. */
export type Vocabulary = "both" | "llm" | "gen_ai";

/** Names of spans that do not depend on the vendor. */
export const SPAN = {
  request: "llm.request",
  http: "http.request",
  sample: "llm.sample",
  batchGenerate: "llm.batch_generate",
  agent: "llm.reasoning_agent.stream",
  finalAnswer: "reasoning.final_answer",
  unknownTool: "reasoning.tool.unknown",
} as const;

/** The span of an agent's turn, until it turns out to be the last. */
export function iterationSpanName(number: number): string {
  return `reasoning.thinking.iteration_${number}`;
}

/** The span of a tool that was declared; a name that only the model knows would make names without bound. */
export function toolSpanName(tool: string): string {
  return `reasoning.tool.${tool}`;
}

/** The span of the wire; the vendor's name is in the middle. */
export function streamSpanName(provider: string): string {
  return `llm.${provider}.stream`;
}

/** The span of a judgement; its name is in the caller's hand. */
export function evaluationSpanName(name: string): string {
  return `evaluation.${name}`;
}

/** The project's own attributes. */
export const LLM = {
  model: "llm.model",
  provider: "llm.provider",
  operation: "llm.operation",
  streaming: "llm.streaming",
  messagesCount: "llm.messages.count",
  inputContentLength: "llm.input.content_length",
  temperature: "llm.request.temperature",
  topP: "llm.request.top_p",
  maxTokens: "llm.request.max_tokens",
  seed: "llm.request.seed",
  reasoningEffort: "llm.reasoning.effort",
  tokensInput: "llm.tokens.input",
  tokensOutput: "llm.tokens.output",
  tokensCacheRead: "llm.tokens.cache_read",
  tokensCacheWrite: "llm.tokens.cache_write",
  tokensReasoning: "llm.tokens.reasoning",
  tokensTotal: "llm.tokens.total",
  costTotal: "llm.cost.total",
  costInput: "llm.cost.input",
  costOutput: "llm.cost.output",
  costCacheRead: "llm.cost.cache_read",
  costCacheWrite: "llm.cost.cache_write",
  costOther: "llm.cost.other",
  costSource: "llm.cost.source",
  responseId: "llm.response.id",
  responseModel: "llm.response.model",
  finishReason: "llm.response.finish_reason",
  timeToFirstToken: "llm.time_to_first_token_seconds",
  duration: "llm.duration_seconds",
  outcome: "llm.stream.outcome",
  chunks: "llm.stream.chunks",
  retries: "llm.retries",
  toolCallsCount: "llm.tool_calls.count",
  sampleSize: "llm.sample.size",
  batchSize: "llm.batch.size",
  batchSampleN: "llm.batch.sample_n",
  httpRequestId: "llm.http.request_id",
  httpRetryAfter: "llm.http.retry_after_seconds",
  httpRemainingRequests: "llm.http.ratelimit.remaining_requests",
  httpRemainingTokens: "llm.http.ratelimit.remaining_tokens",
} as const;

/** The project's own attributes of agents. */
export const AGENT = {
  iterationsTotal: "llm.reasoning.iterations.total",
  toolCallsTotal: "llm.reasoning.tool_calls.total",
  outcome: "llm.reasoning.outcome",
  tokensInput: "llm.aggregated.tokens.input",
  tokensOutput: "llm.aggregated.tokens.output",
  tokensCacheRead: "llm.aggregated.tokens.cache_read",
  tokensCacheWrite: "llm.aggregated.tokens.cache_write",
  tokensReasoning: "llm.aggregated.tokens.reasoning",
  tokensTotal: "llm.aggregated.tokens.total",
  costTotal: "llm.aggregated.cost.total",
  iteration: "reasoning.iteration",
  contentLength: "reasoning.thinking.content_length",
  nextAction: "reasoning.next_action",
  effort: "reasoning.effort",
  toolName: "tool.name",
  toolArgumentsCount: "tool.arguments_count",
  toolCallId: "tool.call_id",
  toolResultLength: "tool.result.content_length",
} as const;

/** Attributes of OpenTelemetry's GenAI conventions, OpenAI's own among them. */
export const GEN_AI = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  conversationId: "gen_ai.conversation.id",
  temperature: "gen_ai.request.temperature",
  topP: "gen_ai.request.top_p",
  topK: "gen_ai.request.top_k",
  maxTokens: "gen_ai.request.max_tokens",
  seed: "gen_ai.request.seed",
  stopSequences: "gen_ai.request.stop_sequences",
  stream: "gen_ai.request.stream",
  reasoningLevel: "gen_ai.request.reasoning.level",
  outputType: "gen_ai.output.type",
  responseId: "gen_ai.response.id",
  responseModel: "gen_ai.response.model",
  finishReasons: "gen_ai.response.finish_reasons",
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_write.input_tokens",
  /** What readers deployed today know cache writes by. */
  cacheCreationTokens: "gen_ai.usage.cache_creation.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  agentName: "gen_ai.agent.name",
  toolName: "gen_ai.tool.name",
  toolCallId: "gen_ai.tool.call.id",
  toolType: "gen_ai.tool.type",
  toolDescription: "gen_ai.tool.description",
  tokenType: "gen_ai.token.type",
  tokenModality: "gen_ai.token.modality",
  openaiApiType: "openai.api.type",
  openaiServiceTier: "openai.response.service_tier",
  openaiFingerprint: "openai.response.system_fingerprint",
} as const;

/** Attributes that hold content, and are written only where that was asked for. */
export const CONTENT = {
  inputMessages: "gen_ai.input.messages",
  outputMessages: "gen_ai.output.messages",
  systemInstructions: "gen_ai.system_instructions",
  toolDefinitions: "gen_ai.tool.definitions",
  toolArguments: "gen_ai.tool.call.arguments",
  toolResult: "gen_ai.tool.call.result",
} as const;

/** Where the vendor's words on a failure stand, as far as a redactor is told. */
export const EXCEPTION_MESSAGE = "exception.message";

/** Attributes of a judgement. */
export const EVALUATION = {
  score: "evaluation.score",
  criteria: "evaluation.criteria",
  label: "evaluation.label",
  genAiName: "gen_ai.evaluation.name",
  genAiScore: "gen_ai.evaluation.score.value",
  genAiLabel: "gen_ai.evaluation.score.label",
  genAiExplanation: "gen_ai.evaluation.explanation",
} as const;

/** Attributes of a link. */
export const LINK = {
  type: "link.type",
  evaluation: "evaluation_of_generation",
} as const;

/** Attributes of the general conventions. */
export const GENERAL = {
  errorType: "error.type",
  method: "http.request.method",
  statusCode: "http.response.status_code",
  resendCount: "http.request.resend_count",
  serverAddress: "server.address",
  serverPort: "server.port",
  urlFull: "url.full",
} as const;

/** Attributes of a server's span. */
export const HTTP_SERVER = {
  path: "url.path",
  scheme: "url.scheme",
} as const;

/** Metrics under the project's own names. */
export const LLM_METRIC = {
  requests: "llm_requests_total",
  failed: "llm_requests_failed_total",
  inputTokens: "llm_tokens_input_total",
  outputTokens: "llm_tokens_output_total",
  cacheReadTokens: "llm_cache_read_tokens_total",
  cacheWriteTokens: "llm_cache_write_tokens_total",
  reasoningTokens: "llm_reasoning_tokens_total",
  cost: "llm_cost_total_usd",
  duration: "llm_request_duration_seconds",
  timeToFirstToken: "llm_time_to_first_token_seconds",
  unpriced: "llm_unpriced_requests_total",
  retries: "llm_retries_total",
} as const;

/** Metrics of the GenAI conventions that back ends know today. */
export const GEN_AI_METRIC = {
  tokenUsage: "gen_ai.client.token.usage",
  duration: "gen_ai.client.operation.duration",
  timeToFirstChunk: "gen_ai.client.operation.time_to_first_chunk",
} as const;

/** Metrics of the newest form of the GenAI conventions. */
export const GEN_AI_INFERENCE_METRIC = {
  duration: "gen_ai.client.inference.duration",
  timeToFirstChunk: "gen_ai.client.inference.time_to_first_chunk",
  inputTokens: "gen_ai.client.inference.usage.input_tokens",
  outputTokens: "gen_ai.client.inference.usage.output_tokens",
  cacheReadTokens: "gen_ai.client.inference.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.client.inference.usage.cache_write.input_tokens",
  reasoningTokens: "gen_ai.client.inference.usage.reasoning.output_tokens",
  operationInputTokens: "gen_ai.client.inference.operation.input_tokens",
  operationOutputTokens: "gen_ai.client.inference.operation.output_tokens",
} as const;

/** Metrics of agents under the project's own names. */
export const AGENT_METRIC = {
  requests: "llm_reasoning_requests_total",
  success: "llm_reasoning_success_total",
  iterations: "llm_reasoning_iterations_total",
  toolCalls: "llm_reasoning_tool_calls_total",
  iterationsPerRequest: "llm_reasoning_iterations_per_request",
  toolDuration: "llm_tool_duration_seconds",
} as const;

/** Metrics of agents in the newest form of the GenAI conventions. */
export const GEN_AI_AGENT_METRIC = {
  duration: "gen_ai.invoke_agent.duration",
  inferenceCalls: "gen_ai.invoke_agent.inference_calls",
  toolCalls: "gen_ai.invoke_agent.tool_calls",
  toolDuration: "gen_ai.execute_tool.duration",
} as const;

/** The conventions' well-known values where they spell a provider in another way. */
const GEN_AI_PROVIDER: ReadonlyMap<string, string> = new Map([
  ["mistral", "mistral_ai"],
  ["xai", "x_ai"],
  ["gemini", "gcp.gemini"],
  ["azure", "azure.ai.openai"],
]);

/** The provider's name in the GenAI conventions. */
export function genAiProvider(provider: string): string {
  return GEN_AI_PROVIDER.get(provider) ?? provider;
}
