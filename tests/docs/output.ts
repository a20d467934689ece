/**
 * What a page says a program prints, and what it printed.
 *
 * @module
 */

/** Times, ids, bars and spaces differ from run to run. */
function masked(line: string): string {
  return line.replaceAll(/\b[0-9a-f]{16,}\b/g, "#").replaceAll(/\d+(\.\d+)?\s?(µs|ms|s)\b/g, "# s")
    .replaceAll(/[━▁▂▃▄▅▆▇█]+/g, "").replaceAll(/\s+/g, " ").trim();
}

/** The lines of a page that were not printed, in their order. A line of "…" stands for any others. */
export function missingFrom(printed: string, shown: string): string[] {
  const lines = printed.split("\n").map(masked);
  let from = 0;
  return shown.split("\n").filter((line) => line.trim() !== "" && line.trim() !== "…").filter((line) => {
    const at = lines.indexOf(masked(line), from);
    if (at === -1) return true;
    from = at + 1;
    return false;
  });
}
