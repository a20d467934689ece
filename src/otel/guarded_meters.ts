/**
 * The meters that zero-config hands out: the SDK's own, which record finite numbers alone. A sum that once met a NaN is
 * one for ever, and labels of an odd kind (a BigInt, a circle) make the SDK throw.
 *
 * @module
 */
import type { Meter, MeterProvider, Observable } from "@opentelemetry/api";
import type { Attributes, Context } from "../otel_types.ts";
import { normalizeAttributes, textOf } from "./normalize.ts";

/** What all instruments that are told take. */
type Measure = (value: number, labels?: Attributes, context?: Context) => void;
/** A callback of one instrument, or of several, which is given the instrument first. */
type Callback = (result: { readonly observe: (...told: unknown[]) => void }) => unknown;

/** How sums are kept. */
export interface Sums {
  /**
   * Every reader is told whole sums, not what was added since the last time: then another zero changes nothing that
   * anybody is told, and most of what a request adds is zero.
   */
  readonly cumulative: boolean;
}

/** A provider in front of `provider`. */
export function guardedMeterProvider(provider: MeterProvider, sums: Sums): MeterProvider {
  const guarded = new WeakMap<Meter, Meter>();
  return {
    getMeter(name, version, how) {
      const meter = provider.getMeter(textOf(name ?? ""), version === undefined ? undefined : textOf(version), how);
      let known = guarded.get(meter);
      if (known === undefined) guarded.set(meter, known = guardedMeter(meter, sums));
      return known;
    },
  };
}

/** Instruments stay the SDK's own objects, which it tells from others when a batch callback names them. */
function guardedMeter(meter: Meter, sums: Sums): Meter {
  const guard = callbackGuard();
  const observable = <T extends Observable>(instrument: T): T => {
    const { addCallback, removeCallback } = instrument;
    return Object.assign(instrument, {
      addCallback: (given: Callback) => addCallback.call(instrument, guard(given)),
      removeCallback: (given: Callback) => removeCallback.call(instrument, guard(given)),
    });
  };
  return {
    createCounter: (name, how) => adding(meter.createCounter(textOf(name), how), sums),
    createUpDownCounter: (name, how) => adding(meter.createUpDownCounter(textOf(name), how), sums),
    createHistogram: (name, how) => recording(meter.createHistogram(textOf(name), how)),
    createGauge: (name, how) => recording(meter.createGauge(textOf(name), how)),
    createObservableCounter: (name, how) => observable(meter.createObservableCounter(textOf(name), how)),
    createObservableUpDownCounter: (name, how) => observable(meter.createObservableUpDownCounter(textOf(name), how)),
    createObservableGauge: (name, how) => observable(meter.createObservableGauge(textOf(name), how)),
    addBatchObservableCallback: (given, on) => meter.addBatchObservableCallback(guard(given as Callback), on),
    removeBatchObservableCallback: (given, on) => meter.removeBatchObservableCallback(guard(given as Callback), on),
  };
}

function adding<T extends { add: Measure }>(instrument: T, { cumulative }: Sums): T {
  const add = finite(instrument.add.bind(instrument));
  return Object.assign(instrument, { add: cumulative ? unlessNothing(add) : add });
}

/** Adds no zero to a sum that has begun: known again by its labels, where they are the same object and cannot change. */
function unlessNothing(add: Measure): Measure {
  const begun = new WeakSet<object>();
  return (value, labels, context) => {
    if (!isFixed(labels)) return add(value, labels, context);
    if (value === 0 && begun.has(labels)) return;
    begun.add(labels);
    add(value, labels, context);
  };
}

function recording<T extends { record: Measure }>(instrument: T): T {
  const { record } = instrument;
  return Object.assign(instrument, { record: finite(record.bind(instrument)) });
}

function finite(record: Measure): Measure {
  return (value, labels, context) => {
    if (Number.isFinite(value)) record(value, clean(labels), context);
  };
}

function isFixed(labels: unknown): labels is object {
  return typeof labels === "object" && labels !== null && Object.isFrozen(labels);
}

/** Labels that cannot change are made clean once, whatever is recorded with them: mostly a request's every metric. */
const known = new WeakMap<object, Attributes>();

function clean(labels: unknown): Attributes {
  if (!isFixed(labels)) {
    return normalizeAttributes(labels as Attributes, { json: false });
  }
  let made = known.get(labels);
  if (made === undefined) known.set(labels, made = normalizeAttributes(labels as Attributes, { json: false }));
  return made;
}

/** Makes callbacks whose observations go through here: of the same one the same, so that it can be taken back. */
function callbackGuard(): (given: Callback) => (result: unknown) => void {
  const made = new WeakMap<Callback, (result: unknown) => unknown>();
  return (given) => {
    let guarded = made.get(given);
    if (guarded === undefined) {
      guarded = (result) => {
        const { observe } = result as Parameters<Callback>[0];
        return given({
          observe(...told) {
            const at = typeof told[0] === "number" ? 0 : 1;
            if (Number.isFinite(told[at])) observe.call(result, ...told.slice(0, at + 1), clean(told[at + 1]));
          },
        });
      };
      made.set(given, guarded);
    }
    return guarded;
  };
}
