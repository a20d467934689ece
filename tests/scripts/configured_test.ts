import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { generate } from "../../scripts/configured.ts";

const config = {
  name: "@sik/llms",
  exports: { ".": "./mod.ts", "./telemetry": "./src/telemetry/mod.ts" },
  publish: { include: ["mod.ts"] },
  imports: { "@std/assert": "jsr:@std/assert@^1", "zod": "npm:zod@4", "local/": "./src/" },
  compilerOptions: { strict: true, noUnusedLocals: true },
  exclude: ["tests/fixtures/broken.ts"],
  test: { sanitizeOps: true, exclude: ["tests/runtimes"] },
  tasks: { test: "deno test" },
};

Deno.test("generate links the stand-in where JSR does not answer, and moves every path two folders up", () => {
  assertEquals(generate(config, { jsr: false, snippets: false }), {
    name: "@sik/llms",
    exports: { ".": "./../../mod.ts", "./telemetry": "./../../src/telemetry/mod.ts" },
    imports: { "@std/assert": "jsr:@std/assert@^1", "zod": "npm:zod@4", "local/": "./../../src/" },
    compilerOptions: { strict: true, noUnusedLocals: true },
    exclude: ["./../../tests/fixtures/broken.ts"],
    test: { sanitizeOps: true, exclude: ["./../../tests/runtimes"] },
    links: ["./../../scripts/std_assert"],
  });
});

Deno.test("generate lets snippets leave names unused, and links nothing where JSR answers", () => {
  const { compilerOptions, links } = generate(config, { jsr: true, snippets: true });
  assertEquals(compilerOptions, { strict: true, noUnusedLocals: false, noUnusedParameters: false });
  assertEquals(links, undefined);
});

/** What `deno run -A scripts/configured.ts` says and returns. */
async function configured(args: readonly string[], jsr: string): Promise<{ code: number; output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/configured.ts", ...args],
    cwd: new URL("../../", import.meta.url),
    env: { SIK_LLMS_JSR: jsr, NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await child.output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("configured.ts runs a test of the repository without JSR and returns its exit code", async () => {
  const passed = await configured(["test", "-A", "--filter", "lineCount", "tests/scripts/house_test.ts"], "no");
  assertStringIncludes(passed.output, "1 passed | 0 failed");
  assertEquals(passed.code, 0, passed.output);
  const failed = await configured(["test", "-A", "tests/fixtures/leaky_timer.ts"], "no");
  assertEquals(failed.code, 1, failed.output);
});

Deno.test("configured.ts says what it takes", async () => {
  const without = await configured([], "no");
  assertEquals(without.code, 2);
  assertMatch(without.output, /^usage: /);
  const unclear = await configured(["test"], "perhaps");
  assertEquals(unclear.code, 1);
  assertStringIncludes(unclear.output, `SIK_LLMS_JSR is "yes" or "no", not "perhaps"`);
});
