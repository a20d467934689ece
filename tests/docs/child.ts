/**
 * Programs of the pages, run to their end.
 *
 * @module
 */

/** What a program left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL("../../", import.meta.url);
const limitMs = 120_000;

/** This process' environment, without anything that the library looks at. */
export function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([key]) => !/^(OTEL_|OPENAI_|ANTHROPIC_|NO_COLOR$|COLUMNS$)/.test(key)),
  );
}

/** Runs a program at the root of the repository, with this environment alone; one that never ends is ended. */
export async function runLimited(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin = "",
): Promise<Ran> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: root,
      clearEnv: true,
      env: { ...env },
      signal: limit.signal,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    const [{ code, stdout, stderr }] = await Promise.all([
      child.output(),
      input.write(new TextEncoder().encode(stdin)).then(() => input.close()),
    ]);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    clearTimeout(timer);
  }
}
