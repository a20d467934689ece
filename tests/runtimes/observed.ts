/**
 * What a program does besides what it prints: the permissions it uses, the hosts it reaches, the modules it loads.
 *
 * @module
 */
import { denoArgs, type Ended, ROOT, runWell, type StartOptions } from "../../scripts/child.ts";

/** A run of Deno, looked over. */
export interface Observed extends Ended {
  /** `env`, `net`, `read`, …: each kind of permission that was used or asked for, sorted. */
  readonly permissions: readonly string[];
  /** Each host with its port that was reached or tried, sorted. */
  readonly hosts: readonly string[];
  /** The environment's variables that were read, sorted. */
  readonly variables: readonly string[];
  /** The URLs of all loaded modules. */
  readonly modules: readonly string[];
}

/** How a run is looked over. */
export interface ObservedOptions extends StartOptions {
  /** Another configuration than the repository's, from its root. */
  readonly config?: string | undefined;
}

/** `deno run` with these arguments, looked over. */
export async function auditedRun(args: readonly string[], options: ObservedOptions): Promise<Observed> {
  const audit = await Deno.makeTempFile({ prefix: "sik-llms-audit-", suffix: ".jsonl" });
  try {
    const preload = new URL("tests/runtimes/record_modules.mjs", ROOT).href;
    const configured = options.config === undefined
      ? await denoArgs("run", `--preload=${preload}`, ...args)
      : ["run", `--config=${options.config}`, "--no-lock", `--preload=${preload}`, ...args];
    const ended = await runWell(Deno.execPath(), configured, {
      ...options,
      env: { ...options.env, DENO_AUDIT_PERMISSIONS: audit },
    });
    const lines = (await Deno.readTextFile(audit)).split("\n").filter((line) => line !== "");
    const used = lines.map((line) => JSON.parse(line) as { readonly permission: string; readonly value: string });
    const of = (kind: string) => used.filter(({ permission }) => permission === kind).map(({ value }) => value);
    const [stderr = "", modules = "[]"] = ended.stderr.split("MODULES ");
    return {
      ...ended,
      stderr,
      permissions: sorted(used.map(({ permission }) => permission)),
      hosts: sorted(of("net").map((value) => URL.canParse(value) ? new URL(value).host || value : value)),
      variables: sorted(of("env")),
      modules: JSON.parse(modules),
    };
  } finally {
    await Deno.remove(audit);
  }
}

/** The npm packages among modules, sorted: they lie in a folder named after the package, and another after its version. */
export function packagesOf(modules: readonly string[]): string[] {
  const name = /\/((?:@[^/]+\/)?[^/@]+)\/\d+\.\d+\.\d+[^/]*\//;
  return sorted(modules.flatMap((url) => name.exec(url)?.[1] ?? []));
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
