/**
 * Secrets: no key, prompt or query in any error, print, log, span or metric, whatever goes wrong.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { inspect } from "node:util";
import { z } from "zod";
import {
  ApiError,
  type Client,
  createClient,
  LlmError,
  openaiChat,
  type Provider,
  type RequestOptions,
  ResponseError,
} from "../mod.ts";
import { fakeClock } from "./support/clock.ts";
import { chatBody, chatChunks, sse } from "./support/chat_wire.ts";
import { type MemoryTelemetry, memoryTelemetry } from "./support/telemetry.ts";
import { body, type Handler, refusedUrl, startVendor, unread } from "./support/vendor_server.ts";

const KEY = "key-Needle0123456789abcdef";
const PROMPT = "My neighbour's needle is in the haystack";
const QUERY = "Tenant-Needle-77";
const NEEDLES = [KEY, PROMPT, QUERY, "Needle", "needle", "haystack"];

/** What a vendor says that quotes all it was told. */
const ECHO = `Key ${KEY} may not say «${PROMPT}» at ?tenant=${QUERY}`;
const STREAM = { headers: { "content-type": "text/event-stream" } };

const refuses = (status: number, error: unknown, headers: Record<string, string> = {}): Handler => {
  return body({ error }, { status, headers: { ...headers, connection: "close" } });
};
const streams = (...events: readonly (object | string)[]): Handler => body(sse(...events), STREAM);
const opening = chatChunks({ text: PROMPT, finishReason: undefined });
const calls = (written: string) => chatChunks({ toolCalls: [{ id: "1", name: "look", arguments: written }] });

interface Fault {
  readonly handler: Handler | undefined;
  readonly options?: RequestOptions;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "nobody listens": { handler: undefined },
  "the connection is closed": { handler: (reply) => reply.close() },
  "the connection is reset": { handler: unread((reply) => reply.close()) },
  "what comes is no HTTP": {
    handler: async (reply) => {
      await reply.raw(`${ECHO}\r\n\r\n`);
      reply.close();
    },
  },
  ...Object.fromEntries([400, 401, 403, 404, 429, 500, 529].flatMap((status) => [
    [`${status} with an echo`, { handler: refuses(status, { message: ECHO, type: ECHO, code: ECHO, param: ECHO }) }],
    [`${status} with the key for a code`, { handler: refuses(status, { message: ECHO, type: KEY, code: KEY }) }],
  ])),
  "a refusal that is a page with an echo": { handler: body(`<h1>${ECHO}</h1>`, { status: 502 }) },
  "a refusal that is a text with an echo": { handler: body(JSON.stringify(ECHO), { status: 400 }) },
  "a redirect to an echo": {
    handler: refuses(302, ECHO, { location: `http://127.0.0.1:9/?key=${KEY}&q=${encodeURIComponent(PROMPT)}` }),
  },
  "a wait of an hour with an echo": { handler: refuses(429, { message: ECHO }, { "retry-after": "3600" }) },
  "a page with an echo": { handler: body(`<h1>${ECHO}</h1>`, { headers: { "content-type": "text/html" } }) },
  "a text with an echo": { handler: body(ECHO, STREAM) },
  "JSON that is cut, with an echo": { handler: body(`{"error":"${ECHO}`) },
  "JSON that is no answer, with an echo": { handler: body({ [ECHO]: ECHO }) },
  "an error in a 200 body with an echo": { handler: body({ error: { message: ECHO, type: ECHO, code: ECHO } }) },
  "an error of a known type in a stream with an echo": {
    handler: streams({ error: { message: ECHO, type: "invalid_request_error", code: ECHO } }),
  },
  "an error of an unknown type in a stream with an echo": {
    handler: streams(...opening, { error: { message: ECHO, type: ECHO } }),
  },
  "an error in a stream with the key for a code": {
    handler: streams(...opening, { error: { message: ECHO, type: KEY, code: KEY } }),
  },
  "an event that is no JSON, with an echo": { handler: streams(...opening, `{"${ECHO}`) },
  "a stream that is cut after an echo": { handler: streams(...opening) },
  "a connection that is lost after an echo": {
    handler: async (reply) => {
      await reply.head();
      await reply.write(sse(...opening));
      reply.close();
    },
  },
  "an event that is too long": { handler: streams(...chatChunks({ text: ECHO.repeat(200) })) },
  "arguments that are no JSON, with an echo": { handler: streams(...calls(`{"${ECHO}`), "[DONE]") },
  "an answer that does not fit its schema, with an echo": {
    handler: body(chatBody({ text: JSON.stringify({ [PROMPT]: ECHO, city: [ECHO] }) })),
    options: { schema: z.strictObject({ city: z.string() }) },
  },
  "an answer that does not fit its JSON Schema, with an echo": {
    handler: body(chatBody({ text: JSON.stringify({ [PROMPT]: ECHO }) })),
    options: { schema: { type: "object", properties: {}, additionalProperties: false } },
  },
  "an answer that is no JSON, with an echo": {
    handler: body(chatBody({ text: ECHO })),
    options: { schema: { type: "object", properties: {} } },
  },
};

