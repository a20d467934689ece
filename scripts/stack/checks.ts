/**
 * What is asked of the running stack. Each check waits for its answer and throws where it is wrong.
 *
 * @module
 */
import { type Server, until } from "./child.ts";
import { allExpressions, allVariables } from "./expressions.ts";
import type { Told } from "./feed.ts";
import { picture, services, tag, trace } from "./jaeger.ts";
import { expectedLabels, expectedTrees } from "./names.ts";
import { labels, labelValues, query, rules, sum } from "./prometheus.ts";
import type { Way } from "./stand.ts";

/** How many samples each query gave, on each way. */
export interface Row {
  readonly place: string;
  readonly expr: string;
  readonly samples: readonly number[];
}

/** Longer than the workers' decision about a trace takes. */
const traceMs = 90_000;

function equal(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [found, expected].map((value) => typeof value === "string" ? value : JSON.stringify(value));
  if (is !== should) throw new Error(`${what}\n  is:     ${is}\n  should: ${should}`);
}

/** Waits until Prometheus has every sum that was fed, to the last unit. */
export async function checkSums({ prometheus, name }: Way, { sums }: Told): Promise<void> {
  await until(`the numbers that were fed (${name})`, async () => {
    for (const [metric, expected] of Object.entries(sums)) {
      const found = await sum(prometheus, metric);
      if (found === undefined || Math.abs(found - expected) > 1e-9 * expected) {
        throw new Error(`${metric} is ${found}, not ${expected}`);
      }
    }
    return true;
  });
}

/** What was counted is found by increase() too, from the first unit on: a counter is known to have begun at 0. */
export async function checkIncrease({ prometheus, name }: Way, { sums }: Told): Promise<void> {
  const expected = sums.llm_requests_total ?? 0;
  const found = await sum(prometheus, "increase(llm_requests_total[1h])") ?? 0;
  // Prometheus extrapolates over the window's edges.
  if (found < expected * 0.95) throw new Error(`increase() finds ${found} of ${expected} requests (${name})`);
}

/** Every series of the library has its name and its labels, and there is none that is not known. */
export async function checkNames({ prometheus, name, extraLabels }: Way): Promise<void> {
  for (const [metric, expected] of expectedLabels) {
    equal(
      [...await labels(prometheus, metric)].sort(),
      [...expected, ...extraLabels].sort(),
      `the labels of ${metric} (${name})`,
    );
  }
  const known = await labelValues(prometheus, '{__name__=~"(llm|gen_ai)_.+"}', "__name__");
  const recorded = ["llm_cost_total_usd"];
  const unknown = known.filter((metric) => !expectedLabels.has(metric) && !recorded.includes(metric));
  equal(unknown, [], `metrics that nobody knows (${name})`);
}

/** Every query gives data on every way. */
export async function checkQueries(ways: readonly Way[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { place, expr } of await allExpressions()) {
    const samples = await Promise.all(
      ways.map(({ prometheus, name }) =>
        until(`data for ${place} (${name}): ${expr}`, async () => (await query(prometheus, expr)).length || undefined)
      ),
    );
    rows.push({ place, expr, samples });
  }
  for (const { place, match, label } of await allVariables()) {
    const samples = await Promise.all(
      ways.map(({ prometheus, name }) =>
        until(
          `values of ${place} (${name})`,
          async () => (await labelValues(prometheus, match, label)).length || undefined,
        )
      ),
    );
    rows.push({ place, expr: `label_values(${match}, ${label})`, samples });
  }
  return rows;
}

/** Every rule runs without error, and what was fed sets off the alerts that it should, and no other. */
export async function checkAlerts({ rules: address, name }: Way): Promise<void> {
  const firing = ["LLMUnpricedModel", "ReasoningTooManyIterations"];
  await until(`the alerts (${name})`, async () => {
    const running = await rules(address);
    const ill = running.filter(({ health }) => health !== "ok");
    if (ill.length > 0 || running.length === 0) throw new Error(`rules with trouble: ${JSON.stringify(ill)}`);
    equal(running.filter(({ state }) => state === "firing").map((rule) => rule.name).sort(), firing, "firing alerts");
    return true;
  });
}

