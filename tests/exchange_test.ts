import { assertEquals, assertInstanceOf } from "@std/assert";
import { ConfigError, createClient, defineTool, openaiChat, type Provider, ResponseError } from "../mod.ts";
import { chatBody } from "./support/chat_wire.ts";
import { body, chat, refusal, startVendor } from "./support/vendor_server.ts";
import { clientFor, wires } from "./support/wires.ts";

const question = "What is the capital of France?";

Deno.test("a provider's functions are called as its methods, the one that reads a refusal too", async () => {
  class Acme implements Provider {
    readonly name = "acme";
    readonly path = "/chat/completions";
    readonly #code = "acme_refused";
    readonly encode = openaiChat.encode;
    readonly decode = openaiChat.decode;
    readonly decodeBody = openaiChat.decodeBody;
    readonly headers = () => ({});
    constructor(readonly baseUrl: string) {}
    errorOf() {
      return { message: "", code: this.#code };
    }
  }
  await using server = startVendor(refusal(400));
  const failure = await createClient("m", { provider: new Acme(server.url) }).run(question).catch((error) => error);
  assertEquals([failure.status, failure.code], [400, "acme_refused"]);
});

Deno.test("a header has one value, however a provider spells its name", async () => {
  await using server = startVendor(chat());
  const headers = () => ({ "Content-Type": "application/json", Authorization: "Bearer one" });
  const provider = { ...openaiChat, name: "acme", baseUrl: server.url, keyVariable: undefined, headers };
  await createClient("m", { provider, headers: { authorization: "Bearer two" } }).run(question);
  const { headers: sent } = server.requests[0]!;
  assertEquals([sent.get("content-type"), sent.get("authorization")], ["application/json", "Bearer two"]);
});

Deno.test("what a reader of the user's own cannot parse is not quoted", async () => {
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write("data: the patient is ill\n\n");
    await reply.end();
  });
  const provider: Provider = {
    ...openaiChat,
    name: "acme",
    baseUrl: server.url,
    keyVariable: undefined,
    async *decode(events) {
      for await (const { data } of events) yield JSON.parse(data);
    },
  };
  const failure = await createClient("m", { provider }).run(question).catch((error) => error);
  assertInstanceOf(failure, ResponseError);
  assertEquals([failure.reason, failure.message.includes("patient")], ["json", false]);
});

for (const wire of wires) {
  Deno.test(`an error event of ${wire.name}'s that is no JSON is the vendor's word`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write("event: error\ndata: upstream is down\n\n");
      await reply.end();
    });
    const failure = await clientFor(wire, server, { maxRetries: 0 }).run(question).catch((error) => error);
    assertInstanceOf(failure, ResponseError);
    assertEquals([failure.reason, failure.vendorMessage], ["vendor", "upstream is down"]);
  });
}

Deno.test("arguments that a server puts into JSON twice are what they say", async () => {
  const tools = [defineTool({ name: "t", description: "Takes anything.", parameters: {} })];
  for (const [given, expected] of [[JSON.stringify('{"a":1}'), { a: 1 }], ['"Paris"', "Paris"]] as const) {
    await using server = startVendor(chat({ toolCalls: [{ id: "1", name: "t", arguments: given }] }));
    const { toolCalls } = await createClient("gpt-4o-mini", { baseUrl: server.url, tools }).run(question);
    assertEquals(toolCalls.map((each) => each.arguments), [expected]);
  }
});

/** A provider of one's own, with this changed. */
const acme = (baseUrl: string, more: Partial<Provider>): Provider => {
  return { ...openaiChat, name: "acme", baseUrl, keyVariable: undefined, ...more };
};

const PATHS = {
  "/chat/completions?v=1": "/v1/chat/completions?v=1",
  "chat/completions": "/v1/chat/completions",
  "": "/v1",
};
for (const [path, expected] of Object.entries(PATHS)) {
  Deno.test(`a provider's path ${path} is asked as it is meant`, async () => {
    await using server = startVendor(chat());
    await createClient("m", { provider: acme(server.url, { path }) }).run(question);
    assertEquals(server.requests[0]?.path, expected);
  });
}

const HEADERS: Readonly<Record<string, Partial<Provider>>> = {
  "headers() gives a line break": { headers: () => ({ "x-a": "a\nneedle" }) },
  "headers() gives what is not ASCII": { headers: () => ({ "x-a": "needle…" }) },
  "headers() gives a number": { headers: () => ({ "x-a": 5 as never }) },
  "headers() gives a name with a blank": { headers: () => ({ "x a": "needle" }) },
  "headers() throws": { headers: raise },
  "encode() gives a header with a line break": {
    encode: () => ({ body: {}, headers: { "x-a": "q\r\nneedle" } }),
  },
};
for (const [what, more] of Object.entries(HEADERS)) {
  Deno.test(`a provider whose ${what} is a ConfigError, and nothing is sent`, async () => {
    await using server = startVendor(chat());
    const failure = await createClient("m", { provider: acme(server.url, more) }).run(question).catch((error) => error);
    assertInstanceOf(failure, ConfigError);
    assertEquals([failure.message.includes("needle"), server.requests.length], [false, 0]);
  });
}

