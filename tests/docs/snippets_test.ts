// Executes every block of the pages that is marked "ts run", as a program of its own, before a vendor and a collector on
// this machine; where a block of "output" follows, it prints that.
import { assertEquals } from "@std/assert";
import { configFlags } from "../../scripts/configured.ts";
import { writeSnippets } from "../../scripts/docs.ts";
import { allBlocks } from "../../scripts/docs/blocks.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { inheritedEnv, runLimited } from "./child.ts";
import { missingFrom } from "./output.ts";
import { startVendor } from "./vendor.ts";

const blocks = await allBlocks();

for (const [index, block] of blocks.entries()) {
  if (block.language !== "ts" || !block.marks.includes("run")) continue;
  Deno.test(`the snippet at ${block.page}:${block.line} runs`, async () => {
    await using written = await writeSnippets([block]);
    await using receiver = startReceiver();
    await using vendor = startVendor();
    const ran = await runLimited(
      Deno.execPath(),
      ["run", "-A", "--quiet", ...await configFlags({ snippets: true }), ...written.paths],
      {
        ...inheritedEnv(),
        ...vendor.env,
        NO_COLOR: "1",
        OTEL_SDK_DISABLED: "false",
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      },
    );
    assertEquals(ran.code, 0, ran.stdout + ran.stderr);
    const shown = blocks[index + 1];
    if (shown?.language === "output" && shown.page === block.page) {
      assertEquals(
        missingFrom(ran.stdout.replaceAll(receiver.url, "http://localhost:4318"), shown.code),
        [],
        ran.stdout,
      );
    }
  });
}
