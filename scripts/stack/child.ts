/**
 * Servers in processes of their own: started, waited for until they are ready, and stopped.
 *
 * @module
 */

/** A server to start. */
export interface ServerSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Answers 200 when the server is ready. */
  readonly ready: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  /** What it has written so far. */
  log(): string;
}

const readyMs = 60_000;
const stopMs = 3_000;
const pollMs = 100;

/** Waits for a moment. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks again and again until there is an answer.
 *
 * @throws {Error} saying what was waited for, and why the last try was none.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, ms = readyMs): Promise<T> {
  const end = performance.now() + ms;
  let reason = "";
  while (true) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      reason = ` (${error instanceof Error ? error.message : error})`;
    }
    if (performance.now() > end) throw new Error(`waited ${ms / 1000} s for ${what}, in vain${reason}`);
    await pause(pollMs);
  }
}

/** Starts a server and waits until it is ready. */
export async function startServer(spec: ServerSpec): Promise<Server> {
  const child = new Deno.Command(spec.program, {
    args: [...spec.args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...spec.env === undefined ? {} : { env: { ...spec.env } },
  }).spawn();
  let log = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  let ended = false;
  const status = child.status.then((status) => {
    ended = true;
    return status;
  });
  const stop = async () => {
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(() => ended || child.kill("SIGKILL"), stopMs);
    await status;
    clearTimeout(timer);
    await reading;
  };
  try {
    const outcome = await until(`${spec.name} at ${spec.ready}`, async () => {
      if (ended) return "ended";
      const response = await fetch(spec.ready);
      await response.body?.cancel();
      return response.ok ? "ready" : undefined;
    });
    if (outcome === "ended") throw new Error(`${spec.name} ended at once`);
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : error}\n${log}`);
  }
  return { name: spec.name, log: () => log, [Symbol.asyncDispose]: stop };
}
