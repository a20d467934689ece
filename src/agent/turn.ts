/**
 * One turn of an agent, in its two forms: by native tool calls, and as a structured step.
 *
 * @module
 */
import { ConfigError, ResponseError, SchemaError } from "../error.ts";
import { isWhole, type NextAction, type Result, type StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import type { Message, ToolCall } from "../message.ts";
import type { Context } from "../otel_types.ts";
import { type Schema, validate } from "../schema.ts";
import type { Tool } from "../tool.ts";
import {
  ANSWER_FIELD,
  readStepText,
  type ReasoningStep,
  STEP_MARKS,
  stepInstructions,
  type StepPlan,
  stepSchema,
  THOUGHT_FIELD,
} from "./step_schema.ts";
import { streamFields } from "./step_stream.ts";
import type { ToolOutcome } from "./tools.ts";
import { withLegalNames, withoutCalls } from "./transcript.ts";

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

/** A turn of a model that calls tools by itself: its text and thoughts are the thought. */
export const nativeTurn: TurnKind = ({ asked }, request, { number, tools, closing }) => ({
  events(how) {
    // Anthropic refuses a conversation with calls of tools that it is not told of: there the closing turn has them, and
    // may not call them. Whoever speaks as OpenAI does takes one.
    const isClosed = closing && asked.api !== undefined;
    const choice = closing ? "none" : number === 1 ? request.toolChoice : unforced(request.toolChoice);
    const given = isClosed
      ? { tools: [], toolChoice: undefined, parallelToolCalls: undefined }
      : { tools, toolChoice: choice };
    return asked.stream({ ...request, ...how, ...given });
  },
  told(event) {
    return closing && event.type === "tool_call" ? [] : [numbered(event, number)];
  },
  conclude(given) {
    const result = resultOf(given);
    // A call that is made all the same is not run, and one without a result may not stand in a conversation.
    if (closing) return { ...ended(result), messages: result.messages.map(withoutCalls) };
    const { toolCalls, finishReason } = result;
    if (toolCalls.length > 0) {
      const messages = result.messages.map((message) => withLegalNames(message, tools));
      return { ...ended(result), nextAction: "use_tool", toolCalls, messages };
    }
    // The vendor paused in the middle of its own tools: handed back what it said, it goes on.
    return finishReason === "pause_turn" ? { ...ended(result), nextAction: "continue_thinking" } : ended(result);
  },
  reply: (_calls, outcomes) => outcomes.map(({ message }) => message),
});

/** A turn as a structured step: thought, next action, tool and arguments, or the answer. */
export const structuredTurn: TurnKind = ({ asked, holdsSchema }, request, place) => {
  const { number, closing } = place;
  const { schema, toolChoice: _, ...rest } = request;
  const plan = planOf(request, place);
  const fields = stepTexts();
  const shown = { thinking: "", text: "" };

  /** What was not shown yet of a text that is now whole. */
  function unseen(type: "thinking" | "text", whole: string): StreamEvent[] {
    const delta = whole.startsWith(shown[type]) ? whole.slice(shown[type].length) : "";
    return delta === "" ? [] : [{ type, delta, iteration: number }];
  }

  /** The turn's end: the answer, with what the schema makes of it. */
  function answered(result: Result, answer: unknown, thought: string, parsed: Pick<Result, "parsed">): TurnAnswer {
    const response = typeof answer === "string" ? answer : JSON.stringify(answer) ?? "";
    const thinking = [result.thinking, thought].filter(Boolean).join("\n\n") || undefined;
    return {
      ...ended({ ...result, response, thinking, ...parsed }),
      messages: response === "" ? result.messages : [{ role: "assistant", content: response }],
      events: [...unseen("thinking", thought), ...unseen("text", response)],
    };
  }

  /** What is no step: a refusal, a cut or filtered answer, plain words of a model that cannot be held to a form. */
  async function wordsOf(raw: Result): Promise<TurnAnswer> {
    const whole = raw.refusal === undefined && isWhole(raw);
    if (whole && schema !== undefined) {
      return answered(raw, raw.response, "", { parsed: await fitted(schema, jsonOf(raw), raw) });
    }
    const { thinking, text } = textsIn(raw.response);
    const isStep = text !== "" || thinking !== "" && !whole;
    return isStep ? answered(raw, text, thinking, {}) : { ...ended(raw), events: unseen("text", raw.response) };
  }

  return {
    events(how) {
      const messages: readonly Message[] = [
        { role: "system", content: stepInstructions(plan, holdsSchema !== true) },
        ...request.messages,
      ];
      const step = holdsSchema === false ? undefined : stepSchema(plan);
      return asked.stream({ ...rest, ...how, messages, tools: undefined, schema: step });
    },
    told(event) {
      if (event.type === "tool_call") return [];
      if (event.type !== "text") return [numbered(event, number)];
      return fields(event.delta).map(({ field, delta }) => {
        const type = field === THOUGHT_FIELD ? "thinking" : "text";
        shown[type] += delta;
        return { type, delta, iteration: number };
      });
    },
    async conclude(given) {
      const { parsed, ...raw } = resultOf(given);
      const step = (parsed ?? (holdsSchema === true ? undefined : readStepText(raw.response))) as
        | ReasoningStep
        | undefined;
      if (step === undefined) return await wordsOf(raw);
      const nextAction = closing ? "finish" : permitted(step, place, plan);
      if (nextAction !== "finish") {
        const thinking = [raw.thinking, step.thought].filter(Boolean).join("\n\n") || undefined;
        const toolCalls = nextAction === "use_tool" ? [callOf(step, number)] : [];
        const events = [...unseen("thinking", step.thought), ...toolCalls];
        const result = { ...raw, response: "", thinking };
        return { result, messages: raw.messages, nextAction, toolCalls, events };
      }
      if (schema === undefined) return answered(raw, step.answer ?? step.thought, step.thought, {});
      return answered(raw, step.answer, step.thought, { parsed: await fitted(schema, step.answer, raw) });
    },
    reply(calls, outcomes) {
      if (outcomes.length === 0) return [{ role: "user", content: "Go on." }];
      return outcomes.map(({ message: { content }, event }, index) => {
        const what = `The tool ${calls[index]?.name ?? ""} ${event.isError ? "failed" : "gave"}:`;
        return { role: "user", content: typeof content === "string" ? `${what} ${content}` : [what, ...content] };
      });
    },
  };
};

/** What the step may be: a choice of tools binds the first turn, unless it is none. */
function planOf({ schema, toolChoice }: ChatRequest, { number, tools, closing }: TurnPlace): StepPlan {
  const choice = number === 1 ? toolChoice : unforced(toolChoice);
  if (closing || choice === "none") return { tools: [], answer: schema, closing };
  const named = typeof choice === "object" ? tools.filter(({ name }) => name === choice.name) : tools;
  const forced = choice === "required" || typeof choice === "object";
  if (forced && named.length === 0) throw new ConfigError("toolChoice asks for a tool that is none of the tools.");
  return { tools: named, forced, answer: schema, closing };
}

/** What the step may do of what it wants: a tool that the choice leaves out is not run, and the model is asked to go on. */
function permitted({ nextAction, tool }: ReasoningStep, { tools }: TurnPlace, plan: StepPlan): NextAction {
  if (nextAction !== "use_tool") return nextAction;
  const isIn = (list: readonly Tool[]) => list.some(({ name }) => name === tool);
  // A name that is nobody's is told to the model, with those that there are.
  return plan.tools.length > 0 && (isIn(plan.tools) || !isIn(tools)) ? nextAction : "continue_thinking";
}

/** The texts of a step as they arrive. */
function stepTexts(): ReturnType<typeof streamFields> {
  return streamFields([THOUGHT_FIELD, ANSWER_FIELD], STEP_MARKS);
}

/** The texts of a step of which only a part came, or that is no JSON. */
function textsIn(response: string): { readonly thinking: string; readonly text: string } {
  const pieces = stepTexts()(response);
  const all = (of: string) => pieces.filter(({ field }) => field === of).map(({ delta }) => delta).join("");
  return { thinking: all(THOUGHT_FIELD), text: all(ANSWER_FIELD) };
}

function resultOf(result: Result | undefined): Result {
  if (result !== undefined) return result;
  throw new ResponseError("The model's stream ended without a finish event.", { reason: "protocol" });
}

/** The turn was the last. */
function ended(result: Result): TurnAnswer {
  return { result, nextAction: "finish", toolCalls: [], messages: result.messages, events: [] };
}

function numbered(event: StreamEvent, iteration: number): StreamEvent {
  return event.type === "text" || event.type === "thinking" ? { ...event, iteration } : event;
}

/** Made to call a tool in every turn, the model would never answer. */
function unforced(choice: ChatRequest["toolChoice"]): ChatRequest["toolChoice"] {
  return choice === "required" || typeof choice === "object" ? undefined : choice;
}

function callOf(step: ReasoningStep, number: number): ToolCall {
  return { type: "tool_call", id: `step_${number}`, name: step.tool ?? "", arguments: step.arguments };
}

function jsonOf({ response, usage, cost }: Result): unknown {
  try {
    return JSON.parse(response);
  } catch {
    throw new SchemaError("The answer is no JSON, although a schema asked for it.", { path: "$", usage, cost });
  }
}

/** The answer as the request's schema gives it; one that is missing does not fit. */
async function fitted(schema: Schema<unknown>, answer: unknown, { usage, cost }: Result): Promise<unknown> {
  const validation = answer === undefined
    ? { ok: false, path: "$" } as const
    : await validate(schema, answer).catch((cause) => {
      const message = "The schema itself failed on the answer; its error is the cause.";
      throw new SchemaError(message, { path: "$", usage, cost, cause });
    });
  if (validation.ok) return validation.value;
  const { path } = validation;
  throw new SchemaError(`The answer does not fit the schema at ${path}.`, { path, usage, cost });
}
