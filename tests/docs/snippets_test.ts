// Executes every block of the pages that is marked "ts run", as a program of its own, before a vendor and a collector on
// this machine; where a block of "output" follows, it prints that. The program is told what the page has the reader set
// above it, and nothing else: the collector stands for http://localhost:4318, where the library looks when it is told
// nothing, and for the back ends' own addresses.
import { assert, assertEquals } from "@std/assert";
import { configFlags } from "../../scripts/configured.ts";
import { writeSnippets } from "../../scripts/docs.ts";
import { allBlocks, type Block } from "../../scripts/docs/blocks.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { inheritedEnv, runLimited } from "./child.ts";
import { missingFrom } from "./output.ts";
import { startVendor } from "./vendor.ts";

const blocks = await allBlocks();
const local = "http://localhost:4318";
const backEnd = /https:\/\/[a-z0-9.-]+(?=\/v1\/(?:traces|metrics)\b)/g;

/** What the shell of a reader has, who pasted the page down to this block. Back ends are a choice of one: none is set. */
function toldAbove({ page, line }: Block): Record<string, string> {
  const above = blocks.filter((block) => block.page === page && block.line < line && block.language === "sh");
  const own = above.filter(({ marks, code }) => marks.length > 0 && !code.includes("https://"));
  const told = own.flatMap(({ code }) => [...code.matchAll(/^export (OTEL_\w+)=(\S+)/gm)]);
  return Object.fromEntries(told.map(([, name = "", value = ""]) => [name, value]));
}

/** A program that sets telemetry up and then asks or opens a span leaves something at the collector. */
function sends(code: string): boolean {
  return /\b(startTelemetry|configureTelemetry)\(/.test(code) && /\b(createClient|getTracer)\(/.test(code);
}

for (const [index, block] of blocks.entries()) {
  if (block.language !== "ts" || !block.marks.includes("run")) continue;
  Deno.test(`the snippet at ${block.page}:${block.line} runs`, async () => {
    await using receiver = startReceiver();
    await using vendor = startVendor();
    await using written = await writeSnippets([{ ...block, code: block.code.replaceAll(backEnd, receiver.url) }]);
    const ran = await runLimited(
      Deno.execPath(),
      ["run", "-A", "--quiet", ...await configFlags({ snippets: true }), ...written.paths],
      {
        ...inheritedEnv(),
        ...vendor.env,
        ...toldAbove(block),
        NO_COLOR: "1",
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      },
    );
    assertEquals(ran.code, 0, ran.stdout + ran.stderr);
    const shown = blocks[index + 1];
    if (shown?.language === "output" && shown.page === block.page) {
      assertEquals(missingFrom(ran.stdout.replaceAll(receiver.url, local), shown.code), [], ran.stdout);
    }
    if (sends(block.code)) assert(receiver.requests().length > 0, `nothing arrived\n${ran.stderr}`);
  });
}

Deno.test("no snippet reads an OTEL_ variable that its page does not set above it", () => {
  for (const block of blocks.filter(({ language }) => language === "ts")) {
    for (const [, name = ""] of block.code.matchAll(/Deno\.env\.get\("(OTEL_\w+)"\)/g)) {
      assert(name in toldAbove(block), `${block.page}:${block.line} reads ${name}`);
    }
  }
});

Deno.test("a page whose snippets switch telemetry on says where it goes and how to have something there", async () => {
  const snippets = blocks.filter(({ page, language, code }) =>
    page.startsWith("docs/") && language === "ts" && sends(code) && page !== "docs/setup.md"
  );
  assert(snippets.length > 0);
  for (const page of new Set(snippets.map(({ page }) => page))) {
    const text = await Deno.readTextFile(new URL(`../../${page}`, import.meta.url));
    assert(text.includes(local) && text.includes("(stack.md"), page);
  }
});

Deno.test("a reader is told how to install what a snippet imports, in the version that this repository has", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  let told = 0;
  for (const [index, { page, line, language, code }] of blocks.entries()) {
    if (language !== "ts") continue;
    for (const [, name = ""] of code.matchAll(/ from "([^"]+)";$/gm)) {
      if (/^(?:@sik\/llms(?:\/|$)|node:)/.test(name)) continue;
      const above = blocks[index - 1];
      assert(above?.page === page && above.language === "sh", `${page}:${line} has no line for ${name} above it`);
      const version = String(imports[name]).replace(/^npm:/, "");
      for (const command of [`npm:${version}`, ` ${version}`]) {
        assert(above.code.includes(command), `${page}:${above.line} does not install ${version}`);
      }
      told++;
    }
  }
  assert(told > 0);
});
