/**
 * The configuration files of the stack, placed on this machine: the same files, with other addresses. Every service has
 * a loopback address of its own, so that its ports stay as they are.
 *
 * @module
 */
import { parse, stringify } from "npm:yaml@^2.8.1";

/** The services of one variant, and where they are here. */
export interface Place {
  /** Service to address. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Paths inside containers to paths here, longest first. */
  readonly paths: ReadonlyMap<string, string>;
}

/** The folder of the stack. */
export const stackFolder = new URL("../../examples/otel-stack/", import.meta.url);

/** A path for a program; Windows has no slash before its drive. */
export function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1) : path;
}

/** Reads a file of the stack. */
export function readStack(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, stackFolder));
}

/**
 * A network of loopback addresses that nobody uses, as its first three numbers.
 *
 * @throws {NoLoopback} where the system has but one loopback address: anywhere but on Linux.
 */
export function freeNetwork(): string {
  if (Deno.build.os !== "linux") throw new NoLoopback("Linux alone has a loopback address for each of the servers");
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint8Array(2));
  const network = `127.${(a % 200) + 20}.${b}`;
  try {
    Deno.listen({ hostname: `${network}.1`, port: 0 }).close();
  } catch {
    throw new NoLoopback("there is but one loopback address here, and the servers need one each");
  }
  return network;
}

/** The system cannot hold the stack. */
export class NoLoopback extends Error {}

/** Gives each service an address of a network. */
export function hostsOf(network: string, services: readonly string[]): Map<string, string> {
  return new Map(services.map((service, index) => [service, `${network}.${index + 1}`]));
}

/**
 * A configuration with its addresses replaced: names of services, 0.0.0.0 and localhost (the service itself), and paths.
 * Prometheus asks a DNS server for `dns_sd_configs`; here the same targets are named.
 */
export function placed(text: string, self: string, { hosts, paths }: Place): string {
  const own = hosts.get(self);
  if (own === undefined) throw new Error(`${self} has no address`);
  const replace = (value: string): string => {
    for (const [from, to] of paths) if (value.startsWith(from)) return to + value.slice(from.length);
    let replaced = value.replace(/^0\.0\.0\.0\b/, own).replace(/^localhost(?=:)/, own);
    for (const [host, address] of hosts) {
      replaced = replaced.replace(new RegExp(`(^|//)${host}(?=[:/])`), `$1${address}`);
    }
    return replaced;
  };
  return stringify(walk(parse(text), replace));
}

function walk(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key === "dns_sd_configs") return ["static_configs", named(item, replace)];
      if (key === "hostname") return [key, replace(`${item}:`).slice(0, -1)];
      return [key, walk(item, replace)];
    }),
  );
}

function named(configs: readonly { names: readonly string[]; port: number }[], replace: (text: string) => string) {
  return configs.map(({ names, port }) => ({ targets: names.map((name) => replace(`${name}:${port}`)) }));
}

/** The command line of a service of a Compose file, with its paths replaced. */
export async function commandOf(composeFile: string, service: string, { paths }: Place): Promise<string[]> {
  const { services } = parse(await readStack(composeFile));
  return (services[service].command as string[]).map((argument) => {
    for (const [from, to] of paths) argument = argument.replace(`=${from}`, `=${to}`);
    return argument;
  });
}
