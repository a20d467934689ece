/**
 * The pages, proven with the real programs: their configurations are read, their queries of traces find some.
 *
 * @module
 */
import { configFlags } from "../configured.ts";
import { until } from "./child.ts";
import { run } from "./command.ts";
import { ofRules } from "./expressions.ts";
import { type Asked, guideConfigs, guideQueries } from "./guide.ts";
import { search } from "./jaeger.ts";
import { pathOf } from "./place.ts";
import type { Programs } from "./programs.ts";
import { query } from "./prometheus.ts";
import type { Way } from "./stand.ts";

/** Every configuration that a page prints is accepted by the program that is to read it. */
export async function checkGuideConfigs({ otelcol, promtool, compose }: Programs): Promise<string[]> {
  const configs = await guideConfigs();
  const folder = await Deno.makeTempDir({ prefix: "sik-llms-guide-" });
  const readers = {
    collector: (file: string) => run(otelcol, ["validate", `--config=${file}`], { cwd: folder, env: cloudEnv }),
    rules: (file: string) => run(promtool, ["check", "rules", file]),
    prometheus: (file: string) => run(promtool, ["check", "config", "--syntax-only", file]),
    compose: (file: string) => run(compose, ["-no-interpolation", file], { cwd: folder }),
  } as const;
  try {
    for (const [index, { place, text, reader }] of configs.entries()) {
      const file = `${folder}/${index}.yaml`;
      await Deno.writeTextFile(file, text);
      await readers[reader](file).catch((error) => {
        throw new Error(`${place}: ${error.message}`);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return [`${configs.length} configurations of the pages are read`];
}

/** What the extensions for clouds look for; nobody is asked for a key when a configuration is only read. */
const cloudEnv = {
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_EC2_METADATA_DISABLED: "true",
} as const;

/** Tempo's parser can read every query of TraceQL. */
export async function checkTraceql({ traceql }: Programs): Promise<string[]> {
  const queries = await guideQueries("traceql");
  await run(traceql, queries.map(({ text }) => text));
  return [`${queries.length} queries parse`];
}

/**
 * Every search of Jaeger's page finds a trace. The page's parameters are those of its API. A reader's service is the fed
 * one here, and what was slow there is anything here, since nothing here waits.
 */
export async function checkSearches({ jaeger, name }: Way, service: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { place, text } of await guideQueries("jaeger")) {
    const parameters = new URLSearchParams(text.slice(text.indexOf("?") + 1));
    parameters.set("service", service);
    if (parameters.has("minDuration")) parameters.set("minDuration", "1us");
    const found = await until(
      `traces for ${place} (${name}): ${text}`,
      async () => (await search(jaeger, parameters)) || undefined,
    );
    lines.push(`${found} traces for ${text}${parameters.has("minDuration") ? " (of any duration)" : ""}`);
  }
  return lines;
}

/** The name that a reader's service has on the pages. */
const reader = "my-llm-app";

/** The rules of the pages, asked as numbers, with the fed service in place of the reader's. */
export async function guideRules(service: string): Promise<Asked[]> {
  const configs = (await guideConfigs()).filter((config) => config.reader === "rules");
  return configs.flatMap(({ place, text }) =>
    ofRules(text.replaceAll(`"${reader}"`, `"${service}"`)).filter((rule) => !rule.place.startsWith("recorded ")).map((
      rule,
    ) => ({ place: `${place} ${rule.place}`, text: rule.expr }))
  );
}

/** Every rule that a page prints finds the numbers it is about. */
export async function checkGuideRules({ prometheus, name }: Way, service: string): Promise<string[]> {
  const rules = await guideRules(service);
  for (const { place, text } of rules) {
    await until(
      `data for ${place} (${name}): ${text}`,
      async () => (await query(prometheus, text)).length || undefined,
    );
  }
  return rules.map(({ place }) => `${place} finds its numbers`);
}

const demo = "stack-demo";

/** The demo, as the guide has it run against a stack: its two traces are found. */
export async function checkDemo({ jaeger, otlp, name }: Way): Promise<string[]> {
  await run(Deno.execPath(), ["run", "-A", "--quiet", ...await configFlags(), "examples/demo.ts"], {
    cwd: pathOf(new URL("../../", import.meta.url)),
    env: { OTEL_SERVICE_NAME: demo, OTEL_EXPORTER_OTLP_ENDPOINT: otlp, OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "" },
  });
  for (const operation of ["five_calls", "plan_trip"]) {
    await until(
      `the trace ${operation} (${name})`,
      async () => (await search(jaeger, new URLSearchParams({ service: demo, operation }))) || undefined,
    );
  }
  return ["its two traces are found"];
}
