/**
 * Programs in a process of their own: what is process-wide (providers, context managers, exit hooks, permissions) is
 * tested there and leaves nothing behind.
 *
 * @module
 */
import { configFlags } from "./configured.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is started. */
export interface StartOptions {
  readonly cwd?: string | URL | undefined;
  /** Beside the variables of this process, without those that are read by what is tested. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** The root of the repository. */
export const ROOT = new URL("../", import.meta.url);

const LIMIT_MS = 60_000;
const READ_BY_TESTED = /^(?:OTEL_|OPENAI_|ANTHROPIC_|DENO_AUDIT_|NODE_OPTIONS$|BUN_)/;

let flags: Promise<string[]> | undefined;

/** The environment of a child: this process's, cleaned, and `more`. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !READ_BY_TESTED.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...more };
}

/** Starts a program, whose output is piped and which is asked nothing. */
export function start(command: string, args: readonly string[], { cwd, env }: StartOptions): Deno.ChildProcess {
  return new Deno.Command(command, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    clearEnv: true,
    env: environment(env),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a program to its end. Rejects when it runs too long, or with `check` when it fails. */
export async function run(command: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const child = start(command, args, { ...options, cwd: options.cwd ?? ROOT });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const ended = { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  if (late) throw new Error(`${args.join(" ")} did not end within ${LIMIT_MS} ms.\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/** Runs a program that must succeed; gives what it wrote. */
export async function runWell(command: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const ended = await run(command, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${args.join(" ")} ended with ${ended.code}.\n${ended.stdout}\n${ended.stderr}`);
}

/** `deno <subcommand>` with the configuration that works here, and nothing asked of whoever sits at a terminal. */
export async function denoArgs(subcommand: string, ...rest: readonly string[]): Promise<string[]> {
  flags ??= configFlags();
  return [subcommand, ...await flags, ...rest];
}
