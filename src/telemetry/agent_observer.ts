/**
 * Spans of an agent's turns and tools, made of what the agent tells.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isReasonOf } from "../deadline.ts";
import { LlmError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { AgentObserver, Step, ToolEnding, TurnEnding } from "../step_observer.ts";
import { runInContext } from "../otel/registry.ts";
import type { Attributes, Context } from "../otel_types.ts";
import { addTurn, type AgentSums } from "./agent_attributes.ts";
import { recordTool } from "./agent_metrics.ts";
import type { Capture } from "./content.ts";
import { endingOf } from "./ending.ts";
import { AGENT, GEN_AI, iterationSpanName, SPAN, toolSpanName, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { meterOf, tracerOf } from "./signals.ts";
import { quietly } from "../quietly.ts";
import { type OpenSpan, openSpan } from "./span.ts";
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

/** Watches the steps of one run. */
export interface RunObserver extends Omit<AgentObserver, "gaveUp"> {
  /** Ends the turn that is open: the reader is elsewhere, and may never come back to end it. */
  abandon(ending: TurnEnding): void;
}

/** Makes an observer whose spans are children of `parent`, both asked for at the first step. */
export function observeAgent(
  options: ClientTelemetry,
  labels: Attributes,
  request: ChatRequest,
  parent: () => Context,
  run: () => ObservedRun,
): RunObserver {
  let open: Step<TurnEnding> | undefined;

  /** Adds what a turn's request used; one that failed after it was answered is paid for, too. */
  function add(sums: AgentSums, ending: TurnEnding): void {
    if ("result" in ending) addTurn(sums, ending.result);
    else if ("error" in ending && ending.error instanceof LlmError) addTurn(sums, ending.error);
  }

  return {
    abandon: (ending) => open?.end(ending),
    turn(number) {
      const { vocabulary, sums } = run();
      sums.iterations++;
      // The conventions know no turns: there a request is the agent's own child.
      if (vocabulary === "gen_ai") return open = plainStep(parent(), (ending) => add(sums, ending));
      const span = openSpan(tracerOf(options), {
        name: iterationSpanName(number),
        kind: SpanKind.INTERNAL,
        parent: parent(),
        attributes: [{ [AGENT.iteration]: number }],
      });
      return open = spanStep(span, (ending: TurnEnding) => {
        add(sums, ending);
        if (!("result" in ending)) return "error" in ending ? failureOf(ending.error, request) : undefined;
        const { result, nextAction } = ending;
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
        attributes: [
          vocabulary === "gen_ai" ? {} : {
            [AGENT.toolName]: call.name,
            [AGENT.toolArgumentsCount]: countOf(call.arguments),
            [AGENT.toolCallId]: call.id,
          },
          vocabulary === "llm" ? {} : {
            [GEN_AI.operation]: "execute_tool",
            [GEN_AI.toolName]: call.name,
            [GEN_AI.toolCallId]: call.id,
            [GEN_AI.toolType]: "function",
            [GEN_AI.toolDescription]: description,
          },
        ],
      });
      if (span.isRecording) span.set(toolArguments(call, capture));
      return spanStep(span, (ending: ToolEnding) => {
        const failure = "error" in ending ? toolFailureOf(ending.error, request) : undefined;
        if ("contentLength" in ending) {
          if (vocabulary !== "gen_ai") span.set({ [AGENT.toolResultLength]: ending.contentLength });
          if (span.isRecording) span.set(toolResult(ending.result, capture));
        }
        const seconds = (performance.now() - startedAt) / 1000;
        const name = declared ? call.name : "unknown";
        const meter = quietly(() => meterOf(options));
        recordTool(meter, name, seconds, failure?.type, labels, vocabulary);
        return failure;
      });
    },
  };
}

/** A step that is a span; `conclude` gives the failure, if it was one. */
function spanStep<E>(span: OpenSpan, conclude: (ending: E) => Failure | undefined): Step<E> {
  return plainStep(span.context, (ending) => span.end(quietly(() => conclude(ending))));
}

/** A step that ends once, whoever ends it first. */
function plainStep<E>(context: Context, conclude: (ending: E) => void): Step<E> {
  let ended = false;
  return {
    context,
    run: (fn) => runInContext(context, fn),
    end(ending) {
      if (ended) return;
      ended = true;
      conclude(ending);
    },
  };
}

interface Failure {
  readonly type: string;
  readonly message: string;
}

/**
 * A tool may throw anything, and its type is a label: the caller's reason and this library's errors are told as a
 * request's are, of any other error the class, never a name that was written onto the one that was thrown.
 */
function toolFailureOf(error: unknown, request: ChatRequest): Failure {
  const isOurs = isReasonOf(request.signal, error) || quietly(() => error instanceof LlmError) === true;
  return isOurs ? failureOf(error, request) : failure(quietly(() => classNameOf(error)));
}

function classNameOf(error: unknown): string {
  if (!(error instanceof Error)) return "Error";
  return Object.hasOwn(error, "name") ? (Object.getPrototypeOf(error) as Error).constructor.name : error.name;
}

/** An error's own message may quote what a tool was given: only its type is told, and that only where it is a word. */
function failureOf(error: unknown, request: ChatRequest): Failure {
  const { errorType = "Error" } = quietly(() => endingOf(error, request)) ?? {};
  return failure(errorType);
}

function failure(word: unknown): Failure {
  const type = typeof word === "string" && /^[\w.$-]{1,64}$/.test(word) ? word : "Error";
  return { type, message: `The step failed: ${type}.` };
}

function countOf(args: unknown): number {
  return typeof args === "object" && args !== null ? Object.keys(args).length : args === undefined ? 0 : 1;
}
