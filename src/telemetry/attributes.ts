/**
 * What stands on a request's span, computed from the request and its result. Pure.
 *
 * @module
 */
import type { Result } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { Message } from "../message.ts";
import type { Cost, Usage } from "../usage.ts";
import { GEN_AI, genAiProvider, GENERAL, LLM, type Vocabulary } from "./names.ts";
import type { OptionalAttributes } from "./span.ts";

/** How a request ended. */
export interface Ending {
  /** Read to the end, broken off or aborted, failed. */
  readonly outcome: "completed" | "cancelled" | "error";
  /** The status of an HTTP refusal, else the error's name; undefined where nothing failed. */
  readonly errorType?: string | undefined;
}

/** What is measured of a request, whatever became of it. */
export interface Measured {
  /** From the first `next()` to the end. */
  readonly durationSeconds: number;
  /** To the first piece of output; undefined where none came. */
  readonly timeToFirstTokenSeconds: number | undefined;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** What the vendor reported, on a result or on an error. */
  readonly usage: Usage | undefined;
  /** What it cost. */
  readonly cost: Cost | undefined;
}

/** What is known before a request is sent; samplers see it. */
export function requestAttributes(
  model: LanguageModel,
  request: ChatRequest,
  vocabulary: Vocabulary,
): readonly OptionalAttributes[] {
  const { temperature, topP, topK, maxTokens, seed, reasoningEffort, stop, messages } = request;
  const streaming = request.streaming ?? true;
  const general = {
    [GENERAL.serverAddress]: model.server?.address,
    [GENERAL.serverPort]: model.server?.port,
  };
  const llm = vocabulary === "gen_ai" ? {} : {
    [LLM.model]: model.model,
    [LLM.provider]: model.provider,
    [LLM.operation]: "chat",
    [LLM.streaming]: streaming,
    [LLM.messagesCount]: messages.length,
    [LLM.inputContentLength]: contentLength(messages),
    [LLM.temperature]: temperature,
    [LLM.topP]: topP,
    [LLM.maxTokens]: maxTokens,
    [LLM.seed]: seed,
    [LLM.reasoningEffort]: reasoningEffort,
  };
  const genAi = vocabulary === "llm" ? {} : {
    [GEN_AI.operation]: "chat",
    [GEN_AI.provider]: genAiProvider(model.provider),
    [GEN_AI.requestModel]: model.model,
    [GEN_AI.conversationId]: request.conversationId,
    [GEN_AI.temperature]: temperature,
    [GEN_AI.topP]: topP,
    [GEN_AI.topK]: topK,
    [GEN_AI.maxTokens]: maxTokens,
    [GEN_AI.seed]: seed,
    [GEN_AI.stopSequences]: typeof stop === "string" ? [stop] : stop === undefined ? undefined : [...stop],
    [GEN_AI.stream]: streaming ? true : undefined,
    [GEN_AI.reasoningLevel]: reasoningEffort,
    [GEN_AI.outputType]: request.schema === undefined ? "text" : "json",
    [GEN_AI.openaiApiType]: model.api === undefined
      ? undefined
      : model.api === "chat"
      ? "chat_completions"
      : "responses",
  };
  return [general, llm, genAi];
}

/** What is known when a request has ended. */
export function endAttributes(
  { outcome }: Ending,
  { durationSeconds, timeToFirstTokenSeconds, retries, usage, cost }: Measured,
  result: Result | undefined,
  vocabulary: Vocabulary,
): readonly OptionalAttributes[] {
  const llm = vocabulary === "gen_ai" ? {} : {
    [LLM.outcome]: outcome,
    [LLM.duration]: durationSeconds,
    [LLM.timeToFirstToken]: timeToFirstTokenSeconds,
    [LLM.retries]: retries,
    [LLM.responseId]: result?.responseId,
    [LLM.responseModel]: result?.responseModel,
    [LLM.finishReason]: result?.finishReason,
    [LLM.toolCallsCount]: result?.toolCalls.length,
    [LLM.tokensInput]: usage?.inputTokens,
    [LLM.tokensOutput]: usage?.outputTokens,
    [LLM.tokensCacheRead]: usage?.cacheReadTokens,
    [LLM.tokensCacheWrite]: usage?.cacheWriteTokens,
    [LLM.tokensReasoning]: usage?.reasoningTokens,
    [LLM.tokensTotal]: usage?.totalTokens,
  };
  const genAi = vocabulary === "llm" ? {} : {
    [GEN_AI.responseId]: result?.responseId,
    [GEN_AI.responseModel]: result?.responseModel,
    [GEN_AI.finishReasons]: result === undefined ? undefined : [result.finishReason],
    [GEN_AI.timeToFirstChunk]: timeToFirstTokenSeconds,
    [GEN_AI.openaiServiceTier]: result?.serviceTier,
    [GEN_AI.openaiFingerprint]: result?.systemFingerprint,
    [GEN_AI.inputTokens]: usage && allInputTokens(usage),
    [GEN_AI.outputTokens]: usage?.outputTokens,
    [GEN_AI.cacheReadTokens]: usage?.cacheReadTokens,
    [GEN_AI.cacheWriteTokens]: usage?.cacheWriteTokens,
    [GEN_AI.cacheCreationTokens]: vocabulary === "both" ? usage?.cacheWriteTokens : undefined,
    [GEN_AI.reasoningTokens]: usage?.reasoningTokens,
  };
  // The conventions have no cost: it is the project's own, and left out where GenAI names alone are written.
  return vocabulary === "gen_ai" ? [genAi] : [llm, costAttributes(cost), genAi];
}

/** Input as the GenAI conventions count it: cached reads and writes included. */
export function allInputTokens(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

function costAttributes(cost: Cost | undefined): OptionalAttributes {
  return {
    [LLM.costTotal]: cost?.total,
    [LLM.costInput]: cost?.input,
    [LLM.costOutput]: cost?.output,
    [LLM.costCacheRead]: cost?.cacheRead,
    [LLM.costCacheWrite]: cost?.cacheWrite,
    [LLM.costOther]: cost?.other,
    [LLM.costSource]: cost?.source,
  };
}

/** The texts of a conversation, in characters; images and tool calls count nothing. */
function contentLength(messages: readonly Message[]): number {
  let length = 0;
  for (const { content } of messages) {
    if (typeof content === "string") length += content.length;
    else {for (const part of content) {
        length += typeof part === "string" ? part.length : "text" in part ? part.text.length : 0;
      }}
  }
  return length;
}
