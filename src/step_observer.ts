/**
 * What an agent tells of its steps while it takes them: it knows no spans, and telemetry, which makes some of them, knows
 * no agent.
 *
 * @module
 */
import type { NextAction, Result, StreamEvent } from "./event.ts";
import type { ChatRequest, LanguageModel, ReasoningEffort } from "./language_model.ts";
import type { ToolCall } from "./message.ts";
import type { Context } from "./otel_types.ts";

/** A step that is under way. */
export interface Step<E> {
  /** The context of whatever the step does. */
  readonly context: Context | undefined;
  /** Calls `fn` inside that context. */
  run<R>(fn: () => R): R;
  /** Ends the step, once. */
  end(ending: E): void;
}

/** How a turn ended. */
export type TurnEnding =
  | { readonly nextAction: NextAction; readonly result: Result }
  | { readonly error: unknown }
  | { readonly brokenOff: true };

/** How a tool ended. */
export type ToolEnding =
  | { readonly result: unknown; readonly contentLength: number }
  | { readonly error: unknown }
  | { readonly brokenOff: true };

/** Is told of an agent's steps. */
export interface AgentObserver {
  /** A turn begins: one request, whatever comes of it. */
  turn(number: number): Step<TurnEnding>;
  /** A tool begins; `declared` is false for a name that only the model knows. */
  tool(call: ToolCall, declared: boolean, description: string | undefined): Step<ToolEnding>;
  /** The run took longer than allowed and was ended; its reader may be elsewhere, and never come back. */
  gaveUp(): void;
}

/** Nobody is told. */
export const unobserved: AgentObserver = {
  turn: () => ({ context: undefined, run: (fn) => fn(), end() {} }),
  tool: () => ({ context: undefined, run: (fn) => fn(), end() {} }),
  gaveUp() {},
};

/** A language model that takes steps and can be watched. */
export interface ObservableModel extends LanguageModel {
  /** How much it is to think when it is asked so. */
  effortOf(request: ChatRequest): ReasoningEffort;
  /** The request with what it brings to each: its instructions and its tools. */
  completed(request: ChatRequest): ChatRequest;
  /** As {@linkcode LanguageModel}'s; `observer` is told of every step. */
  stream(request: ChatRequest, observer?: AgentObserver): AsyncIterable<StreamEvent>;
}
