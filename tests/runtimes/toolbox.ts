/**
 * The other runtimes and the bundler, from npm, and the artifact that npm-side users of JSR receive.
 *
 * Nothing lands in the repository: tools stay in the user's cache, one folder per version; what is made of the
 * sources lies in temporary folders. npm itself runs under Deno, so that a machine without Node tests the same.
 *
 * @module
 */
import { ROOT, runWell } from "../../scripts/child.ts";

/** A program from npm. */
export type ToolName = "bun" | "deno" | "esbuild" | "node" | "workerd";

/** What is tested with where nothing else is said. Node is the oldest that the README names. */
const VERSIONS = { bun: "1.4.5", esbuild: "0.28.2", node: "22.15.0", npm: "11.21.2", workerd: "1.20261117.1" } as const;

/** The programs of a toolbox, each a path. */
export type Toolbox = Readonly<Record<"bun" | "esbuild" | "node" | "workerd", string>>;

/**
 * Where each program lies: its own installer only moves it, or would download it, so that none of them is run. A scope,
 * what a package's name looks like there, and the file inside it.
 */
const PLACES: Readonly<Record<ToolName, readonly [scope: string, name: RegExp, file: string]>> = {
  bun: ["@oven/", /^bun-/, "bin/bun"],
  deno: ["@deno/", /./, "deno"],
  esbuild: ["@esbuild/", /./, Deno.build.os === "windows" ? "esbuild" : "bin/esbuild"],
  node: ["", /^node-/, "bin/node"],
  workerd: ["@cloudflare/", /^workerd-/, "bin/workerd"],
};

const asked = new Map<string, Promise<string>>();

/** The toolbox; made when it is first asked for on this machine. */
export async function toolbox(): Promise<Toolbox> {
  const names = ["bun", "esbuild", "node", "workerd"] as const;
  const paths = await Promise.all(names.map(async (name) => [name, await tool(name, VERSIONS[name])] as const));
  return Object.fromEntries(paths) as Toolbox;
}

/** The path of one program in one version; fetched when it is first asked for on this machine. */
export function tool(name: ToolName, version: string): Promise<string> {
  const key = `${name}-${version}`;
  const known = asked.get(key) ?? fetched(name, version);
  asked.set(key, known);
  return known;
}

async function fetched(name: ToolName, version: string): Promise<string> {
  const parent = `${cacheFolder()}/sik-llms-tests`;
  const folder = `${parent}/${name}-${version}`;
  if (!await exists(`${folder}/node_modules`)) {
    await Deno.mkdir(parent, { recursive: true });
    // Made aside and put in place at once: two runs may meet here.
    const draft = await Deno.makeTempDir({ dir: parent, prefix: "draft-" });
    await npmInstall(draft, [`${name === "node" ? nodePackage() : name}@${version}`]);
    await Deno.rename(draft, folder).catch(() => Deno.remove(draft, { recursive: true }));
  }
  return await find(folder, name);
}

/** A temporary project that has the packed sources installed, and `more` from npm; whoever asks removes it. */
export async function installedProject(more: readonly string[] = []): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-project-" });
  const artifact = `${folder}/artifact.tgz`;
  // Source maps would carry this machine's paths.
  await runWell(Deno.execPath(), ["pack", "--no-source-maps", "--allow-dirty", "--quiet", "--output", artifact], {
    cwd: ROOT,
  });
  await npmInstall(folder, [artifact, ...more]);
  return folder;
}

/** What the program loads while telemetry is off, and nothing else. */
const BARE = ["@sik/llms", "@opentelemetry/api", "eventsource-parser"] as const;

/** A copy of a project without the packages that are reached by dynamic import alone; gone at the end of the block. */
export async function bareCopy(project: string): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-bare-" });
  for (const name of BARE) await copyTree(`${project}/node_modules/${name}`, `${folder}/node_modules/${name}`);
  await Deno.copyFile(`${project}/main.mjs`, `${folder}/main.mjs`);
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** How a program is bundled. */
export interface BundleOptions {
  /** What packages are asked for. */
  readonly conditions: readonly string[];
  /** A script that leaves its exports under this name, instead of a module. */
  readonly global?: string | undefined;
  /** Further flags of esbuild's. */
  readonly flags?: readonly string[] | undefined;
}

/** Bundles a program that lies in an installed project, all its packages included: into one file, or as the flags say. */
export async function bundle(entry: string, outfile: string | undefined, options: BundleOptions): Promise<void> {
  const { conditions, global, flags = [] } = options;
  const form = global === undefined ? ["--format=esm"] : ["--format=iife", `--global-name=${global}`];
  const how = ["--bundle", `--conditions=${conditions.join()}`, "--log-level=warning", ...form, ...flags];
  const out = outfile === undefined ? [] : [`--outfile=${outfile}`];
  await runWell(await tool("esbuild", VERSIONS.esbuild), [entry, ...how, ...out], { cwd: ROOT });
}

/** Copies a folder and all that is in it. */
export async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyTree(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Installs packages into a folder, which becomes a project of its own where it is none yet. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  const manifest = `${folder}/package.json`;
  if (!await exists(manifest)) await Deno.writeTextFile(manifest, JSON.stringify({ private: true, type: "module" }));
  const npm = ["run", "-A", "--no-lock", "--no-config", "--node-modules-dir=none", `npm:npm@${VERSIONS.npm}`];
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", "--prefer-offline"];
  await runWell(Deno.execPath(), [...npm, "install", "--ignore-scripts", ...quiet, ...packages], { cwd: folder });
}

/** The package `node` only installs this one. */
function nodePackage(): string {
  const { os, arch } = Deno.build;
  const system = os === "windows" ? "win" : os;
  const machine = arch === "aarch64" ? "arm64" : "x64";
  return `${system === "darwin" && machine === "arm64" ? "node-bin" : "node"}-${system}-${machine}`;
}

function cacheFolder(): string {
  const env = (name: string) => Deno.env.get(name) || undefined;
  const home = env("HOME");
  const known: Partial<Record<typeof Deno.build.os, string | undefined>> = {
    windows: env("LOCALAPPDATA"),
    darwin: home && `${home}/Library/Caches`,
  };
  return known[Deno.build.os] ?? env("XDG_CACHE_HOME") ??
    (home === undefined ? env("TMPDIR") ?? "/tmp" : `${home}/.cache`);
}

async function find(folder: string, tool: ToolName): Promise<string> {
  const [scope, name, file] = PLACES[tool];
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const entries = await Array.fromAsync(Deno.readDir(`${folder}/node_modules/${scope}`), (entry) => entry.name);
  // Some packages come in two builds, of which the plainer name has the usual C library.
  for (const entry of entries.filter((each) => name.test(each)).sort((one, other) => one.length - other.length)) {
    const path = `${folder}/node_modules/${scope}${entry}/${file}${suffix}`;
    if (!await exists(path)) continue;
    if (suffix === "") await Deno.chmod(path, 0o755); // Not every package has it so.
    return path;
  }
  throw new Error(`${folder} has no ${tool} for this machine; remove it, and it is made anew`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
