/**
 * One turn of an agent, in its two forms: by native tool calls, and as a structured step.
 *
 * @module
 */
import { ResponseError } from "../error.ts";
import type { NextAction, Result, StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { Message, ToolCall } from "../message.ts";
import type { Context } from "../otel_types.ts";
import type { Tool } from "../tool.ts";
import { readStep, stepInstructions, stepSchema } from "./step_schema.ts";
import type { ToolOutcome } from "./tools.ts";

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
  /** Reads what came. */
  conclude(result: Result | undefined): TurnAnswer;
  /** What tells the model of its tools' results, or to go on. */
  reply(calls: readonly ToolCall[], outcomes: readonly ToolOutcome[]): readonly Message[];
}

/** A turn of a model that calls tools by itself: its text and thoughts are the thought. */
export function nativeTurn(model: LanguageModel, request: ChatRequest, { number, tools, closing }: TurnPlace): Turn {
  return {
    events(how) {
      // Asked to call one in every turn the model would never answer.
      const toolChoice = closing ? "none" : number === 1 ? request.toolChoice : "auto";
      return numbered(model.stream({ ...request, ...how, tools, toolChoice }), number);
    },
    conclude(given) {
      const result = resultOf(given);
      const toolCalls = closing ? [] : result.toolCalls;
      const nextAction = toolCalls.length === 0 ? "finish" : "use_tool";
      return { result, nextAction, toolCalls, messages: result.messages, events: [] };
    },
    reply: (_calls, outcomes) => outcomes.map(({ message }) => message),
  };
}

/** A turn as a structured step: thought, next action, tool and arguments, or the answer. */
export function structuredTurn(
  model: LanguageModel,
  request: ChatRequest,
  { number, tools, closing }: TurnPlace,
): Turn {
  const instructions = closing
    ? `${stepInstructions(tools)}\n\nNo turns are left: choose finish, and answer now.`
    : stepInstructions(tools);
  const { schema, toolChoice: _, ...rest } = request;
  return {
    events(how) {
      const messages: readonly Message[] = [{ role: "system", content: instructions }, ...request.messages];
      const asked = model.stream({ ...rest, ...how, messages, tools: undefined, schema: stepSchema(tools, schema) });
      return withoutText(numbered(asked, number));
    },
    conclude(given) {
      const raw = resultOf(given);
      const step = readStep(raw.parsed);
      const nextAction = closing
        ? "finish"
        : step.nextAction === "use_tool" && step.tool === undefined
        ? "continue_thinking"
        : step.nextAction;
      const call: ToolCall = {
        type: "tool_call",
        id: `step_${number}`,
        name: step.tool ?? "",
        arguments: step.arguments,
      };
      const toolCalls = nextAction === "use_tool" ? [call] : [];
      const answer = nextAction === "finish" ? step.answer ?? step.thought : undefined;
      const response = answer === undefined ? "" : typeof answer === "string" ? answer : JSON.stringify(answer);
      const { parsed: _, ...others } = raw;
      const result: Result = { ...others, response, ...(schema === undefined ? {} : { parsed: step.answer }) };
      const thought: StreamEvent = { type: "thinking", delta: step.thought, iteration: number };
      const text: StreamEvent = { type: "text", delta: response, iteration: number };
      return {
        result,
        nextAction,
        toolCalls,
        messages: nextAction === "finish" ? [{ role: "assistant", content: response }] : raw.messages,
        events: [thought, ...toolCalls, ...(response === "" ? [] : [text])],
      };
    },
    reply(calls, outcomes) {
      if (outcomes.length === 0) return [{ role: "user", content: "Go on." }];
      return outcomes.map(({ message, event }, index) => {
        const said = typeof message.content === "string" ? message.content : JSON.stringify(message.content);
        const what = event.isError ? "failed" : "gave";
        return { role: "user", content: `The tool ${calls[index]?.name ?? ""} ${what}: ${said}` };
      });
    },
  };
}

function resultOf(result: Result | undefined): Result {
  if (result !== undefined) return result;
  throw new ResponseError("The model's stream ended without a finish event.", { reason: "protocol" });
}

async function* numbered(
  events: AsyncIterable<StreamEvent>,
  iteration: number,
): AsyncGenerator<StreamEvent, void, undefined> {
  for await (const event of events) {
    yield event.type === "text" || event.type === "thinking" ? { ...event, iteration } : event;
  }
}

/** The text of a structured step is JSON: its parts are told once it is whole. */
async function* withoutText(events: AsyncIterable<StreamEvent>): AsyncGenerator<StreamEvent, void, undefined> {
  for await (const event of events) if (event.type !== "text") yield event;
}
