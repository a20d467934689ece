/**
 * How much Claude may think and write: the request's effort or budget in the words of the model's family.
 *
 * @module
 */
import { modelInfo } from "../catalog.ts";
import type { ChatRequest, ReasoningEffort } from "../language_model.ts";
import type { ClaudeRules } from "./anthropic_models.ts";
import type { Drops } from "./drops.ts";

/** What is sent. */
export interface Thinking {
  /** The field `thinking`; undefined leaves it to the model. */
  readonly thinking?: unknown;
  /** The level in `output_config`. */
  readonly effort?: string | undefined;
  /** The field `max_tokens`, thoughts included. */
  readonly maxTokens: number;
  /** Whether the model thinks, by the request or by itself. */
  readonly thinks: boolean;
}

/** The longest answer where the caller says nothing, thoughts not included. */
const ANSWER_TOKENS = 8_000;
/** What stays for the answer of a budget that the caller gave. */
const LEAST_ANSWER = 1_024;
/** The smallest budget: https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
const LEAST_BUDGET = 1_024;

type Level = Exclude<ReasoningEffort, "none">;

/** What an effort is worth in tokens, for models that are told so, and as room for the thoughts of the others. */
const TOKENS: Readonly<Record<Level, number>> = {
  minimal: LEAST_BUDGET,
  low: 4_000,
  medium: 16_000,
  high: 32_000,
  xhigh: 64_000,
};

/** Says how much the model may think, and with it how much it may write. */
export function encodeThinking(model: string, rules: ClaudeRules, request: ChatRequest, drops: Drops): Thinking {
  const limit = modelInfo(model)?.maxOutputTokens ?? Infinity;
  const answer = request.maxTokens ?? Math.min(ANSWER_TOKENS, limit);
  const { reasoningEffort: effort, thinkingBudgetTokens: budget } = request;
  if (effort === undefined && budget === undefined) return { maxTokens: answer, thinks: rules.byDefault };
  if ((effort ?? "none") === "none" && (budget ?? 0) === 0) return thinkingOff(model, rules, answer, drops);
  if (rules.thinking === "none") {
    if (effort !== undefined) drops.drop("reasoningEffort", `${model} does not think`);
    if (budget !== undefined) drops.drop("thinkingBudgetTokens", `${model} does not think`);
    return { maxTokens: answer, thinks: false };
  }
  if (rules.thinking === "budget" || rules.thinking === "either" && (budget ?? 0) > 0) {
    const given = atLeast(budget, drops) || undefined;
    return thinkingBudget(
      given ?? TOKENS[effort as Level],
      given === undefined ? ANSWER_TOKENS : LEAST_ANSWER,
      answer,
      limit,
      drops,
    );
  }
  const level = effort === undefined || effort === "none" ? levelOf(budget ?? 0) : effort;
  if ((budget ?? 0) > 0) {
    drops.drop("thinkingBudgetTokens", `${model} takes levels, and ${wireLevel(level, rules)} is the one that is sent`);
  }
  return {
    // Newer models show their thoughts only when they are asked to.
    thinking: { type: "adaptive", display: "summarized" },
    effort: wireLevel(level, rules),
    maxTokens: request.maxTokens ?? Math.min(limit, answer + TOKENS[level]),
    thinks: true,
  };
}

function thinkingOff(model: string, rules: ClaudeRules, maxTokens: number, drops: Drops): Thinking {
  if (!rules.byDefault) return { maxTokens, thinks: false };
  if (rules.off !== undefined) return { thinking: { type: rules.off }, maxTokens, thinks: false };
  drops.drop('reasoningEffort "none"', `${model} always thinks, and its lowest level is sent`);
  return { effort: "low", maxTokens, thinks: true };
}

/** A smaller budget is refused. */
function atLeast(budget: number | undefined, drops: Drops): number | undefined {
  if (budget === undefined || budget === 0 || budget >= LEAST_BUDGET) return budget;
  drops.change(`thinkingBudgetTokens ${budget} was sent as ${LEAST_BUDGET}, the least that there is.`);
  return LEAST_BUDGET;
}

/**
 * The budget is a part of `max_tokens`, and never all of it: some of it stays for the answer, `least` tokens where there
 * are as many. A budget that the caller gave is cut only where it must be.
 */
function thinkingBudget(asked: number, least: number, answer: number, limit: number, drops: Drops): Thinking {
  const maxTokens = Math.max(answer, Math.min(limit, answer + asked));
  const most = Math.max(maxTokens - Math.min(answer, least), LEAST_BUDGET);
  const budget = Math.min(asked, most);
  if (budget < asked) {
    drops.change(`A thinking budget of ${asked} tokens was sent as ${budget}: the model writes no more.`);
  }
  return { thinking: { type: "enabled", budget_tokens: budget }, maxTokens, thinks: true };
}

/** The level that is worth at least so many tokens. */
function levelOf(tokens: number): Level {
  const levels: readonly Level[] = ["low", "medium", "high"];
  return levels.find((level) => tokens <= TOKENS[level]) ?? "xhigh";
}

function wireLevel(level: Level, rules: ClaudeRules): string {
  if (level === "minimal") return "low";
  return level === "xhigh" ? rules.highest : level;
}
