/**
 * JSON Schemas as Claude's output format takes them: closed objects and few constraints
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations).
 *
 * @module
 */
import { isSchema, partsOf, resolveReference } from "../json_schema.ts";
import type { JsonSchema } from "../schema.ts";
import { record } from "./raw.ts";

/** What the output format understands; all else is put into the description, where the model still reads it. */
const UNDERSTOOD = /^(?:type|anyOf|allOf|title|description|required|additionalProperties|items)$/;
const FORMATS = /^(?:date-time|time|date|duration|email|hostname|uri|ipv4|ipv6|uuid)$/;

/** A schema without what the output format refuses. The answer is checked against the whole schema afterwards. */
export function outputSchema(schema: JsonSchema): JsonSchema {
  return simplify(schema) as JsonSchema;
}

function simplify(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(simplify);
  if (typeof node !== "object" || node === null) return node;
  const { $ref, $defs, definitions } = node as JsonSchema;
  if ($ref !== undefined) { // What stands beside a reference is refused, but for definitions at the root.
    return {
      $ref,
      ...$defs === undefined ? {} : { $defs: eachOf($defs) },
      ...definitions === undefined ? {} : { definitions: eachOf(definitions) },
    };
  }
  const kept: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (key === "$schema" || key === "$id" || key === "$comment") continue;
    if (key === "properties" || key === "$defs" || key === "definitions") kept[key] = eachOf(value);
    else if (key === "oneOf") kept["anyOf"] = simplify(value);
    else if (key === "enum" || key === "const" || key === "default") kept[key] = value;
    else if (UNDERSTOOD.test(key) || isFine(key, value)) kept[key] = simplify(value);
    else told.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (kept["type"] === "object" || kept["properties"] !== undefined) kept["additionalProperties"] = false;
  if (told.length > 0) {
    const description = typeof kept["description"] === "string" ? `${kept["description"]} ` : "";
    kept["description"] = `${description}(${told.join(", ")})`;
  }
  return kept;
}

function isFine(key: string, value: unknown): boolean {
  if (key === "format") return FORMATS.test(String(value));
  return key === "minItems" && (value === 0 || value === 1);
}

function eachOf(schemas: unknown): unknown {
  return Object.fromEntries(Object.entries(record(schemas)).map(([name, schema]) => [name, simplify(schema)]));
}

/**
 * Whether the output format can express a schema at all: it has no maps, objects whose keys are not known before; no
 * lists whose places differ; no schema that contains itself; and of two schemas at once it would close each.
 */
export function fitsOutputFormat(schema: JsonSchema): boolean {
  const done = new Set<string>();
  const fits = (node: unknown, way: readonly string[]): boolean => {
    if (!isSchema(node)) return true;
    if (!isPlain(node) || !partsOf(node).every((part) => fits(part, way))) return false;
    const { $ref } = node;
    if (typeof $ref !== "string" || done.has($ref)) return true;
    if (way.includes($ref) || !fits(resolveReference(schema, $ref), [...way, $ref])) return false;
    done.add($ref);
    return true;
  };
  return fits(schema, ["#"]);
}

function isPlain(node: JsonSchema): boolean {
  if (["patternProperties", "prefixItems", "allOf"].some((keyword) => node[keyword] !== undefined)) return false;
  const { type, properties, additionalProperties, items } = node;
  if (Array.isArray(items) || additionalProperties !== undefined && additionalProperties !== false) return false;
  const isMap = [type].flat().includes("object") && properties === undefined && additionalProperties === undefined;
  return !isMap;
}
