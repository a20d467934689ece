/**
 * What JSON Schemas are made of (https://json-schema.org/draft/2020-12): their parts, their references, and how one
 * becomes a part of another.
 *
 * @module
 */
import type { JsonSchema } from "./schema.ts";

/** Where a keyword has schemas: in one, in a list, by names. What is not here is no schema, but a value. */
const IN_ONE =
  /^(?:items|additionalItems|additionalProperties|unevaluatedItems|unevaluatedProperties|contains|propertyNames|not|if|then|else)$/;
const IN_LIST = /^(?:anyOf|oneOf|allOf|prefixItems|items)$/;
const BY_NAME = /^(?:properties|patternProperties|dependentSchemas|\$defs|definitions)$/;

/** Whether a value is a schema with keywords, and not `true` or `false`. */
export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keywords of a schema, the schemas in them changed by `change`; each is told the keyword that it stands in. */
export function mapParts(schema: JsonSchema, change: (part: unknown, keyword: string) => unknown): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      const each = (part: unknown) => change(part, keyword);
      if (Array.isArray(value)) return [keyword, IN_LIST.test(keyword) ? value.map(each) : value];
      if (IN_ONE.test(keyword)) return [keyword, each(value)];
      if (!BY_NAME.test(keyword) || !isSchema(value)) return [keyword, value];
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, each(part)]))];
    }),
  );
}

/** The schemas that stand in a schema; its definitions do not count: they are met where they are meant. */
export function partsOf(schema: JsonSchema): readonly unknown[] {
  const { $defs: _, definitions: _old, ...own } = schema;
  const parts: unknown[] = [];
  mapParts(own, (part) => parts.push(part));
  return parts;
}

/** What a reference points to inside of `root` (https://www.rfc-editor.org/rfc/rfc6901); undefined for any other. */
export function resolveReference(root: JsonSchema, reference: unknown): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  return reference.split("/").slice(1).reduce<unknown>((node, step) => {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof node === "object" && node !== null && Object.hasOwn(node, key) ? Reflect.get(node, key) : undefined;
  }, root);
}

/** The schema whose root is a reference into itself, with what that points to for its root. */
export function withOwnRoot(schema: JsonSchema): JsonSchema {
  const { $schema: _, ...root } = schema;
  const seen = new Set<unknown>();
  let own: JsonSchema = root;
  while (own["$ref"] !== undefined && !seen.has(own["$ref"])) {
    const { $ref, $defs: _defs, definitions: _definitions, ...beside } = own;
    const target = resolveReference(root, $ref);
    if (!isSchema(target)) return root;
    seen.add($ref);
    own = { ...target, ...beside };
  }
  const { $defs, definitions } = root;
  return { ...own, ...$defs === undefined ? {} : { $defs }, ...definitions === undefined ? {} : { definitions } };
}

/** Whether the root says that the value is an object, and nothing beside an object, in the way that vendors want it. */
export function isObjectSchema(schema: JsonSchema): boolean {
  if (["anyOf", "oneOf", "allOf"].some((keyword) => schema[keyword] !== undefined)) return false;
  return schema["type"] === undefined ? schema["properties"] !== undefined : schema["type"] === "object";
}

/** A schema that became a part of another, and what must stand at the other's root. */
export interface SchemaPart {
  /** The part. */
  readonly part: JsonSchema;
  /** Its definitions, as keywords of the root. */
  readonly definitions: JsonSchema;
}

/** Its definitions move up, and so does it itself, under the name `place`, where it points into itself. */
export function asPart(whole: JsonSchema, place: string): SchemaPart {
  const { $schema: _, $id: _id, $defs, definitions, ...own } = whole;
  const taken: JsonSchema = isSchema($defs) ? $defs : {};
  while (Object.hasOwn(taken, place)) place += "_";
  let pointsInside = false;
  const move = (node: unknown): unknown => {
    if (!isSchema(node)) return node;
    const moved = mapParts(node, move);
    const { $ref } = moved;
    if (typeof $ref !== "string" || !/^#(?:$|\/(?!(?:\$defs|definitions)\/))/.test($ref)) return moved;
    pointsInside = true;
    return { ...moved, $ref: `#/$defs/${place}${$ref.slice(1)}` };
  };
  const root = move(own) as JsonSchema;
  const { $defs: defs, ...old } = mapParts({
    ...$defs === undefined ? {} : { $defs },
    ...definitions === undefined ? {} : { definitions },
  }, move);
  const all = { ...isSchema(defs) ? defs : {}, ...pointsInside ? { [place]: root } : {} };
  return {
    part: pointsInside ? { $ref: `#/$defs/${place}` } : root,
    definitions: { ...Object.keys(all).length === 0 ? {} : { $defs: all }, ...old },
  };
}
