/**
 * The check of the documentation: `deno task docs`. Lints the JSDoc of every entry, asks for the examples of what a user
 * calls, type-checks every ```ts block of the pages as a program of its own, in which `@sik/llms` is this repository, and
 * finds blocks that nothing proves and links that lead nowhere. Blocks that begin with ```ts run are executed as well, by
 * tests/docs/.
 *
 * @module
 */
import { configFlags } from "./configured.ts";
import { type Block, blocksOf, readPages, unproven } from "./docs/blocks.ts";
import { deadLinks } from "./docs/links.ts";
import { undocumented } from "./docs/public_api.ts";

/** A block of TypeScript in a page. */
export interface Snippet extends Pick<Block, "page" | "line" | "code"> {
  /** Marked ```ts run. */
  readonly run: boolean;
}

const root = new URL("../", import.meta.url);

/** Every block of TypeScript in a page of Markdown. Throws where a fence is never closed. */
export function snippetsOf(page: string, text: string): Snippet[] {
  return blocksOf(page, text).filter(({ language }) => language === "ts" || language === "typescript").map((
    { page, line, code, marks },
  ) => ({ page, line, code, run: marks.includes("run") }));
}

/** The snippets of every page, in order. */
export async function allSnippets(): Promise<Snippet[]> {
  return [...await readPages()].flatMap(([page, text]) => snippetsOf(page, text));
}

/**
 * Writes each snippet as a module into a folder of its own below .cache/, and gives the folder and the modules' paths.
 * A module's name is its page and line; empty lines before the code keep the lines of error messages right.
 */
export async function writeSnippets(snippets: readonly Pick<Snippet, "page" | "line" | "code">[]): Promise<Written> {
  const name = `.cache/snippets-${crypto.randomUUID()}/`;
  const folder = new URL(name, root);
  await Deno.mkdir(folder, { recursive: true });
  const paths = await Promise.all(snippets.map(async ({ page, line, code }) => {
    const file = `${page.replaceAll("/", "_")}_${line}.ts`;
    await Deno.writeTextFile(new URL(file, folder), `${"\n".repeat(line - 1)}${code}export {};\n`);
    return name + file;
  }));
  return { paths, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Snippets on disk, until disposed of. */
export interface Written extends AsyncDisposable {
  /** From the root of the repository, in the order of the snippets. */
  readonly paths: readonly string[];
}

async function deno(args: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: root }).spawn().status;
  return success;
}

/** What is missing in the documentation of an entry. */
async function missing(entry: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", entry],
    cwd: root,
    stderr: "inherit",
  }).output();
  if (!success) return [`${entry} cannot be read`];
  return undocumented(JSON.parse(new TextDecoder().decode(stdout)));
}

if (import.meta.main) {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const pages = await readPages();
  const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text));
  const gaps = new Set((await Promise.all(Object.values<string>(exports).map(missing))).flat());
  const troubles = [...unproven(blocks), ...await deadLinks(pages), ...gaps];
  for (const trouble of troubles) console.error(trouble);
  const snippets = await allSnippets();
  await using written = await writeSnippets(snippets);
  const linted = await deno(["doc", "--lint", ...Object.values<string>(exports)]);
  const checked = snippets.length === 0 ||
    await deno(["check", "--quiet", ...await configFlags({ snippets: true }), ...written.paths]);
  const told = blocks.filter(({ reason }) => reason !== undefined).length;
  console.log(
    `docs: ${pages.size} pages, ${blocks.length} blocks, ${told} of which say why they are not executed; ` +
      `${snippets.length} snippets checked, ${troubles.length} troubles`,
  );
  if (!linted || !checked || troubles.length > 0) Deno.exitCode = 1;
}
