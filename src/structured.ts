/**
 * Structured output: the answer as the request's schema gives it.
 *
 * @module
 */
import { SchemaError } from "./error.ts";
import { isWhole, type Result } from "./event.ts";
import { answerReaderOf, type Schema, validate } from "./schema.ts";

/** What an answer cost, for the errors that carry it. */
type Bill = Pick<Result, "usage" | "cost">;

/**
 * Parses and validates the answer; undefined where it is none to parse.
 *
 * @throws {SchemaError} with the path where the answer does not fit, never its content.
 */
export async function parseStructured(
  schema: Schema<unknown>,
  result: Bill & Pick<Result, "response" | "refusal" | "toolCalls" | "finishReason">,
): Promise<unknown> {
  if (result.refusal !== undefined || result.toolCalls.length > 0 || !isWhole(result)) return undefined;
  const read = answerReaderOf(schema);
  return read === undefined ? await fitted(schema, jsonOf(result), result) : read(result.response);
}

/**
 * The answer as JSON.
 *
 * @throws {SchemaError} where it is none.
 */
export function jsonOf({ response, usage, cost }: Bill & Pick<Result, "response">): unknown {
  try {
    return JSON.parse(response);
  } catch {
    throw new SchemaError("The answer is no JSON, although a schema asked for it.", { path: "$", usage, cost });
  }
}

/**
 * What the schema makes of a value; one that is missing does not fit.
 *
 * @throws {SchemaError} with the path where the value does not fit.
 */
export async function fitted(schema: Schema<unknown>, value: unknown, { usage, cost }: Bill): Promise<unknown> {
  const validation = value === undefined
    ? { ok: false, path: "$" } as const
    : await validate(schema, value).catch((cause) => {
      const message = "The schema itself failed on the answer; its error is the cause.";
      throw new SchemaError(message, { path: "$", usage, cost, cause });
    });
  if (validation.ok) return validation.value;
  const { path } = validation;
  throw new SchemaError(`The answer does not fit the schema at ${path}.`, { path, usage, cost });
}
