/**
 * Structured output: an answer in the shape of a schema, checked, and with its type. Any Standard Schema will do (zod,
 * valibot, arktype), and so will plain JSON Schema.
 *
 *     deno run -A examples/structured_output.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient, SchemaError } from "@sik/llms";
import { z } from "zod";

const Family = z.object({
  surname: z.string(),
  members: z.array(z.object({ name: z.string(), age: z.number(), role: z.enum(["mother", "father", "child"]) })),
});

const client = createClient("gpt-4o-mini");
try {
  const { parsed, refusal } = await client.run(
    "Invent a family for my novel about Lisbon: a mother, a father and a child.",
    { schema: Family },
  );
  // Undefined where the model refused, or ran out of tokens.
  if (parsed === undefined) console.log(refusal ?? "There is no answer.");
  else {
    for (const { name, age, role } of parsed.members) console.log(`${name} ${parsed.surname}, ${age}, ${role}`);
  }
} catch (error) {
  if (!(error instanceof SchemaError)) throw error;
  console.log(`The answer does not fit at ${error.path}.`);
}
