/**
 * The reasoning loop: ask, run the tools that are asked for, ask again, until the model answers. Knows language models
 * and tools; no provider, no exporter, no span.
 *
 * @module
 */
import { breakable, type Lifeline, singly } from "../breakable.ts";
import { alarm, asLimit, isNoLongerNeeded, isReasonOf, orAborted } from "../deadline.ts";
import type { FinishEvent, NoticeEvent, Result, StreamEvent } from "../event.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Message } from "../message.ts";
import { type AgentObserver, type ObservableModel, type TurnEnding, unobserved } from "../step_observer.ts";
import { timeoutError } from "../timeouts.ts";
import type { Tool } from "../tool.ts";
import { DEFAULT_EFFORT, effortOf } from "./effort.ts";
import { nativeTurn } from "./native_turn.ts";
import { structuredTurn } from "./structured_turn.ts";
import { checkAgentTools, runTools, type ToolOutcome } from "./tools.ts";
import { addResult, noTotals, tellTurn, withTotals } from "./totals.ts";
import type { AgentModel, Turn, TurnAnswer } from "./turn.ts";

/** What an agent is made of. */
export interface AgentSettings {
  /** Thinks and answers. */
  readonly model: AgentModel;
  /** Takes the turns that may call tools, instead of `model`; none where there are no tools. */
  readonly toolsModel: AgentModel | undefined;
  /** What the model may have done. */
  readonly tools: readonly Tool[];
  /** Stand before the conversation. */
  readonly instructions: string | undefined;
  /** Turns that may call tools. */
  readonly maxIterations: number;
  /** Whether a closing turn without tools follows when these are used up. */
  readonly finalAnswer: boolean;
  /** The longest a run may take, in milliseconds; undefined: as long as it takes. */
  readonly totalMs?: number | undefined;
  /** The longest a tool may take, in milliseconds. */
  readonly toolTimeoutMs: number;
  /** How many tools run at once. */
  readonly toolConcurrency: number;
  /** Whether the models call tools by themselves; otherwise each turn is a structured step. */
  readonly nativeTools: boolean;
}

/** Makes an agent. */
export function createAgent(settings: AgentSettings): ObservableModel {
  const { provider, model, server, api } = settings.model.asked;
  checkAgentTools(settings.tools);
  return {
    provider,
    model,
    server,
    api,
    effortOf: ({ reasoningEffort }) => reasoningEffort ?? DEFAULT_EFFORT,
    completed: (request) => completed(settings, request),
    stream(request, observer = unobserved) {
      if (request.tools !== undefined) checkAgentTools(request.tools);
      const run = agentRun(settings, request, observer);
      run.check();
      return { [Symbol.asyncIterator]: () => breakable(request.signal, singly(run.start)) };
    },
  };
}

/** The request with what the agent brings to each: its instructions, and its tools where it has none of its own. */
function completed({ instructions = "", tools }: AgentSettings, request: ChatRequest): ChatRequest {
  const system: readonly Message[] = instructions.trim() === "" ? [] : [{ role: "system", content: instructions }];
  return { ...request, messages: [...system, ...request.messages], tools: [...request.tools ?? tools] };
}

interface AgentRun {
  /** Encodes the first turn's request, which nobody reads, so that what the caller did wrong is told at once. */
  check(): void;
  start(line: Lifeline): AsyncGenerator<StreamEvent, void, undefined>;
}

/** What a run has come to so far. */
interface RunState {
  readonly startedAt: number;
  readonly transcript: Message[];
  readonly thoughts: string[];
  readonly totals: ReturnType<typeof noTotals>;
  /** Notices that the reader knows: every turn's request has the same to say of the same options. */
  readonly noticed: Set<string>;
  firstOutputAt: number | undefined;
  /** The text of the turn that is under way. */
  text: string;
}

