/**
 * A worker in workerd, Cloudflare's runtime, on a free port of this machine.
 *
 * @module
 */
import { environment } from "./child.ts";

/** A running worker. */
export interface Worker extends AsyncDisposable {
  /** One request; gives the body of its answer. */
  ask(): Promise<string>;
  /** What workerd has said so far. */
  log(): string;
}

/** Starts workerd; `await using worker = await startWorker(…)` ends it at the end of the block. */
export async function startWorker(
  workerd: string,
  config: string,
  options: { readonly env: Readonly<Record<string, string>> },
): Promise<Worker> {
  const child = new Deno.Command(workerd, {
    // What happens to its sockets is told on stdout, one JSON text a line.
    args: ["serve", "--control-fd=1", config],
    clearEnv: true,
    env: environment(options.env),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const logged = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (log += text) }),
  );
  const events = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const end = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.status, logged, events.cancel()]);
  };
  const { value } = await events.read();
  if (value === undefined) {
    await end();
    throw new Error(`workerd did not start.\n${log}`);
  }
  const { port } = JSON.parse(value) as { readonly port: number };
  return {
    async ask() {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST" });
      const text = await response.text();
      if (!response.ok) throw new Error(`The worker answered ${response.status}: ${text}\n${log}`);
      return text;
    },
    log: () => log,
    [Symbol.asyncDispose]: end,
  };
}
