/**
 * A turn as a structured step: how an agent thinks in several turns where it has no tools, or a model that cannot call
 * them natively.
 *
 * @module
 */
import type { NextAction } from "../event.ts";
import { asPart } from "../json_schema.ts";
import { type JsonSchema, jsonSchemaOf, READS_ANSWER, type Schema, type StandardSchema } from "../schema.ts";
import { parametersOf, type Tool } from "../tool.ts";

/** What the model says in one turn. */
export interface ReasoningStep {
  /** What it thinks. */
  readonly thought: string;
  /** What it wants to do next. */
  readonly nextAction: NextAction;
  /** The tool it asks for. */
  readonly tool: string | undefined;
  /** That tool's arguments; a text that is no JSON stays the text, which fits no tool. */
  readonly arguments: unknown;
  /** Its answer, once it is done; null where it says so, undefined where it gives none. */
  readonly answer: unknown;
}

/** What a step may be. */
export interface StepPlan {
  /** What the model may have done; none in the closing turn. */
  readonly tools: readonly Tool[];
  /** The model must have one of them done. */
  readonly forced?: boolean | undefined;
  /** The answer's own schema, where the request has one. */
  readonly answer: Schema<unknown> | undefined;
  /** No turns are left: the step must be the answer. */
  readonly closing: boolean;
}

/** The names of a step's fields that are texts, and may be shown as they arrive. */
export const THOUGHT_FIELD = "thought";
/** See {@linkcode THOUGHT_FIELD}. */
export const ANSWER_FIELD = "answer";
const ACTION_FIELD = "next_action";
/** An object with one of these is a step, whatever stands around it. */
export const STEP_MARKS: readonly string[] = [THOUGHT_FIELD, ACTION_FIELD];

/**
 * The step's schema. The model is held to the JSON Schema where its vendor can do that; what it says is read with
 * patience, since a step that is a little off, or words in its place, are no reason to lose the run.
 */
export function stepSchema(plan: StepPlan): StandardSchema<ReasoningStep> {
  const json = stepJsonSchema(plan);
  const standard = {
    version: 1,
    vendor: "sik-llms",
    validate(value: unknown) {
      const step = readStep(value);
      return step === undefined ? { issues: [{ message: "A step is an object." }] } : { value: step };
    },
    jsonSchema: { input: () => json, output: () => json },
  } as const;
  return { "~standard": standard, [READS_ANSWER]: readStepText } as StandardSchema<ReasoningStep>;
}

/** The JSON Schema of a step; its `answer` has the request's own, where it has one. */
export function stepJsonSchema({ tools, forced, answer, closing }: StepPlan): JsonSchema {
  const actions: NextAction[] = closing
    ? ["finish"]
    : forced
    ? ["use_tool"]
    : tools.length === 0
    ? ["continue_thinking", "finish"]
    : ["continue_thinking", "use_tool", "finish"];
  const toolFields = tools.length === 0 ? {} : {
    tool: forced
      ? { type: "string", enum: tools.map(({ name }) => name) }
      : { type: ["string", "null"], enum: [...tools.map(({ name }) => name), null] },
    arguments: { type: ["string", "null"], description: "The tool's arguments, as a JSON text." },
  };
  const { schema, ...definitions } = answer === undefined
    ? { schema: { type: closing ? "string" : ["string", "null"] } }
    : answerSchema(jsonSchemaOf(answer, "schema"), closing);
  const properties = {
    [THOUGHT_FIELD]: { type: "string" },
    [ACTION_FIELD]: { type: "string", enum: actions },
    ...toolFields,
    [ANSWER_FIELD]: schema,
  };
  const required = Object.keys(properties);
  return { type: "object", properties, required, additionalProperties: false, ...definitions };
}

/** The request's own schema as a part of the step's. */
function answerSchema(whole: JsonSchema, closing: boolean): JsonSchema & { readonly schema: JsonSchema } {
  const { part, definitions } = asPart(whole, "whole_answer");
  return { schema: closing ? part : { anyOf: [part, { type: "null" }] }, ...definitions };
}

/** Tells the model how to take steps; `inWords` where only words can hold it to their form. */
export function stepInstructions(plan: StepPlan, inWords: boolean): string {
  const { tools, forced, closing } = plan;
  const form = inWords
    ? ` Write one JSON object and nothing else; it fits this JSON Schema: ${JSON.stringify(stepJsonSchema(plan))}`
    : "";
  if (closing) return `No turns are left: choose finish, and give the answer now.${form}`;
  const how = "Think step by step, one step in each answer. Choose continue_thinking to go on, " +
    "finish when you can answer; then, and only then, give the answer.";
  if (tools.length === 0) return how + form;
  const list = tools.map((tool) => {
    return `- ${tool.name}: ${tool.description} Arguments: ${JSON.stringify(parametersOf(tool))}`;
  });
  const use = forced
    ? "This time choose use_tool: have a tool called, with its arguments as a JSON text."
    : "Choose use_tool to have a tool called, with its arguments as a JSON text.";
  return `${how} ${use}${form}\n\nTools:\n${list.join("\n")}`;
}

/** Reads a step; undefined where the value is none at all. */
export function readStep(value: unknown): ReasoningStep | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const step = value as Record<string, unknown>;
  const tool = typeof step["tool"] === "string" && step["tool"] !== "" ? step["tool"] : undefined;
  const answer = step[ANSWER_FIELD];
  return {
    thought: typeof step[THOUGHT_FIELD] === "string" ? step[THOUGHT_FIELD] : "",
    nextAction: actionOf(step[ACTION_FIELD], tool, answer),
    tool,
    arguments: argumentsOf(step["arguments"]),
    answer,
  };
}

/**
 * The step in a text in which there may be more than it: words before it, braces in them, a fence around it, a second
 * step. Undefined where there is none, or only the beginning of one.
 */
export function readStepText(text: string): ReasoningStep | undefined {
  let read = 0;
  for (let from = text.indexOf("{"); from !== -1; from = text.indexOf("{", from + 1)) {
    // Words in braces are no object.
    const head = text.slice(from, from + 100);
    if (!/^\{\s*["}]/.test(head)) continue;
    const end = endOfObject(text, from);
    const value = end === undefined ? undefined : objectIn(text.slice(from, end));
    if (value !== undefined && STEP_MARKS.some((mark) => mark in value)) return readStep(value);
    if (end === undefined && BEGINS_STEP.test(head)) return undefined;
    read += (end ?? text.length) - from;
    if (read > MOST_READINGS * text.length) return undefined;
  }
  return undefined;
}

const BEGINS_STEP = new RegExp(`^\\{\\s*"(?:${STEP_MARKS.join("|")})"\\s*:`);
/** How often a text is read in vain, from one brace after the other. */
const MOST_READINGS = 50;

/** Where an object that begins at `from` ends: behind its brace; undefined where that never comes. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let inText = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (inText) {
      if (char === "\\") at++;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return at + 1;
  }
  return undefined;
}

function objectIn(text: string): object | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Something in braces.
  }
}

function actionOf(value: unknown, tool: string | undefined, answer: unknown): NextAction {
  // A tool that is not named cannot be called: the model is asked to go on.
  if (value === "use_tool") return tool === undefined ? "continue_thinking" : value;
  if (value === "continue_thinking" || value === "finish") return value;
  return answer !== undefined && answer !== null ? "finish" : tool !== undefined ? "use_tool" : "continue_thinking";
}

function argumentsOf(value: unknown): unknown {
  if (value === undefined || value === null) return {};
  if (typeof value !== "string") return value;
  if (value.trim() === "") return {};
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
