/**
 * Rules for configurations of Prometheus.
 *
 * @module
 */
import {
  filesNamed,
  hostOf,
  list,
  readYaml,
  record,
  type StackFiles,
  type Trouble,
  type User,
  usersOf,
} from "./files.ts";
import { collectorsIn, targetsOf, whyNobody } from "./listeners.ts";

type Config = Readonly<Record<string, unknown>>;

/** Everything that is wrong with Prometheus' files. */
export function lintPrometheus(files: StackFiles): Trouble[] {
  const found = [...files].filter(([path]) => /^prometheus\/[^/]+\.yaml$/.test(path));
  return found.flatMap(([path, text]) => {
    const config = readYaml(text);
    const users = usersOf(path, files);
    const messages = users.length === 0
      ? ["is used by no Compose file"]
      : users.flatMap((user) => [...ruleTroubles(config, user, files), ...hostTroubles(config, user, files)]);
    return messages.map((message) => ({ path, message }));
  });
}

/** Rules are there, and what they ask of a job is asked of one that is fetched. */
function ruleTroubles(config: Config, { composePath, service }: User, files: StackFiles): string[] {
  const patterns = list(config.rule_files).map(String);
  const jobs = list(config.scrape_configs).map((each) => String(record(each).job_name));
  const rules = patterns.flatMap((pattern) => filesNamed(service, pattern, files));
  const needed = rules.flatMap((file) =>
    expressionsIn(files.get(file)).flatMap((expr) =>
      [...expr.matchAll(/\bjob="([^"]+)"/g)].map(([, job = ""]) => ({ file, job }))
    )
  );
  const missing = needed.filter(({ job }) => !jobs.includes(job)).map(({ file, job }) =>
    `fetches no job ${job}, for which ${file} asks`
  );
  return [
    ...patterns.filter((pattern) => filesNamed(service, pattern, files).length === 0).map((pattern) =>
      `reads rules from ${pattern}, where ${composePath} has no file`
    ),
    ...new Set(missing),
  ];
}

function expressionsIn(text: string | undefined): string[] {
  return list(readYaml(text).groups).flatMap((group) => list(record(group).rules)).map((rule) =>
    String(record(rule).expr)
  );
}

/** Whom it asks and whom it sends to is there, and listens. */
function hostTroubles(config: Config, { composePath, compose }: User, files: StackFiles): string[] {
  const targets = list(config.scrape_configs).flatMap(targetsOf);
  const remote = list(config.remote_write).map((each) => hostOf(String(record(each).url)));
  const hosts = [...targets.map(({ host }) => host), ...remote];
  const collectors = collectorsIn(composePath, files);
  return [
    ...hosts.filter((host) => !["localhost", "127.0.0.1"].includes(host) && !(host in compose.services)).map((host) =>
      `asks ${host}, which ${composePath} has not`
    ),
    ...targets.flatMap(({ host, port }) => {
      const listeners = collectors.get(host);
      const why = listeners === undefined ? undefined : whyNobody(listeners, port);
      return why === undefined ? [] : [`asks ${host}:${port} of ${composePath}, ${why}`];
    }),
  ];
}
