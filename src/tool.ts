/**
 * Tools: what the model may ask for, with typed arguments.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import { withOwnRoot } from "./json_schema.ts";
import type { Context } from "./otel_types.ts";
import { type JsonSchema, jsonSchemaOf, type Schema } from "./schema.ts";

/** What a tool is handed besides its arguments. */
export interface ToolContext {
  /** The id of the model's call. */
  readonly callId: string;
  /** Aborts when the caller does, and when the tool's time is up. */
  readonly signal: AbortSignal;
  /** The tool's span, to hand on as `parent` where no context manager exists. */
  readonly context?: Context | undefined;
}

/** What the model may ask for. */
export interface Tool {
  /** What the model calls it by: letters, digits, `_` and `-`; at most 128, which OpenAI cuts at 64. */
  readonly name: string;
  /** Tells the model what it does and when to use it. */
  readonly description: string;
  /** The arguments. */
  readonly parameters: Schema<unknown>;
  /**
   * A value or a promise: text and lists of `TextPart`/`ImagePart` go as they are, other values as JSON. A Client never
   * runs tools; the agent does, and refuses a tool without it.
   */
  readonly execute?: ((args: never, context: ToolContext) => unknown) | undefined;
}

/** What {@linkcode defineTool} takes: a {@linkcode Tool} whose `execute` knows the type of its arguments. */
export interface ToolDefinition<A> {
  /** What the model calls it by: letters, digits, `_` and `-`; at most 128, which OpenAI cuts at 64. */
  readonly name: string;
  /** Tells the model what it does and when to use it. */
  readonly description: string;
  /** The arguments. */
  readonly parameters: Schema<A>;
  /** Does the work; see {@linkcode Tool}. */
  readonly execute?: ((args: A, context: ToolContext) => unknown) | undefined;
}

/**
 * Makes a tool whose `execute` gets arguments of the type that `parameters` describes.
 *
 * @example
 * ```ts
 * import { defineTool } from "@sik/llms";
 *
 * const weather = defineTool<{ city: string }>({
 *   name: "weather",
 *   description: "Gives the weather of a city.",
 *   parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
 *   execute: ({ city }) => `It is sunny in ${city}.`,
 * });
 * console.log(weather.name); // "weather"
 * ```
 */
export function defineTool<A>(tool: ToolDefinition<A>): Tool {
  return tool as Tool;
}

/** What says of a schema without a type that its values are not all objects. */
const NO_OBJECT = ["$ref", "anyOf", "oneOf", "allOf", "not", "if", "enum", "const", "items", "prefixItems"];

/**
 * The JSON Schema of a tool's parameters, whose root is an object. An empty one is an object of which nothing is known.
 *
 * @throws {ConfigError} naming the tool, when its parameters are none or no object.
 *
 * @example
 * ```ts
 * import { parametersOf } from "./tool.ts";
 *
 * console.log(parametersOf({ name: "now", description: "Tells the time.", parameters: {} })); // { type: "object" }
 * ```
 */
export function parametersOf({ name, parameters }: Tool): JsonSchema {
  const where = `The parameters of tool ${name}`;
  const schema = withOwnRoot(jsonSchemaOf(parameters, where));
  const { type } = schema;
  if (type === "object") return schema;
  if (type === undefined && NO_OBJECT.every((keyword) => schema[keyword] === undefined)) {
    return { type: "object", ...schema };
  }
  throw new ConfigError(`${where} must be an object; put them into one, as in z.object({ … }).`);
}
