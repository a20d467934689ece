/**
 * Rules for configurations of Prometheus.
 *
 * @module
 */
import { parse } from "npm:yaml@^2.8.1";
import { filesBehind, hostOf, type StackFiles, type Trouble, usersOf } from "./files.ts";

interface Config {
  readonly rule_files?: readonly string[];
  readonly remote_write?: readonly { readonly url: string }[];
  readonly scrape_configs?: readonly {
    readonly static_configs?: readonly { readonly targets: readonly string[] }[];
    readonly dns_sd_configs?: readonly { readonly names: readonly string[] }[];
  }[];
}

/** Everything that is wrong with Prometheus' files. */
export function lintPrometheus(files: StackFiles): Trouble[] {
  const found = [...files].filter(([path]) => /^prometheus\/[^/]+\.yaml$/.test(path));
  return found.flatMap(([path, text]) => {
    const config: Config = parse(text);
    const users = usersOf(path, files);
    const messages = users.length === 0
      ? ["is used by no Compose file"]
      : users.flatMap(({ composePath, compose, service }) => [
        ...(config.rule_files ?? []).filter((rule) => filesBehind(service, rule, files).length === 0).map((rule) =>
          `reads rules from ${rule}, where ${composePath} has no file`
        ),
        ...hostsOf(config).filter((host) => host !== "localhost" && !(host in compose.services)).map((host) =>
          `asks ${host}, which ${composePath} has not`
        ),
      ]);
    return messages.map((message) => ({ path, message }));
  });
}

function hostsOf({ scrape_configs = [], remote_write = [] }: Config): string[] {
  const targets = scrape_configs.flatMap(({ static_configs = [], dns_sd_configs = [] }) => [
    ...static_configs.flatMap(({ targets }) => targets),
    ...dns_sd_configs.flatMap(({ names }) => names),
  ]);
  return [...targets, ...remote_write.map(({ url }) => url)].map(hostOf);
}
