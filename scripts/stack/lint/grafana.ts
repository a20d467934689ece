/**
 * Rules for Grafana: what it shows when it starts is set up by files.
 *
 * @module
 */
import {
  composeFiles,
  filesBehind,
  hostOf,
  list,
  mountsOf,
  readYaml,
  record,
  type StackFiles,
  type Trouble,
} from "./files.ts";

interface Datasource {
  readonly uid?: string;
  readonly url?: string;
}

/** What the image brings along. */
const builtIn: Readonly<Record<string, readonly string[]>> = { "grafana/otel-lgtm": ["prometheus", "tempo"] };
const provisioning = /\/(?:conf\/)?provisioning\/(datasources|dashboards)\//;
const maxPanels = 22;

/** Everything that is wrong with Grafana in the Compose files. */
export function lintGrafana(files: StackFiles): Trouble[] {
  return [...composeFiles(files)].flatMap(([path, { services }]) =>
    Object.entries(services).filter(([, { image }]) => /^grafana\/(grafana|otel-lgtm)\b/.test(image ?? "")).flatMap(
      ([name, service]) => {
        const image = service.image?.split(":")[0] ?? "";
        const provided = new Map<string, string[]>([["datasources", []], ["dashboards", []]]);
        for (const { source, target } of mountsOf(service)) {
          const [, kind] = provisioning.exec(`${target}/`) ?? [];
          if (kind !== undefined) provided.get(kind)?.push(source);
        }
        const sources = (provided.get("datasources") ?? []).flatMap((file) =>
          list(readYaml(files.get(file)).datasources) as Datasource[]
        );
        const uids = [...sources.map(({ uid }) => uid ?? ""), ...builtIn[image] ?? []];
        const folders = (provided.get("dashboards") ?? []).flatMap((file) =>
          list(readYaml(files.get(file)).providers).map((each) => String(record(record(each).options).path))
        );
        const dashboards = folders.flatMap((folder) => filesBehind(service, folder, files));
        return [
          ...uids.length === 0 ? ["starts without data sources"] : [],
          ...dashboards.length === 0 ? ["starts without a dashboard"] : [],
          ...sources.filter(({ url = "" }) => !(hostOf(url) in services)).map(({ uid, url }) =>
            `has the data source ${uid} at ${url}, which is no service`
          ),
          ...dashboards.flatMap((file) =>
            dashboardTroubles(files.get(file) ?? "", uids).map((what) => `${file} ${what}`)
          ),
        ].map((message) => ({ path, message: `${name} ${message}` }));
      },
    )
  );
}

function dashboardTroubles(text: string, uids: readonly string[]): string[] {
  const { panels, uid: own } = readYaml(text); // JSON is YAML.
  const named = [...text.matchAll(/"uid": "([\w-]+)"|%22datasource%22%3A%22(\w+)%22/g)].map(([, uid, linked]) =>
    uid ?? linked
  );
  const asked = new Set(named.filter((uid) => uid !== undefined && uid !== own));
  return [
    ...list(panels).length > maxPanels
      ? [`has ${list(panels).length} panels, and nobody reads more than ${maxPanels}`]
      : [],
    ...[...asked].filter((uid) => !uids.includes(uid as string)).map((uid) =>
      `asks the data source ${uid}, which is not set up`
    ),
  ];
}
