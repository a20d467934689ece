import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { check } from "../../scripts/house.ts";
import { entries, rooms, vocabulary } from "../../scripts/house/floors.ts";
import { lineCount, readSource } from "../../scripts/house/source.ts";

/** What the check says of a tree, given as path and text. */
function of(files: Readonly<Record<string, string>>): string[] {
  return check(new Map(Object.entries(files)));
}

const empty = "export {};\n";

Deno.test("house is silent about a tree that is in order", () => {
  const troubles = of({
    "mod.ts": `export { createClient } from "./src/create_client.ts";\nexport type { Usage } from "./src/usage.ts";\n`,
    "src/create_client.ts": `import { connect } from "./connect.ts";\nexport const createClient = connect;\n`,
    "src/connect.ts": `import { post } from "./http.ts";\nexport const connect = post;\n`,
    "src/http.ts": `import { retry } from "./retry.ts";\nexport const post = retry;\n`,
    "src/retry.ts": "export const retry = 1;\n",
    "src/usage.ts": "export interface Usage { readonly total: number }\n",
  });
  assertEquals(troubles, []);
});

Deno.test("house refuses an import that points to a higher floor", () => {
  const troubles = of({ "src/http.ts": `import { connect } from "./connect.ts";\n`, "src/connect.ts": empty });
  assertEquals(troubles, ["src/http.ts:1 imports src/connect.ts, which is on a higher floor (5, from floor 2)"]);
});

Deno.test("house refuses to go up the list within a floor, and lets go down it", () => {
  const down = of({ "src/cost.ts": `import "./catalog.ts";\n`, "src/catalog.ts": empty });
  assertEquals(down, []);
  const up = of({ "src/catalog.ts": `\nimport "./cost.ts";\n`, "src/cost.ts": empty });
  assertEquals(up.length, 1);
  assertStringIncludes(up[0]!, "src/catalog.ts:2 imports src/cost.ts, which stands above it on floor 2");
});

Deno.test("house counts every kind of import", async (t) => {
  const kinds = {
    "type import": `import type { A } from "./connect.ts";`,
    "inline type": `import { type A } from "./connect.ts";`,
    "import type node": `export type B = import("./connect.ts").A;`,
    "effects": `import "./connect.ts";`,
    "re-export": `export { A } from "./connect.ts";`,
    "type re-export": `export type { A } from "./connect.ts";`,
    "dynamic": `export const a = () => import("./connect.ts");`,
    "dynamic template": "export const a = () => import(`./connect.ts`);",
  };
  for (const [name, text] of Object.entries(kinds)) {
    await t.step(name, () => {
      const troubles = of({ "src/http.ts": text, "src/connect.ts": empty });
      assertEquals(troubles, ["src/http.ts:1 imports src/connect.ts, which is on a higher floor (5, from floor 2)"]);
    });
  }
});

Deno.test("house does not take comments and strings for imports", () => {
  const text =
    `// import "./connect.ts";\n/** {@linkcode import("./connect.ts")} */\nexport const a = 'import "./connect.ts"';\n`;
  assertEquals(of({ "src/http.ts": text, "src/connect.ts": empty }), []);
});

Deno.test("house lets files of one folder use each other", () => {
  const files = { "src/telemetry/spans.ts": `import "./names.ts";\n`, "src/telemetry/names.ts": empty };
  assertEquals(of(files), []);
});

Deno.test("house keeps otel/ to the rooms it may know", () => {
  const allowed = `import "../runtime.ts";\nimport "../retry.ts";\n`;
  assertEquals(of({ "src/otel/load.ts": allowed, "src/runtime.ts": empty, "src/retry.ts": empty }), []);
  const troubles = of({ "src/otel/load.ts": `import "../usage.ts";\n`, "src/usage.ts": empty });
  assertMatch(troubles.join("\n"), /^src\/otel\/load\.ts:1 imports src\/usage\.ts, but src\/otel\/ may know .* alone$/);
});

