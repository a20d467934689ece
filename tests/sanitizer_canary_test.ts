import { assertEquals, assertStringIncludes } from "@std/assert";
import { configFlags } from "../scripts/configured.ts";

Deno.test("the sanitizers of the configuration fail a test that leaks", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...await configFlags(), "--allow-read", "tests/fixtures/leaky_timer.ts"],
    cwd: new URL("../", import.meta.url),
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await child.output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 1, output);
  assertStringIncludes(output, "A timer was started in this test, but never completed");
  assertStringIncludes(output, "A file was opened during the test, but not closed");
  assertStringIncludes(output, "1 passed | 2 failed");
});
