/**
 * The telemetry of an agent, as a language model around it: a span of the run, of each turn and of each tool. Its
 * requests bring their own, with tokens and cost; here stand their sums under other names, so that nothing counts twice.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import type { StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { ObservableModel, TurnEnding } from "../step_observer.ts";
import { activeContext, runInContext } from "../otel/registry.ts";
import { agentEndAttributes, agentStartAttributes, type AgentSums } from "./agent_attributes.ts";
import { recordAgent } from "./agent_metrics.ts";
import { observeAgent } from "./agent_observer.ts";
import { type Capture, inputContent, outputContent } from "./content.ts";
import { endingOf, sentenceOf } from "./ending.ts";
import { SPAN, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { captureOf, currentVocabulary, isRecording, meterOf, telemetryReady, tracerOf } from "./signals.ts";
import { quietly } from "../quietly.ts";
import { merged, type OpenSpan, openSpan } from "./span.ts";
import { LlmError } from "../error.ts";

/** Puts telemetry around an agent; `name` stands on spans and metrics. */
export function instrumentAgent(agent: ObservableModel, name: string, options: ClientTelemetry = {}): LanguageModel {
  return {
    provider: agent.provider,
    model: agent.model,
    server: agent.server,
    api: agent.api,
    stream(request) {
      return isRecording(options) ? traced(agent, name, options, request) : agent.stream(request);
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
  request: ChatRequest,
): AsyncIterable<StreamEvent> {
  const parent = request.parent ?? activeContext();
  const effort = agent.effortOf(request);
  let run: Run | undefined;
  let waiting = false;
  let ended = false;
  let outcome: "finished" | "max_iterations" = "finished";

  // The observer is asked only once the run has begun.
  const observer = observeAgent(options, request, () => opened().span.context, () => opened());
  const inner = agent.stream(request, { ...observer, gaveUp: () => leave({ brokenOff: true }, "cancelled") });

  function onAbort(): void {
    const error: unknown = request.signal?.reason;
    leave({ error }, "aborted", error);
  }

  /** In the middle of a wait its own rejection ends the run; else nobody may ever come back to be told. */
  function leave(ending: TurnEnding, how: AgentOutcome, error?: unknown): void {
    // A turn of the event loop later, when the request and the tools that the abort ended have ended.
    setTimeout(() => {
      if (waiting) return;
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
    if (span.isRecording) span.set(inputContent(request, capture));
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
      labels: options.metricAttributes ?? {},
      vocabulary,
    });
    span.end(
      ending?.errorType === undefined ? undefined : {
        type: ending.errorType,
        message: sentenceOf(ending, error, capture),
      },
    );
  }

  function seen(event: StreamEvent): StreamEvent {
    if (event.type === "notice" && event.code === "max_iterations") outcome = "max_iterations";
    if (event.type !== "finish") return event;
    const { span, capture } = opened();
    const result = { ...event.result, traceContext: span.traceContext };
    if (span.isRecording) span.set(outputContent(result, capture));
    end(outcome);
    return { type: "finish", result };
  }

  function iterate(events: AsyncIterator<StreamEvent>): AsyncIterableIterator<StreamEvent> {
    let brokenOff = false;
    const breakOff = async (): Promise<IteratorResult<StreamEvent>> => {
      brokenOff = true;
      try {
        if (run === undefined) await events.return?.();
        else await runInContext(run.span.context, async () => await events.return?.());
      } finally {
        end("cancelled");
      }
      return { value: undefined, done: true };
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        if (run === undefined) {
          const loading = telemetryReady();
          if (loading !== undefined) await loading;
        }
        const { span } = opened();
        waiting = true;
        try {
          const next = await runInContext(span.context, () => events.next());
          if (next.done) end(brokenOff ? "cancelled" : outcome);
          return next.done ? next : { value: seen(next.value), done: false };
        } catch (error) {
          const aborted = request.signal?.aborted === true && error === request.signal.reason;
          end(aborted ? "aborted" : "error", error);
          // The signal's reason is the caller's own, and may end other runs as well.
          if (!aborted && error instanceof LlmError && error.traceContext === undefined) {
            Reflect.set(error, "traceContext", span.traceContext);
          }
          throw error;
        } finally {
          waiting = false;
        }
      },
      return: breakOff,
      async throw(error) {
        await breakOff();
        throw error;
      },
    };
  }

  return { [Symbol.asyncIterator]: () => iterate(inner[Symbol.asyncIterator]()) };
}

type AgentOutcome = "finished" | "max_iterations" | "error" | "cancelled" | "aborted";