function clientOf(url: string): Client {
  const baseUrl = `${url}?tenant=${QUERY}`;
  return createClient("gpt-4o-mini", { baseUrl, apiKey: KEY, headers: { "x-own": KEY }, maxEventBytes: 20_000 });
}

/** Everything that is printed of an error, and what it is made of. */
function printsOf(error: unknown): string[] {
  const prints = [
    Deno.inspect(error, { depth: 20 }),
    inspect(error, { depth: 20 }),
    String(error),
    JSON.stringify(error),
  ];
  for (let at = error; at instanceof Error; at = at.cause) prints.push(at.name, at.message, at.stack ?? "");
  return prints;
}

async function printsOfTelemetry(telemetry: MemoryTelemetry): Promise<string[]> {
  const spans = await telemetry.spans();
  assert(spans.some(({ name }) => name === "llm.request"), "There is no span to look through.");
  return [JSON.stringify(spans), JSON.stringify(await telemetry.points())];
}

/** What is written to the console until the end of the block. */
function captureConsole(): Disposable & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const names = ["debug", "error", "info", "log", "trace", "warn"] as const;
  const originals = names.map((name) => [name, console[name]] as const);
  for (const name of names) console[name] = (...args: unknown[]) => void lines.push(inspect(args, { depth: 20 }));
  return {
    lines,
    [Symbol.dispose]() {
      for (const [name, original] of originals) console[name] = original;
    },
  };
}

function assertNoNeedle(prints: readonly string[]): void {
  for (const print of prints) {
    for (const needle of NEEDLES) assert(!print.includes(needle), `«${needle}» is in: ${print}`);
  }
}

/** Runs to the end, moving the clock over every wait; the events that told of them are kept. */
async function failureOf(client: Client, options: RequestOptions): Promise<{ failure: unknown; notices: string[] }> {
  using clock = fakeClock();
  const notices: string[] = [];
  const moves: Promise<void>[] = [];
  const backoff = (ms: number) => ms >= 375 && ms <= 1_000;
  const reading = (async () => {
    for await (const event of client.stream(PROMPT, options)) {
      if (event.type !== "notice") continue;
      notices.push(event.message);
      moves.push(clock.armed(backoff).then(() => clock.tick(1_000)));
    }
    throw new Error("There was no failure.");
  })();
  const failure = await reading.catch((error) => error);
  await Promise.all(moves);
  return { failure, notices };
}

for (const [name, { handler, options }] of Object.entries(FAULTS)) {
  for (const streaming of [true, false]) {
    Deno.test(`nothing is given away when there is ${name}, ${streaming ? "streamed" : "in one body"}`, async () => {
      await using telemetry = await memoryTelemetry();
      await using server = handler && startVendor(handler);
      using written = captureConsole();
      const client = clientOf(server?.url ?? refusedUrl());
      const { failure, notices } = await failureOf(client, { ...options, streaming });
      assertInstanceOf(failure, LlmError, `It was no error of ours: ${Deno.inspect(failure)}`);
      assertNoNeedle([...printsOf(failure), ...notices, ...await printsOfTelemetry(telemetry), ...written.lines]);
      if (failure instanceof ApiError) assertNoNeedle([failure.code ?? "", failure.requestId ?? ""]);
      if (failure instanceof ApiError || failure instanceof ResponseError) {
        assertEquals(failure.vendorMessage?.includes(KEY) ?? false, false);
      }
    });
  }
}

for (const id of [`Bearer ${KEY}`, `req_${KEY}`, `${KEY}:1`]) {
  Deno.test(`a key that comes back as the id ${id.replace(KEY, "…")} stands on no span`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(body(chatBody({ text: "Paris." }), { headers: { "x-request-id": id } }));
    await clientOf(server.url).run(PROMPT, { streaming: false });
    assertNoNeedle(await printsOfTelemetry(telemetry));
  });
}

