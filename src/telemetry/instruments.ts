/**
 * Instruments, made once per meter, and their buckets.
 *
 * No instrument names a value type: integer counters throw under Deno's built-in OpenTelemetry, doubles work everywhere.
 *
 * @module
 */
import type { Counter, Histogram } from "@opentelemetry/api";
import type { Attributes, Meter } from "../otel_types.ts";

/** Bounds that double from `first`, `count` of them. */
export function doubling(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, power) => Number((first * 2 ** power).toFixed(2)));
}

/** Buckets of the project's own times. */
export const LLM_SECONDS = doubling(0.01, 16);
/** Buckets of the conventions' times. */
export const GEN_AI_SECONDS = doubling(0.01, 14);
/** Buckets of tokens. */
export const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);

/** Makes an instrument when it is first asked for. */
export interface Instruments {
  /**
   * Counts up. A sum that has begun is not told of another zero with the same labels, which are the same frozen object
   * for requests that are alike: most of a request's counts are zero.
   */
  add(name: string, unit: string, description: string, value: number, labels: Attributes): void;
  /** Spreads values over buckets. */
  histogram(name: string, unit: string, bounds: readonly number[], description: string): Histogram;
}

interface Sum {
  readonly counter: Counter;
  /** The labels it has a value for. */
  readonly begun: WeakSet<Attributes>;
}

/** Instruments are made once per meter, when first used; a meter is the same object for as long as its provider is. */
const made = new WeakMap<Meter, Instruments>();

/** The instruments of a meter. */
export function instrumentsOf(meter: Meter): Instruments {
  const known = made.get(meter);
  if (known !== undefined) return known;
  const sums = new Map<string, Sum>();
  const histograms = new Map<string, Histogram>();
  const instruments: Instruments = {
    add(name, unit, description, value, labels) {
      let sum = sums.get(name);
      if (sum === undefined) {
        sums.set(name, sum = { counter: meter.createCounter(name, { unit, description }), begun: new WeakSet() });
      }
      if (value === 0 && sum.begun.has(labels)) return;
      sum.counter.add(value, labels);
      if (Object.isFrozen(labels)) sum.begun.add(labels);
    },
    histogram(name, unit, bounds, description) {
      let histogram = histograms.get(name);
      if (histogram === undefined) {
        const advice = { explicitBucketBoundaries: [...bounds] };
        histograms.set(name, histogram = meter.createHistogram(name, { unit, description, advice }));
      }
      return histogram;
    },
  };
  made.set(meter, instruments);
  return instruments;
}