Deno.test("house keeps telemetry/ and its neighbours apart", () => {
  const neighbours = ["client.ts", "provider.ts", "run.ts", "agent/loop.ts"];
  for (const neighbour of neighbours) {
    const upward = of({ "src/telemetry/spans.ts": `import "../${neighbour}";\n`, [`src/${neighbour}`]: empty });
    assertEquals(upward, [`src/telemetry/spans.ts:1 imports src/${neighbour}, which src/telemetry/ must not know`]);
    const back = neighbour.includes("/") ? "../telemetry/spans.ts" : "./telemetry/spans.ts";
    const woven = of({ [`src/${neighbour}`]: `import "${back}";\n`, "src/telemetry/spans.ts": empty });
    assertEquals(woven.length, 1, woven.join("\n"));
  }
  const fine = `import "../language_model.ts";\nimport "../otel/state.ts";\nimport "../http.ts";\n`;
  const below = { "src/language_model.ts": empty, "src/otel/state.ts": empty, "src/http.ts": empty };
  assertEquals(of({ "src/telemetry/spans.ts": fine, ...below }), []);
});

Deno.test("house refuses a file that has no room", () => {
  assertEquals(of({ "src/attic.ts": empty }), [
    "src/attic.ts:1 is on no floor: give it a room in scripts/house/floors.ts",
  ]);
});

Deno.test("house finds a circle, types and dynamic imports included", () => {
  const troubles = of({
    "src/otel/a.ts": `import type { B } from "./b.ts";\n`,
    "src/otel/b.ts": `export { c } from "./c.ts";\n`,
    "src/otel/c.ts": `export const c = () => import("./a.ts");\n`,
  });
  assertEquals(troubles, [
    "src/otel/c.ts:1 closes a circle: src/otel/a.ts -> src/otel/b.ts -> src/otel/c.ts -> src/otel/a.ts",
  ]);
  assertEquals(of({ "src/usage.ts": `import "./usage.ts";\n` }), [
    "src/usage.ts:1 closes a circle: src/usage.ts -> src/usage.ts",
  ]);
});

Deno.test("house takes two ways to one file for no circle", () => {
  const troubles = of({
    "src/otel/a.ts": `import "./b.ts";\nimport "./c.ts";\n`,
    "src/otel/b.ts": `import "./c.ts";\n`,
    "src/otel/c.ts": empty,
  });
  assertEquals(troubles, []);
});

Deno.test("house finds Deno and process outside runtime.ts", async (t) => {
  const texts = [
    `export const a = Deno.env;`,
    `export type A = Deno.HttpServer;`,
    `export type A = typeof process;`,
    `export const a = process.env;`,
    `export const a = globalThis.Deno;`,
    `export const a = globalThis["process"];`,
    `export const a = (globalThis as { Deno?: unknown }).Deno;`,
    `const g = globalThis as { process?: unknown };\nexport const a = g.process;`,
    `const { process: p } = globalThis;\nexport const a = p;`,
    `export const a = "Deno" in globalThis;`,
    `export const a = Reflect.get(globalThis, "process");`,
    `import { env } from "node:process";\nexport const a = env;`,
    `export const a = { process };`,
  ];
  for (const text of texts) {
    await t.step(text, () => {
      const said = of({ "src/usage.ts": text }).filter((trouble) => trouble.includes("only src/runtime.ts may"));
      assertEquals(said.length > 0, true, text);
      assertEquals(of({ "src/runtime.ts": text }), []);
    });
  }
});

Deno.test("house knows words that only look like the runtime's", () => {
  const text = [
    `/** Runs on Deno; see process.env. */`,
    `interface A { readonly process: number; Deno?: string }`,
    `export const a = (foo: A): unknown => [foo.process, foo["Deno"], { process: 1 }, "Deno", \`process \${1}\`];`,
    `export const b = ({ process: taken }: A): number => taken; // Deno`,
    `export const processor = 1;`,
  ].join("\n");
  assertEquals(of({ "src/usage.ts": text }), []);
});

