// `deno task test:stack` where there is nothing to run it with.
import { assert, assertEquals } from "@std/assert";

async function testStack(env: Readonly<Record<string, string>>): Promise<{ code: number; text: string }> {
  const empty = await Deno.makeTempDir();
  try {
    const { PATH: _path, ...inherited } = Deno.env.toObject();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "scripts/stack/test_stack.ts"],
      cwd: new URL("../../", import.meta.url),
      clearEnv: true,
      env: { ...inherited, PATH: empty, SIK_LLMS_STACK_CACHE: `${empty}/cache`, NO_COLOR: "1", ...env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, text: text(stdout) + text(stderr) };
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
}

Deno.test("without any program it says that nothing was proven, and not that nothing failed", async () => {
  const { code, text } = await testStack({ SIK_LLMS_STACK: "" });
  assertEquals(code, 0, text);
  assert(text.includes("\nnothing was proven here: "), text);
  assert(!text.includes("0 failed"), text);
});

Deno.test("where all of it is to be run, less is a failure", async () => {
  const { code, text } = await testStack({ SIK_LLMS_STACK: "whole" });
  assertEquals(code, 1, text);
  assert(text.includes("stack: 0 passed, 1 failed"), text);
});
