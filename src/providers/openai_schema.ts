/**
 * Tools and schemas as OpenAI takes them (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 *
 * @module
 */
import { type JsonSchema, jsonSchemaOf, type Schema } from "../schema.ts";
import type { Tool } from "../tool.ts";

/** A tool as chat completions take it. */
export function encodeFunction(tool: Tool): unknown {
  const { schema } = strictSchema(jsonSchemaOf(tool.parameters, `The parameters of tool ${tool.name}`));
  return { type: "function", function: { name: tool.name, description: tool.description, parameters: schema } };
}

/** A `schema` as chat completions take it. */
export function encodeResponseFormat(schema: Schema<unknown>): unknown {
  const { schema: json, strict } = strictSchema(jsonSchemaOf(schema, "schema"));
  return { type: "json_schema", json_schema: { name: "answer", schema: json, strict } };
}

/** What strict mode refuses with 400. */
const LOOSE =
  /^(?:allOf|not|if|then|else|dependentRequired|dependentSchemas|patternProperties|propertyNames|prefixItems)$/;

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
      if (LOOSE.test(key)) strict = false;
      if (key === "properties" || key === "$defs" || key === "definitions") {
        closed[key] = Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, close(inner)]));
        continue;
      }
      const isValue = key === "enum" || key === "const" || key === "examples";
      closed[key === "oneOf" ? "anyOf" : key] = isValue ? value : close(value);
    }
    if (closed["type"] === "object" || closed["properties"] !== undefined) {
      const names = Object.keys((closed["properties"] ?? {}) as object);
      const required = Array.isArray(closed["required"]) ? closed["required"] : [];
      if (closed["additionalProperties"] === undefined) closed["additionalProperties"] = false;
      if (closed["additionalProperties"] !== false || !names.every((name) => required.includes(name))) strict = false;
    }
    return closed;
  };
  return { schema: close(schema) as JsonSchema, strict };
}
