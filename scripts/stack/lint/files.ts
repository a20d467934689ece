/**
 * The stack's files as the linter reads them.
 *
 * @module
 */
import { parse } from "npm:yaml@^2.8.1";

/** Text by path, from the stack's folder. */
export type StackFiles = ReadonlyMap<string, string>;

/** Something that is wrong. */
export interface Trouble {
  readonly path: string;
  readonly message: string;
}

/** A service of a Compose file, as far as it is looked at. */
export interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

/** A Compose file. */
export interface Compose {
  readonly version?: unknown;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** The Compose files, by path. */
export function composeFiles(files: StackFiles): Map<string, Compose> {
  return new Map(
    [...files].filter(([path]) => /^compose\..+\.yaml$/.test(path)).map(([path, text]) => [path, parse(text)]),
  );
}

/** A mount of a file or folder of the stack. */
export interface Mount {
  /** From the stack's folder. */
  readonly source: string;
  readonly target: string;
}

/** The files and folders of the stack that a service sees. */
export function mountsOf({ volumes = [] }: Service): Mount[] {
  return volumes.flatMap((volume) => {
    const [source = "", target = ""] = volume.split(":");
    return source.startsWith("./") ? [{ source: source.slice(2), target }] : [];
  });
}

/** Which files of the stack a path inside a container is: itself, or what is below it. */
export function filesBehind(service: Service, path: string, files: StackFiles): string[] {
  const folder = path.replace(/\/[^/]*\*[^/]*$/, "");
  for (const { source, target } of mountsOf(service)) {
    if (target === path) return [...files.keys()].filter((file) => file === source || file.startsWith(`${source}/`));
    if (folder === target || folder.startsWith(`${target}/`)) {
      const below = `${source}${folder.slice(target.length)}/`;
      return [...files.keys()].filter((file) => file.startsWith(below));
    }
  }
  return [];
}

/** Every service that sees a file, with its Compose file. */
export function usersOf(
  path: string,
  files: StackFiles,
): { composePath: string; compose: Compose; service: Service }[] {
  return [...composeFiles(files)].flatMap(([composePath, compose]) =>
    Object.values(compose.services)
      .filter((service) => mountsOf(service).some(({ source }) => source === path || path.startsWith(`${source}/`)))
      .map((service) => ({ composePath, compose, service }))
  );
}

/** The host of an address, with or without a scheme. */
export function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//, "").replace(/[:/].*$/, "");
}
