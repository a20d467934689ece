import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { type Client, clientOf, makeClient } from "../src/client.ts";
import { BatchError, ConfigError } from "../src/error.ts";
import type { StreamEvent } from "../src/event.ts";
import type { ChatRequest, LanguageModel, RequestOptions } from "../src/language_model.ts";
import type { Messages } from "../src/message.ts";

/** A model that says the last message back, and what it was asked. */
function echo(): { readonly model: LanguageModel; readonly requests: ChatRequest[]; readonly ended: string[] } {
  const requests: ChatRequest[] = [];
  const ended: string[] = [];
  const model: LanguageModel = {
    provider: "test",
    model: "echo",
    stream(request) {
      requests.push(request);
      return answer(String(request.messages.at(-1)?.content));
    },
  };
  async function* answer(text: string): AsyncGenerator<StreamEvent> {
    try {
      if (text === "fail") throw new Error("It failed.");
      yield { type: "text", delta: text };
      const result = { response: text, toolCalls: [], finishReason: "stop", provider: "test", model: "echo" };
      yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
    } finally {
      ended.push(text);
    }
  }
  return { model, requests, ended };
}

Deno.test("clientOf() bears the model's provider and name", () => {
  const { provider, model } = clientOf(echo().model);
  assertEquals([provider, model], ["test", "echo"]);
});

Deno.test("run() gives the result of the model's stream", async () => {
  assertEquals((await clientOf(echo().model).run("Hello?")).response, "Hello?");
});

Deno.test("run() hands messages and options down", async () => {
  const { model, requests } = echo();
  const signal = new AbortController().signal;
  await clientOf(model).run([{ role: "user", content: "a" }], { temperature: 0, signal });
  const [{ messages, temperature, signal: handed } = {} as ChatRequest] = requests;
  assertEquals([messages, temperature], [[{ role: "user", content: "a" }], 0]);
  assertStrictEquals(handed, signal);
});

Deno.test("a client's defaults hold where the request says nothing, or undefined", async () => {
  const { model, requests } = echo();
  const client = makeClient(model, { defaults: { temperature: 0.5, maxTokens: 9, attributes: { a: 1, b: 1 } } });
  await client.run("Hi", { temperature: undefined, maxTokens: 7, attributes: { b: 2 } });
  const [{ temperature, maxTokens, attributes } = {} as ChatRequest] = requests;
  assertEquals({ temperature, maxTokens, attributes }, { temperature: 0.5, maxTokens: 7, attributes: { a: 1, b: 2 } });
});

Deno.test("a client's fetch goes down with every request", async () => {
  const { model, requests } = echo();
  const fetch = () => Promise.resolve(new Response());
  await makeClient(model, { fetch }).run("Hi");
  assertStrictEquals(requests[0]?.fetch, fetch);
});

Deno.test("stream() gives the model's events", async () => {
  const types: string[] = [];
  for await (const event of clientOf(echo().model).stream("Hi")) types.push(event.type);
  assertEquals(types, ["text", "finish"]);
});

Deno.test("a second iterator of a stream is a ConfigError", () => {
  const stream = clientOf(echo().model).stream("Hi");
  stream[Symbol.asyncIterator]();
  assertThrows(() => stream[Symbol.asyncIterator](), ConfigError, "once");
});

Deno.test("an iterator is its own iterable", () => {
  const events = clientOf(echo().model).stream("Hi")[Symbol.asyncIterator]();
  assertStrictEquals(events[Symbol.asyncIterator](), events);
});

Deno.test("return() ends the model's stream, once and for all", async () => {
  const { model, ended } = echo();
  const events = clientOf(model).stream("Hi")[Symbol.asyncIterator]();
  await events.next();
  assertEquals(await events.return(), { value: undefined, done: true });
  assertEquals(ended, ["Hi"]);
  assertEquals(await events.next(), { value: undefined, done: true });
  assertEquals(await events.return(), { value: undefined, done: true });
});

Deno.test("throw() ends the model's stream and gives the error back", async () => {
  const { model, ended } = echo();
  const events = clientOf(model).stream("Hi")[Symbol.asyncIterator]();
  await events.next();
  const own = new Error("own");
  assertStrictEquals(await assertRejects(() => events.throw(own)), own);
  assertEquals(ended, ["Hi"]);
});

Deno.test("a stream that failed is over", async () => {
  const events = clientOf(echo().model).stream("fail")[Symbol.asyncIterator]();
  await assertRejects(() => events.next(), Error, "It failed.");
  assertEquals(await events.next(), { value: undefined, done: true });
});