function agentRun(settings: AgentSettings, request: ChatRequest, observer: AgentObserver): AgentRun {
  const { maxIterations } = settings;
  // The user's own lists may change while the agent runs.
  const { messages: conversation, tools = [] } = completed(settings, request);
  const toolsModel = tools.length === 0 ? undefined : settings.toolsModel;
  const kindOfTurn = settings.nativeTools && tools.length > 0 ? nativeTurn : structuredTurn;

  function turn(number: number, transcript: readonly Message[]): Turn {
    const closing = number > maxIterations;
    const model = closing ? settings.model : toolsModel ?? settings.model;
    const messages = [...conversation, ...transcript];
    const reasoningEffort = effortOf(request.reasoningEffort, model.reasons);
    return kindOfTurn(model, { ...request, messages, reasoningEffort }, { number, tools, closing });
  }

  /** Takes a turn: one request, and what it came to. */
  async function* take(
    number: number,
    asked: Turn,
    signal: AbortSignal,
    state: RunState,
  ): AsyncGenerator<StreamEvent, TurnAnswer, undefined> {
    const step = observer.turn(number);
    // Where the reader broke off nothing failed.
    const isLeft = () => signal.aborted && isNoLongerNeeded(signal.reason);
    state.text = "";
    let ending: TurnEnding = { brokenOff: true };
    let result: Result | undefined;
    try {
      const events = step.run(() => asked.events({ signal, parent: step.context ?? request.parent }));
      for await (const event of inStep(events, step.run, signal, isLeft)) {
        if (event.type === "finish") result = event.result;
        else for (const told of asked.told(event)) if (isNews(told, state)) yield told;
      }
      if (signal.aborted) throw signal.reason;
      // A schema of the user's own may take its time.
      const answer = await orAborted(Promise.resolve(asked.conclude(result)), signal);
      ending = { nextAction: answer.nextAction, result: answer.result };
      return answer;
    } catch (error) {
      if (!isReasonOf(request.signal, error)) tellTurn(error, result);
      if (!isLeft()) ending = { error };
      throw error;
    } finally {
      step.end(ending);
    }
  }

  async function* start(line: Lifeline): AsyncGenerator<StreamEvent, void, undefined> {
    const state: RunState = {
      startedAt: performance.now(),
      transcript: [],
      thoughts: [],
      totals: noTotals(),
      noticed: new Set(),
      firstOutputAt: undefined,
      text: "",
    };
    const { totalMs } = settings;
    const callOff = alarm(totalMs, () => {
      line.abort(asLimit(timeoutError("total", { totalMs }, state.text)));
      observer.gaveUp();
    });
    const done = () => {
      callOff();
      line.release();
    };
    // A reader that pauses may never come back: what was aborted waits for nothing.
    if (totalMs !== undefined) line.signal.addEventListener("abort", callOff, { once: true });
    try {
      yield* turns(line.signal, state, done);
    } catch (error) {
      // The signal's reason is the caller's own.
      throw isReasonOf(request.signal, error) ? error : withTotals(error, state.totals);
    } finally {
      callOff();
    }
  }

  /** Nothing is held while the last event is handed over, which `done` tells: its reader may never ask again. */
  async function* turns(
    signal: AbortSignal,
    state: RunState,
    done: () => void,
  ): AsyncGenerator<StreamEvent, void, undefined> {
    const { transcript, thoughts, totals } = state;
    for (let number = 1;; number++) {
      if (number > maxIterations) {
        yield MAX_ITERATIONS;
        if (!settings.finalAnswer) break;
      }
      if (signal.aborted) throw signal.reason;
      const asked = turn(number, transcript);
      const answer = yield* take(number, asked, signal, state);
      addResult(totals, answer.result);
      transcript.push(...answer.messages);
      if (answer.result.thinking !== undefined) thoughts.push(answer.result.thinking);
      for (const event of answer.events) if (isNews(event, state)) yield event;
      yield { type: "iteration", number, nextAction: answer.nextAction };
      if (answer.nextAction === "finish") {
        if (signal.aborted) throw signal.reason;
        done();
        yield finish(answer.result, state);
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
    if (signal.aborted) throw signal.reason;
    done();
    yield finish({ response: "", finishReason: MAX_ITERATIONS.code }, state);
  }

  function finish(answer: Pick<Result, "response" | "finishReason"> & Partial<Result>, state: RunState): FinishEvent {
    const { totals, transcript, thoughts, startedAt, firstOutputAt } = state;
    const { traceContext: _, ...rest } = answer;
    return {
      type: "finish",
      result: {
        ...rest,
        toolCalls: [],
        thinking: thoughts.length === 0 ? undefined : thoughts.join("\n\n"),
        provider: settings.model.asked.provider,
        model: settings.model.asked.model,
        usage: totals.usage,
        cost: totals.cost,
        durationSeconds: (performance.now() - startedAt) / 1000,
        timeToFirstTokenSeconds: firstOutputAt === undefined || request.streaming === false
          ? undefined
          : (firstOutputAt - startedAt) / 1000,
        messages: transcript,
      },
    };
  }

  return {
    check() {
      const numbers = toolsModel !== undefined && settings.finalAnswer ? [1, maxIterations + 1] : [1];
      for (const number of numbers) turn(number, []).events({ signal: undefined, parent: undefined });
    },
    start,
  };
}

const MAX_ITERATIONS: NoticeEvent = {
  type: "notice",
  code: "max_iterations",
  message: "The agent has used up its turns; maxIterations changes how many it has.",
};

/** Books what the reader is about to see; false for a notice that it has seen, unless it tells of another event. */
function isNews(event: StreamEvent, state: RunState): boolean {
  if (event.type === "text" || event.type === "thinking" || event.type === "tool_call") {
    state.firstOutputAt ??= performance.now();
    if (event.type === "text") state.text += event.delta;
  }
  if (event.type !== "notice" || event.code === "retry") return true;
  const { size } = state.noticed;
  return state.noticed.add(`${event.code} ${event.message}`).size > size;
}

/**
 * Every `next` of a turn's stream runs inside the turn's step, so that what the model does is its child. A reader that
 * breaks off in the middle of a wait breaks the model's stream off in the same way, before the signal aborts it: that
 * would be a failure, and is none.
 */
async function* inStep(
  events: AsyncIterable<StreamEvent>,
  run: <R>(fn: () => R) => R,
  signal: AbortSignal,
  isLeft: () => boolean,
): AsyncGenerator<StreamEvent, void, undefined> {
  const iterator = events[Symbol.asyncIterator]();
  const leave = async () => void await run(async () => await iterator.return?.());
  const onAbort = () => {
    if (isLeft()) leave().catch(() => {}); // Nobody is left to be told how breaking off went.
  };
  // Set before the first `next`, so that it is called before the listeners of the model.
  signal.addEventListener("abort", onAbort, { once: true });
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
    signal.removeEventListener("abort", onAbort);
    if (!over) await leave();
  }
}
