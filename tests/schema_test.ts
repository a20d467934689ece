import { assert, assertEquals, assertThrows } from "@std/assert";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { z } from "zod";
import { ConfigError } from "../src/error.ts";
import { type JsonSchema, jsonSchemaOf, type Schema, validate } from "../src/schema.ts";

/** One shape, three ways to say it. */
const SCHEMAS: Readonly<Record<string, Schema<unknown>>> = {
  "zod": z.object({ cities: z.array(z.object({ name: z.string(), people: z.int() })) }),
  "valibot": toStandardJsonSchema(
    v.object({ cities: v.array(v.object({ name: v.string(), people: v.pipe(v.number(), v.integer()) })) }),
  ),
  "JSON Schema": {
    type: "object",
    properties: {
      cities: {
        type: "array",
        items: {
          type: "object",
          properties: { name: { type: "string" }, people: { type: "integer" } },
          required: ["name", "people"],
        },
      },
    },
    required: ["cities"],
  },
};

const PARIS = { cities: [{ name: "Paris", people: 2_000_000 }] };

for (const [name, schema] of Object.entries(SCHEMAS)) {
  Deno.test(`jsonSchemaOf() knows the JSON Schema of ${name}`, () => {
    const json = jsonSchemaOf(schema, "schema") as { type: string; properties: { cities: { type: string } } };
    assertEquals([json.type, json.properties.cities.type], ["object", "array"]);
  });

  Deno.test(`validate() accepts what fits ${name}`, async () => {
    assertEquals(await validate(schema, PARIS), { ok: true, value: PARIS });
  });

  for (
    const [what, value, path] of [
      ["a field of another type", { cities: [...PARIS.cities, { name: 7, people: 1 }] }, "$.cities[1].name"],
      ["a number that is not whole", { cities: [{ name: "a", people: 1.5 }] }, "$.cities[0].people"],
      ["a list of another type", { cities: ["Paris"] }, "$.cities[0]"],
    ] as const
  ) {
    Deno.test(`validate() says where ${what} does not fit ${name}`, async () => {
      assertEquals(await validate(schema, value), { ok: false, path });
    });
  }

  Deno.test(`validate() refuses what has not the root's type under ${name}`, async () => {
    for (const value of [null, "Paris", 7]) assertEquals(await validate(schema, value), { ok: false, path: "$" });
  });

  Deno.test(`validate() refuses a missing field under ${name}`, async () => {
    assertEquals((await validate(schema, { cities: [{ name: "a" }] })).ok, false);
  });
}

Deno.test("validate() gives the value as the schema makes it", async () => {
  const schema = z.object({ day: z.string().transform((text) => new Date(text)), n: z.number().default(7) });
  assertEquals(await validate(schema, { day: "2025-01-01" }), {
    ok: true,
    value: { day: new Date("2025-01-01"), n: 7 },
  });
});

Deno.test("validate() waits for a schema that takes its time", async () => {
  const schema = z.string().refine((text) => Promise.resolve(text === "yes"));
  assertEquals([(await validate(schema, "yes")).ok, (await validate(schema, "no")).ok], [true, false]);
});

Deno.test("validate() takes paths whose steps are objects, as the standard allows", async () => {
  const issues = [{ message: "no", path: [{ key: "a" }, { key: 0 }, "b"] }];
  const schema = { "~standard": { version: 1 as const, vendor: "own", validate: () => ({ issues }) } };
  assertEquals(await validate(schema, {}), { ok: false, path: "$.a[0].b" });
});

Deno.test("validate() takes issues without a path", async () => {
  const schema = {
    "~standard": { version: 1 as const, vendor: "own", validate: () => ({ issues: [{ message: "" }] }) },
  };
  assertEquals(await validate(schema, {}), { ok: false, path: "$" });
});

Deno.test("validate() tells of a key that the answer made up no more than that it is there", async () => {
  const needle = "Dear diary, today I told nobody";
  const answer = { [needle]: { x: "y" } };
  const closed: JsonSchema = { type: "object", properties: {}, additionalProperties: false };
  for (const schema of [closed, z.record(z.string(), z.object({ x: z.number() })), z.strictObject({})]) {
    const outcome = await validate(schema, answer);
    assert(!outcome.ok && !outcome.path.includes("diary"), JSON.stringify(outcome));
  }
});

Deno.test("validate() names a key in any script, and one that is no word only by its place", async () => {
  const schema: JsonSchema = {
    type: "object",
    properties: { "größe-2": { type: "string" }, "a/b": { type: "string" } },
  };
  assertEquals(await validate(schema, { "größe-2": 1 }), { ok: false, path: "$.größe-2" });
  assertEquals(await validate(schema, { "a/b": 1 }), { ok: false, path: "$[…]" });
});

