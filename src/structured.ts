/**
 * Structured output: the answer as the request's schema gives it.
 *
 * @module
 */
import { SchemaError } from "./error.ts";
import { isWhole } from "./event.ts";
import type { DecodedResult } from "./provider.ts";
import { answerReaderOf, type Schema, validate } from "./schema.ts";

/**
 * Parses and validates the answer; undefined where there is no schema or the answer is none to parse.
 *
 * @throws {SchemaError} with the path where the answer does not fit, never its content.
 */
export async function parseStructured(schema: Schema<unknown> | undefined, result: DecodedResult): Promise<unknown> {
  if (schema === undefined || result.refusal !== undefined || result.toolCalls.length > 0) return undefined;
  if (!isWhole(result)) return undefined;
  const read = answerReaderOf(schema);
  if (read !== undefined) return read(result.response);
  const { usage, cost } = result;
  let value: unknown;
  try {
    value = JSON.parse(result.response);
  } catch {
    throw new SchemaError("The answer is no JSON, although a schema asked for it.", { path: "$", usage, cost });
  }
  const validation = await validate(schema, value).catch((cause) => {
    const message = "The schema itself failed on the answer; its error is the cause.";
    throw new SchemaError(message, { path: "$", usage, cost, cause });
  });
  if (validation.ok) return validation.value;
  const { path } = validation;
  throw new SchemaError(`The answer does not fit the schema at ${path}.`, { path, usage, cost });
}
