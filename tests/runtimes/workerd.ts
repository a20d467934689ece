/**
 * A worker in workerd, Cloudflare's runtime, on a free port of this machine.
 *
 * @module
 */
import { type Server, startServer } from "./server.ts";

/** A running worker. */
export interface Worker extends Server {
  /** One request; gives the body of its answer. */
  ask(): Promise<string>;
}

/** What a worker is made of. */
export interface WorkerOptions {
  /** Names of the variables that it is bound to, as texts. */
  readonly bindings: readonly string[];
  readonly compatibilityDate: string;
  /** None unless given: no node: module, no process, no Buffer. */
  readonly compatibilityFlags?: readonly string[] | undefined;
}

/** Writes the configuration of a worker whose script lies beside it. Behind the worker is this machine alone. */
export async function writeWorkerConfig(path: string, script: string, options: WorkerOptions): Promise<void> {
  const bindings = options.bindings.map((name) => `(name = "${name}", fromEnvironment = "${name}")`);
  const flags = (options.compatibilityFlags ?? []).map((flag) => JSON.stringify(flag));
  await Deno.writeTextFile(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "${script}")],
  compatibilityDate = "${options.compatibilityDate}",
  compatibilityFlags = [${flags.join(", ")}],
  bindings = [${bindings.join(", ")}],
);
`,
  );
}

/** Starts workerd; `await using worker = await startWorker(…)` ends it at the end of the block. */
export async function startWorker(
  workerd: string,
  config: string,
  options: { readonly env: Readonly<Record<string, string>> },
): Promise<Worker> {
  // What happens to its sockets is told on stdout, one JSON text a line.
  const server = await startServer(workerd, ["serve", "--control-fd=1", config], options);
  return {
    ...server,
    async ask() {
      const response = await fetch(server.url, { method: "POST" });
      const text = await response.text();
      if (!response.ok) throw new Error(`The worker answered ${response.status}: ${text}\n${server.log()}`);
      return text;
    },
  };
}
