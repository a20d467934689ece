import { context } from "@opentelemetry/api";
import { assert, assertEquals } from "@std/assert";
import { injectedSink } from "../../src/otel/injected.ts";
import type { ExportOutcome } from "../../src/otel/options.ts";
import { createContextManager } from "../../src/otel/context_manager.ts";
import { asyncStorage } from "../../src/runtime.ts";
import { fakeClock } from "../support/clock.ts";
import { countListeners } from "../support/listeners.ts";
import { patiently } from "./ingredients.ts";

type Done = (result: ExportOutcome) => void;

/** A sink in front of an exporter of numbers. */
function sinkOf(exporting: (items: readonly number[], done: Done) => unknown, shutdown = () => Promise.resolve()) {
  const exporter = { export: exporting as (items: readonly number[], done: Done) => void, shutdown };
  return injectedSink<number, readonly number[]>(exporter, 30_000, (items) => [...items], (items) => items.length);
}

const failed = (count: number, error: string) => ({ exported: 0, failed: count, errors: [error] });
/** The key by which all of OpenTelemetry's SDKs know it. */
const SUPPRESSION = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const ITEMS = [1, 2, 3];

function throwing(): never {
  throw new Error("not yours");
}

Deno.test("an exporter is given the items, and its word counts", async () => {
  const given: unknown[] = [];
  const sink = sinkOf((items, done) => {
    given.push(items);
    done({ code: 0 });
  });
  assertEquals(await sink.send(ITEMS, patiently()), { exported: 3, failed: 0, errors: [] });
  assertEquals(given, [ITEMS]);
});

Deno.test("an exporter is not asked for nothing", async () => {
  assertEquals(await sinkOf(throwing).send([], patiently()), { exported: 0, failed: 0, errors: [] });
});

/** What exporters do wrong, and what becomes of the items. */
const WRONG: Readonly<
  Record<string, readonly [exporting: (items: readonly number[], done: Done) => unknown, error: string]>
> = {
  "reports a failure": [(_, done) => done({ code: 1, error: new Error("needle") }), "The exporter reported a failure"],
  "reports nothing": [(_, done) => done(undefined as never), "The exporter reported a failure"],
  throws: [throwing, "The exporter threw"],
  rejects: [() => Promise.reject(new Error("needle")), "The exporter threw"],
  "reports a failure, then success": [(_, done) => {
    done({ code: 1 });
    done({ code: 0 });
  }, "The exporter reported a failure"],
};
for (const [name, [exporting, error]] of Object.entries(WRONG)) {
  Deno.test(`when an exporter ${name} the items have failed`, async () => {
    assertEquals(await sinkOf(exporting).send(ITEMS, patiently()), failed(3, error));
  });
}

Deno.test("an exporter that never answers is given up after its time", async () => {
  using clock = fakeClock();
  const sending = sinkOf(() => {}).send(ITEMS, patiently());
  await clock.tick(29_999);
  assertEquals(clock.timers, [1]);
  await clock.tick(1);
  assertEquals(await sending, failed(3, "The exporter did not answer in time"));
});

Deno.test("an exporter is given up when the signal aborts, and its late answer is nobody's", async () => {
  using clock = fakeClock();
  const controller = new AbortController();
  const listeners = countListeners(controller.signal);
  let late: Done = throwing;
  const sending = sinkOf((_, done) => late = done).send(ITEMS, patiently({ signal: controller.signal }));
  controller.abort();
  assertEquals(await sending, failed(3, "The exporter did not answer in time"));
  late({ code: 0 });
  assertEquals([clock.timers, listeners.count], [[], 0]);
});

Deno.test("an exporter is not begun when the signal has aborted", async () => {
  const sent = await sinkOf(throwing).send(ITEMS, patiently({ signal: AbortSignal.abort() }));
  assertEquals(sent, failed(3, "The exporter did not answer in time"));
});

Deno.test("an exporter runs where nothing is traced", async () => {
  const AsyncStorage = asyncStorage();
  assert(AsyncStorage !== undefined);
  context.setGlobalContextManager(createContextManager(AsyncStorage).enable());
  try {
    let isSuppressed: unknown;
    await sinkOf((_, done) => {
      isSuppressed = context.active().getValue(SUPPRESSION);
      done({ code: 0 });
    }).send(ITEMS, patiently());
    assertEquals(isSuppressed, true);
  } finally {
    context.disable();
  }
});

Deno.test("shutdown is the exporter's", async () => {
  let closed = 0;
  await sinkOf(throwing, () => Promise.resolve(void closed++)).shutdown();
  assertEquals(closed, 1);
});
