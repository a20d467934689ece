/**
 * What the askers run in: Deno the sources, Node and Bun the packed artifact, as their users have it.
 *
 * @module
 */
import { copyTree, installedProject, npmInstall, tool } from "../runtimes/toolbox.ts";
import { forNpm } from "./askers/packages.ts";

/** A runtime in one version. */
export interface Runtime {
  /** For the table. */
  readonly name: string;
  /** How it runs one of the programs beside this file. */
  command(script: string): readonly [program: string, ...args: string[]];
}

/** The versions of those that are named without one. */
const VERSIONS = { node: "24.21.0", bun: "1.4.5" } as const;

/** What askers import besides the artifact's own packages, and the peers'. */
const OURS = ["@anthropic-ai/sdk", "eventsource-parser", "openai"];
/** Theirs is another line than that which one of the peers brings. */
const TELEMETRY = [
  "@opentelemetry/api",
  "@opentelemetry/exporter-metrics-otlp-http",
  "@opentelemetry/exporter-trace-otlp-http",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/sdk-trace",
];

const here = import.meta.dirname ?? "";

/** Deno as it runs here. */
export const deno: Runtime = {
  name: `Deno ${Deno.version.deno}`,
  command: (script) => [Deno.execPath(), "run", "-A", "--no-lock", "--quiet", `${here}/${script}`],
};

/** The runtimes by names such as `deno`, `node` or `bun@1.4.5`, until disposed of. */
export async function startRuntimes(
  names: readonly string[],
): Promise<AsyncDisposable & { readonly all: readonly Runtime[] }> {
  const others = names.some((name) => name !== "deno");
  const project = others ? await installedBench() : undefined;
  const all = await Promise.all(names.map((name) => name === "deno" ? deno : otherOf(name, `${project}/bench`)));
  return {
    all,
    async [Symbol.asyncDispose]() {
      if (project !== undefined) await Deno.remove(project, { recursive: true });
    },
  };
}

async function otherOf(spec: string, folder: string): Promise<Runtime> {
  const [name, given] = spec.split("@");
  if (name === "node") {
    const version = given ?? VERSIONS.node;
    const node = await tool("node", version);
    const flags = ["--experimental-strip-types", "--no-warnings"];
    return { name: `Node ${version}`, command: (script) => [node, ...flags, `${folder}/${script}`] };
  }
  if (name === "bun") {
    const version = given ?? VERSIONS.bun;
    const bun = await tool("bun", version);
    return { name: `Bun ${version}`, command: (script) => [bun, `${folder}/${script}`] };
  }
  throw new Error(`"${spec}" is no runtime that is known here.`);
}

/** A temporary project with the artifact, the peers and the bench in it. */
async function installedBench(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const ours = [...OURS, ...TELEMETRY].map((name) => imports[name].replace(/^npm:/, ""));
  const project = await installedProject(ours);
  await npmInstall(project, forNpm()); // By itself: together they take longer than one program may.
  await copyTree(here, `${project}/bench`);
  return project;
}
