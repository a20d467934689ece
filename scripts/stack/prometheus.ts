/**
 * Prometheus' HTTP API, as far as it is asked here (https://prometheus.io/docs/prometheus/latest/querying/api/).
 *
 * @module
 */

/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function ask(base: string, path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(`${base}/api/v1/${path}`, { method: "POST", body: new URLSearchParams(parameters) });
  const { status, data, error } = await response.json();
  if (status !== "success") throw new Error(`${JSON.stringify(parameters)}: ${error}`);
  return data;
}

/** What a query gives now. */
export async function query(base: string, expr: string): Promise<readonly Sample[]> {
  const { resultType, result } = await ask(base, "query", { query: expr }) as {
    resultType: string;
    result: readonly Sample[];
  };
  if (resultType !== "vector") throw new Error(`${expr} gives a ${resultType}, not a vector`);
  return result;
}

/** One number: the sum of what a query gives; undefined where that is nothing. */
export async function sum(base: string, expr: string): Promise<number | undefined> {
  const [sample] = await query(base, `sum(${expr})`);
  return sample === undefined ? undefined : Number(sample.value[1]);
}

/** The values of a label. */
export async function labelValues(base: string, match: string, label: string): Promise<readonly string[]> {
  const response = await fetch(`${base}/api/v1/label/${label}/values?${new URLSearchParams({ "match[]": match })}`);
  return (await response.json()).data;
}

/** The names of the labels of all series that match. */
export async function labels(base: string, match: string): Promise<readonly string[]> {
  return await ask(base, "labels", { "match[]": match }) as readonly string[];
}

/** A rule as Prometheus runs it. */
export interface RunningRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  /** Of an alert: inactive, pending or firing. */
  readonly state?: string;
}

/** The rules that Prometheus runs. */
export async function rules(base: string): Promise<readonly RunningRule[]> {
  const response = await fetch(`${base}/api/v1/rules`);
  const { data } = await response.json();
  return data.groups.flatMap((group: { rules: readonly RunningRule[] }) => group.rules);
}