Deno.test("house finds names of telemetry outside names.ts", async (t) => {
  const texts = [
    `export const a = "llm.model";`,
    `export const a = 'gen_ai.usage.input_tokens';`,
    "export const a = `llm.${1}.stream`;",
    "export const a = `reasoning.tool.${1}`;",
    `export const a = "llm." + 1;`,
    `export const a = { "http.request.method": 1 };`,
    `export const a = "llm_requests_total";`,
    `export type A = "error.type";`,
    `export const a = (x: string): boolean => x === "openai.api.type";`,
  ];
  for (const text of texts) {
    await t.step(text, () => {
      const troubles = of({ "src/telemetry/spans.ts": text });
      assertMatch(troubles.join("\n"), /^src\/telemetry\/spans\.ts:1 spells ".*": only src\/telemetry\/names\.ts may$/);
      assertEquals(of({ "src/telemetry/names.ts": text }), []);
    });
  }
});

Deno.test("house leaves names of the resource to resource.ts", () => {
  const text = `export const a = ["service.name", "telemetry.sdk.language"];\n`;
  assertEquals(of({ "src/otel/resource.ts": text }), []);
  assertEquals(of({ "src/telemetry/names.ts": text }).length, 2);
});

Deno.test("house knows strings that only look like names of telemetry", () => {
  const text = [
    `import type { A } from "./error.ts";`,
    `// "llm.model"`,
    `export const a: unknown[] = ["error.ts", "openai.com", "api.openai.com", "http://localhost", "tool_use", "error"];`,
    `export const b = ["tool. Call it", "llm.model is missing", "reasoning.encrypted_content", "LLM.MODEL", "server"];`,
    "export const c = (x: A): string => `The ${x}tool. url.`;",
  ].join("\n");
  assertEquals(of({ "src/sse.ts": text, "src/error.ts": "export type A = string;\n" }), []);
});

Deno.test("house refuses the 301st line", () => {
  const lines = (count: number) => "// a\n".repeat(count);
  for (const path of ["mod.ts", "src/usage.ts", "tests/a_test.ts", "examples/demo.ts", "scripts/a.ts"]) {
    assertEquals(of({ [path]: lines(300) }), []);
    assertEquals(of({ [path]: lines(301) }), [`${path}:301 has 301 lines, more than 300: is it two things?`]);
  }
  assertEquals(of({ "src/catalog_data.ts": lines(2_000) }), []);
});

Deno.test("lineCount counts a last line without newline, and no line after one", () => {
  assertEquals(["", "a", "a\n", "a\nb", "\n"].map(lineCount), [0, 1, 1, 2, 1]);
});

Deno.test("house keeps the library from what is outside it", () => {
  const says = (text: string) => of({ "src/usage.ts": text }).join("\n");
  assertStringIncludes(says(`import "../tests/support/a.ts";`), "the library knows nothing outside src/");
  assertStringIncludes(says(`import type { A } from "../scripts/a.ts";`), "the library knows nothing outside src/");
  assertStringIncludes(says(`import "jsr:@std/assert";`), "needs npm alone");
  assertStringIncludes(says(`import type { A } from "@std/assert";`), "needs npm alone");
  assertStringIncludes(says(`import "https://example.com/a.ts";`), "packages come from npm");
  assertEquals(says(`import type { A } from "openai";`), "");
});

Deno.test("house leaves the SDK to otel/", () => {
  const text = `import type { ReadableSpan } from "@opentelemetry/sdk-trace";`;
  assertEquals(of({ "src/otel/processor.ts": text }), []);
  assertEquals(of({ "src/telemetry/tail_filter.ts": text }), [
    "src/telemetry/tail_filter.ts:1 imports @opentelemetry/sdk-trace: only src/otel/ knows OpenTelemetry's SDK",
  ]);
});

