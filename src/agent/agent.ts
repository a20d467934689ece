/**
 * The reasoning loop: ask, run the tools that are asked for, ask again, until the model answers. Knows language models
 * and tools; no provider, no exporter, no span.
 *
 * @module
 */
import { breakable, type Lifeline } from "../breakable.ts";
import type { FinishEvent, NextAction, NoticeEvent, Result, StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel, ServerAddress } from "../language_model.ts";
import type { Message, ToolCall } from "../message.ts";
import { type AgentObserver, type ObservableModel, unobserved } from "../step_observer.ts";
import type { Tool } from "../tool.ts";
import { checkTools } from "./step_schema.ts";
import { runTools, type ToolOutcome } from "./tools.ts";
import { addResult, noTotals, type Totals } from "./totals.ts";
import { nativeTurn, structuredTurn, type Turn } from "./turn.ts";

/** What an agent is made of. */
export interface AgentSettings {
  /** Thinks and answers. */
  readonly model: LanguageModel;
  /** Takes the turns that may call tools, instead of `model`. */
  readonly toolsModel: LanguageModel | undefined;
  /** What the model may have done. */
  readonly tools: readonly Tool[];
  /** Stand before the conversation. */
  readonly instructions: string | undefined;
  /** Turns that may call tools. */
  readonly maxIterations: number;
  /** Whether a closing turn without tools follows when these are used up. */
  readonly finalAnswer: boolean;
  /** The longest a tool may take, in milliseconds. */
  readonly toolTimeoutMs: number;
  /** How many tools run at once. */
  readonly toolConcurrency: number;
  /** Whether the model calls tools by itself; otherwise each turn is a structured step. */
  readonly nativeTools: boolean;
  /** Whether the model reasons by itself: only then is it told how much. */
  readonly reasoningModel: boolean;
}

/** Makes an agent. */
export function createAgent(settings: AgentSettings): ObservableModel {
  const { model } = settings;
  checkTools(settings.tools);
  return {
    provider: model.provider,
    model: model.model,
    server: model.server as ServerAddress | undefined,
    api: model.api,
    stream(request, observer = unobserved) {
      if (request.tools !== undefined) checkTools(request.tools);
      const run = agentRun(settings, request, observer);
      run.check();
      return { [Symbol.asyncIterator]: () => breakable(request.signal, run.start) };
    },
  };
}

interface AgentRun {
  /** Encodes the first turn's request, which nobody reads, so that what the caller did wrong is told at once. */
  check(): void;
  start(line: Lifeline): AsyncGenerator<StreamEvent, void, undefined>;
}

function agentRun(settings: AgentSettings, request: ChatRequest, observer: AgentObserver): AgentRun {
  const { maxIterations, instructions } = settings;
  const tools = request.tools ?? settings.tools;
  const native = settings.nativeTools && tools.length > 0;
  const system: readonly Message[] = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  const takeTurn = native ? nativeTurn : structuredTurn;

  function turn(number: number, transcript: readonly Message[], closing: boolean): Turn {
    const model = closing ? settings.model : settings.toolsModel ?? settings.model;
    const conversation = [...system, ...request.messages, ...transcript];
    const reasoningEffort = settings.reasoningModel ? request.reasoningEffort : undefined;
    return takeTurn(model, { ...request, messages: conversation, reasoningEffort }, { number, tools, closing });
  }

  async function* start({ signal }: Lifeline): AsyncGenerator<StreamEvent, void, undefined> {
    const startedAt = performance.now();
    const transcript: Message[] = [];
    const totals = noTotals();
    let firstTextAt: number | undefined;
    for (let number = 1;; number++) {
      const closing = number > maxIterations;
      if (closing) yield MAX_ITERATIONS;
      if (closing && !settings.finalAnswer) {
        yield finish(settings, undefined, transcript, totals, startedAt, firstTextAt);
        return;
      }
      const step = observer.turn(number);
      const asked = turn(number, transcript, closing);
      let ended = false;
      let answer: Awaited<ReturnType<Turn["conclude"]>>;
      try {
        let result: Result | undefined;
        const events = step.run(() => asked.events({ signal, parent: step.context ?? request.parent }));
        for await (const event of inStep(events, step.run)) {
          if (event.type === "finish") result = event.result;
          else {
            if (event.type === "text") firstTextAt ??= performance.now();
            yield event;
          }
        }
        answer = asked.conclude(result);
        addResult(totals, answer.result);
        ended = true;
        step.end({ nextAction: answer.nextAction, result: answer.result });
      } catch (error) {
        ended = true;
        step.end({ error });
        throw error;
      } finally {
        if (!ended) step.end({ brokenOff: true });
      }
      transcript.push(...answer.messages);
      for (const event of answer.events) yield event;
      yield { type: "iteration", number, nextAction: answer.nextAction satisfies NextAction };
      if (answer.nextAction === "finish") {
        yield finish(settings, answer.result, transcript, totals, startedAt, firstTextAt);
        return;
      }
      const outcomes: ToolOutcome[] = [];
      const { toolTimeoutMs: timeoutMs, toolConcurrency: concurrency } = settings;
      const how = { tools, timeoutMs, concurrency, signal, observer };
      for await (const { index, outcome } of runTools(answer.toolCalls, how)) {
        outcomes[index] = outcome;
        yield outcome.event;
      }
      transcript.push(...asked.reply(answer.toolCalls, outcomes));
    }
  }

  return {
    check() {
      turn(1, [], false).events({ signal: undefined, parent: undefined });
    },
    start,
  };
}

const MAX_ITERATIONS: NoticeEvent = {
  type: "notice",
  code: "max_iterations",
  message: "The agent has used up its turns; maxIterations changes how many it has.",
};

/** Every `next` of a turn's stream runs inside the turn's step, so that what the model does is its child. */
async function* inStep(
  events: AsyncIterable<StreamEvent>,
  run: <R>(fn: () => R) => R,
): AsyncGenerator<StreamEvent, void, undefined> {
  const iterator = events[Symbol.asyncIterator]();
  let over = false;
  try {
    while (true) {
      const next = await run(() => iterator.next());
      over = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } catch (error) {
    over = true;
    throw error;
  } finally {
    if (!over) await run(async () => await iterator.return?.());
  }
}

function finish(
  { model }: AgentSettings,
  result: Result | undefined,
  transcript: readonly Message[],
  totals: Totals,
  startedAt: number,
  firstTextAt: number | undefined,
): FinishEvent {
  const toolCalls: readonly ToolCall[] = [];
  const answer = result ?? { response: "", finishReason: "max_iterations" };
  const { traceContext: _, ...rest } = answer as Partial<Result>;
  return {
    type: "finish",
    result: {
      ...rest,
      response: answer.response,
      finishReason: answer.finishReason,
      toolCalls,
      provider: model.provider,
      model: model.model,
      usage: totals.usage,
      cost: totals.cost,
      durationSeconds: (performance.now() - startedAt) / 1000,
      timeToFirstTokenSeconds: firstTextAt === undefined ? undefined : (firstTextAt - startedAt) / 1000,
      messages: transcript,
    },
  };
}