/** Nobody was told that a part of its configuration will be gone soon. */
export function checkLogs(servers: readonly Server[]): Promise<string[]> {
  const warned = servers.flatMap(({ name, log }) =>
    log().split("\n").filter((line) => /deprecat|will be removed/i.test(line)).map((line) => `${name}: ${line}`)
  );
  if (warned.length > 0) throw new Error(warned.join("\n"));
  return Promise.resolve([`${servers.length} servers`]);
}

/** The traces are there, whole, and say what they should. */
export async function checkTraces(
  { jaeger, name, everyTrace }: Pick<Way, "jaeger" | "name" | "everyTrace">,
  service: string,
  { traces }: Told,
): Promise<void> {
  // Where only a share of the quick and cheap ones is kept, failures and agents are kept all the same.
  const kinds = everyTrace ? ["plain", "retried", "failed", "agent"] as const : ["failed", "agent"] as const;
  for (const kind of kinds) {
    const spans = await until(`the trace of the ${kind} request (${name})`, async () => {
      const found = await trace(jaeger, traces[kind]);
      if (found === undefined) return undefined;
      const [drawn, expected] = [picture(found), expectedTrees[kind]];
      if (drawn !== expected) throw new Error(`Jaeger shows\n${drawn}\nand should show\n${expected}`);
      return found;
    }, traceMs);
    const request = spans.find(({ operationName }) => operationName === "llm.request");
    if (request === undefined) throw new Error(`no llm.request in the ${kind} trace (${name})`);
    equal(tag(request, "llm.model"), "gpt-4o-mini", `llm.model of the ${kind} request (${name})`);
    equal(tag(request, "error"), kind === "failed" ? true : undefined, `error of the ${kind} request (${name})`);
    if (kind === "failed") equal(tag(request, "error.type"), "400", `error.type of the failed request (${name})`);
    if (kind === "retried") {
      equal(Number(tag(request, "llm.retries")), 1, `llm.retries of the retried request (${name})`);
    }
    if (kind !== "failed") {
      const parts = ["input", "output", "cache_read", "cache_write"].map((part) =>
        Number(tag(request, `llm.tokens.${part}`))
      );
      equal(parts, [30, 25, 60, 10], `tokens of the ${kind} request (${name})`);
    }
  }
  if (!(await services(jaeger)).includes(service)) throw new Error(`Jaeger does not know ${service} (${name})`);
}

/** The Collectors took everything, refused nothing and lost nothing. */
export async function checkCollectors({ collectors, name }: Way): Promise<string[]> {
  const lines: string[] = [];
  for (const address of collectors) {
    const text = await (await fetch(`${address}/metrics`)).text();
    const samples = text.split("\n").filter((line) => line.startsWith("otelcol_")).map((line) => {
      const [, metric = "", value = "0"] = /^(\w+)(?:\{.*\})? (\S+)/.exec(line) ?? [];
      return { metric, value: Number(value), line };
    });
    const bad = samples.filter(({ metric, value }) => /refused|failed|dropped|rejected/.test(metric) && value > 0);
    if (bad.length > 0) throw new Error(`a Collector lost data (${name}):\n${bad.map(({ line }) => line).join("\n")}`);
    const total = (metric: string) =>
      samples.filter((each) => each.metric.startsWith(metric)).reduce((all, { value }) => all + value, 0);
    const [spans, points] = [
      total("otelcol_receiver_accepted_spans"),
      total("otelcol_receiver_accepted_metric_points"),
    ];
    if (spans === 0 || points === 0) throw new Error(`a Collector took nothing (${name}): ${address}`);
    lines.push(`${name}: a Collector took ${spans} spans and ${points} points, refused none and lost none`);
  }
  return lines;
}
