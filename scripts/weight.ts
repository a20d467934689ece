/**
 * What this library weighs, beside what else there is: `deno task weight` prints the table, `deno task weight --write`
 * puts it into the README as well. The bounds are checked by tests/runtimes/weight_test.ts.
 *
 * @module
 */
import { installedProject } from "../tests/runtimes/toolbox.ts";
import { bundleWeight, loadWeights } from "./weight/measure.ts";
import { clientAlone, everything, others, packages } from "./weight/programs.ts";

const ROUNDS = 9;
const FENCE = /(<!-- deno task weight --write -->\n)[^]*?(<!-- \/weight -->)/;

/** The table, as Markdown. */
export function tableOf(lines: readonly (readonly string[])[]): string {
  const head = ["imported", "edge bundle, at start", "all of it", "modules", "import"];
  const all = [head, ["---", "--:", "--:", "--:", "--:"], ...lines];
  return all.map((line) => `| ${line.join(" | ")} |\n`).join("");
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;

async function weighed(): Promise<string> {
  const project = await installedProject(packages);
  try {
    const programs = [everything, clientAlone, ...others];
    const loads = await loadWeights(project, programs, ROUNDS);
    const lines: string[][] = [];
    for (const [at, program] of programs.entries()) {
      const { start, whole } = await bundleWeight(project, program);
      const { modules = 0, ms = 0 } = loads[at] ?? {};
      lines.push([program.name, kilobytes(start), kilobytes(whole), String(modules), `${ms.toFixed(0)} ms`]);
    }
    return tableOf(lines);
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
