/**
 * The texts of a structured step while its JSON is still arriving: so a thought, and the answer, reach the reader as
 * they are written.
 *
 * @module
 */

/** A piece of one of the fields. */
export interface FieldPiece {
  /** The field's name. */
  readonly field: string;
  /** The piece, unescaped. */
  readonly delta: string;
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Reads JSON piece by piece and gives what stands in these text fields of the outermost object, the first that has one
 * of the keys in `marks`: until one has come, its texts wait. What stands before and behind that object is passed over; of
 * broken JSON it gives what it can, since whoever reads the whole will say what is wrong.
 */
export function streamFields(
  fields: readonly string[],
  marks: readonly string[],
): (piece: string) => readonly FieldPiece[] {
  let depth = 0;
  /** The object has begun, and nothing of it has come. */
  let opened = false;
  let expectsKey = false;
  let key = "";
  /** The object has one of the keys. */
  let marked = false;
  /** It has ended. */
  let over = false;
  /** What was read and not given yet. */
  let waiting: { field: string; delta: string }[] = [];
  /** Which text we are in: a key, one of the fields, or one that is passed over. */
  let inside: "key" | "field" | "other" | undefined;
  /** An escape that has begun, without its backslash. */
  let escape: string | undefined;
  /** The first half of a character that has come without its second. */
  let half = "";

  function open(): void {
    [depth, opened, expectsKey, key, waiting] = [1, true, true, "", []];
  }

  function begin(): void {
    inside = depth !== 1 ? "other" : expectsKey ? "key" : fields.includes(key) ? "field" : "other";
    if (inside === "key") key = "";
    half = "";
  }

  /** The next character of a text; undefined while an escape is not whole, and at its end. */
  function read(char: string): string | undefined {
    if (escape !== undefined) {
      escape += char;
      if (escape[0] === "u" && escape.length < 5) return undefined;
      const [kind = ""] = escape;
      const decoded = kind === "u" ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : ESCAPES[kind] ?? kind;
      escape = undefined;
      return decoded;
    }
    if (char === "\\") escape = "";
    else if (char === '"') inside = undefined;
    else return char;
    return undefined;
  }

  /** A character that stands in no text. */
  function step(char: string): void {
    if (depth === 0) {
      // Before the object there may be words, and quotation marks among them.
      if (char === "{") open();
      return;
    }
    if (opened && char.trim() !== "") {
      opened = false;
      // Words in braces are no object.
      if (char !== '"' && char !== "}") depth = 0;
      if (depth === 0) return step(char);
    }
    if (char === '"') begin();
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      depth--;
      over = depth === 0 && marked;
    } else if (char === "," && depth === 1) expectsKey = true;
    else if (char === ":" && depth === 1) {
      expectsKey = false;
      marked ||= marks.includes(key);
    }
  }

  return (piece) => {
    for (const char of piece.split("")) {
      if (over) break;
      if (inside === undefined) {
        step(char);
        continue;
      }
      const decoded = read(char);
      if (decoded === undefined) continue;
      if (inside === "key") key += decoded;
      if (inside !== "field") continue;
      if (/[\ud800-\udbff]/.test(decoded)) half = decoded;
      else {
        const last = waiting.at(-1);
        if (last?.field === key) last.delta += half + decoded;
        else waiting.push({ field: key, delta: half + decoded });
        half = "";
      }
    }
    return marked ? waiting.splice(0) : [];
  };
}