function raise(): never {
  throw new TypeError("boom");
}

const READERS: Readonly<Record<string, Partial<Provider>>> = {
  "throws": { decode: raise, decodeBody: raise },
  "gives nothing": { decode: () => undefined as never, decodeBody: () => undefined as never },
  "gives a finish without a result": {
    async *decode() {
      yield { type: "finish" } as never;
    },
    *decodeBody() {
      yield { type: "finish" } as never;
    },
  },
  "never ends its own clean-up": {
    async *decode() {
      try {
        yield 5 as never;
      } finally {
        await new Promise(() => {});
      }
    },
    *decodeBody() {
      yield 5 as never;
    },
  },
  "gives null for an event": {
    async *decode() {
      yield null as never;
    },
    *decodeBody() {
      yield null as never;
    },
  },
};
for (const [what, more] of Object.entries(READERS)) {
  for (const streaming of [true, false]) {
    Deno.test(`a provider whose reader ${what} ends in one typed error, ${streaming ? "streamed" : "in one body"}`, async () => {
      await using server = startVendor(streaming ? chat() : body(chatBody({})));
      const client = createClient("m", { provider: acme(server.url, more) });
      const failure = await client.run(question, { streaming }).catch((error) => error);
      assertInstanceOf(failure, ResponseError);
      assertEquals(failure.reason, "protocol");
    });
  }
}

Deno.test("a 401 does not say that no key was sent where a header of the user's own was one", async () => {
  for (const name of ["Authorization", "api-key", "X-Gateway-Token"]) {
    await using server = startVendor(refusal(401));
    const client = createClient("m", { baseUrl: server.url, headers: { [name]: "Bearer bad" } });
    const failure = await client.run(question).catch((error) => error);
    assertEquals([failure.name, failure.message.includes("none was sent")], ["AuthenticationError", false]);
  }
});

Deno.test("a base URL's own query stays as it is written", async () => {
  await using server = startVendor(chat());
  const provider = acme(`${server.url}?a=b%20c`, { path: "/chat/completions?v=1" });
  await createClient("m", { provider }).run(question);
  assertEquals(server.requests[0]?.path, "/v1/chat/completions?a=b%20c&v=1");
});

Deno.test("a provider's reader whose clean-up never ends holds no answer back", async () => {
  await using server = startVendor(chat());
  const provider = acme(server.url, {
    async *decode(...args) {
      try {
        yield* openaiChat.decode(...args);
      } finally {
        await new Promise(() => {});
      }
    },
  });
  assertEquals((await createClient("m", { provider }).run(question)).response, "Paris.");
});

Deno.test("a provider may give an id that is no text", async () => {
  await using server = startVendor(chat());
  const provider = acme(server.url, {
    async *decode(...args) {
      for await (const event of openaiChat.decode(...args)) {
        yield event.type === "finish" ? { ...event, result: { ...event.result, responseId: 4711 as never } } : event;
      }
    },
  });
  const client = createClient("m", { provider, apiKey: "a-key-of-some-length" });
  assertEquals((await client.run(question)).responseId as unknown, 4711);
});

Deno.test("a header that names the model cuts nothing out of the answer", async () => {
  await using server = startVendor(body(chatBody({})));
  const headers = { "helicone-model-override": "gpt-4o-mini" };
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, headers, apiKey: "a-key-of-some-length" });
  const { responseModel } = await client.run(question, { streaming: false });
  assertEquals(responseModel?.includes("[key]"), false);
});

for (const wire of wires) {
  Deno.test(`a broken chunk of ${wire.name}'s is told, whatever its event is called`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(`${wire.opening}event: chunk\ndata: {"choices":[{"delta":{"conte\n\n${wire.rest}`);
      await reply.end();
    });
    const failure = await clientFor(wire, server, { maxRetries: 0 }).run(question).catch((error) => error);
    assertInstanceOf(failure, ResponseError);
    assertEquals(failure.reason, "json");
  });

  Deno.test(`an error event of ${wire.name}'s without data is an error`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(`${wire.opening}event: error\ndata:\n\n${wire.rest}`);
      await reply.end();
    });
    const failure = await clientFor(wire, server, { maxRetries: 0 }).run(question).catch((error) => error);
    assertInstanceOf(failure, ResponseError);
    assertEquals(failure.reason, "vendor");
  });
}

for (const wire of wires) {
  Deno.test(`an event of no name that ${wire.name} knows need be no JSON, though it begins with a bracket`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(`${wire.opening}event: log\ndata: [info] queue 3\n\n${wire.rest}`);
      await reply.end();
    });
    assertEquals((await clientFor(wire, server).run(question)).response, "Paris.");
  });
}
