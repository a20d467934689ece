// The blocks of the pages that are marked "sh env" set a back end's environment. Each is sourced by a shell, with the
// reader's keys set and with every https:// origin replaced by a collector on this machine; then a program asks a model
// once. What arrives must come by the back end's own paths, with its headers and in its temporality.
import { assert, assertEquals } from "@std/assert";
import { writeSnippets } from "../../scripts/docs.ts";
import { allBlocks, type Block } from "../../scripts/docs/blocks.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { inheritedEnv, runLimited } from "./child.ts";
import { startVendor } from "./vendor.ts";

const program = `import { createClient, flushTelemetry } from "@sik/llms";
await createClient("gpt-4o-mini").run("What is the capital of France?");
const { spans, metrics, errors } = await flushTelemetry();
if (spans.failed + spans.dropped + metrics.failed + metrics.dropped > 0) throw new Error(errors.join(" "));
`;
const origin = /https:\/\/[a-z0-9.-]+(:\d+)?/g;
const blocks = (await allBlocks()).filter(({ language, marks }) => language === "sh" && marks.includes("env"));

/** The reader's own keys: every variable that a block uses and does not set. */
function keysOf({ code }: Block): Record<string, string> {
  const used = [...code.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name = ""]) => name);
  return Object.fromEntries(used.filter((name) => !code.includes(`${name}=`)).map((name) => [name, `test-${name}`]));
}

/** What a block sets a variable to, without its quotes. */
function settingOf({ code }: Block, name: string): string | undefined {
  return new RegExp(`\\b${name}=(?:"([^"]*)"|'([^']*)'|(\\S*))`).exec(code)?.slice(1).find((value) =>
    value !== undefined
  );
}

/** The path at which a signal must arrive. */
function pathFor(block: Block, signal: "traces" | "metrics"): string {
  const own = settingOf(block, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`);
  const common = settingOf(block, "OTEL_EXPORTER_OTLP_ENDPOINT");
  const bare = (url: string) => url.replace(origin, "").replace(/^http:\/\/[^/]+/, "").replace(/\/$/, "");
  return own === undefined ? `${bare(common ?? "")}/v1/${signal}` : bare(own);
}

/** The names of the headers that a signal must carry. */
function headersFor(block: Block, signal: "traces" | "metrics"): string[] {
  const text = settingOf(block, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`) ??
    settingOf(block, "OTEL_EXPORTER_OTLP_HEADERS") ?? "";
  return text.split(",").filter((item) => item.includes("=")).map((item) => item.split("=")[0]?.trim() ?? "");
}

for (const block of blocks) {
  Deno.test({
    name: `the environment at ${block.page}:${block.line} sends where it says`,
    ignore: Deno.build.os === "windows", // It is for a POSIX shell.
    fn: async () => {
      await using receiver = startReceiver();
      await using vendor = startVendor();
      await using written = await writeSnippets([{ ...block, code: program }]);
      const code = block.code.replaceAll(origin, receiver.url).replaceAll("http://localhost:4318", receiver.url);
      const command = `set -euo pipefail\n${code}\nexec "${Deno.execPath()}" run -A --quiet ${written.paths[0]}`;
      const ran = await runLimited("bash", ["-c", command], { ...inheritedEnv(), ...vendor.env, ...keysOf(block) });
      assertEquals([ran.code, ran.stderr], [0, ""], ran.stdout + ran.stderr);
      for (const signal of ["traces", "metrics"] as const) {
        const arrived = receiver.requests().filter((request) => request.signal === signal);
        if (settingOf(block, `OTEL_${signal.toUpperCase()}_EXPORTER`) === "none") {
          assertEquals(arrived.length, 0, `${signal} were to be left out`);
          continue;
        }
        assert(arrived.length > 0, `no ${signal} arrived`);
        for (const { path, headers, format } of arrived) {
          assertEquals([path, format], [pathFor(block, signal), "protobuf"]);
          for (const name of headersFor(block, signal)) assert(headers.get(name), `${signal} lack the header ${name}`);
        }
      }
      const wanted = settingOf(block, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE") ?? "cumulative";
      const points = receiver.metrics().filter(({ name }) => name === "llm_requests_total");
      for (const { temporality } of points) assertEquals(temporality, wanted);
    },
  });
}
