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

/**
 * Makes an instrument when it is first asked for. What is no finite number is not recorded: a sum that once met one would
 * be none for ever.
 */
export interface Instruments {
  /** Counts up. */
  add(name: string, unit: string, description: string, value: number, labels: Attributes): void;
  /** Spreads a value over buckets. */
  record(
    name: string,
    unit: string,
    bounds: readonly number[],
    description: string,
    value: number,
    labels: Attributes,
  ): void;
}

/** Instruments are made once per meter, when first used; a meter is the same object for as long as its provider is. */
const made = new WeakMap<Meter, Instruments>();

/** The instruments of a meter. */
export function instrumentsOf(meter: Meter): Instruments {
  const known = made.get(meter);
  if (known !== undefined) return known;
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  const instruments: Instruments = {
    add(name, unit, description, value, labels) {
      if (!Number.isFinite(value)) return;
      let counter = counters.get(name);
      if (counter === undefined) {
        counters.set(name, counter = meter.createCounter(name, { unit, description }));
      }
      counter.add(value, labels);
    },
    record(name, unit, bounds, description, value, labels) {
      if (!Number.isFinite(value)) return;
      let histogram = histograms.get(name);
      if (histogram === undefined) {
        const advice = { explicitBucketBoundaries: [...bounds] };
        histograms.set(name, histogram = meter.createHistogram(name, { unit, description, advice }));
      }
      histogram.record(value, labels);
    },
  };
  made.set(meter, instruments);
  return instruments;
}
