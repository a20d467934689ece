/**
 * The ports of a service in a Compose file, in every way they can be written.
 *
 * @module
 */

/** As it is written: `127.0.0.1:4318:4318`, with ranges and a protocol, a bare number, or the long form. */
export type PortEntry = string | number | {
  readonly target: number | string;
  readonly published?: number | string;
  readonly host_ip?: string;
  readonly protocol?: string;
};

/** One port that is opened on the machine. */
export interface PublishedPort {
  /** As it is written. */
  readonly text: string;
  /** Where it listens; every address when undefined. */
  readonly hostIp: string | undefined;
  /** On the machine, with its protocol where that is not TCP; undefined when Docker chooses. */
  readonly published: string | undefined;
  /** In the container. */
  readonly target: number;
}

/** One entry's ports. */
export function portsOf(entry: PortEntry): PublishedPort[] {
  const { text, hostIp, published, target, protocol } = typeof entry === "object" && entry !== null
    ? {
      text: `${entry.published ?? ""}:${entry.target}`,
      hostIp: entry.host_ip,
      published: entry.published,
      target: entry.target,
      protocol: entry.protocol ?? "tcp",
    }
    : short(String(entry));
  const inside = rangeOf(target);
  const outside = published === undefined ? [] : rangeOf(published);
  return inside.map((port, index) => ({
    text,
    hostIp,
    published: outside[index] === undefined
      ? undefined
      : `${outside[index]}${protocol === "tcp" ? "" : `/${protocol}`}`,
    target: port,
  }));
}

function short(text: string) {
  const [numbers = "", protocol = "tcp"] = text.split("/");
  const [, hostIp, published, target = ""] = /^(?:(?:(\[[^\]]+\]|[^:]*):)?([^:]*):)?([^:]+)$/.exec(numbers) ?? [];
  return { text, hostIp, published: published || undefined, target, protocol };
}

function rangeOf(text: number | string): number[] {
  const [from = NaN, to = from] = String(text).split("-").map(Number);
  return Number.isInteger(from) && to >= from && to < 65_536
    ? Array.from({ length: to - from + 1 }, (_, index) => from + index)
    : [];
}
