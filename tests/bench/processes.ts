/**
 * The processes of a bench: the vendor, and those who ask it.
 *
 * @module
 */
import { TextLineStream } from "./lines.ts";
import type { Work } from "./works.ts";

/** What a round took, for a call. */
export interface Round {
  readonly cpuMicros: number;
  readonly wallMicros: number;
  /** Of the whole process, at the end of the round. */
  readonly memoryBytes: number;
}

/** One who asks. */
export interface Worker {
  /** Asks so many times. */
  round(work: Work): Promise<Round>;
  /** Lets it end. */
  end(): Promise<void>;
}

const here = new URL(".", import.meta.url);

/** Starts the vendor. */
export async function startVendor(): Promise<{ readonly url: string } & AsyncDisposable> {
  const child = deno("vendor.ts", []);
  const lines = linesOf(child);
  const { value: port } = await lines.next();
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
      await lines.return?.(undefined);
    },
  };
}

/** Starts an asker. */
export function startWorker(name: string, url: string): Worker {
  const child = deno("worker.ts", [name, url]);
  const lines = linesOf(child);
  const input = child.stdin.getWriter();
  const encoder = new TextEncoder();
  return {
    async round({ dialect, model, calls, atOnce = 1 }) {
      await input.write(encoder.encode(`${dialect} ${model} ${calls} ${atOnce}\n`));
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended in the middle of a round.`);
      return JSON.parse(value) as Round;
    },
    async end() {
      await input.close();
      await child.status;
      await lines.return?.(undefined);
    },
  };
}

function deno(script: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--quiet", new URL(script, here).pathname, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

function linesOf(child: Deno.ChildProcess): AsyncIterableIterator<string> {
  return child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()).values();
}
