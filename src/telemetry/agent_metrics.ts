/**
 * What an agent's run and its tools add to the metrics. Tokens and cost are its requests' own.
 *
 * @module
 */
import type { LanguageModel } from "../language_model.ts";
import type { Attributes, Meter } from "../otel_types.ts";
import { doubling, type Instruments, instrumentsOf, LLM_SECONDS } from "./instruments.ts";
import { AGENT, AGENT_METRIC, GEN_AI, GEN_AI_AGENT_METRIC, GENERAL, LLM, type Vocabulary } from "./names.ts";
import { quietly } from "../quietly.ts";
import { defined } from "./span.ts";

/** One run of an agent, as the metrics see it. */
export interface AgentMeasurement {
  /** Who thought. */
  readonly model: LanguageModel;
  /** The agent's name. */
  readonly name: string;
  /** How much it was to think. */
  readonly effort: string;
  /** Whether it answered by itself. */
  readonly success: boolean;
  /** Turns. */
  readonly iterations: number;
  /** Tools it asked for. */
  readonly toolCalls: number;
  /** From the first `next()` to the end. */
  readonly durationSeconds: number;
  /** Undefined where nothing failed. */
  readonly errorType: string | undefined;
  /** The client's own labels. */
  readonly labels: Attributes;
  /** Which names are written. */
  readonly vocabulary: Vocabulary;
}

const ITERATIONS = [1, 2, 3, 4, 5, 7, 10, 15, 20, 50];
const CALLS = doubling(1, 8);
const AGENT_SECONDS = doubling(0.1, 13);

/** Adds a run that has ended; never throws. */
export function recordAgent(meter: Meter | undefined, measurement: AgentMeasurement): void {
  if (meter === undefined) return;
  quietly(() => {
    const instruments = instrumentsOf(meter);
    if (measurement.vocabulary === "gen_ai") recordNewest(instruments, measurement);
    recordOwn(instruments, measurement);
  });
}

function recordOwn(instruments: Instruments, measurement: AgentMeasurement): void {
  const { model, effort, success, iterations, toolCalls, vocabulary } = measurement;
  const labels = {
    [AGENT.effort]: effort,
    [LLM.model]: model.model,
    [LLM.provider]: model.provider,
    ...measurement.labels,
  };
  const count = (name: string, unit: string, value: number, description: string) => {
    instruments.add(name, unit, description, value, labels);
  };
  count(AGENT_METRIC.requests, "{request}", 1, "Runs of agents.");
  count(
    AGENT_METRIC.success,
    "{request}",
    success ? 1 : 0,
    "Runs of agents that ended with an answer of their own accord.",
  );
  if (vocabulary === "gen_ai") return;
  count(AGENT_METRIC.iterations, "{iteration}", iterations, "Turns of agents.");
  count(AGENT_METRIC.toolCalls, "{call}", toolCalls, "Tools that agents asked for.");
  instruments.record(
    AGENT_METRIC.iterationsPerRequest,
    "{iteration}",
    ITERATIONS,
    "Turns of one run.",
    iterations,
    labels,
  );
}

function recordNewest(instruments: Instruments, measurement: AgentMeasurement): void {
  const { model, name, iterations, toolCalls, durationSeconds, errorType } = measurement;
  const labels = { [GEN_AI.agentName]: name, [GEN_AI.requestModel]: model.model, ...measurement.labels };
  const names = GEN_AI_AGENT_METRIC;
  const ended = defined({ ...labels, [GENERAL.errorType]: errorType });
  instruments.record(names.duration, "s", AGENT_SECONDS, "Duration of an agent's run.", durationSeconds, ended);
  const count = (name: string, unit: string, description: string, value: number) => {
    instruments.record(name, unit, CALLS, description, value, labels);
  };
  count(names.inferenceCalls, "{inference_call}", "Requests of one run.", iterations);
  count(names.toolCalls, "{tool_call}", "Tools that one run asked for.", toolCalls);
}

/** Adds a tool that has ended; never throws. `tool` is declared, so the label is bounded. */
export function recordTool(
  meter: Meter | undefined,
  tool: string,
  seconds: number,
  errorType: string | undefined,
  labels: Attributes,
  vocabulary: Vocabulary,
): void {
  if (meter === undefined) return;
  quietly(() => {
    const genAi = { [GEN_AI.toolName]: tool, [GEN_AI.toolType]: "function", [GENERAL.errorType]: errorType, ...labels };
    const [name, own] = vocabulary === "gen_ai"
      ? [GEN_AI_AGENT_METRIC.toolDuration, defined(genAi)]
      : [AGENT_METRIC.toolDuration, { [AGENT.toolName]: tool, ...labels }];
    instrumentsOf(meter).record(name, "s", LLM_SECONDS, "Duration of tools.", seconds, own);
  });
}
