/**
 * Colours of the terminal, and texts that fit its width.
 *
 * @module
 */

/** What a text is, which decides how it looks. */
export type Tone = "plain" | "strong" | "dim" | "good" | "bad" | "warn" | "accent";

/** Gives a text its look. */
export type Paint = (text: string, tone: Tone) => string;

const codes: Readonly<Record<Tone, readonly [on: number, off: number] | undefined>> = {
  plain: undefined,
  strong: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  accent: [36, 39],
};

/** A paint for a terminal, or one that leaves every text as it is. */
export function paintFor(color: boolean): Paint {
  return (text, tone) => {
    const code = color && text !== "" ? codes[tone] : undefined;
    return code === undefined ? text : `\x1b[${code[0]}m${text}\x1b[${code[1]}m`;
  };
}

/** A text that is cut to `width` columns; what was cut leaves "…". */
export function cut(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : letters.slice(0, Math.max(0, width - 1)).join("") + "…";
}

/** How many columns a text takes that holds no colour. */
export function columnsOf(text: string): number {
  return [...text].length;
}

/** Lines of at most `width` columns, broken between words; a word that is longer stands alone. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      if (current !== "" && columnsOf(current) + 1 + columnsOf(word) > width) {
        lines.push(current);
        current = word;
      } else current = current === "" ? word : `${current} ${word}`;
    }
    return [...lines, current];
  });
}
