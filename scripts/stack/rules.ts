/**
 * Rules and configurations, checked by the programs that read them.
 *
 * @module
 */
import { stringify } from "npm:yaml@^2.8.1";
import { run, tryRun } from "./command.ts";
import { allExpressions } from "./expressions.ts";
import { pathOf, stackFolder } from "./place.ts";
import type { Programs } from "./programs.ts";

const folder = pathOf(stackFolder);

async function filesIn(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(`./${path}`, stackFolder)));
  return entries.filter(({ isFile }) => isFile).map(({ name }) => `${path}${name}`).sort();
}

/** Rules are right, each alert fires and stays silent where its test says, and every query can be read. */
export async function checkRules(promtool: string): Promise<string[]> {
  const rules = await filesIn("prometheus/rules/");
  const tests = await filesIn("prometheus/tests/");
  await run(promtool, ["check", "rules", ...rules], { cwd: folder });
  await run(promtool, ["test", "rules", ...tests], { cwd: folder });
  // As rules of its own, since promtool reads an expression nowhere else.
  const queries = (await allExpressions()).map(({ expr }, index) => ({ record: `query:number:${index}`, expr }));
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, stringify({ groups: [{ name: "queries", rules: queries }] }));
    await run(promtool, ["check", "rules", file]);
  } finally {
    await Deno.remove(file);
  }
  return [
    `promtool: ${rules.length} files of rules and ${tests.length} of their tests pass, ${queries.length} queries parse`,
  ];
}

/** Every configuration is accepted by its program. */
export async function checkConfigs({ otelcol, jaeger, promtool, compose }: Programs): Promise<string[]> {
  // Half a configuration: it is laid over the one inside an image.
  const collectors = (await filesIn("collector/")).filter((path) => path !== "collector/single.yaml");
  const stores = await filesIn("jaeger/");
  const prometheuses = await filesIn("prometheus/");
  const composes = (await filesIn("")).filter((path) => /^compose\..+\.yaml$/.test(path));
  for (const path of collectors) await run(otelcol, ["validate", `--config=${path}`], { cwd: folder });
  for (const path of stores) await run(jaeger, ["validate", `--config=${path}`], { cwd: folder });
  await run(promtool, ["check", "config", "--syntax-only", ...prometheuses], { cwd: folder });
  for (const path of composes) await run(compose, ["-no-interpolation", path], { cwd: folder });
  await checkOverlay(otelcol);
  return [
    `otelcol validate: ${collectors.length} files; jaeger validate: ${stores.length}; ` +
    `promtool check config: ${prometheuses.length}; Compose: ${composes.length}`,
  ];
}

/** collector/single.yaml over a configuration like the one inside grafana/otel-lgtm. */
async function checkOverlay(otelcol: string): Promise<void> {
  const base = stringify({
    receivers: { otlp: { protocols: { grpc: {}, http: {} } } },
    processors: { batch: {} },
    exporters: { "otlp_http/metrics": { endpoint: "http://127.0.0.1:9090/api/v1/otlp" } },
    service: {
      pipelines: { metrics: { receivers: ["otlp"], processors: ["batch"], exporters: ["otlp_http/metrics"] } },
    },
  });
  const configs = [`--config=yaml:${base}`, "--config=file:collector/single.yaml"];
  const said = await tryRun(otelcol, ["validate", ...configs], { cwd: folder });
  if (said?.success !== true) throw new Error(`collector/single.yaml cannot be laid over: ${said?.text}`);
}
