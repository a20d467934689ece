/**
 * The check of what JSR shows of the public API: every symbol is documented, and what a user calls has an example that
 * the tests run and that a user can paste.
 *
 * @module
 */

/** `deno doc --json`, as far as it is read here. */
export interface DocJson {
  readonly nodes: Readonly<Record<string, DocModule>>;
}

interface DocModule {
  readonly module_doc?: { readonly doc?: string };
  readonly symbols: readonly DocSymbol[];
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: {
    readonly doc?: string;
    readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
  };
  readonly def?: { readonly extends?: unknown; readonly methods?: readonly unknown[] };
}

/** Interfaces that the library calls and the user hands in, and the one whose example stands with its stream. */
const NOT_CALLED = /^(?:\w+Like|OfficialSdk|McpClient|EventIterator)$/;

/** What is missing in the documentation of an entry, a line each. */
export function undocumented(doc: DocJson): string[] {
  const symbols = Object.values(doc.nodes).flatMap(({ symbols }) => symbols);
  const byName = new Map(symbols.map((symbol) => [symbol.name, symbol]));
  const silent = Object.entries(doc.nodes).filter(([, { module_doc }]) => !module_doc?.doc);
  const modules = silent.map(([path]) => `${path}:1 the module has no documentation`);
  const lines = symbols.flatMap((symbol) => {
    const { name, declarations } = symbol;
    const place = declarations[0]?.location;
    const say = (what: string) => `${place?.filename}:${(place?.line ?? 0) + 1} ${name} ${what}`;
    if (!declarations.some(({ jsDoc }) => jsDoc?.doc)) return [say("has no documentation")];
    if (!isCalled(symbol)) return [];
    const examples = examplesOf(symbol, byName);
    if (examples.length === 0) return [say("has no example")];
    return examples.flatMap((example) => faultsOf(example).map(say));
  });
  return [...modules, ...lines];
}

function isCalled({ name, declarations }: DocSymbol): boolean {
  return declarations.some(({ kind, def }) =>
    kind === "function" || kind === "variable" || kind === "class" ||
    kind === "interface" && (def?.methods?.length ?? 0) > 0 && !NOT_CALLED.test(name)
  );
}

/** A class's own examples, else those of the class that it extends: errors are told apart in one place. */
function examplesOf({ declarations }: DocSymbol, byName: ReadonlyMap<string, DocSymbol>): string[] {
  const own = declarations.flatMap(({ jsDoc }) => jsDoc?.tags ?? []).filter(({ kind }) => kind === "example");
  if (own.length > 0) return own.map(({ doc }) => doc ?? "");
  const base = declarations.map(({ def }) => def?.extends).find((each) => typeof each === "string");
  const above = byName.get(String(base));
  return above === undefined ? [] : examplesOf(above, byName);
}

function faultsOf(example: string): string[] {
  const [, marks, code = ""] = /^```ts([^\n]*)\n([^]*?)^```$/m.exec(example) ?? [];
  if (marks === undefined) return ["has an example without a block of TypeScript"];
  return [
    ...marks.trim() === "" ? [] : [`has an example that is not run (${marks.trim()})`],
    .../ from "@sik\/llms(?:\/\w+)?"/.test(code) ? [] : ['has an example that does not import from "@sik/llms"'],
    .../ from "\./.test(code) ? ["has an example that imports a file, which a user does not have"] : [],
  ];
}
