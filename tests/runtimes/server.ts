/**
 * Programs in a process of their own that answer HTTP on a free port of this machine, and tell which.
 *
 * @module
 */
import { start, type StartOptions } from "../../scripts/child.ts";

/** A running server. */
export interface Server extends AsyncDisposable {
  /** No slash at its end. */
  readonly url: string;
  /** What it has said on stderr so far. */
  log(): string;
}

const LIMIT_MS = 30_000;

/** Starts a program and waits until it names its port; `await using` ends it at the end of the block. */
export async function startServer(command: string, args: readonly string[], options: StartOptions): Promise<Server> {
  const child = start(command, args, options);
  const listening = Promise.withResolvers<string>();
  const said = { stdout: "", stderr: "" };
  const follow = (name: "stdout" | "stderr") =>
    child[name].pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          said[name] += text;
          const port = /"port": *(\d+)|http:\/\/[\w.[\]:]+?:(\d+)/.exec(said[name]);
          if (port !== null) listening.resolve(port[1] ?? port[2] ?? "");
        },
      }),
    );
  const followed = Promise.all([follow("stdout"), follow("stderr")]);
  let ended = false;
  const status = child.status.then(() => void (ended = true));
  const end = async () => {
    if (!ended) child.kill("SIGKILL");
    await Promise.all([status, followed]);
  };
  const why = (what: string) => new Error(`${command} ${args.join(" ")} ${what}.\n${said.stdout}\n${said.stderr}`);
  const timer = setTimeout(() => listening.reject(why("did not start in time")), LIMIT_MS);
  void followed.then(() => listening.reject(why("ended before it listened")));
  try {
    const port = await listening.promise;
    return { url: `http://127.0.0.1:${port}`, log: () => said.stderr, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
