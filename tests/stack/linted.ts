/**
 * The stack's files with a mistake in them, and what the linter says.
 *
 * @module
 */
import { assert } from "@std/assert";
import { lintStack, readStackFiles } from "../../scripts/stack/check.ts";

/** The files as they stand. */
export const files: ReadonlyMap<string, string> = await readStackFiles();

/** What the linter says when one file is another. */
export function lintWith(path: string, change: (text: string) => string): string[] {
  const before = files.get(path) ?? "";
  const after = change(before);
  assert(before !== after, `nothing was changed in ${path}`);
  return lintStack(new Map([...files, [path, after]])).map(({ path, message }) => `${path}: ${message}`);
}

/** One line of what was said has this in it. */
export function assertSays(said: readonly string[], expected: string): void {
  assert(said.some((line) => line.includes(expected)), `expected "${expected}" in\n${said.join("\n")}`);
}
