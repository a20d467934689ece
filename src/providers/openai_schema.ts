/**
 * Tools and schemas as OpenAI takes them (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 *
 * @module
 */
import { isSchema, mapParts, withOwnRoot } from "../json_schema.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Fold } from "../provider.ts";
import { type JsonSchema, jsonSchemaOf, type Schema } from "../schema.ts";
import { parametersOf, type Tool } from "../tool.ts";
import { hasOpenaiRules } from "./openai_models.ts";
import { needsWrapping, unwrapping, wrapSchema } from "./wrapped_answer.ts";

/** A tool as chat completions take it; compatible vendors are not asked to hold to its schema. */
export function encodeFunction(tool: Tool, provider: string): unknown {
  const { schema: parameters, strict } = toolSchema(tool);
  const { name, description } = tool;
  const held = strict && hasOpenaiRules(provider) ? { strict } : {};
  return { type: "function", function: { name, description, parameters, ...held } };
}

/** The parameters of a tool. */
export function toolSchema(tool: Tool): { readonly schema: JsonSchema; readonly strict: boolean } {
  const { schema, strict } = strictSchema(parametersOf(tool));
  return { schema: withProperties(schema), strict };
}

/** A `schema` as chat completions take it. */
export function encodeResponseFormat(schema: Schema<unknown>, provider: string): unknown {
  return { type: "json_schema", json_schema: encodeAnswer(schema, provider) };
}

/** The name, the schema and the strictness of an answer, which both APIs take. OpenAI needs an object at its root. */
export function encodeAnswer(schema: Schema<unknown>, provider: string): Readonly<Record<string, unknown>> {
  const root = jsonSchemaOf(schema, "schema");
  const { schema: json, strict } = strictSchema(
    hasOpenaiRules(provider) && needsWrapping(root) ? wrapSchema(root) : withOwnRoot(root),
  );
  return { name: "answer", schema: isObject(json) ? withProperties(json) : json, strict };
}

/** At the root an object without a list of properties, be it an empty one, is refused. */
function withProperties(schema: JsonSchema): JsonSchema {
  return { properties: {}, ...schema };
}

/** The fold of an answer to a request, without the object around it where {@linkcode encodeAnswer} asked for one. */
export function foldAnswer(fold: Fold, { schema }: ChatRequest, provider: string, onOutput?: () => void): Fold {
  const wraps = schema !== undefined && hasOpenaiRules(provider) && needsWrapping(jsonSchemaOf(schema, "schema"));
  return wraps ? unwrapping(fold, onOutput) : fold;
}

/** What strict mode refuses with 400. */
const LOOSE =
  /^(?:allOf|not|if|then|else|dependentRequired|dependentSchemas|patternProperties|propertyNames|prefixItems|contentEncoding|uniqueItems)$/;

/** The only formats that it takes. */
const FORMATS = /^(?:date-time|time|date|duration|email|hostname|ipv4|ipv6|uuid)$/;

/** What may be left out where a reference says the rest. */
const BESIDE_REFERENCE = /^(?:\$ref|title|description|examples|deprecated|readOnly|writeOnly|\$comment|\$id)$/;

/** What says nothing about a value: a schema of these alone is as empty as `{}`, and strict mode wants a type. */
const ANNOTATION = /^(?:title|description|examples|deprecated|readOnly|writeOnly|\$comment|\$id)$/;

/**
 * A JSON Schema under OpenAI's strict rules: objects closed, no defaults, `anyOf` for `oneOf`, nothing beside a `$ref`.
 * Strict mode also wants every property required; making an optional one required would change what the schema means,
 * so such a schema is sent as not strict, and so is one with what strict mode does not have. An object of which no
 * property is known is a map, and stays open.
 */
export function strictSchema(schema: JsonSchema): { readonly schema: JsonSchema; readonly strict: boolean } {
  let strict = true;
  const close = (node: unknown, keyword?: string): unknown => {
    if (!isSchema(node)) {
      if (keyword !== "additionalProperties") strict = false; // `true` and `false` have no type.
      return node;
    }
    const { $schema: _, default: _default, oneOf, ...kept } = node;
    const closed: Record<string, unknown> = {
      ...mapParts(oneOf === undefined ? kept : { ...kept, anyOf: oneOf }, close),
    };
    const keywords = Object.keys(closed);
    if (keywords.some((key) => LOOSE.test(key)) || !takesFormat(closed["format"])) strict = false;
    if (keywords.every((key) => ANNOTATION.test(key))) strict = false;
    if (closed["$ref"] !== undefined && !keywords.every((key) => BESIDE_REFERENCE.test(key))) strict = false;
    if (!isObject(closed)) return closed;
    const { properties } = closed;
    const isMap = properties === undefined && closed["additionalProperties"] === undefined;
    if (!isMap) closed["additionalProperties"] ??= false;
    const required = Array.isArray(closed["required"]) ? closed["required"] : [];
    const allRequired = Object.keys(properties ?? {}).every((name) => required.includes(name));
    if (closed["additionalProperties"] !== false || !allRequired) strict = false;
    return closed;
  };
  const closed = close(schema) as JsonSchema;
  return { schema: strict ? spellOut(closed) as JsonSchema : closed, strict };
}

function takesFormat(format: unknown): boolean {
  return format === undefined || FORMATS.test(String(format));
}

/** Strict mode refuses even a description beside a reference, and is told of an object that it has no properties. */
function spellOut(node: unknown): unknown {
  if (!isSchema(node)) return node;
  const { $ref } = node;
  if ($ref !== undefined) return { $ref };
  const parts = mapParts(node, spellOut);
  return isObject(parts) ? { properties: {}, required: [], ...parts } : parts;
}

/** Whether some of its values are objects. */
function isObject({ type, properties }: JsonSchema): boolean {
  return [type].flat().includes("object") || properties !== undefined;
}
