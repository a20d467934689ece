/**
 * The stack's files as the linter reads them.
 *
 * @module
 */
import { parse } from "npm:yaml@^2.8.1";
import { type PortEntry, portsOf, type PublishedPort } from "./ports.ts";

/** Text by path, from the stack's folder. */
export type StackFiles = ReadonlyMap<string, string>;

/** Something that is wrong. */
export interface Trouble {
  readonly path: string;
  readonly message: string;
}

/** A service of a Compose file, as far as it is looked at; what Compose lets one write in two ways is written in one. */
export interface Service {
  readonly image?: string;
  readonly network_mode?: string;
  readonly command: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** `source:target`, and more. */
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly restart?: string;
  /** Names of services. */
  readonly depends_on: readonly string[];
}

/** A Compose file. */
export interface Compose {
  readonly version?: unknown;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** What a file of YAML says, if it is a mapping; nothing where it is broken, which `lintSyntax` tells. */
export function readYaml(text: string | undefined = ""): Readonly<Record<string, unknown>> {
  const known = read.get(text);
  if (known !== undefined) return known;
  let value: unknown;
  try {
    // Of JSON, which is YAML too, there is much more.
    value = text.startsWith("{") ? JSON.parse(text) : parse(text);
  } catch {
    value = undefined;
  }
  read.set(text, record(value));
  return record(value);
}

/** By their text: every linter reads the same files. */
const read = new Map<string, Readonly<Record<string, unknown>>>();

/** Files that cannot be read at all. */
export function lintSyntax(files: StackFiles): Trouble[] {
  return [...files].flatMap(([path, text]) => {
    if (!/\.(yaml|json)$/.test(path)) return [];
    try {
      const value = path.endsWith(".json") ? JSON.parse(text) : parse(text);
      return typeof value === "object" && value !== null ? [] : [{ path, message: "says nothing" }];
    } catch (error) {
      const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
      return [{ path, message: `cannot be read: ${line}` }];
    }
  });
}

/** A mapping, or an empty one. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

/** A list, a single word as one, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** The Compose files, by path. */
export function composeFiles(files: StackFiles): Map<string, Compose> {
  const found = [...files].filter(([path]) => /^compose\..+\.yaml$/.test(path));
  return new Map(found.map(([path, text]) => {
    const compose = readYaml(text);
    const services = Object.entries(record(compose.services)).map(([name, service]) => [name, serviceOf(service)]);
    return [path, { ...compose, services: Object.fromEntries(services), volumes: record(compose.volumes) }];
  }));
}

function serviceOf(written: unknown): Service {
  const service = record(written);
  const { command, depends_on, volumes, ports, healthcheck } = service;
  const test = record(healthcheck).test;
  return {
    ...service,
    command: typeof command === "string" ? command.split(/\s+/) : list(command).map(String),
    depends_on: Array.isArray(depends_on) ? depends_on.map(String) : Object.keys(record(depends_on)),
    ports: list(ports).flatMap((port) => portsOf(port as PortEntry)),
    volumes: list(volumes).map((volume) => {
      if (typeof volume !== "object") return String(volume);
      const { source = "", target = "" } = record(volume);
      return `${source}:${target}`;
    }),
    ...test === undefined ? {} : { healthcheck: { test: list(test).map(String) } },
  };
}

/** A mount of a file or folder of the stack. */
export interface Mount {
  /** From the stack's folder. */
  readonly source: string;
  readonly target: string;
}

/** The files and folders of the stack that a service sees. */
export function mountsOf({ volumes }: Service): Mount[] {
  return volumes.flatMap((volume) => {
    const [source = "", target = ""] = volume.split(":");
    return source.startsWith("./") ? [{ source: source.slice(2), target }] : [];
  });
}

/** Which files of the stack a path inside a container is: itself, or what is below it. */
export function filesBehind(service: Service, path: string, files: StackFiles): string[] {
  return behind(service, path).flatMap((source) =>
    [...files.keys()].filter((file) => file === source || file.startsWith(`${source}/`))
  );
}

/** Which files of the stack have this name inside a container; a star stands for a part of a name. */
export function filesNamed(service: Service, pattern: string, files: StackFiles): string[] {
  const quoted = (text: string) => text.replaceAll(/[.+^${}()|[\]\\?]/g, "\\$&").replaceAll("*", "[^/]*");
  return behind(service, pattern).flatMap((source) =>
    [...files.keys()].filter((file) => new RegExp(`^${quoted(source)}$`).test(file))
  );
}

/** A path inside a container, from the stack's folder. */
function behind(service: Service, path: string): string[] {
  const mount = mountsOf(service).find(({ target }) => path === target || path.startsWith(`${target}/`));
  return mount === undefined ? [] : [`${mount.source}${path.slice(mount.target.length)}`];
}

/** A service that sees a file, with its Compose file. */
export interface User {
  readonly composePath: string;
  readonly compose: Compose;
  readonly name: string;
  readonly service: Service;
}

/** Every service that sees a file. */
export function usersOf(path: string, files: StackFiles): User[] {
  return [...composeFiles(files)].flatMap(([composePath, compose]) =>
    Object.entries(compose.services)
      .filter(([, service]) => mountsOf(service).some(({ source }) => source === path || path.startsWith(`${source}/`)))
      .map(([name, service]) => ({ composePath, compose, name, service }))
  );
}

/** The host of an address, with or without a scheme. */
export function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//, "").replace(/[:/].*$/, "");
}
