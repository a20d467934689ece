/**
 * The terminal, or the pipe, that a program of this folder writes to.
 *
 * @module
 */
import { columnsOf, type Paint, paintFor } from "./colors.ts";

/** Where output goes. */
export interface Screen {
  /** Columns to write in: 60 to 200. */
  readonly width: number;
  /** Whether colours are shown. */
  readonly color: boolean;
  /** Gives a text its look here. */
  readonly paint: Paint;
  /** Writes lines. */
  print(...lines: readonly string[]): void;
  /** Writes a text that is still arriving, broken between words, indented, to `width` columns. */
  typewriter(indent: number, width: number): Typewriter;
}

/** Writes a text as it arrives. */
export interface Typewriter {
  /** The next piece. */
  type(piece: string): void;
  /** Writes what is left and ends the line. */
  end(): void;
}

const narrowest = 60;
const widest = 200;

/** What decides how a screen looks. */
export interface Surroundings {
  /** Columns of the terminal; undefined where output goes into a pipe or a file. */
  readonly terminal: number | undefined;
  /** `NO_COLOR` is set: https://no-color.org */
  readonly noColor: boolean;
  /** `TERM`. */
  readonly term: string | undefined;
  /** `COLUMNS`. */
  readonly columns: string | undefined;
}

/** The width and the colours that fit: the terminal's own width, else `COLUMNS`, else 100; colours on a terminal only. */
export function lookOf({ terminal, noColor, term, columns }: Surroundings): Pick<Screen, "width" | "color"> {
  const told = Number(columns);
  const wanted = terminal ?? (Number.isInteger(told) && told > 0 ? told : 100);
  return {
    width: Math.min(widest, Math.max(narrowest, wanted)),
    color: terminal !== undefined && !noColor && term !== "dumb",
  };
}

/** The screen of this process. */
export function openScreen(): Screen {
  const { width, color } = lookOf({
    terminal: terminalColumns(),
    noColor: Deno.noColor,
    term: Deno.env.get("TERM"),
    columns: Deno.env.get("COLUMNS"),
  });
  return {
    width,
    color,
    paint: paintFor(color),
    print: (...lines) => lines.forEach((line) => write(`${line}\n`)),
    typewriter: (indent, width) => typewriter(indent, width, write),
  };
}

/** Writes pieces of a text through `put`, no line of it longer than `width`; a word is written when it is complete. */
export function typewriter(indent: number, width: number, put: (text: string) => void): Typewriter {
  const margin = " ".repeat(indent);
  let column = 0;
  let word = "";
  const flush = () => {
    if (word === "") return;
    const length = columnsOf(word);
    if (column === 0) put(margin + word);
    else if (column + 1 + length > width) put(`\n${margin}${word}`);
    else put(` ${word}`);
    column = column === 0 || column + 1 + length > width ? indent + length : column + 1 + length;
    word = "";
  };
  return {
    type(piece) {
      for (const letter of piece) {
        if (letter !== " " && letter !== "\n") word += letter;
        else flush();
        if (letter === "\n") {
          put("\n");
          column = 0;
        }
      }
    },
    end() {
      flush();
      if (column > 0) put("\n");
      column = 0;
    },
  };
}

function terminalColumns(): number | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80; // A terminal that does not tell its size.
  }
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    // Who read has seen enough, as `head` does: then there is nobody to go on for.
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}
