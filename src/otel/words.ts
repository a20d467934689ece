/**
 * What the words of a variable come to, wherever they are asked for. What cannot be understood is undefined, or not there.
 *
 * @module
 */

/** True and false in any case; `0` and `no` are understood as false, `1` and `yes` as true. */
export function booleanOf(value: string | undefined): boolean | undefined {
  const word = value?.trim().toLowerCase();
  if (word === "true" || word === "1" || word === "yes") return true;
  return word === "false" || word === "0" || word === "no" ? false : undefined;
}

/** A whole number from `least` on; undefined where it is none. */
export function numberIn(value: string | undefined, least = 1): number | undefined {
  const text = value?.trim() ?? "";
  return /^\d+$/.test(text) && Number(text) >= least ? Number(text) : undefined;
}

/** The words of a comma list, in lower case. */
export function wordsIn(list: string | undefined): readonly string[] {
  return (list ?? "").split(",").map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
}

/** False where `OTEL_PROPAGATORS` leaves trace context out: `none`, or `baggage` alone. What is no form known here changes nothing. */
export function takesTraceContext(propagators: string | undefined): boolean {
  const words = wordsIn(propagators);
  return words.length === 0 || words.some((word) => word !== "none" && word !== "baggage");
}
