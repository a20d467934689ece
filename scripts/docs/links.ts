/**
 * The links between the pages of this repository.
 *
 * @module
 */

const root = new URL("../../", import.meta.url);

/** What a heading is called in an address, as GitHub makes it. */
export function slugOf(heading: string): string {
  const text = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
  return text.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").replaceAll(" ", "-");
}

/** The text of a page without its blocks of code, line by line as it was. */
function prose(text: string): string[] {
  let fence = "";
  return text.split(/\r?\n/).map((line) => {
    const mark = /^[ \t>]*(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    const inside = fence !== "";
    if (!inside) fence = mark;
    else if (mark.startsWith(fence)) fence = "";
    return inside || mark !== "" ? "" : line;
  });
}

/** The names of a page's headings; one that occurs again has a number. */
export function slugsOf(text: string): Set<string> {
  const slugs = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of prose(text)) {
    const heading = /^#{1,6} +(.+?)(?: +#+)?$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    slugs.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return slugs;
}

/** Every link of these pages that leads to no file, or to no heading of a page. */
export async function deadLinks(pages: ReadonlyMap<string, string>): Promise<string[]> {
  const dead: string[] = [];
  for (const [page, text] of pages) {
    const defined = new Set(
      prose(text).map((line) => /^ {0,3}\[([^\]]+)\]:/.exec(line)?.[1]?.toLowerCase() ?? ""),
    );
    for (const [index, line] of prose(text).entries()) {
      const bare = line.replaceAll(/(`+)[^`].*?\1/g, (code) => " ".repeat(code.length));
      for (const link of linksIn(bare)) {
        const wrong = /^(https?|mailto):/.test(link) ? undefined : await whyDead(page, link, pages);
        if (wrong !== undefined) dead.push(`${page}:${index + 1} links to ${link}: ${wrong}`);
      }
      for (const name of undefinedIn(bare, defined)) {
        dead.push(`${page}:${index + 1} links to [${name}]: there is no such reference`);
      }
    }
  }
  return dead;
}

/** Links of every kind: written out, by reference (where the reference is defined), and as HTML. */
function linksIn(line: string): string[] {
  const written = line.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g);
  const defined = line.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/g);
  const html = line.matchAll(/<(?:a|img)\s[^>]*?\b(?:href|src)\s*=\s*["']?([^"'\s>]+)/gi);
  return [written, defined, html].flatMap((matches) => [...matches].map(([, link = ""]) => link));
}

/** Uses of references that the page does not define. */
function undefinedIn(line: string, defined: ReadonlySet<string>): string[] {
  const used = [...line.matchAll(/\[([^\]]+)\]\[([^\]]*)\]/g)].map(([, text = "", name]) => name || text);
  return used.filter((name) => !defined.has(name.toLowerCase()));
}

async function whyDead(page: string, link: string, pages: ReadonlyMap<string, string>): Promise<string | undefined> {
  const url = new URL(link, new URL(page, root));
  const anchor = decodeURIComponent(url.hash.slice(1));
  url.hash = "";
  const path = url.href.startsWith(root.href) ? decodeURIComponent(url.href.slice(root.href.length)) : undefined;
  if (path === undefined) return "it leads out of the repository";
  const found = pages.get(path) ?? await Deno.stat(url).then(() => "", (error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (found === undefined) return "there is no such file";
  if (anchor === "") return undefined;
  if (!pages.has(path)) return "only a page has headings";
  return slugsOf(found).has(anchor) ? undefined : "there is no such heading";
}
