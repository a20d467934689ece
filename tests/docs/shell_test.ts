// Executes the blocks of the pages that are marked "sh run": those of one page are one session of a shell, as they are for
// a reader who pastes them from top to bottom, and with them what a block marked "sh env" sets above. A collector on this machine stands at the pages' localhost:4318, and a
// vendor behind a program that the page has the reader write.
import { assert, assertEquals } from "@std/assert";
import { writeSnippets } from "../../scripts/docs.ts";
import { allBlocks, type Block } from "../../scripts/docs/blocks.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { inheritedEnv, runLimited } from "./child.ts";
import { missingFrom } from "./output.ts";
import { startVendor } from "./vendor.ts";

const blocks = await allBlocks();
const isRun = ({ language, marks }: Block) => language === "sh" && marks.includes("run");
const sessions = [
  ...Map.groupBy(
    blocks.filter((block) => isRun(block) || block.language === "sh" && block.marks.includes("env")),
    ({ page }) => page,
  ),
].filter(([, session]) => session.some(isRun));
const address = "http://localhost:4318";

/** The page's own program, which the reader saves as main.ts: the last block of TypeScript above a use of it. */
function programFor(block: Block): Block {
  const above = blocks.filter(({ page, line, language }) =>
    page === block.page && line < block.line && language === "ts"
  );
  const program = above.at(-1);
  if (program === undefined) {
    throw new Error(`${block.page}:${block.line} runs main.ts, and no program stands above it`);
  }
  return program;
}

/** The blocks as one script; each says its number before it begins. */
async function scriptOf(
  session: readonly Block[],
  receiver: string,
  vendor: Readonly<Record<string, string>>,
  files: AsyncDisposableStack,
): Promise<string> {
  const parts = await Promise.all(session.map(async (block, index) => {
    let code = block.code.replaceAll(address, receiver);
    if (/\bmain\.ts\b/.test(code)) {
      const { paths: [path = ""] } = files.use(await writeSnippets([programFor(block)]));
      code = code.replaceAll(/\bmain\.ts\b/g, path);
      // For this program alone: the repository's own bring a vendor along where there is no key.
      const names = Object.keys(vendor);
      code = `export ${names.map((name) => `${name}=${vendor[name]}`).join(" ")}\n${code}\nunset ${names.join(" ")}\n`;
    }
    // A collector stands where the library looks for one when it is told nothing.
    const told = block.marks.includes("collector") ? `export OTEL_EXPORTER_OTLP_ENDPOINT=${receiver}\n` : "";
    return `printf '\\n=== ${index}\\n'\n${told}${code}`;
  }));
  return `set -euo pipefail\nexec 2>&1\n${parts.join("\n")}`;
}

for (const [page, session] of sessions) {
  Deno.test({
    name: `the shell's blocks of ${page} run from top to bottom`,
    ignore: Deno.build.os === "windows", // They are for a POSIX shell.
    fn: async () => {
      await using receiver = startReceiver();
      await using vendor = startVendor();
      await using files = new AsyncDisposableStack();
      const bin = await Deno.makeTempDir();
      files.defer(() => Deno.remove(bin, { recursive: true }));
      await Deno.writeTextFile(`${bin}/deno`, `#!/bin/sh\nexec "${Deno.execPath()}" "$@"\n`, { mode: 0o755 });
      const script = await scriptOf(session, receiver.url, vendor.env, files);
      const inherited = inheritedEnv();
      const ran = await runLimited("bash", ["-c", script], {
        ...inherited,
        NO_COLOR: "1",
        PATH: `${bin}:${inherited.PATH ?? ""}`,
      });
      assertEquals(ran.code, 0, ran.stdout + ran.stderr);
      const printed = ran.stdout.replaceAll(receiver.url, address).split(/^=== \d+\n/m).slice(1);
      for (const [index, block] of session.entries()) {
        const shown = blocks[blocks.indexOf(block) + 1];
        if (shown?.language !== "output" || shown.page !== page) continue;
        assertEquals(missingFrom(printed[index] ?? "", shown.code), [], `${page}:${shown.line}\n${printed[index]}`);
      }
      if (session.some(({ code, marks }) => marks.includes("collector") || code.includes(address))) {
        // The last word of a page is a program that sends both.
        for (const signal of ["traces", "metrics"] as const) {
          assert(receiver.requests().some((request) => request.signal === signal), `no ${signal} arrived`);
        }
      }
    },
  });
}
