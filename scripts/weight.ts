/**
 * What this library weighs, beside what else there is: `deno task weight` prints the table, `deno task weight --write`
 * puts it into the README as well. The bounds are checked by tests/runtimes/weight_test.ts.
 *
 * @module
 */
import { installedProject } from "../tests/runtimes/toolbox.ts";
import { bundleWeight, loadWeights } from "./weight/measure.ts";
import { partsOf } from "./weight/parts.ts";
import { clientAlone, everything, others, packages } from "./weight/programs.ts";

const ROUNDS = 9;
const FENCE = /(<!-- deno task weight --write -->\n)[^]*?(<!-- \/weight -->)/;

/** A table of numbers, as Markdown. */
function tableOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ["---", ...head.slice(1).map(() => "--:")], ...lines];
  return all.map((line) => `| ${line.join(" | ")} |\n`).join("");
}

/** Bytes, as the tables have them. */
const kilobytes = (bytes: number): string => bytes < 50 ? "–" : `${(bytes / 1000).toFixed(1)} KB`;

async function weighed(): Promise<string> {
  const project = await installedProject(packages);
  try {
    const ours = [everything, clientAlone];
    const programs = [...ours, ...others];
    const loads = await loadWeights(project, programs, ROUNDS);
    const lines: string[][] = [];
    const parts = new Map<string, string[]>();
    for (const [at, program] of programs.entries()) {
      const weight = await bundleWeight(project, program);
      const { modules = 0, ms = 0 } = loads[at] ?? {};
      const bytes = [kilobytes(weight.start), kilobytes(weight.whole)];
      lines.push([program.name, ...bytes, String(modules), `${ms.toFixed(0)} ms`]);
      if (!ours.includes(program)) continue;
      for (const [name, start, later] of partsOf(weight)) {
        // What comes later is the same for both: all of what the SDK is.
        parts.set(name, [...parts.get(name) ?? [name, kilobytes(later)], kilobytes(start)]);
      }
    }
    return [
      tableOf(["imported", "edge bundle, at start", "all of it", "modules", "import"], lines),
      tableOf(["part", "behind a dynamic import", "at start", "`createClient` alone"], [...parts.values()]),
    ].join("\n");
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

if (import.meta.main) {
  const table = await weighed();
  console.log(table);
  if (Deno.args.includes("--write")) {
    const readme = new URL("../README.md", import.meta.url);
    const text = await Deno.readTextFile(readme);
    if (!FENCE.test(text)) throw new Error("README.md has no place for the table.");
    await Deno.writeTextFile(readme, text.replace(FENCE, (_, open, close) => `${open}\n${table}\n${close}`));
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--quiet", "README.md"],
      cwd: new URL("../", import.meta.url),
    })
      .spawn().status;
    if (!success) Deno.exitCode = 1;
  }
}
