/**
 * Tools and schemas as OpenAI takes them (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import { type JsonSchema, jsonSchemaOf, type Schema } from "../schema.ts";
import type { Tool } from "../tool.ts";

/** A tool as chat completions take it. */
export function encodeFunction(tool: Tool): unknown {
  const { schema } = strictSchema(jsonSchemaOf(tool.parameters, `The parameters of tool ${tool.name}`));
  return { type: "function", function: { name: tool.name, description: tool.description, parameters: schema } };
}

/** A `schema` as chat completions take it. */
export function encodeResponseFormat(schema: Schema<unknown>, provider: string): unknown {
  return { type: "json_schema", json_schema: encodeAnswer(schema, provider) };
}

/**
 * The name, the schema and the strictness of an answer, which both APIs take.
 *
 * @throws {ConfigError} when OpenAI would refuse the schema for its root; other vendors may take it.
 */
export function encodeAnswer(schema: Schema<unknown>, provider: string): Readonly<Record<string, unknown>> {
  const root = jsonSchemaOf(schema, "schema");
  const isObject = root["type"] === undefined ? "properties" in root || "$ref" in root : root["type"] === "object";
  if (provider === "openai" && (!isObject || "anyOf" in root || "oneOf" in root)) {
    const hint = 'wrap it, as in z.object({ answer: … }), or { type: "object", properties: { answer: … } }';
    throw new ConfigError(`OpenAI needs an object at the root of schema, without anyOf or oneOf; ${hint}.`);
  }
  const { schema: json, strict } = strictSchema(root);
  return { name: "answer", schema: json, strict };
}

/** What strict mode refuses with 400. */
const LOOSE =
  /^(?:allOf|not|if|then|else|dependentRequired|dependentSchemas|patternProperties|propertyNames|prefixItems|contentEncoding|uniqueItems)$/;

/** The only formats that it takes. */
const FORMATS = /^(?:date-time|time|date|duration|email|hostname|ipv4|ipv6|uuid)$/;

/** What says nothing about a value: a schema of these alone is as empty as `{}`, and strict mode wants a type. */
const ANNOTATION = /^(?:title|description|examples|deprecated|readOnly|writeOnly|\$comment|\$id)$/;

/**
 * A JSON Schema under OpenAI's strict rules: objects closed, no defaults, `anyOf` for `oneOf`. Strict mode also wants
 * every property required; making an optional one required would change what the schema means, so such a schema is sent
 * as not strict, and so is one with what strict mode does not have.
 */
export function strictSchema(schema: JsonSchema): { readonly schema: JsonSchema; readonly strict: boolean } {
  let strict = true;
  const close = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(close);
    if (typeof node !== "object" || node === null) return node;
    const entries = Object.entries(node).filter(([key]) => key !== "$schema");
    const closed: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      if (key === "default") continue;
      if (LOOSE.test(key) || key === "format" && !FORMATS.test(String(value))) strict = false;
      if (key === "properties" || key === "$defs" || key === "definitions") {
        closed[key] = Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, close(inner)]));
        continue;
      }
      const isValue = key === "enum" || key === "const" || key === "examples";
      closed[key === "oneOf" ? "anyOf" : key] = isValue ? value : close(value);
    }
    if (Object.keys(closed).every((key) => ANNOTATION.test(key))) strict = false;
    if ([closed["type"]].flat().includes("object") || closed["properties"] !== undefined) {
      const names = Object.keys((closed["properties"] ?? {}) as object);
      const required = Array.isArray(closed["required"]) ? closed["required"] : [];
      if (closed["additionalProperties"] === undefined) closed["additionalProperties"] = false;
      if (closed["additionalProperties"] !== false || !names.every((name) => required.includes(name))) strict = false;
    }
    return closed;
  };
  return { schema: close(schema) as JsonSchema, strict };
}
