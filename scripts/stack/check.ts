/**
 * The linter of the stack's files: `deno task stack:check`.
 *
 * @module
 */
import { lintCollectors } from "./lint/collector.ts";
import { lintCompose } from "./lint/compose.ts";
import { lintSyntax, type StackFiles, type Trouble } from "./lint/files.ts";
import { lintGrafana } from "./lint/grafana.ts";
import { lintPublished } from "./lint/listeners.ts";
import { lintPrometheus } from "./lint/prometheus.ts";
import { stackFolder } from "./place.ts";

/** Everything that is wrong with the stack's files. */
export function lintStack(files: StackFiles): Trouble[] {
  const linters = [lintSyntax, lintCompose, lintCollectors, lintPublished, lintPrometheus, lintGrafana];
  return linters.flatMap((lint) => lint(files));
}

/** Every file of the stack. */
export async function readStackFiles(folder: URL = stackFolder): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(below, folder))) {
      if (isDirectory) await walk(`${below}${name}/`);
      else {files.set(
          `${below}${name}`.replace(/^\.\//, ""),
          await Deno.readTextFile(new URL(`${below}${name}`, folder)),
        );}
    }
  };
  await walk("./");
  return files;
}

if (import.meta.main) {
  const files = await readStackFiles();
  const troubles = lintStack(files);
  for (const { path, message } of troubles) console.error(`${path}: ${message}`);
  console.log(`stack: ${files.size} files read, ${troubles.length} troubles`);
  if (troubles.length > 0) Deno.exitCode = 1;
}
