/**
 * Commands that run to their end.
 *
 * @module
 */

/** What a command said. */
export interface Said {
  readonly success: boolean;
  /** Both streams, the errors last. */
  readonly text: string;
  readonly stdout: string;
}

/** How it is run. */
export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Runs a command; undefined where there is no such program. */
export async function tryRun(program: string, args: readonly string[], options: RunOptions = {}): Promise<
  Said | undefined
> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      ...options.cwd === undefined ? {} : { cwd: options.cwd },
      ...options.env === undefined ? {} : { env: { ...options.env } },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const said = decoder.decode(stdout);
    return { success, stdout: said.trim(), text: `${said}${decoder.decode(stderr)}`.trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Runs a command and gives what it wrote to stdout.
 *
 * @throws {Error} with everything it said, where it is missing or fails.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const said = await tryRun(program, args, options);
  if (said === undefined) throw new Error(`${program} is not on this machine`);
  if (!said.success) throw new Error(`${[program, ...args].join(" ")} failed:\n${said.text}`);
  return said.stdout;
}