const LOCAL_FAULTS: Readonly<Record<string, readonly [messages: Messages, options?: RequestOptions]>> = {
  "an empty message": [""],
  "an empty list": [[]],
  "messages of a wrong kind": [7 as never],
  "a role that is none": [[{ role: "judge", content: "Hi" } as never]],
  "previousResponseId without store": ["Hi", { previousResponseId: "resp_1" }],
  "previousResponseId with store: false": ["Hi", { previousResponseId: "resp_1", store: false }],
};

for (const [name, [messages, options]] of Object.entries(LOCAL_FAULTS)) {
  Deno.test(`${name} rejects run() with ConfigError, and asks nobody`, async () => {
    const { model, requests } = echo();
    await assertRejects(() => clientOf(model).run(messages, options), ConfigError);
    assertEquals(requests, []);
  });

  Deno.test(`${name} rejects the first next(), and stream() does not throw`, async () => {
    const events = clientOf(echo().model).stream(messages, options)[Symbol.asyncIterator]();
    await assertRejects(() => events.next(), ConfigError);
    assertEquals(await events.next(), { value: undefined, done: true });
  });
}

Deno.test("what the model's stream() throws rejects run()", async () => {
  const model: LanguageModel = {
    provider: "test",
    model: "strict",
    stream() {
      throw new ConfigError("No.");
    },
  };
  await assertRejects(() => clientOf(model).run("Hi"), ConfigError, "No.");
});

Deno.test("previousResponseId goes down where answers are kept", async () => {
  const { model, requests } = echo();
  await clientOf(model).run("Hi", { previousResponseId: "resp_1", store: true });
  assertEquals(requests[0]?.previousResponseId, "resp_1");
});

Deno.test("sample() asks n times", async () => {
  const { model, requests } = echo();
  const results = await clientOf(model).sample("Hi", 3, { temperature: 1 });
  assertEquals(results.map(({ response }) => response), ["Hi", "Hi", "Hi"]);
  assertEquals(requests.map(({ temperature }) => temperature), [1, 1, 1]);
});

Deno.test("generateMultiple() gives one answer to each, in order", async () => {
  const client = clientOf(echo().model);
  const results = await client.generateMultiple(["a", [{ role: "user", content: "b" }]]);
  assertEquals(results.map(({ response }) => response), ["a", "b"]);
  assertEquals(await client.generateMultiple([]), []);
});

for (const sampleN of [1, 2]) {
  Deno.test(`generateMultiple() with sampleN ${sampleN} gives a list to each`, async () => {
    const results = await clientOf(echo().model).generateMultiple(["a", "b"], { sampleN });
    assertEquals(results.map((set) => set.map(({ response }) => response)), [
      Array(sampleN).fill("a"),
      Array(sampleN).fill("b"),
    ]);
  });
}

Deno.test("a batch of which some fail is a BatchError with the results of the others", async () => {
  const failure = await clientOf(echo().model).generateMultiple(["a", "fail", "c"]).catch((error) => error);
  assertInstanceOf(failure, BatchError<{ readonly response: string }>);
  assertEquals(failure.results.map((result) => result?.response), ["a", undefined, "c"]);
  assertEquals(failure.errors.map((error) => (error as Error | undefined)?.message), [
    undefined,
    "It failed.",
    undefined,
  ]);
});

const BAD_COUNTS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  "sample() of 0": (client) => client.sample("Hi", 0),
  "sample() of 1.5": (client) => client.sample("Hi", 1.5),
  "sample() of no number": (client) => client.sample("Hi", NaN),
  "a concurrency of 0": (client) => client.sample("Hi", 2, { concurrency: 0 }),
  "a concurrency without end": (client) => client.sample("Hi", 2, { concurrency: Infinity }),
  "sampleN of 0": (client) => client.generateMultiple(["Hi"], { sampleN: 0 }),
  "an empty message in a batch": (client) => client.generateMultiple(["Hi", ""]),
};

for (const [name, call] of Object.entries(BAD_COUNTS)) {
  Deno.test(`${name} is a ConfigError, and asks nobody`, async () => {
    const { model, requests } = echo();
    await assertRejects(() => call(clientOf(model)), ConfigError);
    assertEquals(requests, []);
  });
}

Deno.test("what stands around a batch sees its name and size, and may change its options", async () => {
  const { model, requests } = echo();
  const batches: unknown[] = [];
  const client = makeClient(model, {
    around: (batch, options, fn) => {
      batches.push(batch);
      return fn({ ...options, seed: 7 });
    },
  });
  await client.sample("a", 2);
  await client.generateMultiple(["a", "b"], { sampleN: 2 });
  assertEquals(batches, [{ name: "sample", size: 2 }, { name: "batch_generate", size: 2, sampleN: 2 }]);
  assert(requests.length === 6 && requests.every(({ seed }) => seed === 7));
});
