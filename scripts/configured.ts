/**
 * Runs a subcommand of Deno with the configuration that works here:
 *
 *     deno run -A scripts/configured.ts <subcommand> [arguments…]
 *
 * Where JSR answers that is deno.json as it stands. Where it does not, a generated one in .cache/ links a stand-in for
 * `jsr:@std/assert` (scripts/std_assert/) and leaves the lock file alone. SIK_LLMS_JSR=yes or SIK_LLMS_JSR=no answers
 * for JSR, and nothing is asked.
 *
 * @module
 */

/** deno.json, as far as it is touched here. */
type Config = Readonly<Record<string, unknown>>;

/** What a configuration is for. */
export interface Purpose {
  /** JSR can be reached. */
  readonly jsr: boolean;
  /**
   * Snippets are compiled with it: into each of them `deno test --doc` imports every export of its file, and a snippet
   * shows a value without using it, so that unused names are no mistake.
   */
  readonly snippets: boolean;
}

const root = new URL("../", import.meta.url);
const probeMs = 3_000;

/**
 * The flags that give a subcommand of Deno the configuration for here.
 *
 * @example
 * ```ts ignore
 * new Deno.Command(Deno.execPath(), { args: ["test", ...await configFlags(), "tests/fixtures/a.ts"] });
 * ```
 */
export async function configFlags(options: { readonly snippets?: boolean } = {}): Promise<string[]> {
  const purpose = { jsr: await jsrAnswers(), snippets: options.snippets ?? false };
  if (purpose.jsr && !purpose.snippets) return [];
  const folder = `.cache/configured${purpose.snippets ? "-snippets" : ""}${purpose.jsr ? "" : "-npm"}/`;
  const text = JSON.stringify(
    generate(JSON.parse(await Deno.readTextFile(new URL("deno.json", root))), purpose),
    null,
    2,
  );
  const path = new URL(`${folder}deno.json`, root);
  await Deno.mkdir(new URL(folder, root), { recursive: true });
  // Two runs may meet here: each writes a file of its own and puts it in place at once.
  const draft = new URL(`${folder}${crypto.randomUUID()}.json`, root);
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, path);
  return ["--config", pathOf(path), purpose.jsr ? `--lock=${pathOf(new URL("deno.lock", root))}` : "--no-lock"];
}

/** deno.json for another folder, two levels below the root. */
export function generate(config: Config, purpose: Purpose): Config {
  const { tasks: _tasks, publish: _publish, lint: _lint, fmt: _fmt, lock: _lock, ...kept } = config;
  return {
    ...kept,
    ...purpose.jsr ? {} : { links: [moved("./scripts/std_assert")] },
    ...purpose.snippets
      ? { compilerOptions: { ...kept.compilerOptions as object, noUnusedLocals: false, noUnusedParameters: false } }
      : {},
    ...Object.fromEntries(
      ["exports", "imports", "exclude", "test"].filter((key) => key in kept).map((
        key,
      ) => [key, deeply(kept[key], key)]),
    ),
  };
}

/** Every path inside a value, moved. In lists of files any text is a path, elsewhere only what begins with a dot. */
function deeply(value: unknown, key: string): unknown {
  if (typeof value === "string") return value.startsWith(".") || /clude$/.test(key) ? moved(value) : value;
  if (Array.isArray(value)) return value.map((item) => deeply(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, deeply(item, name)]));
}

function moved(path: string): string {
  return `./../../${path.replace(/^\.\//, "")}`;
}

/** A path for the command line; Windows has no slash before its drive. */
function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1) : path;
}

/** Whether JSR can be reached from here. */
export async function jsrAnswers(): Promise<boolean> {
  const told = Deno.env.get("SIK_LLMS_JSR");
  if (told === "yes" || told === "no") return told === "yes";
  if (told !== undefined && told !== "") throw new Error(`SIK_LLMS_JSR is "yes" or "no", not "${told}"`);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), probeMs);
  try {
    const url = new URL("@std/assert/meta.json", Deno.env.get("JSR_URL") ?? "https://jsr.io/");
    const response = await fetch(url, { method: "HEAD", signal: abort.signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  const [subcommand, ...rest] = Deno.args;
  if (subcommand === undefined) {
    console.error("usage: deno run -A scripts/configured.ts <subcommand> [arguments…]");
    Deno.exit(2);
  }
  const jsr = await jsrAnswers();
  Deno.env.set("SIK_LLMS_JSR", jsr ? "yes" : "no"); // what runs below need not ask again
  const flags = await configFlags({ snippets: rest.includes("--doc") });
  if (!jsr) console.error("JSR does not answer: scripts/std_assert/ stands in for jsr:@std/assert");
  const child = new Deno.Command(Deno.execPath(), {
    args: [subcommand, ...flags, ...rest],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  Deno.exitCode = (await child.status).code;
}
