/**
 * One turn of an agent, whatever its form.
 *
 * @module
 */
import type { NextAction, Result, StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { Message, ToolCall } from "../message.ts";
import type { Context } from "../otel_types.ts";
import type { Tool } from "../tool.ts";
import type { ToolOutcome } from "./tools.ts";

/** A model, and what is known of it. */
export interface AgentModel {
  /** The model. */
  readonly asked: LanguageModel;
  /** Whether it reasons by itself: only then is it told how much. */
  readonly reasons: boolean;
  /**
   * Whether its vendor can hold it to a schema; else a structured step is asked for in words. Undefined where nobody
   * knows: there it is asked for in both ways.
   */
  readonly holdsSchema: boolean | undefined;
}

/** Which turn it is. */
export interface TurnPlace {
  /** Counts from 1. */
  readonly number: number;
  /** What the model may have done. */
  readonly tools: readonly Tool[];
  /** The turns that may call tools are used up. */
  readonly closing: boolean;
}

/** What a turn came to. */
export interface TurnAnswer {
  /** The request's result; its `response` is the answer's text alone. */
  readonly result: Result;
  /** What the agent does next. */
  readonly nextAction: NextAction;
  /** What it asks for. */
  readonly toolCalls: readonly ToolCall[];
  /** What to append to the conversation. */
  readonly messages: readonly Message[];
  /** What the reader sees of it only now. */
  readonly events: readonly StreamEvent[];
}

/** One turn. */
export interface Turn {
  /** Asks; encodes at once, sends at the first `next()`. */
  events(
    how: { readonly signal: AbortSignal | undefined; readonly parent: Context | undefined },
  ): AsyncIterable<StreamEvent>;
  /** What the reader is told of an event of the model's. */
  told(event: StreamEvent): readonly StreamEvent[];
  /**
   * Reads what came.
   *
   * @throws {SchemaError} when the answer does not fit the request's schema.
   */
  conclude(result: Result | undefined): TurnAnswer | Promise<TurnAnswer>;
  /** What tells the model of its tools' results, or to go on. */
  reply(calls: readonly ToolCall[], outcomes: readonly ToolOutcome[]): readonly Message[];
}

/** Makes a turn. */
export type TurnKind = (model: AgentModel, request: ChatRequest, place: TurnPlace) => Turn;

/** The turn was the last. */
export function ended(result: Result): TurnAnswer {
  return { result, nextAction: "finish", toolCalls: [], messages: result.messages, events: [] };
}

/** The event, with the turn that it belongs to. */
export function numbered(event: StreamEvent, iteration: number): StreamEvent {
  return event.type === "text" || event.type === "thinking" ? { ...event, iteration } : event;
}

/** Made to call a tool in every turn, the model would never answer. */
export function unforced(choice: ChatRequest["toolChoice"]): ChatRequest["toolChoice"] {
  return choice === "required" || typeof choice === "object" ? undefined : choice;
}
