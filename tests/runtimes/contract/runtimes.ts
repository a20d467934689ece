/**
 * The runtimes that the contract is played in, and what differs between them: how it is started, and whether it carries
 * the user's span across awaits.
 *
 * @module
 */
import { ROOT, runWell } from "../../../scripts/child.ts";
import { startServer } from "../server.ts";
import { bundle, tool } from "../toolbox.ts";
import { startWorker, writeWorkerConfig } from "../workerd.ts";
import type { Settings, Told } from "./program.ts";

/** A runtime in one version. */
export interface Runtime {
  /** For the table's head. */
  readonly name: string;
  readonly kind: "process" | "worker";
  readonly parents: Settings["parents"];
  /** What its bundlers, or itself, ask packages for. */
  readonly conditions: readonly string[];
  /** Packages that the project must have besides the artifact. */
  readonly packages: readonly string[];
  /** It runs the sources, and the artifact's packages alone. */
  readonly sources?: true;
  /** Starts it in the project that has the packed artifact. */
  start(project: string, stage: Stage): Promise<Host>;
}

/** Whom the program may talk to, as `host:port`, and the variables it sees. */
export interface Stage {
  readonly hosts: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A runtime that stands ready. */
export interface Host extends AsyncDisposable {
  /** Plays the program: in a new process, or with a request. */
  play(settings: Settings): Promise<Told>;
}

/** The permissions that README promises to be enough, besides the network. */
const DENO_ENV = "OPENAI_*,OTEL_*";
/** The oldest version of each runtime in which the contract holds, and a new one. */
export const DEFAULT: readonly string[] = [
  "deno@2.1.0",
  `deno@${Deno.version.deno}`,
  "node@22.15.0",
  "node@24.21.0",
  Deno.build.os === "windows" ? "bun@1.1.0" : "bun@1.0.2", // There is none for Windows before 1.1.
  "bun@1.4.5",
  "workerd@2022-11-30",
  "workerd+nodejs_compat@2022-11-30",
  "workerd+no_nodejs_compat@2026-11-17",
  "workerd@2026-11-17",
  "edge-vm@5.0.0",
  "edge-vm+AsyncLocalStorage@5.0.0",
];

const WORKERD = "1.20261117.1";
/** From this compatibility date on, nodejs_compat is the default. */
const NODE_BY_DEFAULT = "2026-08-04";

/** A runtime by its name and version, as in `bun@1.4.5`, or in `workerd+nodejs_compat@2022-11-30` with flag and date. */
export function runtimeOf(spec: string): Runtime {
  const [name = "", version = ""] = spec.split("@");
  if (name === "deno") return denoOf(version);
  if (name === "node") return nodeOf(version);
  if (name === "bun") return bunOf(version);
  const [worker, ...flags] = name.split("+");
  if (worker === "workerd") return workerdOf(version, flags);
  if (worker === "edge-vm") return edgeOf(version, flags);
  throw new Error(`"${spec}" is no runtime that is known here.`);
}

/** What is run in the project, before the program's own argument. */
type Command = (project: string, stage: Stage) => Promise<[program: string, ...args: string[]]>;

function processOf(name: string, conditions: readonly string[], command: Command): Runtime {
  return {
    name,
    kind: "process",
    parents: "by the runtime",
    conditions,
    packages: [],
    async start(project, stage) {
      const [program, ...args] = await command(project, stage);
      return {
        async play(settings) {
          const how = { cwd: project, env: stage.env };
          const { stdout, stderr } = await runWell(program, [...args, JSON.stringify(settings)], how);
          if (stderr !== "") throw new Error(`It said on stderr: ${stderr}`);
          return JSON.parse(stdout);
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  };
}

function nodeOf(version: string): Runtime {
  return processOf(`Node ${version}`, ["node", "import"], async (project) => {
    return [
      await tool("node", version),
      "--experimental-strip-types",
      "--no-warnings",
      `${project}/contract/process.ts`,
    ];
  });
}

function bunOf(version: string): Runtime {
  return processOf(`Bun ${version}`, ["bun", "node", "import"], async (project) => {
    return [await tool("bun", version), `${project}/contract/process.ts`];
  });
}

/** From the sources, as JSR serves them; without the lock file, whose form older versions do not know. */
function denoOf(version: string): Runtime {
  const runtime = processOf(`Deno ${version}`, ["deno", "node", "import"], async (project, { hosts }) => {
    const { exports, imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const own = Object.entries<string>(exports).map(([entry, path]) => [
      `@sik/llms${entry.slice(1)}`,
      new URL(path, ROOT).href,
    ]);
    const config = `${project}/deno-${crypto.randomUUID()}.json`;
    await Deno.writeTextFile(config, JSON.stringify({ imports: { ...imports, ...Object.fromEntries(own) } }));
    const permissions = ["--no-prompt", `--allow-net=${hosts.join()}`, `--allow-env=${DENO_ENV}`];
    const how = ["--quiet", "--no-lock", `--config=${config}`, "--node-modules-dir=none", ...permissions];
    const program = new URL("tests/runtimes/contract/process.ts", ROOT).href;
    const deno = version === Deno.version.deno ? Deno.execPath() : await tool("deno", version);
    return [deno, "run", ...how, program];
  });
  return { ...runtime, sources: true };
}

function workerdOf(compatibilityDate: string, compatibilityFlags: readonly string[]): Runtime {
  const conditions = ["workerd", "worker", "browser"];
  const node = compatibilityFlags.includes("nodejs_compat") ||
    compatibilityDate >= NODE_BY_DEFAULT && !compatibilityFlags.includes("no_nodejs_compat");
  return {
    name: ["workerd", compatibilityDate, ...compatibilityFlags].join(" "),
    kind: "worker",
    parents: node ? "by the runtime" : "by hand",
    conditions,
    packages: [],
    async start(project, { env }) {
      const script = `worker-${crypto.randomUUID()}.js`;
      await bundle(`${project}/contract/worker.ts`, `${project}/${script}`, { conditions });
      const bindings = Object.keys(env);
      const config = `${project}/${script}.capnp`;
      await writeWorkerConfig(config, script, { bindings, compatibilityDate, compatibilityFlags });
      return hostOf(await startWorker(await tool("workerd", WORKERD), config, { env }));
    },
  };
}

function edgeOf(version: string, globals: readonly string[]): Runtime {
  const conditions = ["edge-light", "worker", "browser"];
  return {
    name: ["Vercel edge VM", version, ...globals].join(" "),
    kind: "worker",
    parents: globals.includes("AsyncLocalStorage") ? "by the runtime" : "by hand",
    conditions,
    packages: [`@edge-runtime/vm@${version}`],
    async start(project, { env }) {
      const script = `${project}/edge-${crypto.randomUUID()}.js`;
      await bundle(`${project}/contract/edge.ts`, script, { conditions, global: "edgeFunction" });
      const node = await tool("node", "24.21.0");
      return hostOf(
        await startServer(node, [`${project}/contract/edge_vm.mjs`, script, ...globals], { cwd: project, env }),
      );
    },
  };
}

function hostOf(server: AsyncDisposable & { readonly url: string; log(): string }): Host {
  return {
    async play(settings) {
      const response = await fetch(server.url, { method: "POST", body: JSON.stringify(settings) });
      const text = await response.text();
      if (!response.ok || server.log() !== "") throw new Error(`${response.status} ${text}\n${server.log()}`);
      return JSON.parse(text);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