Deno.test("validate() knows the keywords of draft 2020-12", async () => {
  const schema: JsonSchema = {
    $defs: { city: { type: "string", minLength: 2 } },
    type: "array",
    prefixItems: [{ $ref: "#/$defs/city" }, { const: 1 }],
    items: false,
  };
  assertEquals((await validate(schema, ["Paris", 1])).ok, true);
  assertEquals((await validate(schema, ["P", 1])).ok, false);
  assertEquals((await validate(schema, ["Paris", 1, 2])).ok, false);
});

const REJECTED: Readonly<Record<string, unknown>> = {
  "null": null,
  "undefined": undefined,
  "a text": '{"type":"object"}',
  "a number": 7,
  "a list": [{ type: "object" }],
  "a function": () => ({ type: "object" }),
  "an object of a class": new (class Schema {
    type = "object";
  })(),
  "a Map": new Map(),
  "valibot without its JSON Schema": v.object({ a: v.string() }),
  "a Standard Schema that cannot say its JSON Schema": {
    "~standard": { version: 1, vendor: "own", validate: (value: unknown) => ({ value }) },
  },
  "a part that JSON Schema cannot express": z.object({ when: z.date() }),
};

for (const [name, schema] of Object.entries(REJECTED)) {
  Deno.test(`jsonSchemaOf() refuses ${name}, naming the option`, () => {
    assertThrows(() => jsonSchemaOf(schema as Schema<unknown>, "The parameters of tool f"), ConfigError, "of tool f");
  });
}

Deno.test("jsonSchemaOf() tells what to use instead of a schema that cannot say its JSON Schema", () => {
  assertThrows(() => jsonSchemaOf(v.string(), "schema"), ConfigError, "toStandardJsonSchema");
});

Deno.test("jsonSchemaOf() takes an object without a prototype", () => {
  const schema = Object.assign(Object.create(null), { type: "object" });
  assertEquals(jsonSchemaOf(schema, "schema"), schema);
});

Deno.test("jsonSchemaOf() asks for what goes in, which the model writes, not for what comes out", () => {
  const json = jsonSchemaOf(z.object({ n: z.string().transform(Number) }), "schema") as {
    properties: { n: { type: string } };
  };
  assertEquals(json.properties.n.type, "string");
});

Deno.test("jsonSchemaOf() tells what JSON Schema cannot express, as far as the library does, and what to use for dates", () => {
  const when = z.object({ when: z.date() });
  assertThrows(() => jsonSchemaOf(when, "schema"), ConfigError, "a date is a text, as in z.iso.datetime()");
  assertThrows(() => jsonSchemaOf(toStandardJsonSchema(v.object({ when: v.date() })), "schema"), ConfigError, "z.iso");
  const big = assertThrows(() => jsonSchemaOf(z.object({ n: z.bigint() }), "schema"), ConfigError, "BigInt");
  assert(!big.message.includes("z.iso"), big.message);
});

for (
  const [failure, says] of [
    [Object.assign(new Error("No.\nMore."), { path: ["a", 0, "b"] }), "cannot express at $.a[0].b (No)."],
    [new Error(""), "cannot express."],
    [null, "cannot express."],
    ["a text", "cannot express."],
  ] as const
) {
  Deno.test(`jsonSchemaOf() says of a library that throws ${Deno.inspect(String(failure))} "${says}"`, () => {
    const input = () => {
      throw failure;
    };
    const own = { "~standard": { version: 1 as const, vendor: "own", validate: () => ({}), jsonSchema: { input } } };
    const error = assertThrows(() => jsonSchemaOf(own, "schema"), ConfigError);
    assert(error.message.endsWith(says), error.message);
    assertEquals(error.cause, failure);
  });
}

Deno.test("validate() leaves the user's schema as it is, though it be frozen", async () => {
  const schema = Object.freeze({
    type: "object",
    properties: Object.freeze({ city: Object.freeze({ type: "string" }) }),
  });
  assertEquals(await validate(schema, { city: "Oslo" }), { ok: true, value: { city: "Oslo" } });
  assertEquals(await validate(schema, { city: 42 }), { ok: false, path: "$.city" });
  const open = { type: "object", properties: {} };
  await validate(open, {});
  assertEquals(Object.getOwnPropertyNames(open), ["type", "properties"]);
});

Deno.test("jsonSchemaOf() asks a schema's own converter as its method", () => {
  class Converter {
    readonly form = { type: "string" };
    input() {
      return this.form;
    }
  }
  const standard = { version: 1 as const, vendor: "own", validate: (value: unknown) => ({ value }) };
  const schema = { "~standard": { ...standard, jsonSchema: new Converter() } };
  assertEquals(jsonSchemaOf(schema, "schema"), { type: "string" });
});
