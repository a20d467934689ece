/**
 * What a URL says.
 *
 * @module
 */

/** The port that it leads to; the scheme's own where it names none. */
export function portOf({ port, protocol }: Pick<URL, "port" | "protocol">): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}
