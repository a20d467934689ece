/**
 * The rules of the house, each a function from what was read to what is wrong.
 *
 * @module
 */
import {
  entries,
  generated,
  maxLines,
  type Room,
  rooms,
  runtimeFile,
  sdkFolder,
  sdkPackage,
  staticPackages,
  vocabulary,
} from "./floors.ts";
import { type Import, lineCount, type Source, type Text } from "./source.ts";

/** Something that breaks a rule. */
export interface Trouble {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** The files of the library, by path. */
export type Sources = ReadonlyMap<string, Source>;

/** A file of the repository that an import leads to, or undefined for a package. */
export function target(from: string, specifier: string): string | undefined {
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  return new URL(specifier, new URL(from, "file:///")).pathname.slice(1);
}

/** The name of a package without `npm:`, version and path inside it. */
export function packageName(specifier: string): string {
  const bare = specifier.replace(/^npm:\/?/, "");
  return /^(@[^/@]+\/[^/@]+|[^/@]+)/.exec(bare)?.[0] ?? bare;
}

/** Every arrow points down, and every file is on some floor. */
export function floors(sources: Sources): Trouble[] {
  return [...sources.values()].flatMap((source) => {
    const at = roomOf(source.path);
    if (at === undefined) {
      return [{ path: source.path, line: 1, message: "is on no floor: give it a room in scripts/house/floors.ts" }];
    }
    return source.imports.flatMap((named) => {
      const path = target(source.path, named.specifier);
      const wrong = path === undefined || path === source.path ? undefined : whyNot(at, path);
      return wrong === undefined ? [] : [{ path: source.path, line: named.line, message: `imports ${path}, ${wrong}` }];
    });
  });
}

function roomOf(path: string): number | undefined {
  const index = rooms.findIndex((room) => room.path.endsWith("/") ? path.startsWith(room.path) : path === room.path);
  return index === -1 ? undefined : index;
}

function whyNot(from: number, path: string): string | undefined {
  const to = roomOf(path);
  if (to === undefined || to === from) return undefined; // unknown files and outsiders are another rule's business
  const [here, there] = [rooms[from] as Room, rooms[to] as Room];
  if (there.floor > here.floor) return `which is on a higher floor (${there.floor}, from floor ${here.floor})`;
  if (to > from) return `which stands above it on floor ${here.floor} (the order is in scripts/house/floors.ts)`;
  if (here.only !== undefined && !here.only.includes(there.path)) {
    return `but ${here.path} may know ${here.only.join(", ")} alone`;
  }
  return here.never?.includes(there.path) ? `which ${here.path} must not know` : undefined;
}

/** No circles, whatever the kind of import. Each is told once. */
export function circles(sources: Sources): Trouble[] {
  const troubles: Trouble[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (done.has(path)) return;
    for (const named of sources.get(path)?.imports ?? []) {
      const next = target(path, named.specifier);
      if (next === undefined || !sources.has(next)) continue;
      const start = next === path ? way.length - 1 : way.indexOf(next);
      if (start === -1) walk(next, [...way, next]);
      else {
        const circle = [...way.slice(start), next].join(" -> ");
        troubles.push({ path, line: named.line, message: `closes a circle: ${circle}` });
      }
    }
    done.add(path);
  };
  for (const path of sources.keys()) walk(path, [path]);
  return troubles;
}

/** Only one file says `Deno` or `process`. */
export function runtimes(sources: Sources): Trouble[] {
  return [...sources.values()].filter(({ path }) => path !== runtimeFile).flatMap(({ path, runtimes }) =>
    runtimes.map(({ line, what }) => ({ path, line, message: `says ${what}: only ${runtimeFile} may` }))
  );
}

/** Only one file spells the names of telemetry, and one those of the resource. */
export function names(sources: Sources): Trouble[] {
  return [...sources.values()].filter(({ path }) => !generated.includes(path)).flatMap(({ path, texts }) =>
    texts.flatMap((text) => {
      const file = homeOf(text);
      if (file === undefined || file === path) return [];
      return [{ path, line: text.line, message: `spells ${JSON.stringify(text.text)}: only ${file} may` }];
    })
  );
}

function homeOf({ text, place }: Text): string | undefined {
  const { names, resource, notNames, exceptions } = vocabulary;
  if (notNames.test(text) || exceptions.some((exception) => exception === text)) return undefined;
  return [names, resource].find(({ prefixes, whole }) => {
    // What follows a value in a template is a name only when it has a word after the dot.
    const words = place === "rest" ? "(?:[a-z0-9_]+\\.)*[a-z0-9_]+" : "(?:[a-z0-9_]+\\.)*[a-z0-9_]*";
    return new RegExp(`^(?:${prefixes.join("|")})\\.${words}$`).test(text) || whole?.test(text) === true;
  })?.file;
}

/** No file grows past the cap. `texts` are all files of the repository, by path. */
export function lengths(texts: ReadonlyMap<string, string>): Trouble[] {
  return [...texts].filter(([path]) => !generated.includes(path)).flatMap(([path, text]) => {
    const lines = lineCount(text);
    if (lines <= maxLines) return [];
    return [{ path, line: maxLines + 1, message: `has ${lines} lines, more than ${maxLines}: is it two things?` }];
  });
}

/** What the library imports from outside itself. */
export function outside(sources: Sources): Trouble[] {
  return [...sources.values()].flatMap((source) =>
    source.imports.flatMap((named) => {
      const wrong = whyNotOutside(source.path, named);
      return wrong === undefined ? [] : [{ path: source.path, line: named.line, message: wrong }];
    })
  );
}

function whyNotOutside(path: string, { specifier }: Import): string | undefined {
  const file = target(path, specifier);
  if (file !== undefined) {
    return file.startsWith("src/") ? undefined : `imports ${file}: the library knows nothing outside src/`;
  }
  if (/^(jsr:|@std\/)/.test(specifier)) return `imports ${specifier}: the library needs npm alone`;
  if (/^https?:/.test(specifier)) return `imports ${specifier}: packages come from npm`;
  if (sdkPackage.test(packageName(specifier)) && !path.startsWith(sdkFolder)) {
    return `imports ${specifier}: only ${sdkFolder} knows OpenTelemetry's SDK`;
  }
  return undefined;
}

/** What the entries load at once: no SDK, no built-in of Node, no package but the listed ones. */
export function reach(sources: Sources): Trouble[] {
  const troubles: Trouble[] = [];
  const seen = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const named of sources.get(path)?.imports ?? []) {
      if (named.typeOnly || named.dynamic) continue;
      const next = target(path, named.specifier);
      if (next !== undefined) walk(next, [...way, next]);
      else if (!staticPackages.includes(packageName(named.specifier))) {
        const message = `imports ${named.specifier}, which ${way[0]} loads at once (${way.join(" -> ")}): ` +
          "import it dynamically, or its types alone";
        troubles.push({ path, line: named.line, message });
      }
    }
  };
  for (const entry of entries) walk(entry, [entry]);
  return troubles;
}

/** No `export *`, default export or enum; no note about unfinished work. */
export function forms(sources: Sources): Trouble[] {
  return [...sources.values()].flatMap(({ path, forms }) =>
    forms.map(({ line, what }) => ({ path, line, message: `has ${what}` }))
  );
}
