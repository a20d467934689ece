import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { clientOf, instrument, type LanguageModel, type StreamEvent } from "../mod.ts";
import { abortable } from "../src/abortable.ts";
import { countListeners } from "./support/listeners.ts";
import { memoryTelemetry } from "./support/telemetry.ts";

const result = { response: "", toolCalls: [], finishReason: "stop", provider: "test", model: "own", messages: [] };

/** A model that gives one text and then waits for what never comes, whatever its signal says. */
function deafModel(): LanguageModel & { readonly asked: number; readonly left: number } {
  const seen = { asked: 0, left: 0 };
  return {
    provider: "test",
    model: "own",
    get asked() {
      return seen.asked;
    },
    get left() {
      return seen.left;
    },
    stream: () => {
      const events = (async function* (): AsyncGenerator<StreamEvent> {
        seen.asked++;
        yield { type: "text", delta: "Par" };
        await new Promise(() => {});
      })();
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => events.next(),
          return: () => {
            seen.left++;
            return events.return(undefined);
          },
        }),
      };
    },
  };
}

Deno.test("a model that does not look at its signal is not asked when it has aborted before", async () => {
  const model = deafModel();
  const signal = AbortSignal.abort(new Error("mine"));
  for (const client of [clientOf(model), clientOf(instrument(model))]) {
    assertStrictEquals(await client.run("Hi", { signal }).catch((error) => error), signal.reason);
  }
  assertEquals(model.asked, 0);
});

Deno.test("a model that does not look at its signal is left when it aborts", async () => {
  for (const wrap of [(model: LanguageModel) => model, instrument]) {
    const model = deafModel();
    const caller = new AbortController();
    const listeners = countListeners(caller.signal);
    const events = clientOf(wrap(model)).stream("Hi", { signal: caller.signal })[Symbol.asyncIterator]();
    await events.next();
    const waiting = events.next().catch((error) => error);
    caller.abort("enough");
    assertEquals([await waiting, model.left, listeners.count], ["enough", 1, 0]);
  }
});

Deno.test("a model that waits is left with its reader, and its spans end", async () => {
  await using telemetry = await memoryTelemetry();
  const model = deafModel();
  const events = clientOf(instrument(model)).stream("Hi")[Symbol.asyncIterator]();
  await events.next();
  const waiting = events.next();
  assertEquals((await events.return()).done, true);
  assertEquals([(await waiting).done, model.left], [true, 1]);
  const [span] = await telemetry.spans();
  assertEquals([span?.attributes["llm.stream.outcome"], telemetry.open], ["cancelled", []]);
});

Deno.test("a model's abort before it is asked is told on its spans", async () => {
  await using telemetry = await memoryTelemetry();
  const signal = AbortSignal.abort();
  await assertRejects(() => clientOf(instrument(deafModel())).run("Hi", { signal }), DOMException);
  const [span] = await telemetry.spans();
  assertEquals([span?.attributes["llm.stream.outcome"], span?.attributes["error.type"]], ["cancelled", "AbortError"]);
});

Deno.test("abortable() hands on what a model gives, throws and ends with", async () => {
  async function* events(): AsyncGenerator<StreamEvent> {
    yield { type: "text", delta: "Paris." };
    yield { type: "finish", result: { ...result, durationSeconds: 0 } };
    throw new Error("the model's own");
  }
  const reader = abortable(events(), new AbortController().signal);
  assertEquals((await reader.next()).value?.type, "text");
  assertEquals((await reader.next()).value?.type, "finish");
  await assertRejects(() => reader.next(), Error, "the model's own");
  assertEquals((await reader.next()).done, true);
  assertStrictEquals(abortable(reader, undefined), reader); // It ends by itself.
});

/** A wrapper around a model, as one that limits how many run at once. */
function limited(model: LanguageModel, seen: string[]): LanguageModel {
  return {
    ...model,
    async *stream(request) {
      seen.push("acquired");
      try {
        yield* model.stream(request);
      } finally {
        seen.push("released");
      }
    },
  };
}

const answering: LanguageModel = {
  provider: "test",
  model: "own",
  async *stream() {
    yield { type: "text", delta: "Paris." };
    yield { type: "finish", result: { ...result, durationSeconds: 0 } };
  },
};

for (const wrap of [(model: LanguageModel) => model, instrument]) {
  const how = wrap === instrument ? ", instrumented" : "";

  Deno.test(`a wrapper that is left between two reads cleans up${how}`, async () => {
    const seen: string[] = [];
    const controller = new AbortController();
    const client = clientOf(wrap(limited(answering, seen)));
    const reading = (async () => {
      for await (const _event of client.stream("Hi", { signal: controller.signal })) controller.abort("mine");
    })();
    assertEquals(await reading.catch((error) => error), "mine");
    assertEquals(seen, ["acquired", "released"]);
  });

  Deno.test(`an abort after the answer ends nothing${how}`, async () => {
    const seen: string[] = [];
    const controller = new AbortController();
    const client = clientOf(wrap(limited(answering, seen)));
    const types: string[] = [];
    for await (const event of client.stream("Hi", { signal: controller.signal })) {
      types.push(event.type);
      if (event.type === "finish") controller.abort(new Error("done with it"));
    }
    assertEquals(types, ["text", "finish"]);
    await new Promise((resolve) => setTimeout(resolve, 0)); // It is left to end by itself.
    assertEquals(seen, ["acquired", "released"]);
  });
}

Deno.test("an abort after the answer ends the wait for what a model does then, and the answer stands", async () => {
  for (const wrap of [(model: LanguageModel) => model, instrument]) {
    const controller = new AbortController();
    const saving: LanguageModel = {
      ...answering,
      async *stream() {
        yield { type: "finish", result: { ...result, durationSeconds: 0, response: "Paris." } };
        queueMicrotask(() => controller.abort(new Error("mine")));
        await new Promise(() => {}); // As a cache that saves it, and is never done.
      },
    };
    assertEquals((await clientOf(wrap(saving)).run("Hi", { signal: controller.signal })).response, "Paris.");
  }
});

Deno.test("a stream that was left gives nothing more, to whoever asked and to whoever asks", async () => {
  await using _telemetry = await memoryTelemetry();
  for (const wrap of [(model: LanguageModel) => model, instrument]) {
    const events = wrap(deafModel()).stream({ messages: [] })[Symbol.asyncIterator]();
    const reader = wrap === instrument ? events : abortable(events, undefined);
    await reader.next();
    const [first, second] = [reader.next(), reader.next()];
    await reader.return?.();
    assertEquals([await first, await second, await reader.next()].map(({ done }) => done), [true, true, true]);
  }
});
