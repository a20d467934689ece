/**
 * Spans of an agent's turns and tools, made of what the agent tells.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import type { AgentObserver, Step, ToolEnding, TurnEnding } from "../step_observer.ts";
import { runInContext } from "../otel/registry.ts";
import type { Context } from "../otel_types.ts";
import { addTurn, type AgentSums } from "./agent_attributes.ts";
import { recordTool } from "./agent_metrics.ts";
import type { Capture } from "./content.ts";
import { AGENT, GEN_AI, iterationSpanName, SPAN, toolSpanName, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { meterOf, tracerOf } from "./signals.ts";
import { type OpenSpan, openSpan, quietly } from "./span.ts";
import { toolArguments, toolResult } from "./tool_content.ts";

/** The run that the steps belong to. */
export interface ObservedRun {
  /** Which names are written. */
  readonly vocabulary: Vocabulary;
  /** What is recorded of content. */
  readonly capture: Capture;
  /** Grow with every step. */
  readonly sums: AgentSums;
}

/** Makes an observer whose spans are children of `parent`, both asked for at the first step. */
export function observeAgent(options: ClientTelemetry, parent: () => Context, run: () => ObservedRun): AgentObserver {
  return {
    turn(number) {
      const { vocabulary, sums } = run();
      sums.iterations++;
      // The conventions know no turns: there a request is the agent's own child.
      if (vocabulary === "gen_ai") {
        return plainStep(parent(), (ending) => "result" in ending && addTurn(sums, ending.result));
      }
      const span = openSpan(tracerOf(options), {
        name: iterationSpanName(number),
        kind: SpanKind.INTERNAL,
        parent: parent(),
        attributes: { [AGENT.iteration]: number },
      });
      return spanStep(span, (ending: TurnEnding) => {
        if (!("result" in ending)) return "error" in ending ? failureOf(ending.error) : undefined;
        const { result, nextAction } = ending;
        addTurn(sums, result);
        if (nextAction === "finish") span.rename(SPAN.finalAnswer);
        const length = result.response.length + (result.thinking?.length ?? 0);
        span.set({ [AGENT.contentLength]: length, [AGENT.nextAction]: nextAction });
        return undefined;
      });
    },
    tool(call, declared, description) {
      const { vocabulary, capture, sums } = run();
      sums.toolCalls++;
      const startedAt = performance.now();
      const span = openSpan(tracerOf(options), {
        name: vocabulary === "gen_ai"
          ? `execute_tool ${declared ? call.name : "unknown"}`
          : declared
          ? toolSpanName(call.name)
          : SPAN.unknownTool,
        kind: SpanKind.INTERNAL,
        parent: parent(),
        attributes: {
          ...(vocabulary === "gen_ai" ? {} : {
            [AGENT.toolName]: call.name,
            [AGENT.toolArgumentsCount]: countOf(call.arguments),
            [AGENT.toolCallId]: call.id,
          }),
          ...(vocabulary === "llm" ? {} : {
            [GEN_AI.operation]: "execute_tool",
            [GEN_AI.toolName]: call.name,
            [GEN_AI.toolCallId]: call.id,
            [GEN_AI.toolType]: "function",
            [GEN_AI.toolDescription]: description,
          }),
        },
      });
      if (span.isRecording) span.set(toolArguments(call, capture));
      return spanStep(span, (ending: ToolEnding) => {
        const failure = "brokenOff" in ending
          ? undefined
          : ending.error === undefined
          ? undefined
          : failureOf(ending.error);
        if ("contentLength" in ending) {
          if (vocabulary !== "gen_ai") span.set({ [AGENT.toolResultLength]: ending.contentLength });
          if (span.isRecording) span.set(toolResult(ending.result, capture));
        }
        const seconds = (performance.now() - startedAt) / 1000;
        const name = declared ? call.name : "unknown";
        const meter = quietly(() => meterOf(options));
        recordTool(meter, name, seconds, failure?.type, options.metricAttributes ?? {}, vocabulary);
        return failure;
      });
    },
  };
}

/** A step that is a span; `conclude` gives the failure, if it was one. */
function spanStep<E>(span: OpenSpan, conclude: (ending: E) => { type: string; message: string } | undefined): Step<E> {
  return {
    context: span.context,
    run: (fn) => runInContext(span.context, fn),
    end: (ending) => span.end(quietly(() => conclude(ending))),
  };
}

function plainStep<E>(context: Context, conclude: (ending: E) => void): Step<E> {
  return { context, run: (fn) => runInContext(context, fn), end: conclude };
}

/** The error's own message may quote what the tool was given: only its name is told. */
function failureOf(error: unknown): { readonly type: string; readonly message: string } {
  const type = error instanceof Error && error.name !== "" ? error.name : "Error";
  return { type, message: `The step failed: ${type}.` };
}

function countOf(args: unknown): number {
  return typeof args === "object" && args !== null ? Object.keys(args).length : args === undefined ? 0 : 1;
}
