/**
 * Durations, money and counts as people read them.
 *
 * @module
 */

/** A duration: `0.4ms`, `412ms`, `2.31s`, `1m 04s`. */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, "0")}s`;
}

/** US dollars with two digits that count, cents from a dollar on: `$0.0000054`, `$0.0021`, `$1.25`. */
export function money(dollars: number): string {
  if (dollars === 0) return "$0";
  if (dollars >= 1) return `$${dollars.toFixed(2)}`;
  const places = Math.min(20, 1 - Math.floor(Math.log10(dollars)));
  return `$${dollars.toFixed(places)}`;
}

/** A number without a tail of noise: six digits that count, never an exponent in the range of this demo. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const places = Math.min(20, Math.max(0, 5 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(places).replace(/\.?0+$/, "");
}

/** A count with its noun: `1 retry`, `2 retries`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
