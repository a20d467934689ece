/**
 * What a URL says.
 *
 * @module
 */

/** The port that it leads to; the scheme's own where it names none. */
export function portOf({ port, protocol }: Pick<URL, "port" | "protocol">): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

/** Address and path of a URL: its query, or the user in it, may be secret. */
export function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
