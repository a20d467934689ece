/**
 * What stands on the span of an agent's run. Pure.
 *
 * @module
 */
import type { Result } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import { addUsage, type Usage } from "../usage.ts";
import { AGENT, GEN_AI, genAiProvider, GENERAL, LLM, type Vocabulary } from "./names.ts";
import type { OptionalAttributes } from "./span.ts";

/** Sums over the requests of a run, as they grow. */
export interface AgentSums {
  /** Turns. */
  iterations: number;
  /** Tools it asked for. */
  toolCalls: number;
  /** What is known of the tokens. */
  usage: Usage | undefined;
  /** What is known of the cost. */
  costUsd: number | undefined;
}

/** Adds a turn's request. */
export function addTurn(sums: AgentSums, { usage, cost }: Pick<Result, "usage" | "cost">): void {
  if (cost !== undefined) sums.costUsd = (sums.costUsd ?? 0) + cost.total;
  if (usage !== undefined) sums.usage = sums.usage === undefined ? usage : addUsage(sums.usage, usage);
}

/** What is known before the run begins; samplers see it. */
export function agentStartAttributes(
  { model, provider, server }: LanguageModel,
  name: string,
  { effort, conversationId }: Pick<ChatRequest, "conversationId"> & { readonly effort: string },
  vocabulary: Vocabulary,
): OptionalAttributes {
  const llm = vocabulary === "gen_ai" ? {} : {
    [LLM.model]: model,
    [LLM.provider]: provider,
    [LLM.operation]: "reasoning",
    [LLM.reasoningEffort]: effort,
  };
  const genAi = vocabulary === "llm" ? {} : {
    [GEN_AI.operation]: "invoke_agent",
    [GEN_AI.agentName]: name,
    [GEN_AI.provider]: genAiProvider(provider),
    [GEN_AI.requestModel]: model,
    [GEN_AI.conversationId]: conversationId,
    [GENERAL.serverAddress]: server?.address,
    [GENERAL.serverPort]: server?.port,
  };
  return { ...llm, ...genAi };
}

/** What is known when the run has ended. The conventions have no sums: a request's own attributes are theirs. */
export function agentEndAttributes(
  outcome: "finished" | "max_iterations" | "error" | "cancelled",
  { iterations, toolCalls, usage, costUsd }: AgentSums,
  vocabulary: Vocabulary,
): OptionalAttributes {
  if (vocabulary === "gen_ai") return {};
  return {
    [AGENT.outcome]: outcome,
    [AGENT.iterationsTotal]: iterations,
    [AGENT.toolCallsTotal]: toolCalls,
    [AGENT.tokensInput]: usage?.inputTokens,
    [AGENT.tokensOutput]: usage?.outputTokens,
    [AGENT.tokensCacheRead]: usage?.cacheReadTokens,
    [AGENT.tokensCacheWrite]: usage?.cacheWriteTokens,
    [AGENT.tokensReasoning]: usage?.reasoningTokens,
    [AGENT.tokensTotal]: usage?.totalTokens,
    [AGENT.costTotal]: costUsd,
  };
}
