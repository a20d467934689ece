import { assertEquals } from "@std/assert";
import { lookOf, typewriter } from "../../examples/support/screen.ts";

const terminal = { terminal: 120, noColor: false, term: "xterm-256color", columns: undefined };

Deno.test("lookOf() shows colours on a terminal, unless NO_COLOR or a dumb terminal forbids them", () => {
  assertEquals(lookOf(terminal), { width: 120, color: true });
  assertEquals(lookOf({ ...terminal, noColor: true }), { width: 120, color: false });
  assertEquals(lookOf({ ...terminal, term: "dumb" }), { width: 120, color: false });
  assertEquals(lookOf({ ...terminal, terminal: undefined }), { width: 100, color: false });
});

Deno.test("lookOf() takes the terminal's width, else COLUMNS, from 60 to 200", () => {
  const widths = (surroundings: Partial<typeof terminal> | { terminal: undefined; columns?: string }) => {
    return lookOf({ ...terminal, ...surroundings }).width;
  };
  assertEquals(widths({ terminal: 300 }), 200);
  assertEquals(widths({ terminal: 20 }), 60);
  assertEquals(widths({ terminal: undefined, columns: "72" }), 72);
  for (const columns of ["", "wide", "-5", "7.5"]) assertEquals(widths({ terminal: undefined, columns }), 100);
});

/** What a text becomes that arrives in pieces of `size` letters. */
function typed(text: string, size: number, indent = 2, width = 20): string {
  let written = "";
  const letters = typewriter(indent, width, (piece) => written += piece);
  for (let index = 0; index < text.length; index += size) letters.type(text.slice(index, index + size));
  letters.end();
  return written;
}

Deno.test("typewriter() breaks between words, wherever the pieces were cut", () => {
  const text = "Morning: ride tram 28 up to Alfama.\nEvening: fado.";
  const lines = "  Morning: ride tram\n  28 up to Alfama.\n  Evening: fado.\n";
  for (const size of [1, 3, 7, 100]) assertEquals(typed(text, size), lines);
});

Deno.test("typewriter() keeps empty lines, writes nothing for nothing, and lets a long word stand alone", () => {
  assertEquals(typed("a\n\nb", 1), "  a\n\n  b\n");
  assertEquals(typed("", 1), "");
  assertEquals(typed("so incomprehensibilities so", 4), "  so\n  incomprehensibilities\n  so\n");
});
