/**
 * Data points as the series that Prometheus makes of them. Pure.
 *
 * @module
 */
import type { ReceivedPoint } from "./otlp_decode.ts";
import { prometheusLabel, prometheusName } from "./prometheus_name.ts";

/** One series: a metric with one set of labels. */
export interface Series {
  /** In Prometheus. */
  readonly name: string;
  /** In Prometheus, with their values as text. */
  readonly labels: Readonly<Record<string, string>>;
  /** The newest value of a counter or gauge. */
  readonly value?: number | undefined;
  /** What a histogram holds. */
  readonly histogram?: Distribution | undefined;
}

/** The contents of a histogram. */
export interface Distribution {
  /** How many values were recorded. */
  readonly count: number;
  /** Their sum. */
  readonly sum: number;
  /** How many in each bucket. */
  readonly buckets: readonly number[];
}

/** Every series, in the order of arrival, as it stands at the end: the newest cumulative point, or the sum of deltas. */
export function seriesOf(points: readonly ReceivedPoint[]): Series[] {
  const groups = Map.groupBy(points, keyOf);
  return [...groups.values()].map((group): Series => {
    const newest = group.reduce((latest, point) => point.timeNs >= latest.timeNs ? point : latest);
    const counted = newest.temporality === "delta" ? group : [newest];
    const labels = Object.fromEntries(
      Object.entries(newest.attributes).map(([key, value]) => [prometheusLabel(key), String(value)]),
    );
    const name = prometheusName(newest);
    if (newest.kind === "histogram") return { name, labels, histogram: counted.map(distributionOf).reduce(added) };
    return { name, labels, value: counted.reduce((sum, { value = 0 }) => sum + value, 0) };
  });
}

function keyOf({ name, kind, scope, resource, attributes }: ReceivedPoint): string {
  const sorted = Object.entries(attributes).map(([key, value]) => [key, String(value)]).sort();
  return JSON.stringify([name, kind, scope.name, resource["service.instance.id"], sorted]);
}

function distributionOf({ count = 0, sum = 0, buckets = [] }: ReceivedPoint): Distribution {
  return { count, sum, buckets };
}

function added(a: Distribution, b: Distribution): Distribution {
  const longer = a.buckets.length >= b.buckets.length ? a : b;
  const buckets = longer.buckets.map((_, index) => (a.buckets[index] ?? 0) + (b.buckets[index] ?? 0));
  return { count: a.count + b.count, sum: a.sum + b.sum, buckets };
}
