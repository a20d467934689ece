/**
 * The check of the documentation: `deno task docs`. Lints the JSDoc of every entry and type-checks every ```ts block of
 * README.md and docs/*.md as a program of its own, in which `@sik/llms` is this repository. Blocks that begin with
 * ```ts run are executed as well, by tests/docs_test.ts.
 *
 * @module
 */
import { configFlags } from "./configured.ts";

/** A block of code in a page. */
export interface Snippet {
  /** The page, from the root of the repository. */
  readonly page: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
  /** Marked ```ts run. */
  readonly run: boolean;
}

const root = new URL("../", import.meta.url);

/** Every block of TypeScript in a page of Markdown. Throws where a fence is never closed. */
export function snippetsOf(page: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  let fence: { indent: string; mark: string; words: readonly string[]; line: number; code: string[] } | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, indent = "", mark = "", info = ""] = /^([ \t>]*)(`{3,}|~{3,})[ \t]*([^`]*)$/.exec(line) ?? [];
    if (fence === undefined) {
      if (mark !== "") fence = { indent, mark, words: info.trim().split(/\s+/), line: index + 2, code: [] };
    } else if (mark.startsWith(fence.mark) && info.trim() === "") {
      const [language = "", ...marks] = fence.words;
      if (language === "ts" || language === "typescript") {
        snippets.push({ page, line: fence.line, code: `${fence.code.join("\n")}\n`, run: marks.includes("run") });
      }
      fence = undefined;
    } else fence.code.push(line.startsWith(fence.indent) ? line.slice(fence.indent.length) : line.trimStart());
  }
  if (fence !== undefined) throw new Error(`${page}:${fence.line - 1} opens a block of code that nothing closes`);
  return snippets;
}

async function entriesOf(folder: URL): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The snippets of README.md and docs/*.md, in order. */
export async function allSnippets(): Promise<Snippet[]> {
  const pages = ["README.md"];
  for (const entry of await entriesOf(new URL("docs/", root))) {
    if (entry.isFile && entry.name.endsWith(".md")) pages.push(`docs/${entry.name}`);
  }
  const read = pages.sort().map(async (page) => {
    const text = await Deno.readTextFile(new URL(page, root)).catch(() => "");
    return snippetsOf(page, text);
  });
  return (await Promise.all(read)).flat();
}

/**
 * Writes each snippet as a module into a folder of its own below .cache/, and gives the folder and the modules' paths.
 * A module's name is its page and line; empty lines before the code keep the lines of error messages right.
 */
export async function writeSnippets(snippets: readonly Snippet[]): Promise<Written> {
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

if (import.meta.main) {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const snippets = await allSnippets();
  await using written = await writeSnippets(snippets);
  const linted = await deno(["doc", "--lint", ...Object.values<string>(exports)]);
  const checked = snippets.length === 0 ||
    await deno(["check", "--quiet", ...await configFlags({ snippets: true }), ...written.paths]);
  console.log(
    `docs: ${snippets.length} snippets, ${snippets.filter(({ run }) => run).length} of them run by the tests`,
  );
  if (!linted || !checked) Deno.exitCode = 1;
}
