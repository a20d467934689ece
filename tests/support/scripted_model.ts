/**
 * A language model whose every turn the test is the author of, and agents that ask it.
 *
 * @module
 */
import { type AgentSettings, createAgent } from "../../src/agent/agent.ts";
import type { AgentModel } from "../../src/agent/turn.ts";
import { breakable, type Lifeline, singly } from "../../src/breakable.ts";
import { type Client, clientOf } from "../../src/client.ts";
import { orAborted } from "../../src/deadline.ts";
import type { NoticeEvent, Result, StreamEvent } from "../../src/event.ts";
import type { ChatRequest, LanguageModel } from "../../src/language_model.ts";
import type { Part, ToolCall } from "../../src/message.ts";
import { parseStructured } from "../../src/structured.ts";
import { type Cost, type Usage, usageOf } from "../../src/usage.ts";

/** What the model says in one turn. */
export interface ScriptedTurn {
  /** The text, or its pieces. */
  readonly text?: string | readonly string[];
  readonly thinking?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Default "stop", or "tool_calls". */
  readonly finishReason?: string;
  readonly refusal?: string;
  readonly usage?: Usage | undefined;
  readonly cost?: Cost | undefined;
  readonly notices?: readonly NoticeEvent[];
  /** Thrown after what came before. */
  readonly error?: unknown;
  /** Says nothing more after its text, until it is ended. */
  readonly stalls?: boolean;
}

/** The model, and what became of it. */
export interface ScriptedModel {
  readonly model: LanguageModel;
  /** What it was asked, in order. The check before a run is not among them. */
  readonly requests: readonly ChatRequest[];
  /** How many streams have ended, however. */
  readonly ended: number;
  /** How many were broken off by their reader. */
  readonly brokenOff: number;
}

/** 10 in, 5 out. */
export const turnUsage: Usage = usageOf({ inputTokens: 10, outputTokens: 5 });
/** Three dollars. */
export const turnCost: Cost = {
  input: 1,
  output: 2,
  cacheRead: 0,
  cacheWrite: 0,
  other: 0,
  total: 3,
  currency: "USD",
  source: "catalog",
};

/** A call of a tool. */
export function call(name: string, args: unknown = {}, id: string = `call_${name}`): ToolCall {
  return { type: "tool_call", id, name, arguments: args };
}

/** A structured step as its model writes it. */
export function step(fields: Readonly<Record<string, unknown>>): ScriptedTurn {
  return { text: JSON.stringify({ thought: "Let me see.", tool: null, arguments: null, answer: null, ...fields }) };
}

/** Makes the model; the last turn is said again and again. */
export function scriptedModel(...turns: readonly [ScriptedTurn, ...ScriptedTurn[]]): ScriptedModel {
  const requests: ChatRequest[] = [];
  let ended = 0;
  let brokenOff = 0;

  async function* speak(request: ChatRequest, { signal }: Lifeline): AsyncGenerator<StreamEvent, void, undefined> {
    requests.push(request);
    const turn = turns[Math.min(requests.length, turns.length) - 1]!;
    let whole = false;
    try {
      if (signal.aborted) throw signal.reason;
      yield* turn.notices ?? [];
      if (turn.thinking !== undefined) yield { type: "thinking", delta: turn.thinking };
      for (const delta of [turn.text ?? []].flat()) yield { type: "text", delta };
      if (turn.stalls) await orAborted(new Promise<never>(() => {}), signal);
      if (turn.error !== undefined) throw turn.error;
      yield* turn.toolCalls ?? [];
      yield { type: "finish", result: await resultOf(turn, request) };
      whole = true;
    } catch (error) {
      whole = true;
      throw error;
    } finally {
      ended++;
      if (!whole) brokenOff++;
    }
  }

  return {
    model: {
      provider: "test",
      model: "scripted",
      stream: (request) => ({
        [Symbol.asyncIterator]: () => breakable(request.signal, singly((line) => speak(request, line))),
      }),
    },
    requests,
    get ended() {
      return ended;
    },
    get brokenOff() {
      return brokenOff;
    },
  };
}

async function resultOf(turn: ScriptedTurn, { schema }: ChatRequest): Promise<Result> {
  const { toolCalls = [], thinking, refusal } = turn;
  const text = [turn.text ?? []].flat().join("");
  const finishReason = turn.finishReason ?? (toolCalls.length > 0 ? "tool_calls" : "stop");
  const parts: Part[] = [
    ...thinking === undefined ? [] : [{ type: "thinking", text: thinking, signature: "sealed" } as const],
    ...text === "" ? [] : [{ type: "text", text } as const],
    ...toolCalls,
  ];
  const usage = "usage" in turn ? turn.usage : turnUsage;
  const cost = "cost" in turn ? turn.cost : turnCost;
  const answer = { response: text, refusal, toolCalls, finishReason, usage, cost, messages: [] };
  return {
    response: text,
    parsed: schema && await parseStructured(schema, answer),
    refusal,
    toolCalls,
    thinking,
    finishReason,
    provider: "test",
    model: "scripted",
    usage,
    cost,
    durationSeconds: 1,
    messages: [{ role: "assistant", content: parts }],
  };
}

/** What an agent knows of the model. */
export function known({ model }: ScriptedModel, options: Partial<AgentModel> = {}): AgentModel {
  return { asked: model, reasons: false, holdsSchema: true, ...options };
}

/** An agent that asks the model, without telemetry. */
export function agentOf(scripted: ScriptedModel, settings: Partial<AgentSettings> = {}): Client {
  return clientOf(createAgent({
    model: known(scripted),
    toolsModel: undefined,
    tools: [],
    instructions: undefined,
    maxIterations: 5,
    finalAnswer: true,
    toolTimeoutMs: 60_000,
    toolConcurrency: 8,
    nativeTools: true,
    ...settings,
  }));
}

/** All events of a stream. */
export async function eventsOf(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  return await Array.fromAsync(events);
}

/** The result in the last of them. */
export function resultIn(events: readonly StreamEvent[]): Result {
  const last = events.at(-1);
  if (last?.type !== "finish") throw new Error(`The last event is ${last?.type ?? "none"}.`);
  return last.result;
}
