/**
 * What a program that imports a package weighs: its bundle for the edge, the modules it loads, how long that takes.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { ROOT, runWell } from "../child.ts";
import { bundle, toolbox } from "../../tests/runtimes/toolbox.ts";

/** A program of one line, which keeps what it imports. */
export interface Program {
  /** For the table. */
  readonly name: string;
  /** None is the empty program. */
  readonly source: string;
}

/** A bundle for the edge, minified, in bytes after gzip. */
export interface BundleWeight {
  /** What runs at once: all that is not behind a dynamic import, so OpenTelemetry's SDK is not in it. */
  readonly start: number;
  /** All of it in one file, as most deployments have it. */
  readonly whole: number;
}

/** What a bundle weighs, and what of it each of its files does. */
export interface WeighedBundle extends BundleWeight {
  readonly inputs: readonly WeighedInput[];
}

/** A file that went into a bundle. */
export interface WeighedInput {
  /** From the folder of packages on, as in `@sik/llms/src/client.js`; of the program itself its own path. */
  readonly path: string;
  /** Bytes after gzip: its share of the minified bytes around it, since what is compressed together has one size. */
  readonly bytes: number;
  /** It runs at once; else it is behind a dynamic import. */
  readonly atStart: boolean;
}

/** `metafile` of esbuild, as far as it is read here: https://esbuild.github.io/api/#metafile */
interface Metafile {
  readonly outputs: Readonly<Record<string, Output>>;
}

interface Output {
  readonly bytes: number;
  readonly entryPoint?: string;
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

const CONDITIONS = { conditions: ["workerd", "worker", "browser"] };

/** Weighs the bundle of a program in a project that has its packages installed. */
export async function bundleWeight(project: string, { source }: Program): Promise<WeighedBundle> {
  const folder = await Deno.makeTempDir({ dir: project, prefix: "bundle-" });
  const entry = `${folder}/entry.mjs`;
  await Deno.writeTextFile(entry, source);
  // Packages for the edge ask for these, if at all, where they exist.
  const flags = ["--minify", "--external:node:*"];
  await bundle(entry, `${folder}/whole.js`, { ...CONDITIONS, flags });
  const meta = `${folder}/meta.json`;
  const split = ["--splitting", `--outdir=${folder}/split`, `--metafile=${meta}`];
  await bundle(entry, undefined, { ...CONDITIONS, flags: [...flags, ...split] });
  const { outputs }: Metafile = JSON.parse(await Deno.readTextFile(meta));
  const first = staticOutputs({ outputs });
  let start = 0;
  const inputs: WeighedInput[] = [];
  for (const [path, output] of Object.entries(outputs)) {
    const size = await gzipped(new URL(path, ROOT));
    const atStart = first.has(path);
    if (atStart) start += size;
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const bytes = size * bytesInOutput / output.bytes;
      inputs.push({ path: input.replace(/^.*\/node_modules\//, ""), bytes, atStart });
    }
  }
  return { start, whole: await gzipped(`${folder}/whole.js`), inputs };
}

/** The outputs that the entry reaches without a dynamic import. */
function staticOutputs({ outputs }: Metafile): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import" && external !== true) visit(next);
    }
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint?.endsWith("entry.mjs")) visit(path);
  }
  if (reached.size === 0) throw new Error("esbuild names no entry point.");
  return reached;
}

async function gzipped(path: string | URL): Promise<number> {
  return gzipSync(await Deno.readFile(path), { level: 9 }).length;
}

/** What loading a program takes in Node, against the empty program. */
export interface LoadWeight {
  readonly modules: number;
  /** Milliseconds: the quickest of all rounds, since whatever else the machine does only adds to it. */
  readonly ms: number;
}

/** Runs all programs in turn, `rounds` times; the empty program's time and module are taken off each. */
export async function loadWeights(
  project: string,
  programs: readonly Program[],
  rounds: number,
): Promise<readonly LoadWeight[]> {
  const { node } = await toolbox();
  const record = new URL("tests/runtimes/record_modules.mjs", ROOT).href;
  const files = await Promise.all(["", ...programs.map(({ source }) => source)].map(async (source, at) => {
    const path = `${project}/load-${at}.mjs`;
    await Deno.writeTextFile(path, source);
    return path;
  }));
  const modules: number[] = [];
  for (const file of files) {
    const { stderr } = await runWell(node, [`--import=${record}`, file], { cwd: project });
    modules.push(JSON.parse(stderr.split("MODULES ").at(-1) ?? "").length);
  }
  const quickest = files.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [at, file] of files.entries()) {
      const began = performance.now();
      await runWell(node, [file], { cwd: project });
      quickest[at] = Math.min(quickest[at] ?? Infinity, performance.now() - began);
    }
  }
  const [noModules = 0, noTime = 0] = [modules[0], quickest[0]];
  return programs.map((_, at) => ({
    modules: (modules[at + 1] ?? 0) - noModules,
    ms: (quickest[at + 1] ?? 0) - noTime,
  }));
}
