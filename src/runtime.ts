/**
 * The one place that knows which runtime this is: environment, exit hook, AsyncLocalStorage, name and version.
 *
 * @module
 */
import { portOf } from "./url.ts";

/** What is used of Deno, structurally: the module also runs where its types are unknown. */
interface DenoLike {
  readonly version: { readonly deno: string };
  readonly env: { get(name: string): string | undefined };
  readonly permissions: {
    querySync(descriptor: Record<string, unknown>): { readonly state: string };
  };
  refTimer(id: number): void;
  unrefTimer(id: number): void;
}

/** What is used of Node's `process`, which Bun, Deno and some workers have too. */
interface ProcessLike {
  readonly versions?: Readonly<Record<string, string | undefined>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  exitCode?: number;
  getBuiltinModule?(name: string): unknown;
  on?(event: string, listener: () => void): unknown;
  off?(event: string, listener: () => void): unknown;
}

/** A class that carries one value across awaits. */
export interface AsyncStorage<T> {
  /** The value of the innermost `run` around the caller. */
  getStore(): T | undefined;
  /** Calls `fn` with `store` as the value. */
  run<R>(store: T, fn: () => R): R;
}

/** Makes an {@linkcode AsyncStorage}. */
export type AsyncStorageConstructor = new <T>() => AsyncStorage<T>;

/** The runtimes that are told apart. */
export type RuntimeName = "deno" | "bun" | "node" | "workerd" | "edge-light" | "unknown";

/** An environment variable: its value, or why there is none. */
export interface Variable {
  /** Undefined when it is not set, or may not be read. */
  readonly value: string | undefined;
  /** True when reading it is not permitted (Deno without `--allow-env`). */
  readonly denied: boolean;
}

const globals = globalThis as unknown as {
  readonly Deno?: DenoLike;
  readonly process?: ProcessLike;
  readonly Bun?: { readonly version: string };
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly AsyncLocalStorage?: AsyncStorageConstructor;
};

/** The name of the runtime this runs on. */
export function runtimeName(): RuntimeName {
  if (globals.navigator?.userAgent === "Cloudflare-Workers") return "workerd";
  if (globals.EdgeRuntime !== undefined) return "edge-light";
  if (globals.Deno?.version?.deno !== undefined) return "deno";
  if (globals.Bun !== undefined) return "bun";
  return globals.process?.versions?.["node"] === undefined ? "unknown" : "node";
}

/**
 * True where a request has a context of its own: timers and promises of one request die with it, and nothing may be
 * done at module scope. There telemetry loads and exports inside the request that asks for it.
 */
export function isRequestBound(): boolean {
  const name = runtimeName();
  return name === "workerd" || name === "edge-light";
}

/** Variables that may be read: asking costs many times what reading does, and what was granted stays so. */
const readable = new Set<string>();

/** Reads one environment variable, where that is allowed; never prompts, never throws. */
export function readVariable(name: string): Variable {
  try {
    const deno = globals.Deno;
    if (deno?.permissions !== undefined) {
      // Asking for the state of a permission never prompts; reading an ungranted variable would.
      if (!readable.has(name)) {
        if (deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") {
          return { value: undefined, denied: true };
        }
        readable.add(name);
      }
      return { value: deno.env.get(name), denied: false };
    }
    return { value: globals.process?.env?.[name], denied: false };
  } catch {
    return { value: undefined, denied: true }; // A runtime that guards its environment in another way.
  }
}

/** True unless the runtime would prompt for, or refuse, a connection to this URL's host (Deno without `--allow-net`). */
export function mayConnect(url: URL): boolean {
  try {
    const host = `${url.hostname}:${portOf(url)}`;
    return (globals.Deno?.permissions?.querySync({ name: "net", host }).state ?? "granted") === "granted";
  } catch {
    return true;
  }
}

/** Calls `listener` when the program has nothing left to do; gives a function that takes it back. */
export function onBeforeExit(listener: () => void): () => void {
  const process = globals.process;
  if (isRequestBound() || process?.on === undefined) return () => {};
  process.on("beforeExit", listener);
  return () => void process.off?.("beforeExit", listener);
}

/** Lets the program end although this timer is still to come. */
export function unrefTimer(timer: unknown): void {
  if (typeof timer === "number") globals.Deno?.unrefTimer?.(timer);
  else (timer as { unref?: () => void }).unref?.();
}

/** Takes {@linkcode unrefTimer} back: the program waits for this timer. */
export function refTimer(timer: unknown): void {
  if (typeof timer === "number") globals.Deno?.refTimer?.(timer);
  else (timer as { ref?: () => void }).ref?.();
}

/** Says how the program will have ended, without ending it. */
export function setExitCode(code: number): void {
  if (globals.process !== undefined) globals.process.exitCode = code;
}

/** Writes one line for the operator, away from the program's own output. */
export function writeError(line: string): void {
  // `console.error` is stderr on every runtime and the worker's log at the edge.
  console.error(line);
}

/** The runtime's AsyncLocalStorage, where it can be had at once. */
export function asyncStorage(): AsyncStorageConstructor | undefined {
  try {
    const hooks = globals.process?.getBuiltinModule?.("node:async_hooks") as
      | { readonly AsyncLocalStorage?: AsyncStorageConstructor }
      | undefined;
    return hooks?.AsyncLocalStorage ?? globals.AsyncLocalStorage;
  } catch {
    return globals.AsyncLocalStorage;
  }
}

/** The runtime's AsyncLocalStorage by a dynamic import; workerd gives it so, with its compatibility flag. */
export async function importAsyncStorage(): Promise<AsyncStorageConstructor | undefined> {
  const ready = asyncStorage();
  if (ready !== undefined) return ready;
  try {
    const name = ["node", "async_hooks"].join(":"); // Computed: bundlers for the edge must not resolve it.
    const hooks = await import(name) as { readonly AsyncLocalStorage?: AsyncStorageConstructor };
    return hooks.AsyncLocalStorage;
  } catch {
    return undefined; // No such module here: parents then travel by hand.
  }
}
