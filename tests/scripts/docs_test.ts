import { assertEquals, assertThrows } from "@std/assert";
import { snippetsOf } from "../../scripts/docs.ts";

Deno.test("snippetsOf finds the blocks of TypeScript, with their lines and marks", () => {
  const page = "# A\n\n```ts\nconst a = 1;\nconst b = 2;\n```\n\n```ts run\na();\n```\n\n~~~typescript\nb();\n~~~\n";
  assertEquals(snippetsOf("docs/a.md", page), [
    { page: "docs/a.md", line: 4, code: "const a = 1;\nconst b = 2;\n", run: false },
    { page: "docs/a.md", line: 9, code: "a();\n", run: true },
    { page: "docs/a.md", line: 13, code: "b();\n", run: false },
  ]);
});

Deno.test("snippetsOf leaves other languages and inner blocks alone", () => {
  const page = "```sh\ndeno test\n```\n\n````md\n```ts\ninner\n```\n````\n\n```\nplain\n```\n\n`ts` and ```inline```\n";
  assertEquals(snippetsOf("a.md", page), []);
});

Deno.test("snippetsOf takes the indent of a list away", () => {
  const page = "1. a\r\n\r\n   ```ts\r\n   if (a) {\r\n     b();\r\n   }\r\n   ```\r\n";
  assertEquals(snippetsOf("a.md", page)[0]?.code, "if (a) {\n  b();\n}\n");
});

Deno.test("snippetsOf refuses a block that is never closed", () => {
  assertThrows(() => snippetsOf("a.md", "\n```ts\na();\n"), Error, "a.md:2 opens a block of code that nothing closes");
});
