import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, replay } from "../../scripts/recordings.ts";
import { StreamTruncatedError } from "../../src/error.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { fixture } from "../support/decoding.ts";

const wire = { provider: anthropic, named: true, done: false };
const script = new URL("../../scripts/recordings.ts", import.meta.url);

/** The lines of a recording: the data of one event each. */
async function linesOf(path: string): Promise<readonly string[]> {
  return (await fixture(path)).split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
}

async function run(folder: string): Promise<{ readonly code: number; readonly text: string }> {
  const args = ["run", "-A", "--no-lock", script.href, folder];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

Deno.test("replay() hears a recording as it went over the wire, and describe() tells how it ended", async () => {
  const outcome = await replay(wire, await linesOf("anthropic/thinking_tools.sse"));
  assertEquals(
    describe(outcome),
    "tool_use, 20 characters, 22 of thoughts, calls weather, calls weather, calls now, 540 tokens",
  );
  const cut = await replay(wire, (await linesOf("anthropic/text.sse")).slice(0, 3));
  assertInstanceOf(cut, StreamTruncatedError);
  assertEquals(describe(cut), "StreamTruncatedError");
});

Deno.test("the task says plainly that there are no recordings, and that is no failure", async () => {
  const { code, text } = await run("../no/such/recordings");
  assertEquals(text, "recordings: there is no folder ../no/such/recordings, so nothing was replayed\n");
  assertEquals(code, 0);
});

Deno.test("the task fails where a recording does not end as it should", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/anthropic`);
    const lines = await linesOf("anthropic/text.sse");
    await Deno.writeTextFile(`${folder}/anthropic/good.txt`, lines.join("\n"));
    assertEquals((await run(folder)).code, 0);
    await Deno.writeTextFile(`${folder}/anthropic/bad.txt`, lines.slice(0, 2).join("\n"));
    const { code, text } = await run(folder);
    assertEquals(code, 1);
    assertStringIncludes(text, "WRONG anthropic/bad.txt: StreamTruncatedError");
    assertStringIncludes(text, "ok    anthropic/good.txt: end_turn, 19 characters, 371 tokens");
    assertStringIncludes(text, "2 replayed, 1 did not end as they should");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
