import { assertEquals } from "@std/assert";
import { undocumented } from "../../scripts/docs/public_api.ts";
import { runWell } from "../../scripts/child.ts";

/** What is said of a module, without its places. */
async function said(
  source: string,
  head = "/**\n * A module.\n *\n * @module\n */\nconst unseen = 0;\n",
): Promise<string[]> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, `${head}${source}`);
    const { stdout } = await runWell(Deno.execPath(), ["doc", "--json", file]);
    return undocumented(JSON.parse(stdout)).map((line) => line.replace(/^\S+ /, ""));
  } finally {
    await Deno.remove(file);
  }
}

const example = (code: string, marks = "") => ` * @example\n * \`\`\`ts${marks}\n * ${code}\n * \`\`\`\n`;
const good = example('import { one } from "@sik/llms";');
const documented = (what: string, tags: string) => `/**\n * Words.\n *\n${tags} */\nexport ${what}\n`;

Deno.test("undocumented() asks for an example of functions, values, classes and what has methods", async () => {
  const bare = documented("function fn(): void {}", "") + documented("const value = 1;", "") +
    documented("class Base {}", "") + documented("interface Thing {\n  call(): void;\n}", "");
  const found = (await said(bare)).sort();
  assertEquals(found, ["Base", "Thing", "fn", "value"].map((name) => `${name} has no example`));
});

Deno.test("undocumented() is content with examples, and with types that are only read", async () => {
  const whole = documented("function fn(): void {}", good) +
    documented("interface Read {\n  readonly a: number;\n}", "") +
    documented("interface ExporterLike {\n  export(): void;\n}", "") + documented("class Base {}", good) +
    documented("class Sub extends Base {}", "");
  assertEquals(await said(whole), []);
});

Deno.test("undocumented() finds what has no words", async () => {
  assertEquals(await said("export interface Silent {\n  readonly a: number;\n}\n"), ["Silent has no documentation"]);
});

Deno.test("undocumented() finds a module that has no words", async () => {
  assertEquals(await said(documented("interface Read {\n  readonly a: number;\n}", ""), ""), [
    "the module has no documentation",
  ]);
});

for (
  const [what, tags, fault] of [
    ["is not run", example('import { one } from "@sik/llms";', " ignore"), "has an example that is not run (ignore)"],
    ["has no code", " * @example Look elsewhere.\n", "has an example without a block of TypeScript"],
    ["imports nothing", example("fn();"), 'has an example that does not import from "@sik/llms"'],
    [
      "imports a file",
      example('import { one } from "@sik/llms"; import { two } from "./two.ts";'),
      "has an example that imports a file, which a user does not have",
    ],
  ] as const
) {
  Deno.test(`undocumented() refuses an example that ${what}`, async () => {
    assertEquals(await said(documented("function fn(): void {}", tags)), [`fn ${fault}`]);
  });
}
