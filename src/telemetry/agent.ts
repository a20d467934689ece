/**
 * The telemetry of an agent, as a language model around it: a span of the run, of each turn and of each tool. Its
 * requests bring their own, with tokens and cost; here stand their sums under other names, so that nothing counts twice.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isReasonOf } from "../deadline.ts";
import type { StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { ObservableModel, TurnEnding } from "../step_observer.ts";
import { activeContext } from "../otel/registry.ts";
import type { Attributes } from "../otel_types.ts";
import { agentEndAttributes, agentStartAttributes, type AgentSums } from "./agent_attributes.ts";
import { recordAgent } from "./agent_metrics.ts";
import { observeAgent } from "./agent_observer.ts";
import { type Capture, inputContent, outputContent } from "./content.ts";
import { endingOf, sentenceOf, tellWhere } from "./ending.ts";
import { fixedLabels } from "./labels.ts";
import { SPAN, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { captureOf, currentVocabulary } from "./recording.ts";
import { isRecording, meterOf, telemetryReady, tracerOf } from "./signals.ts";
import { quietly } from "../quietly.ts";
import { merged, type OpenSpan, openSpan } from "./span.ts";
import { type TracedCall, tracedIterator } from "./traced_iterator.ts";

/** Puts telemetry around an agent; `name` stands on spans and metrics. */
export function instrumentAgent(agent: ObservableModel, name: string, options: ClientTelemetry = {}): LanguageModel {
  const labels = fixedLabels(options);
  return {
    provider: agent.provider,
    model: agent.model,
    server: agent.server,
    api: agent.api,
    stream(request) {
      return isRecording(options) ? traced(agent, name, options, labels, request) : agent.stream(request);
    },
  };
}

/** A run that is under way. */
interface Run {
  readonly span: OpenSpan;
  readonly vocabulary: Vocabulary;
  readonly capture: Capture;
  readonly startedAt: number;
  readonly sums: AgentSums;
}

function traced(
  agent: ObservableModel,
  name: string,
  options: ClientTelemetry,
  labels: Attributes,
  request: ChatRequest,
): AsyncIterable<StreamEvent> {
  const parent = request.parent ?? activeContext();
  const effort = agent.effortOf(request);
  let run: Run | undefined;
  let ended = false;
  let outcome: "finished" | "max_iterations" = "finished";

  // The observer is asked only once the run has begun.
  const observer = observeAgent(options, labels, request, () => opened().span.context, () => opened());
  const inner = agent.stream(request, { ...observer, gaveUp: () => leave({ brokenOff: true }, "cancelled") });

  function onAbort(): void {
    const error: unknown = request.signal?.reason;
    leave({ error }, "aborted", error);
  }

  /** In the middle of a wait its own rejection ends the run; else nobody may ever come back to be told. */
  function leave(ending: TurnEnding, how: AgentOutcome, error?: unknown): void {
    // A turn of the event loop later, when the request and the tools that the abort ended have ended.
    setTimeout(() => {
      if (call.waiting > 0) return;
      observer.abandon(ending);
      end(how, error);
    }, 0);
  }

  function opened(): Run {
    if (run !== undefined) return run;
    const vocabulary = currentVocabulary();
    const capture = captureOf(options);
    const span = openSpan(tracerOf(options), {
      name: vocabulary === "gen_ai" ? `invoke_agent ${name}` : SPAN.agent,
      kind: SpanKind.INTERNAL,
      parent,
      attributes: [
        merged(options.attributes, request.attributes),
        agentStartAttributes(agent, name, { ...request, effort }, vocabulary),
      ],
    });
    if (span.isRecording) span.set(quietly(() => inputContent(agent.completed(request), capture)) ?? {});
    request.signal?.addEventListener("abort", onAbort, { once: true });
    const sums: AgentSums = { iterations: 0, toolCalls: 0, usage: undefined, costUsd: undefined };
    return run = { span, vocabulary, capture, startedAt: performance.now(), sums };
  }

  function end(how: AgentOutcome, error?: unknown): void {
    if (ended || run === undefined) return;
    ended = true;
    request.signal?.removeEventListener("abort", onAbort);
    const { span, vocabulary, capture, sums, startedAt } = run;
    const ending = how === "error" || how === "aborted" ? endingOf(error, request) : undefined;
    const word = how === "aborted" ? "cancelled" : how;
    span.set(agentEndAttributes(word, sums, vocabulary));
    recordAgent(quietly(() => meterOf(options)), {
      model: agent,
      name,
      effort,
      success: word === "finished",
      iterations: sums.iterations,
      toolCalls: sums.toolCalls,
      durationSeconds: (performance.now() - startedAt) / 1000,
      errorType: ending?.errorType,
      labels,
      vocabulary,
    });
    span.end(
      ending?.errorType === undefined ? undefined : {
        type: ending.errorType,
        message: sentenceOf(ending, error, capture),
      },
    );
  }

  const call: TracedCall = {
    waiting: 0,
    get context() {
      return run?.span.context;
    },
    ready: () => telemetryReady(options),
    open: () => opened().span.context,
    seen(event) {
      if (event.type === "notice" && event.code === "max_iterations") outcome = "max_iterations";
      if (event.type !== "finish") return event;
      const { span, capture } = opened();
      const result = { ...event.result, traceContext: span.traceContext };
      if (span.isRecording) span.set(outputContent(result, capture));
      end(outcome);
      return { type: "finish", result };
    },
    brokenOff: () => end("cancelled"),
    over: () => end(outcome),
    failed(error) {
      const isCallers = isReasonOf(request.signal, error);
      end(isCallers ? "aborted" : "error", error);
      if (!isCallers) tellWhere(error, run?.span.traceContext);
    },
  };
  return { [Symbol.asyncIterator]: () => tracedIterator(inner[Symbol.asyncIterator](), call) };
}

type AgentOutcome = "finished" | "max_iterations" | "error" | "cancelled" | "aborted";
