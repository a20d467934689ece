/**
 * The real programs, built from Go modules and kept in a cache outside the checkout, under their versions' names.
 *
 * @module
 */
import { run, tryRun } from "./command.ts";
import { buildTraceql, tempo } from "./traceql.ts";
import { collectorBuilder, type GoProgram, goPrograms } from "./versions.ts";

/** Where the programs are. */
export interface Programs {
  readonly otelcol: string;
  readonly jaeger: string;
  readonly prometheus: string;
  readonly promtool: string;
  readonly compose: string;
  readonly traceql: string;
  /** One line for each that was built now, with its seconds. */
  readonly built: readonly string[];
}

/** Why nothing could be built. */
export class NoGo extends Error {}

const oldest = [1, 26] as const;
const manifest = new URL("collector.builder.yaml", import.meta.url);
const ownParts = ["googleclientauth/go.mod", "googleclientauth/factory.go"];

/** The folder of built programs: SIK_LLMS_STACK_CACHE, else the system's place for caches. */
export function cacheFolder(env: (name: string) => string | undefined = Deno.env.get): string {
  const told = env("SIK_LLMS_STACK_CACHE");
  if (told !== undefined && told !== "") return told;
  const home = env("HOME") ?? env("USERPROFILE") ?? ".";
  const base = Deno.build.os === "darwin"
    ? `${home}/Library/Caches`
    : Deno.build.os === "windows"
    ? env("LOCALAPPDATA") ?? `${home}/AppData/Local`
    : env("XDG_CACHE_HOME") || `${home}/.cache`;
  return `${base}/sik-llms-stack`;
}

/**
 * The programs, built where the cache lacks them.
 *
 * @throws {NoGo} where they are not in the cache and no Go new enough, or no module proxy, is there to build them.
 * @throws {Error} where a build fails.
 */
export async function getPrograms(say: (line: string) => void): Promise<Programs> {
  const cache = cacheFolder();
  const built: string[] = [];
  const keep = async (key: string, name: string, build: (folder: string, file: string) => Promise<void>) => {
    const folder = `${cache}/${key}`;
    const file = `${folder}/${name}${Deno.build.os === "windows" ? ".exe" : ""}`;
    if (await exists(file)) return file;
    if (built.length === 0) await checkGo();
    say(`building ${key} …`);
    const start = performance.now();
    await Deno.mkdir(folder, { recursive: true });
    const draft = await Deno.makeTempDir({ dir: cache, prefix: "build-" });
    try {
      await build(draft, `${draft}/program`);
      await Deno.rename(`${draft}/program`, file);
    } finally {
      await Deno.remove(draft, { recursive: true });
    }
    built.push(`${key}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return file;
  };
  const files = new Map<string, string>();
  for (const program of goPrograms) {
    const key = `${program.name}-${program.version}-${await digest(JSON.stringify(program))}`;
    files.set(program.name, await keep(key, program.name, (folder, file) => buildModule(program, folder, file)));
  }
  const parts = await Deno.readTextFile(manifest);
  const own = await Promise.all(ownParts.map((path) => Deno.readTextFile(new URL(path, manifest))));
  const key = `otelcol-${collectorBuilder.split("@")[1]}-${await digest(parts + own.join("") + collectorBuilder)}`;
  files.set("otelcol", await keep(key, "otelcol", (folder, file) => buildCollector(parts, folder, file)));
  const language = `traceql-${tempo.version}-${await digest(JSON.stringify(tempo))}`;
  files.set("traceql", await keep(language, "traceql", buildTraceql));
  const at = (name: string) => files.get(name) ?? "";
  return {
    otelcol: at("otelcol"),
    jaeger: at("jaeger"),
    prometheus: at("prometheus"),
    promtool: at("promtool"),
    compose: at("compose"),
    traceql: at("traceql"),
    built,
  };
}

/** Go is here, new enough, and the module proxy answers. */
async function checkGo(): Promise<void> {
  const said = await tryRun("go", ["env", "GOVERSION"]);
  if (said === undefined || !said.success) throw new NoGo("there is no Go on this machine");
  const [major = 0, minor = 0] = said.stdout.replace(/^go/, "").split(".").map(Number);
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new NoGo(`Go is ${said.stdout}, and the programs need ${oldest.join(".")}`);
  }
  const [{ module, version }] = goPrograms as [GoProgram];
  // In an empty cache, since Go asks nobody for what it has already.
  const empty = await Deno.makeTempDir({ prefix: "sik-llms-go-" });
  try {
    const asked = await tryRun("go", ["list", "-m", `${module}@${version}`], {
      cwd: empty,
      env: { GOFLAGS: "-mod=mod -modcacherw", GOMODCACHE: empty },
    });
    if (asked?.success !== true) throw new NoGo(`the module proxy does not answer: ${asked?.text}`);
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
}

/**
 * Builds a program inside a module of our own that has the program's go.mod and go.sum: its replacements hold, which
 * `go install` would refuse, and every dependency has the hash that its authors wrote down.
 */
async function buildModule(program: GoProgram, folder: string, file: string): Promise<void> {
  const { module, version, path, tags } = program;
  const { Dir: source } = JSON.parse(await run("go", ["mod", "download", "-json", `${module}@${version}`]));
  const mod = await Deno.readTextFile(`${source}/go.mod`);
  await Deno.writeTextFile(`${folder}/go.mod`, mod.replace(/^module .*$/m, "module stack/program"));
  await Deno.writeTextFile(`${folder}/go.sum`, await Deno.readTextFile(`${source}/go.sum`));
  await run("go", ["mod", "edit", `-require=${module}@${version}`], { cwd: folder });
  const flags = ["-mod=mod", "-trimpath", "-ldflags=-s -w", `-tags=${tags.join(",")}`];
  await run("go", ["build", ...flags, "-o", file, `${module}/${path}`], { cwd: folder });
}

async function buildCollector(parts: string, folder: string, file: string): Promise<void> {
  const config = `${folder}/builder.yaml`;
  for (const path of ownParts) {
    await Deno.mkdir(`${folder}/${path.split("/")[0]}`, { recursive: true });
    await Deno.copyFile(new URL(path, manifest), `${folder}/${path}`);
  }
  await Deno.writeTextFile(
    config,
    parts.replace(/^dist:$/m, `dist:\n  output_path: ${JSON.stringify(`${folder}/dist`)}`),
  );
  await run("go", ["run", collectorBuilder, `--config=${config}`], { cwd: folder });
  await Deno.rename(`${folder}/dist/otelcol${Deno.build.os === "windows" ? ".exe" : ""}`, file);
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

async function digest(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${text} ${Deno.build.os} ${Deno.build.arch}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.slice(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