Deno.test("a key that comes back under the vendor's own names stands nowhere", async () => {
  await using telemetry = await memoryTelemetry();
  const named = { ...chatBody({ text: "Paris." }), id: KEY, model: KEY, system_fingerprint: KEY, service_tier: KEY };
  await using server = startVendor(body(named, { headers: { "x-request-id": KEY } }));
  using written = captureConsole();
  const result = await clientOf(server.url).run(PROMPT, { streaming: false });
  assertEquals([result.responseId, result.responseModel], ["[key]", "[key]"]);
  assertNoNeedle([Deno.inspect({ ...result, messages: [] }), ...await printsOfTelemetry(telemetry), ...written.lines]);
});

Deno.test("a key that comes back as the id of a stream that fails stands nowhere", async () => {
  const refusal = { error: { message: "boo", type: "rate_limit_error", code: "rate_limit_exceeded" } };
  await using server = startVendor(body(sse(refusal), { headers: { ...STREAM.headers, "x-request-id": KEY } }));
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, apiKey: KEY, maxRetries: 0 });
  const failure = await client.run(PROMPT).catch((error) => error);
  assertInstanceOf(failure, ApiError);
  assertEquals(failure.requestId, "[key]");
});

const CAUSES: Readonly<Record<string, Partial<Provider>>> = {
  "decode() throws": {
    decode: () => {
      throw { say: KEY };
    },
  },
  "headers() throws": {
    headers: (key) => {
      throw new Error(`bad ${key}`);
    },
  },
  "headers() throws, deep in its causes": {
    headers: (key) => {
      throw Object.assign(new Error("a", { cause: new AggregateError([{ said: `bad ${key}` }]) }), { key });
    },
  },
  "decode() throws, in words that are no text,": {
    decode: () => {
      throw Object.assign(new Error("a"), { message: 7, name: undefined, said: KEY });
    },
  },
  "decode() throws, in what cannot be looked into,": {
    decode: () => {
      const ownKeys = () => {
        throw new Error("closed");
      };
      throw new Proxy({ said: KEY }, { ownKeys });
    },
  },
};
for (const [what, more] of Object.entries(CAUSES)) {
  Deno.test(`a key that a provider's ${what} stands nowhere`, async () => {
    await using server = startVendor(body(sse(...opening), STREAM));
    const provider = { ...openaiChat, name: "acme", baseUrl: server.url, keyVariable: undefined, ...more };
    const failure = await createClient("m", { provider, apiKey: KEY }).run(PROMPT).catch((error) => error);
    assertInstanceOf(failure, LlmError);
    assertNoNeedle([Deno.inspect(failure, { depth: 9, showHidden: true })]);
  });
}

Deno.test("a key that a fetch fails with stands nowhere", async () => {
  await using telemetry = await memoryTelemetry();
  const fetch = () => Promise.reject(Object.assign(new TypeError(KEY), { code: KEY }));
  const client = createClient("gpt-4o-mini", { baseUrl: "http://127.0.0.1:9", apiKey: KEY, maxRetries: 0, fetch });
  const failure = await client.run(PROMPT).catch((error) => error);
  assertInstanceOf(failure, LlmError);
  assertNoNeedle([...printsOf(failure), ...await printsOfTelemetry(telemetry)]);
});

Deno.test("nothing is given away by an answer that goes well, nor by its client", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(body(chatBody({ text: ECHO })));
  using written = captureConsole();
  const client = clientOf(server.url);
  assertEquals((await client.run(PROMPT)).response, ECHO);
  assertNoNeedle([
    ...await printsOfTelemetry(telemetry),
    ...written.lines,
    Deno.inspect(client, { depth: 20, showHidden: true }),
    inspect(client, { depth: 20, showHidden: true }),
    JSON.stringify(client),
    String(client),
  ]);
  // The server was told all of it, or there would have been nothing to give away.
  const [{ path, headers, body: asked } = {} as never] = server.requests;
  assert(path.includes(QUERY) && headers.get("authorization")?.includes(KEY));
  assert(JSON.stringify(asked).includes(PROMPT));
});

Deno.test("a key too short to be one is not looked for in our own sentences", async () => {
  await using server = startVendor(refuses(401, { message: "Your key is key." }));
  const failure = await createClient("m", { baseUrl: server.url, apiKey: "key", telemetry: false }).run("Hi").catch((
    e,
  ) => e);
  assert(failure instanceof ApiError);
  assert(failure.message.includes("check the API key"), failure.message);
  assertEquals(failure.vendorMessage, "Your [key] is [key].");
});

Deno.test("nothing is given away by a batch that fails", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(body(chatBody({ text: ECHO })), refuses(400, { message: ECHO, code: ECHO }));
  const failure = await clientOf(server.url).generateMultiple([PROMPT, PROMPT], { concurrency: 1 }).catch((e) => e);
  assertEquals(failure.name, "BatchError");
  assertNoNeedle([...printsOf(failure), ...await printsOfTelemetry(telemetry)]);
});
