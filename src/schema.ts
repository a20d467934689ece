/**
 * Schemas: Standard Schemas that know their JSON Schema, or plain JSON Schemas.
 *
 * @module
 */
import { ConfigError } from "./error.ts";

/** A plain JSON Schema (https://json-schema.org/draft/2020-12). */
export type JsonSchema = { readonly [key: string]: unknown };

/**
 * A Standard Schema (https://standardschema.dev) that knows its JSON Schema: zod from 4.2, arktype, valibot through
 * `toStandardJsonSchema` of `@valibot/to-json-schema`.
 */
export interface StandardSchema<Output = unknown> {
  /** What the standard asks for. */
  readonly "~standard": {
    /** The standard's version. */
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Gives `{ value }`, or `{ issues }`, at once or as a promise. */
    readonly validate: (value: unknown) => unknown;
    /** Carries types only. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Either. Anything else is a {@linkcode ConfigError} that says so. */
export type Schema<T> = StandardSchema<T> | JsonSchema;

/** The outcome of a validation: the value as the schema gives it, or where it does not fit. */
export type Validation = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly path: string };

/** Standard JSON Schema (https://standardschema.dev/json-schema). */
interface WithJsonSchema {
  readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown };
}

/**
 * The JSON Schema of a schema.
 *
 * @throws {ConfigError} when `schema` is neither of the two kinds; `where` names the option it was given as.
 *
 * @example
 * ```ts
 * import { jsonSchemaOf } from "./schema.ts";
 *
 * console.log(jsonSchemaOf({ type: "object" }, "schema")); // { type: "object" }
 * ```
 */
export function jsonSchemaOf(schema: Schema<unknown>, where: string): JsonSchema {
  const standard = standardOf(schema);
  if (standard === undefined) {
    if (typeof schema === "object" && schema !== null && isPlain(schema)) return schema as JsonSchema;
    throw new ConfigError(`${where} must be a JSON Schema, or a Standard Schema that knows its JSON Schema.`);
  }
  const { jsonSchema } = standard as WithJsonSchema;
  if (typeof jsonSchema?.input !== "function") {
    const hint = "use zod 4.2 or newer, arktype, valibot through toStandardJsonSchema, or a plain JSON Schema";
    throw new ConfigError(`${where} is a ${standard.vendor} schema that does not know its JSON Schema; ${hint}.`);
  }
  try {
    return jsonSchema.input({ target: "draft-2020-12" }) as JsonSchema;
  } catch (cause) {
    throw new ConfigError(`${where} has a part that JSON Schema cannot express${whyNot(cause)}.`, { cause });
  }
}

/** What the library says of it, as far as it does; it speaks of the schema, and knows no value. */
function whyNot(cause: unknown): string {
  const { message, path } = (cause ?? {}) as { readonly message?: unknown; readonly path?: unknown };
  const said = typeof message === "string" ? message.split("\n")[0]?.replace(/[\s.]+$/, "").slice(0, 200) ?? "" : "";
  const place = Array.isArray(path) && path.length > 0 ? ` at ${pathOf(path)}` : "";
  const hint = /\bdate\b/i.test(said) ? "; a date is a text, as in z.iso.datetime()" : "";
  return `${place}${said === "" ? "" : ` (${said})`}${hint}`;
}

/** Under this key a schema of ours reads an answer by itself: what it gives is parsed, and undefined is no failure. */
export const READS_ANSWER: unique symbol = Symbol("reads the answer");

/** How a schema reads an answer's text by itself; undefined where it leaves that to JSON and validation. */
export function answerReaderOf(schema: Schema<unknown>): ((text: string) => unknown) | undefined {
  return (schema as { readonly [READS_ANSWER]?: (text: string) => unknown })[READS_ANSWER];
}

/** A JSON Schema that the validator cannot follow: a pattern of another dialect, a pointer to nowhere. */
export class UnfollowedSchemaError extends Error {
  static {
    this.prototype.name = "UnfollowedSchemaError";
  }
}

/**
 * Validates a value: a Standard Schema by itself, a JSON Schema by `@cfworker/json-schema`, loaded when first needed.
 *
 * @throws {UnfollowedSchemaError} for a JSON Schema that the validator cannot follow.
 */
export async function validate(schema: Schema<unknown>, value: unknown): Promise<Validation> {
  const standard = standardOf(schema);
  if (standard !== undefined) {
    const outcome = await standard.validate(value) as {
      readonly value?: unknown;
      readonly issues?: readonly { readonly path?: readonly unknown[] | undefined }[] | undefined;
    };
    const issue = outcome.issues?.[0];
    return issue === undefined ? { ok: true, value: outcome.value } : { ok: false, path: pathOf(issue.path ?? []) };
  }
  const { Validator } = await import("@cfworker/json-schema");
  // A copy: the validator writes into the schema that it is given.
  const copy = () => JSON.parse(JSON.stringify(schema)) as JsonSchema;
  const { valid, errors } = followed(() => new Validator(copy(), "2020-12", true).validate(value));
  if (valid) return { ok: true, value };
  // The last error is the innermost: the ones before it say that an outer schema does not fit because of it.
  return { ok: false, path: pathOf(errors.at(-1)?.instanceLocation.split("/").slice(1).map(keyOfPointer) ?? []) };
}

function followed<T>(validation: () => T): T {
  try {
    return validation();
  } catch (cause) {
    throw new UnfollowedSchemaError("The JSON Schema has a part that the validator cannot follow.", { cause });
  }
}

function standardOf(schema: unknown): StandardSchema["~standard"] | undefined {
  if (schema === null || typeof schema !== "object" && typeof schema !== "function") return undefined;
  const standard = (schema as Partial<StandardSchema>)["~standard"];
  return typeof standard?.validate === "function" ? standard : undefined;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // `Object.prototype`, of any realm.
}

/** A step of a JSON pointer (https://www.rfc-editor.org/rfc/rfc6901#section-3), as the validator writes it for URIs. */
function keyOfPointer(step: string): string {
  return decodeURI(step).replaceAll("~1", "/").replaceAll("~0", "~");
}

/**
 * A path in the value, as in `$.cities[0].name`. A key may be of the answer's own making, and then its content: one that
 * is no short word is not told.
 */
function pathOf(steps: readonly unknown[]): string {
  return steps.reduce<string>((path, step) => {
    const key = typeof step === "object" && step !== null ? (step as { readonly key?: unknown }).key : step;
    if (/^\d+$/.test(String(key))) return `${path}[${String(key)}]`;
    return /^[\p{L}\p{N}_$-]{1,64}$/u.test(String(key)) ? `${path}.${String(key)}` : `${path}[…]`;
  }, "$");
}
