/**
 * The processes of a bench: the vendor, and those who ask it.
 *
 * @module
 */
import { TextLineStream } from "./lines.ts";
import { deno, type Runtime } from "./runtimes.ts";
import type { Work } from "./works.ts";

/** What a turn took; what goes on before it, while others take theirs, is paid for in it. */
export interface Turn {
  readonly cpuMicros: number;
  readonly wallMicros: number;
  /** The most that the whole process had meanwhile. */
  readonly memoryBytes: number;
  /** Spans that the asker has told lost since it started. */
  readonly lost: number;
}

/** The first word of an asker. */
export type Ready = { readonly ready: true } | { readonly ready: false; readonly because: string };

/** The vendor, which takes telemetry too. */
export interface Vendor extends AsyncDisposable {
  /** A door for one asker, so that what comes through it is known to be its. */
  door(): Door;
}

/** The vendor, as one asker meets it. */
export interface Door {
  readonly url: string;
  /** How many spans have come. */
  spans(): Promise<number>;
}

/** One who asks. */
export interface Worker {
  /** Why it does not load, in one line. */
  readonly trouble: string | undefined;
  /** How many of its spans have arrived. */
  spans(): Promise<number>;
  /** Asks so many times; the last turn of a round sends its telemetry, too. */
  turn(work: Pick<Work, "dialect" | "model" | "atOnce">, calls: number, last: boolean): Promise<Turn>;
  /** Lets it end. */
  end(): Promise<void>;
}

/** A server in a process of its own, which ends when its input does: no signal to its starter leaves it behind. */
export interface Program extends AsyncDisposable {
  /** How it tells its ports. */
  readonly firstLine: string;
}

/** Starts a server under Deno. */
export async function startProgram(script: string): Promise<Program> {
  const child = start(deno, script, []);
  const lines = linesOf(child);
  const { value, done } = await lines.next();
  if (done) throw new Error(`${script} ended.`);
  return {
    firstLine: value,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await child.status;
      await lines.return?.(undefined);
    },
  };
}

/** Starts the vendor. */
export async function startVendor(): Promise<Vendor> {
  const program = await startProgram("vendor.ts");
  let doors = 0;
  return {
    door() {
      const url = `http://127.0.0.1:${program.firstLine}/${++doors}`;
      return { url, spans: async () => await (await fetch(`${url}/spans`)).json() };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Starts an asker. */
export async function startWorker(runtime: Runtime, name: string, vendor: Vendor): Promise<Worker> {
  const { url, spans } = vendor.door();
  const child = start(runtime, "worker.ts", [name, url]);
  const lines = linesOf(child);
  const input = child.stdin.getWriter();
  const encoder = new TextEncoder();
  async function next<What>(): Promise<What> {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended under ${runtime.name}.`);
    return JSON.parse(value);
  }
  const first = await next<Ready>();
  return {
    trouble: first.ready ? undefined : first.because,
    spans,
    async turn({ dialect, model, atOnce = 1 }, calls, last) {
      await input.write(encoder.encode(`${dialect} ${model} ${calls} ${atOnce} ${last}\n`));
      return await next<Turn>();
    },
    async end() {
      if (first.ready) await input.close();
      await child.status;
      await lines.return?.(undefined);
    },
  };
}

function start(runtime: Runtime, script: string, more: readonly string[]): Deno.ChildProcess {
  const [program, ...args] = runtime.command(script);
  return new Deno.Command(program, { args: [...args, ...more], stdin: "piped", stdout: "piped" }).spawn();
}

function linesOf(child: Deno.ChildProcess): AsyncIterableIterator<string> {
  return child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).values();
}
