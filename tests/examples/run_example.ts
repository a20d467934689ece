/**
 * Runs a program of examples/ as its user would: in a process of its own, through a pipe.
 *
 * @module
 */
import { configFlags } from "../../scripts/configured.ts";

/** What a program left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How it is run. */
export interface RunOptions {
  /** On top of this process' environment, of which everything that the examples look at is taken away. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The contents of a `.env` file beside it. */
  readonly dotEnv?: string | undefined;
}

/** Runs `examples/<name>.ts` in an empty folder. */
export async function runExample(name: string, { env = {}, dotEnv }: RunOptions = {}): Promise<Ran> {
  const folder = await Deno.makeTempDir();
  try {
    if (dotEnv !== undefined) await Deno.writeTextFile(`${folder}/.env`, dotEnv);
    const inherited = Object.entries(Deno.env.toObject())
      .filter(([key]) => !/^(OTEL_|OPENAI_|ANTHROPIC_|NO_COLOR$|COLUMNS$|DENO_AUTO_SERVE$)/.test(key));
    const script = new URL(`../../examples/${name}.ts`, import.meta.url);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", ...await configFlags(), script.href],
      cwd: folder,
      clearEnv: true,
      env: { ...Object.fromEntries(inherited), ...env },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