Deno.test("house lets the SDK load dynamically and never with an entry", () => {
  const sdk = {
    "src/otel/sdk.ts":
      `import { resourceFromAttributes } from "@opentelemetry/resources";\nexport const a = resourceFromAttributes;\n`,
    "src/telemetry/mod.ts": `export { start } from "../otel/state.ts";\n`,
  };
  const lazy = `export const start = () => import("./sdk.ts");\n`;
  assertEquals(of({ ...sdk, "src/otel/state.ts": lazy }), []);
  const eager = `export { a as start } from "./sdk.ts";\n`;
  assertEquals(of({ ...sdk, "src/otel/state.ts": eager }), [
    "src/otel/sdk.ts:1 imports @opentelemetry/resources, which src/telemetry/mod.ts loads at once " +
    "(src/telemetry/mod.ts -> src/otel/state.ts -> src/otel/sdk.ts): import it dynamically, or its types alone",
  ]);
  assertEquals(of({ ...sdk, "src/otel/state.ts": `import type { a } from "./sdk.ts";\nexport type start = a;\n` }), []);
});

Deno.test("house allows two packages in the static graph, and no built-in of Node", () => {
  const from = (text: string) => of({ "mod.ts": `export { a } from "./src/usage.ts";\n`, "src/usage.ts": text });
  for (const fine of ["@opentelemetry/api", "eventsource-parser/stream", "npm:@opentelemetry/api@^1.9.0"]) {
    assertEquals(from(`export { a } from "${fine}";`), []);
  }
  for (const refused of ["node:fs", "fs", "openai", "npm:zod@4/mini", "@opentelemetry/api-logs"]) {
    assertStringIncludes(from(`export { a } from "${refused}";`).join("\n"), `imports ${refused}, which mod.ts loads`);
    assertEquals(from(`export type { a } from "${refused}";`), []);
    assertEquals(from(`export const a = () => import("${refused}");`), []);
  }
});

Deno.test("house refuses forms that the style leaves out", () => {
  const forms = {
    "export *": [`export * from "./usage.ts";`, `export * as usage from "./usage.ts";`],
    "a default export": [
      `export default 1;`,
      `export default function a() {}`,
      `const a = 1;\nexport { a as default };`,
    ],
    "an enum": [`export enum A { B }`, `export const enum A { B }`],
    "a TODO": ["// TODO: later"],
    "a FIXME": ["/* FIXME */"],
  };
  for (const [form, texts] of Object.entries(forms)) {
    for (const text of texts) {
      const troubles = of({ "src/error.ts": text, "src/usage.ts": empty });
      assertMatch(troubles.join("\n"), new RegExp(`^src/error\\.ts:\\d has ${form.replace("*", "\\*")}$`));
    }
  }
  const fine =
    `export { a } from "./usage.ts";\nexport type { B } from "./usage.ts";\nexport const enumerate = "default";\n`;
  assertEquals(of({ "src/error.ts": fine, "src/usage.ts": empty }), []);
  assertEquals(of({ "tests/a_test.ts": "// TODO\nexport default 1;\n" }), []);
});

Deno.test("house's plan names each room once, floors in order, and only rooms that exist", () => {
  const paths = rooms.map((room) => room.path);
  assertEquals(new Set(paths).size, paths.length);
  assertEquals(rooms.map((room) => room.floor), rooms.map((room) => room.floor).toSorted((a, b) => a - b));
  for (const [index, room] of rooms.entries()) {
    for (const known of [...room.only ?? [], ...room.never ?? []]) {
      assertEquals(paths.slice(0, index).includes(known), true, `${room.path} speaks of ${known}`);
    }
  }
  for (const path of [...entries, vocabulary.names.file, vocabulary.resource.file]) {
    assertEquals(paths.some((room) => path.startsWith(room)), true, path);
  }
});

Deno.test("readSource gives the line of each import", () => {
  const { imports } = readSource("src/usage.ts", `/** a */\n\nimport {\n  type A,\n  b,\n} from "./error.ts";\n`);
  assertEquals(imports, [{ line: 3, specifier: "./error.ts", typeOnly: false, dynamic: false }]);
});
