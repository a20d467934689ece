/**
 * The blocks of code in the pages of this repository, and how each is proven.
 *
 * @module
 */

/** A block of code in a page. */
export interface Block {
  /** The page, from the root of the repository. */
  readonly page: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** The first word after the fence. */
  readonly language: string;
  /** The other words. */
  readonly marks: readonly string[];
  readonly code: string;
  /** Why it cannot be executed here: the text of `<!-- not run: … -->` on the line above. */
  readonly reason?: string;
}

const root = new URL("../../", import.meta.url);
const single = ["README.md", "CONTRIBUTING.md", "examples/otel-stack/README.md"];

/** Every page, by its path from the root of the repository. */
export async function readPages(): Promise<Map<string, string>> {
  const entries = await Array.fromAsync(Deno.readDir(new URL("docs/", root)));
  const docs = entries.filter(({ isFile, name }) => isFile && name.endsWith(".md")).map(({ name }) => `docs/${name}`);
  const paths = [...single, ...docs].sort();
  const texts = await Promise.all(paths.map((path) => Deno.readTextFile(new URL(path, root))));
  return new Map(paths.map((path, index) => [path, texts[index] as string]));
}

/** Every block of a page of Markdown. Throws where a fence is never closed. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let fence: { indent: string; mark: string; words: readonly string[]; line: number; code: string[] } | undefined;
  let reason: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, indent = "", mark = "", info = ""] = /^([ \t>]*)(`{3,}|~{3,})[ \t]*([^`]*)$/.exec(line) ?? [];
    if (fence === undefined) {
      if (mark !== "") fence = { indent, mark, words: info.trim().split(/\s+/), line: index + 2, code: [] };
      else if (line.trim() !== "") reason = /^[ \t>]*<!-- not run: (.+?) -->$/.exec(line)?.[1];
    } else if (mark.startsWith(fence.mark) && info.trim() === "") {
      const [language = "", ...marks] = fence.words;
      const code = fence.code.length === 0 ? "" : `${fence.code.join("\n")}\n`;
      blocks.push({ page, line: fence.line, language, marks, code, ...reason === undefined ? {} : { reason } });
      fence = undefined;
      reason = undefined;
    } else fence.code.push(line.startsWith(fence.indent) ? line.slice(fence.indent.length) : line.trimStart());
  }
  if (fence !== undefined) throw new Error(`${page}:${fence.line - 1} opens a block of code that nothing closes`);
  return blocks;
}

/** Every block of every page. */
export async function allBlocks(): Promise<Block[]> {
  return [...await readPages()].flatMap(([page, text]) => blocksOf(page, text));
}

/** Blocks of these languages are executed wherever they stand: by `deno task test:stack`. */
const asked = ["promql", "traceql", "jaeger"];
/** What reads a block of YAML: the mark says whose it is. */
export const yamlReaders = ["collector", "rules", "prometheus", "compose"] as const;

/** What is wrong with a page's blocks: each is executed, or it carries the reason why it cannot be. */
export function unproven(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block, index) => {
    const wrong = whyUnproven(block, blocks[index - 1]);
    return wrong === undefined ? [] : [`${block.page}:${block.line} ${wrong}`];
  });
}

function whyUnproven({ page, language, marks, reason }: Block, before: Block | undefined): string | undefined {
  const executed = isExecuted(language, marks);
  if (reason !== undefined) return executed ? "is executed, and says that it is not" : undefined;
  if (language === "output") {
    return before?.page === page && before.marks.includes("run") ? undefined : "shows the output of no block that runs";
  }
  if (executed) return undefined;
  const what = language === "" ? "a block without a language" : `a block of ${[language, ...marks].join(" ")}`;
  return `${what} is neither executed nor marked: <!-- not run: and why -->`;
}

function isExecuted(language: string, marks: readonly string[]): boolean {
  if (asked.includes(language)) return true;
  if (language === "ts") return marks.includes("run");
  if (language === "sh") return marks.includes("run") || marks.includes("env");
  return language === "yaml" && yamlReaders.some((reader) => marks[0] === reader);
}
