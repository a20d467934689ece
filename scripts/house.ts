/**
 * The architecture check: `deno task house`. The plan is in scripts/house/floors.ts, the rules in scripts/house/rules.ts.
 *
 * @module
 */
import { circles, floors, forms, lengths, names, outside, reach, runtimes, type Trouble } from "./house/rules.ts";
import { readSource } from "./house/source.ts";

/**
 * Everything that is wrong with a tree of files, one line each.
 *
 * @param files Text by path from the root of the repository, with forward slashes.
 */
export function check(files: ReadonlyMap<string, string>): string[] {
  const library = [...files].filter(([path]) => path === "mod.ts" || path.startsWith("src/"));
  const sources = new Map(library.map(([path, text]) => [path, readSource(path, text)]));
  const troubles = [floors, circles, runtimes, names, outside, reach, forms].flatMap((rule) => rule(sources));
  return [...troubles, ...lengths(files)].sort(byPlace).map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function byPlace(a: Trouble, b: Trouble): number {
  return a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1;
}

/** Every TypeScript file that the check looks at. */
export async function readTree(root: URL): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = folder + entry.name;
      if (entry.isDirectory && entry.name !== "node_modules") await walk(`${path}/`);
      else if (entry.isFile && path.endsWith(".ts")) files.set(path, await Deno.readTextFile(new URL(path, root)));
    }
  };
  for (const folder of ["src/", "tests/", "examples/", "scripts/"]) {
    await walk(folder).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const mod = await Deno.readTextFile(new URL("mod.ts", root)).catch(() => undefined);
  if (mod !== undefined) files.set("mod.ts", mod);
  return files;
}

if (import.meta.main) {
  const files = await readTree(new URL("../", import.meta.url));
  const troubles = check(files);
  for (const trouble of troubles) console.error(trouble);
  console.log(`house: ${files.size} files read, ${troubles.length} broken rules`);
  if (troubles.length > 0) Deno.exitCode = 1;
}
