/**
 * What Debian's prometheus and promtool can prove where nothing can be built: the rules and their tests, and every query
 * on the numbers of a fed program, which a receiver of our own shows to Prometheus in place of a Collector.
 *
 * @module
 */
import { stringify } from "npm:yaml@^2.8.1";
import { checkAlerts, checkNames, checkQueries, checkSums, type Row } from "./checks.ts";
import { type Server, startServer } from "./child.ts";
import { tryRun } from "./command.ts";
import { type Exposition, startExposition } from "./exposition.ts";
import { startFeeder } from "./feeder.ts";
import { checkGuideRules } from "./guide_checks.ts";
import { pathOf, stackFolder } from "./place.ts";
import { checkRules } from "./rules.ts";
import type { Way } from "./stand.ts";

const service = "stack-test";

/** Runs one check and tells how it went. */
export type Check = <T>(what: string, run: () => Promise<T>) => Promise<T | undefined>;

/** Runs what can be run here; `say` tells what is skipped. Gives the queries with their samples, where they were asked. */
export async function testLess(
  check: Check,
  say: (line: string) => void,
  { prometheus = "prometheus", promtool = "promtool" } = {},
): Promise<{ readonly ways: readonly Way[]; readonly rows: readonly Row[] } | undefined> {
  say("skipped: the Collector's and Jaeger's files, traces, TraceQL, Prometheus' OTLP receiver and remote write");
  if (await tryRun(promtool, ["--version"]) === undefined) {
    say("skipped: rules, their tests and the queries' grammar, since there is no promtool on this machine");
  } else await check("rules and their tests", () => checkRules(promtool));
  if (await tryRun(prometheus, ["--version"]) === undefined) {
    say("skipped: every query, since there is no prometheus on this machine");
    return undefined;
  }
  await using exposition = startExposition();
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-prometheus-" });
  try {
    await using server = await startPrometheus(prometheus, folder, exposition);
    const way: Way = {
      name: server.name,
      otlp: exposition.otlp,
      prometheus: server.address,
      rules: server.address,
      jaeger: "",
      collectors: [],
      everyTrace: true,
      extraLabels: [],
    };
    await using feeder = await startFeeder(service, exposition.otlp);
    const first = await feeder.round();
    await check("the first round arrives", () => checkSums(way, first));
    const second = await feeder.round();
    await check("the second round arrives", () => checkSums(way, second));
    await check("names and labels", () => checkNames(way));
    const rows = await check("every query gives data", () => checkQueries([way]));
    await check("rules run and alerts fire", () => checkAlerts(way));
    await check("rules of the guide", () => checkGuideRules(way, service));
    return rows === undefined ? undefined : { ways: [way], rows };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function startPrometheus(
  program: string,
  folder: string,
  { target }: Exposition,
): Promise<Server & { readonly address: string }> {
  // The port of a listener that is closed again: Prometheus does not tell which one it got.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "2s" },
    rule_files: [`${pathOf(new URL("prometheus/rules/", stackFolder))}*.yaml`],
    // The name that an alert asks for; the series' own job is kept.
    scrape_configs: [{ job_name: "otel-collector", honor_labels: true, static_configs: [{ targets: [target] }] }],
  };
  await Deno.writeTextFile(`${folder}/prometheus.yaml`, stringify(config));
  const server = await startServer({
    name: "Prometheus",
    program,
    args: [
      `--config.file=${folder}/prometheus.yaml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ],
    ready: `http://${address}/-/ready`,
  });
  return { ...server, address: `http://${address}` };
}
