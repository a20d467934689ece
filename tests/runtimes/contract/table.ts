/**
 * The table of the contract, as Markdown.
 *
 * @module
 */

/** One line a row, one column a runtime; what is missing was never reached. */
export function tableOf(
  rows: readonly string[],
  cells: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string {
  const head = ["contract", ...cells.keys()];
  const body = rows.map((row) => [row, ...[...cells.values()].map((column) => column.get(row) ?? "not reached")]);
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((line) => line[at]?.length ?? 0)));
  const line = (texts: readonly string[]) => `| ${texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
