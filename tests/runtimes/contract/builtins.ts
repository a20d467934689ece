/**
 * What the artifact imports statically, as esbuild resolves it for a runtime.
 *
 * @module
 */
import { builtinModules } from "node:module";
import { bundle } from "../toolbox.ts";

/** `metafile` of esbuild, as far as it is read here: https://esbuild.github.io/api/#metafile */
interface Metafile {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly MetaImport[] }>>;
  readonly outputs: Readonly<Record<string, { readonly entryPoint?: string }>>;
}

interface MetaImport {
  readonly path: string;
  readonly kind: string;
  readonly external?: boolean;
}

const ENTRIES = ["@sik/llms", "@sik/llms/telemetry", "@sik/llms/mcp"];

/** The built-ins of Node that are reached from the library's entries without a dynamic import, sorted. */
export async function staticBuiltins(project: string, conditions: readonly string[]): Promise<readonly string[]> {
  const name = `${project}/builtins-${crypto.randomUUID()}`;
  await Deno.writeTextFile(`${name}.js`, ENTRIES.map((entry) => `import ${JSON.stringify(entry)};\n`).join(""));
  const outside = ["node:*", ...builtinModules].map((module) => `--external:${module}`);
  // The names of the files in it are relative to the root of the repository, and used as keys alone.
  const flags = ["--platform=neutral", "--main-fields=module,main", `--metafile=${name}.json`, ...outside];
  await bundle(`${name}.js`, `${name}.out.js`, { conditions, flags: [...flags, "--ignore-annotations"] });
  const meta: Metafile = JSON.parse(await Deno.readTextFile(`${name}.json`));
  const entry = Object.values(meta.outputs).find(({ entryPoint }) => entryPoint !== undefined)?.entryPoint;
  if (entry === undefined || !(entry in meta.inputs)) throw new Error("esbuild names no entry point.");
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { path: next, kind, external } of meta.inputs[path]?.imports ?? []) {
      if (kind === "dynamic-import") continue;
      if (external === true) found.add(next);
      else visit(next);
    }
  };
  visit(entry);
  if (seen.size < 10) throw new Error(`Only ${seen.size} modules are reached: the library is not among them.`);
  return [...found].sort();
}
