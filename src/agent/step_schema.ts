/**
 * A turn as a structured step: how an agent thinks in several turns where it has no tools, or a model that cannot call
 * them natively.
 *
 * @module
 */
import { ConfigError, SchemaError } from "../error.ts";
import type { NextAction } from "../event.ts";
import { type JsonSchema, jsonSchemaOf, type Schema } from "../schema.ts";
import type { Tool } from "../tool.ts";

/** What the model says in one turn. */
export interface ReasoningStep {
  /** What it thinks. */
  readonly thought: string;
  /** What it wants to do next. */
  readonly nextAction: NextAction;
  /** The tool it asks for. */
  readonly tool: string | undefined;
  /** That tool's arguments. */
  readonly arguments: unknown;
  /** Its answer, once it is done. */
  readonly answer: unknown;
}

/** The step's schema; `answer` has the request's own, where it has one. */
export function stepSchema(tools: readonly Tool[], answer: Schema<unknown> | undefined): JsonSchema {
  const actions = tools.length === 0 ? ["continue_thinking", "finish"] : ["continue_thinking", "use_tool", "finish"];
  const toolFields = tools.length === 0 ? {} : {
    tool: { type: ["string", "null"], enum: [...tools.map(({ name }) => name), null] },
    arguments: { type: ["string", "null"], description: "The tool's arguments, as a JSON text." },
  };
  const whenDone = answer === undefined
    ? { type: ["string", "null"] }
    : { anyOf: [jsonSchemaOf(answer, "schema"), { type: "null" }] };
  const properties = {
    thought: { type: "string" },
    next_action: { type: "string", enum: actions },
    ...toolFields,
    answer: whenDone,
  };
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** Tells the model how to take steps. */
export function stepInstructions(tools: readonly Tool[]): string {
  const how = "Think step by step, one step in each answer. Choose continue_thinking to go on, " +
    "finish when you can answer; then, and only then, give the answer.";
  if (tools.length === 0) return how;
  const list = tools.map(({ name, description, parameters }) => {
    return `- ${name}: ${description} Arguments: ${
      JSON.stringify(jsonSchemaOf(parameters, `The parameters of tool ${name}`))
    }`;
  });
  return `${how} Choose use_tool to have a tool called, with its arguments as a JSON text.\n\nTools:\n${
    list.join("\n")
  }`;
}

/**
 * Reads a step that fits the schema.
 *
 * @throws {SchemaError} when the arguments it gives are no JSON.
 */
export function readStep(parsed: unknown): ReasoningStep {
  const step = parsed as Record<string, unknown> | undefined;
  if (step === undefined) throw new SchemaError("The model's step is missing.", { path: "$" });
  const text = step["arguments"];
  let args: unknown = {};
  try {
    if (typeof text === "string" && text.trim() !== "") args = JSON.parse(text);
  } catch {
    throw new SchemaError("The tool's arguments in the model's step are no JSON.", { path: "$.arguments" });
  }
  return {
    thought: String(step["thought"] ?? ""),
    nextAction: step["next_action"] as NextAction,
    tool: typeof step["tool"] === "string" ? step["tool"] : undefined,
    arguments: args,
    answer: step["answer"] ?? undefined,
  };
}

/**
 * Checks what an agent is made with.
 *
 * @throws {ConfigError} for tools without a name, with the same name, or that cannot be run.
 */
export function checkTools(tools: readonly Tool[]): void {
  const names = new Set<string>();
  for (const { name, execute } of tools) {
    if (!/^[\w-]{1,64}$/.test(name)) throw new ConfigError("A tool's name must be 1 to 64 letters, digits, _ or -.");
    if (names.has(name)) throw new ConfigError(`Two tools are named ${name}.`);
    if (execute === undefined) {
      throw new ConfigError(`The tool ${name} has no execute: an agent runs its tools itself.`);
    }
    names.add(name);
  }
}
