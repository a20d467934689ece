/**
 * A turn as a structured step.
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { isWhole, type NextAction, type Result, type StreamEvent } from "../event.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Message, ToolCall } from "../message.ts";
import { finished } from "../run.ts";
import { fitted, jsonOf } from "../structured.ts";
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
import { ended, numbered, type TurnAnswer, type TurnKind, type TurnPlace, unforced } from "./turn.ts";

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
      const { parsed, ...raw } = finished(given);
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

function callOf(step: ReasoningStep, number: number): ToolCall {
  return { type: "tool_call", id: `step_${number}`, name: step.tool ?? "", arguments: step.arguments };
}
