/**
 * What the pages ask Prometheus, Jaeger and Tempo, and the configurations that they print.
 *
 * @module
 */
import { type Block, blocksOf, readPages, yamlReaders } from "../docs/blocks.ts";

/** A query of a page. */
export interface Asked {
  /** Page and line. */
  readonly place: string;
  readonly text: string;
}

/** Whom a query is for. */
export type Language = "promql" | "traceql" | "jaeger";

/** A printed configuration, and the program that reads it. */
export interface Config extends Asked {
  readonly reader: typeof yamlReaders[number];
}

/** The queries of a block: a line that is indented, or closes a bracket, goes on with the one before. */
export function queriesIn({ page, line, code }: Pick<Block, "page" | "line" | "code">): Asked[] {
  const queries: { place: string; text: string }[] = [];
  let open = false;
  for (const [index, text] of code.split("\n").entries()) {
    const bare = text.replace(/\s+# .*$/, "");
    if (bare.trim() === "" || bare.trim().startsWith("#")) open = false;
    else {
      const last = queries.at(-1);
      if (open && last !== undefined && /^[\s)]/.test(bare)) last.text += `\n${bare}`;
      else queries.push({ place: `${page}:${line + index}`, text: bare });
      open = true;
    }
  }
  return queries;
}

/** The queries of the second column of each table below `<!-- twins -->`: code, told apart by how it begins. */
export function twinsIn(page: string, text: string, language: Language): Asked[] {
  const found: Asked[] = [];
  let inside = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "<!-- twins -->") inside = true;
    else if (line.trim() !== "" && !line.startsWith("|")) inside = false;
    else if (inside && line.startsWith("|")) {
      const cell = line.split(/(?<!\\)\|/)[2] ?? "";
      for (const [, code = ""] of cell.matchAll(/`([^`]+)`/g)) {
        const query = code.replaceAll("\\|", "|");
        if (languageOf(query) === language) found.push({ place: `${page}:${index + 1}`, text: query });
      }
    }
  }
  return found;
}

function languageOf(query: string): Language {
  if (query.startsWith("/search?")) return "jaeger";
  return query.startsWith("{") ? "traceql" : "promql";
}

/** Every query of the pages in one language. */
export async function guideQueries(language: Language): Promise<Asked[]> {
  return [...await readPages()].flatMap(([page, text]) => [
    ...blocksOf(page, text).filter((block) => block.language === language).flatMap(queriesIn),
    ...twinsIn(page, text, language),
  ]);
}

/** Every configuration of the pages. */
export async function guideConfigs(): Promise<Config[]> {
  return [...await readPages()].flatMap(([page, text]) =>
    blocksOf(page, text).flatMap(({ language, marks: [mark], line, code, reason }) => {
      const reader = yamlReaders.find((reader) => reader === mark);
      if (language !== "yaml" || reader === undefined || reason !== undefined) return [];
      return [{ place: `${page}:${line}`, text: code, reader }];
    })
  );
}
