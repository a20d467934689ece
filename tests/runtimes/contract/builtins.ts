/**
 * What the library imports statically: of the artifact as esbuild resolves it for a runtime, of the sources as Deno does.
 *
 * @module
 */
import { builtinModules } from "node:module";
import { denoArgs, ROOT, runWell } from "../../../scripts/child.ts";
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

/** `deno info --json`, as far as it is read here. */
interface Graph {
  readonly roots: readonly string[];
  readonly redirects?: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      /** Missing when only types are imported. */
      readonly code?: { readonly specifier?: string; readonly error?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const ENTRIES = { "@sik/llms": ".", "@sik/llms/telemetry": "./telemetry", "@sik/llms/mcp": "./mcp" } as const;
const FEWEST = 10;

/** The built-ins of Node that are reached from the sources' entries without a dynamic import, sorted. */
export async function builtinsOfSources(): Promise<readonly string[]> {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const found = new Set<string>();
  for (const entry of Object.values(ENTRIES)) {
    const args = await denoArgs("info", "--json", exports[entry]);
    const graph: Graph = JSON.parse((await runWell(Deno.execPath(), args)).stdout);
    const bySpecifier = new Map(graph.modules.map((module) => [module.specifier, module]));
    const seen = new Set<string>();
    const visit = (specifier: string): void => {
      const target = graph.redirects?.[specifier] ?? specifier;
      if (seen.has(target)) return;
      seen.add(target);
      if (target.startsWith("node:")) found.add(target);
      for (const { code, isDynamic } of bySpecifier.get(target)?.dependencies ?? []) {
        if (code?.error !== undefined) throw new Error(code.error);
        if (code?.specifier !== undefined && isDynamic !== true) visit(code.specifier);
      }
    };
    graph.roots.forEach(visit);
    if (seen.size < FEWEST) throw new Error(`Only ${seen.size} modules are reached: the library is not among them.`);
  }
  return [...found].sort();
}

/** The built-ins of Node that are reached from the artifact's entries without a dynamic import, sorted. */
export async function builtinsOfArtifact(project: string, conditions: readonly string[]): Promise<readonly string[]> {
  const name = `${project}/builtins-${crypto.randomUUID()}`;
  await Deno.writeTextFile(
    `${name}.js`,
    Object.keys(ENTRIES).map((entry) => `import ${JSON.stringify(entry)};\n`).join(""),
  );
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
  if (seen.size < FEWEST) throw new Error(`Only ${seen.size} modules are reached: the library is not among them.`);
  return [...found].sort();
}
