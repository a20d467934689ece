/**
 * What the house check wants to know of one TypeScript file, read from its syntax tree.
 *
 * @module
 */
import ts from "typescript";

/** One module that a file names. */
export interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Gone once compiled. */
  readonly typeOnly: boolean;
  /** `import("…")`: loaded when it is reached, not with the file. */
  readonly dynamic: boolean;
}

/** A string literal, or a stretch of a template: `head` is what a template begins with, `rest` what follows a value. */
export interface Text {
  readonly line: number;
  readonly text: string;
  readonly place: "whole" | "head" | "rest";
}

/** Something at a line. */
export interface Mark {
  readonly line: number;
  readonly what: string;
}

/** One file, read. */
export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly texts: readonly Text[];
  /** Where it says `Deno` or `process`. */
  readonly runtimes: readonly Mark[];
  /** `export *`, default exports, enums, leftover notes. */
  readonly forms: readonly Mark[];
}

const runtimeNames: readonly string[] = ["Deno", "process"];
const globalNames: readonly string[] = ["globalThis", "self", "window", "global"];
/** Spelled in two halves, so that a search for leftovers does not find its own pattern. */
const leftover = new RegExp(`\\b(${"TO" + "DO"}|${"FIX" + "ME"})\\b`);

/** Reads one file. */
export function readSource(path: string, text: string): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: Import[] = [];
  const texts: Text[] = [];
  const runtimes: Mark[] = [];
  const forms: Mark[] = [];
  const lineOf = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const globals = globalAliases(file);

  const visit = (node: ts.Node): void => {
    const named = importOf(node);
    if (named !== undefined) imports.push({ line: lineOf(node), ...named });
    const place = placeOf(node);
    if (place !== undefined && !namesModule(node)) {
      texts.push({ line: lineOf(node), text: (node as ts.LiteralLikeNode).text, place });
    }
    const runtime = runtimeOf(node, globals);
    if (runtime !== undefined) runtimes.push({ line: lineOf(node), what: runtime });
    const form = formOf(node);
    if (form !== undefined) forms.push({ line: lineOf(node), what: form });
    ts.forEachChild(node, visit);
  };
  visit(file);
  text.split("\n").forEach((line, index) => {
    const found = leftover.exec(line);
    if (found !== null) forms.push({ line: index + 1, what: `a ${found[1]}` });
  });
  return { path, lines: lineCount(text), imports, texts, runtimes, forms };
}

/** Lines of a text; a newline at its end begins no further one. */
export function lineCount(text: string): number {
  if (text === "") return 0;
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

function importOf(node: ts.Node): Omit<Import, "line"> | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node.importClause), dynamic: false };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const names = node.exportClause !== undefined && ts.isNamedExports(node.exportClause)
      ? node.exportClause.elements
      : undefined;
    const typeOnly = node.isTypeOnly || (names !== undefined && names.length > 0 && names.every((n) => n.isTypeOnly));
    return { specifier: node.moduleSpecifier.text, typeOnly, dynamic: false };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true, dynamic: false };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument !== undefined && ts.isStringLiteralLike(argument)) {
      return { specifier: argument.text, typeOnly: false, dynamic: true };
    }
  }
  return undefined;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false; // import "./a.ts": for its effects
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings } = clause;
  return clause.name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

function placeOf(node: ts.Node): Text["place"] | undefined {
  if (ts.isStringLiteralLike(node)) return "whole";
  if (ts.isTemplateHead(node)) return "head";
  if (ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) return "rest";
  return undefined;
}

/** Whether a literal is the address of a module. */
function namesModule(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || importOf(parent) !== undefined ||
    (ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent));
}

function formOf(node: ts.Node): string | undefined {
  if (ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause))) {
    return "export *";
  }
  if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword && ts.isStatement(node.parent)) {
    return "a default export";
  }
  if (ts.isExportSpecifier(node) && node.name.text === "default") return "a default export";
  if (ts.isEnumDeclaration(node)) return "an enum";
  return undefined;
}

/** Names in this file that stand for the global object: `const g = globalThis as { Deno?: … }`. */
function globalAliases(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set(globalNames);
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && isGlobal(node.initializer, names)) {
      names.add(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function isGlobal(node: ts.Expression | undefined, names: ReadonlySet<string>): boolean {
  if (node === undefined) return false;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
    return isGlobal(node.expression, names);
  }
  if (ts.isNonNullExpression(node) || ts.isTypeAssertionExpression(node)) return isGlobal(node.expression, names);
  return ts.isIdentifier(node) && names.has(node.text);
}

function runtimeOf(node: ts.Node, globals: ReadonlySet<string>): string | undefined {
  if (ts.isStringLiteralLike(node)) return runtimeInText(node, globals);
  if (!ts.isIdentifier(node) || !runtimeNames.includes(node.text)) return undefined;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return isGlobal(parent.expression, globals) ? `globalThis.${node.text}` : undefined;
  }
  if (ts.isBindingElement(parent) && (parent.propertyName ?? parent.name) === node) {
    const declaration = parent.parent.parent;
    const ofGlobal = ts.isVariableDeclaration(declaration) && isGlobal(declaration.initializer, globals);
    return ofGlobal || parent.name === node ? node.text : undefined;
  }
  if (ts.isQualifiedName(parent) && parent.right === node) return undefined;
  return isPropertyName(node) ? undefined : node.text;
}

/** `globalThis["process"]`, `"Deno" in globalThis`, `import("node:process")`. */
function runtimeInText(node: ts.StringLiteralLike, globals: ReadonlySet<string>): string | undefined {
  const { parent, text } = node;
  if (namesModule(node)) return /^(node:)?process$/.test(text) ? text : undefined;
  if (!runtimeNames.includes(text)) return undefined;
  if (ts.isElementAccessExpression(parent) && isGlobal(parent.expression, globals)) return `globalThis["${text}"]`;
  const tested = ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword &&
    parent.left === node && isGlobal(parent.right, globals);
  const handed = ts.isCallExpression(parent) && parent.arguments.some((argument) => isGlobal(argument, globals));
  return tested || handed ? `"${text}" of globalThis` : undefined;
}

/** The name of a property or member where it is declared: `{ process: 1 }`, `interface A { Deno?: … }`. */
function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent) || ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent) || ts.isNamedTupleMember(parent)) && parent.name === node;
}
