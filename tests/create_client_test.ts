import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type ClientOptions, createClient } from "../src/create_client.ts";
import { ConfigError } from "../src/error.ts";
import type { Provider } from "../src/provider.ts";
import { openaiChat } from "../src/providers/openai_chat.ts";
import { withVariables } from "./support/environment.ts";
import { startVendor } from "./support/vendor_server.ts";
import { answers, chatWire } from "./support/wires.ts";

const HERE = { apiKey: "test-key", telemetry: false } as const;
const OWN: Provider = { ...openaiChat, name: "own", baseUrl: "http://own.test/v1", keyVariable: undefined };

/** A fetch that notes what was asked and answers in one body. */
function noting(): { readonly fetch: typeof fetch; readonly urls: string[]; readonly keys: (string | null)[] } {
  const urls: string[] = [];
  const keys: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    urls.push(String(input));
    keys.push(new Headers(init?.headers).get("authorization"));
    return Promise.resolve(Response.json(chatWire.body));
  };
  return { fetch, urls, keys };
}

const FOUND: Readonly<Record<string, readonly [model: string, options: ClientOptions, provider: string]>> = {
  "a model of the catalogue": ["gpt-4o-mini", HERE, "openai"],
  "another name of a model of the catalogue": ["gpt-4o-mini-2024-07-18", HERE, "openai"],
  "a name that begins with gpt-": ["gpt-99-turbo", HERE, "openai"],
  "a name that begins with chatgpt-": ["chatgpt-99", HERE, "openai"],
  "a name that begins with o and a digit": ["o99-mini", HERE, "openai"],
  "any name, with a base URL": ["llama", { ...HERE, baseUrl: "http://localhost:8080/v1" }, "openai"],
  "any name, with a provider's name": ["llama", { ...HERE, provider: "openai" }, "openai"],
  "any name, with a Provider value": ["llama", { ...HERE, provider: OWN }, "own"],
  "a Provider value before the model's own vendor": ["gpt-4o-mini", { ...HERE, provider: OWN }, "own"],
};

for (const [name, [model, options, provider]] of Object.entries(FOUND)) {
  Deno.test(`createClient() finds the provider of ${name}`, () => {
    const client = createClient(model, options);
    assertEquals([client.provider, client.model], [provider, model]);
  });
}

const REFUSED: Readonly<Record<string, readonly [model: unknown, options: unknown, says: string]>> = {
  "no name": ["", HERE, "name is missing"],
  "a name that is no text": [undefined, HERE, "name is missing"],
  "a name nobody knows": ["llama", HERE, '"llama" is not known'],
  "a name of the prototype's": ["constructor", HERE, '"constructor" is not known'],
  "a provider nobody knows": ["gpt-4o-mini", { ...HERE, provider: "nobody" }, '"nobody" is not known'],
  "a provider of the prototype's": ["gpt-4o-mini", { ...HERE, provider: "__proto__" }, "is not known"],
  "a negative maxRetries": ["gpt-4o-mini", { ...HERE, maxRetries: -1 }, "maxRetries"],
  "maxRetries that is no number": ["gpt-4o-mini", { ...HERE, maxRetries: NaN }, "maxRetries"],
  "maxEventBytes as a text": ["gpt-4o-mini", { ...HERE, maxEventBytes: "1" }, "maxEventBytes"],
  "a negative timeout": ["gpt-4o-mini", { ...HERE, timeouts: { idleMs: -1 } }, "idleMs"],
  "a timeout that is no number": ["gpt-4o-mini", { ...HERE, timeouts: { totalMs: NaN } }, "totalMs"],
  "a bad base URL": ["gpt-4o-mini", { ...HERE, baseUrl: "nowhere" }, "baseUrl"],
  "a bad header": ["gpt-4o-mini", { ...HERE, headers: { "x-a": "a\nb" } }, "headers"],
};

for (const [name, [model, options, says]] of Object.entries(REFUSED)) {
  Deno.test(`createClient() refuses ${name}`, () => {
    const failure = assertThrows(() => createClient(model as string, options as ClientOptions), ConfigError);
    assertStringIncludes(failure.message, says);
  });
}

Deno.test("createClient() refuses a missing key at once, for a vendor that needs one", () => {
  using _ = withVariables({ OPENAI_API_KEY: undefined });
  assertThrows(() => createClient("gpt-4o-mini", { telemetry: false }), ConfigError, "OPENAI_API_KEY is not set");
});

Deno.test("createClient() quotes no more of a long name than a sentence bears", () => {
  const { message } = assertThrows(() => createClient("x".repeat(10_000), HERE), ConfigError);
  assert(message.length < 300);
});

Deno.test("a model that the catalogue does not list is told of once per answer", async () => {
  const { fetch } = noting();
  const notices: string[] = [];
  for await (const event of createClient("gpt-99", { ...HERE, fetch, streaming: false }).stream("Hi")) {
    if (event.type === "notice") notices.push(event.code);
  }
  assertEquals(notices, ["unknown_model"]);
});

Deno.test("a model that the catalogue does not list is no news where the user said where it is", async () => {
  const { fetch } = noting();
  for (const options of [{ provider: "openai" }, { baseUrl: "http://localhost:1/v1" }, { provider: OWN }]) {
    for await (
      const { type } of createClient("gpt-99", { ...HERE, ...options, fetch, streaming: false }).stream("Hi")
    ) {
      assert(type !== "notice");
    }
  }
});

Deno.test("a request goes to the vendor with the variable's key", async () => {
  using _ = withVariables({ OPENAI_API_KEY: "from-the-environment", OPENAI_BASE_URL: undefined });
  const { fetch, urls, keys } = noting();
  await createClient("gpt-4o-mini", { telemetry: false, fetch, streaming: false }).run("Hi");
  assertEquals([urls, keys], [["https://api.openai.com/v1/chat/completions"], ["Bearer from-the-environment"]]);
});

Deno.test("a request to a baseUrl of the code's bears no key of the environment", async () => {
  using _ = withVariables({ OPENAI_API_KEY: "from-the-environment" });
  await using server = startVendor(answers(chatWire));
  await createClient("gpt-4o-mini", { telemetry: false, baseUrl: server.url }).run("Hi");
  assertEquals(server.requests[0]?.headers.get("authorization"), null);
});

Deno.test("a query and slashes at the end of the base URL are kept in their places", async () => {
  const { fetch, urls } = noting();
  const options = { ...HERE, fetch, streaming: false };
  await createClient("m", { ...options, baseUrl: "https://b.test/openai//?api-version=1" }).run("Hi");
  await createClient("m", { ...options, baseUrl: "https://b.test" }).run("Hi");
  assertEquals(urls, [
    "https://b.test/openai/chat/completions?api-version=1",
    "https://b.test/chat/completions",
  ]);
});

Deno.test("the user's headers stand over the vendor's own, whatever their capitals", async () => {
  await using server = startVendor(answers(chatWire));
  const headers = { Authorization: "Basic abc", "X-Team": "blue" };
  await createClient("m", { ...HERE, baseUrl: server.url, headers }).run("Hi");
  const sent = server.requests[0]?.headers;
  assertEquals([sent?.get("authorization"), sent?.get("x-team")], ["Basic abc", "blue"]);
});

Deno.test("options of a request that a client is made with hold for all of its requests", async () => {
  await using server = startVendor(answers(chatWire));
  const client = createClient("m", { ...HERE, baseUrl: server.url, temperature: 0.5, maxTokens: 9, streaming: false });
  await client.run("Hi");
  await client.run("Hi", { temperature: 1 });
  const bodies = server.requests.map(({ body }) => body as Record<string, unknown>);
  assertEquals(bodies.map(({ temperature, max_tokens }) => [temperature, max_tokens]), [[0.5, 9], [1, 9]]);
  assertEquals(Object.keys(bodies[0] ?? {}).sort(), ["max_tokens", "messages", "model", "store", "temperature"]);
});

Deno.test("a result bears provider, model, price and times", async () => {
  const { fetch } = noting();
  const result = await createClient("gpt-4o-mini", { ...HERE, fetch, streaming: false }).run("Hi");
  const { provider, model, responseModel, cost, durationSeconds, timeToFirstTokenSeconds } = result;
  assertEquals([provider, model, responseModel], ["openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"]);
  assertEquals([cost?.source, cost?.total], ["catalog", 0.0000255]);
  assert(durationSeconds >= 0);
  assertEquals(timeToFirstTokenSeconds, undefined);
});

Deno.test("a streamed result says when its first token came", async () => {
  await using server = startVendor(answers(chatWire));
  const { timeToFirstTokenSeconds = NaN, durationSeconds } = await createClient("m", { ...HERE, baseUrl: server.url })
    .run("Hi");
  assert(timeToFirstTokenSeconds > 0 && timeToFirstTokenSeconds <= durationSeconds);
});

Deno.test("a price given with the client stands over the catalogue's", async () => {
  const { fetch } = noting();
  const options = { ...HERE, fetch, streaming: false, price: { input: 1e6, output: 0 } };
  const { cost } = await createClient("gpt-4o-mini", options).run("Hi");
  assertEquals([cost?.source, cost?.total], ["override", 100]);
});

Deno.test("a model nobody knows the price of has no cost, and not 0", async () => {
  const { fetch } = noting();
  const named = { ...chatWire.body, model: "served" };
  const other: typeof globalThis.fetch = () => Promise.resolve(Response.json(named));
  const result = await createClient("llama", { ...HERE, fetch: other, streaming: false, baseUrl: "http://b.test" }).run(
    "Hi",
  );
  assertEquals(result.cost, undefined);
  const own = await createClient("gpt-4o-mini", { ...HERE, fetch, streaming: false, provider: OWN }).run("Hi");
  assertEquals(own.cost, undefined, "another vendor's model of the same name");
});

Deno.test("a request without a JSON form is a ConfigError, and nothing is sent", async () => {
  const { fetch, urls } = noting();
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const client = createClient("gpt-4o-mini", { ...HERE, fetch });
  for (const extraBody of [circle, { n: 1n }]) {
    await assertRejects(() => client.run("Hi", { extraBody }), ConfigError, "no JSON form");
  }
  assertEquals(urls, []);
});

Deno.test({
  name: "createClient() works without a right to read the environment, telemetry and all",
  permissions: { env: false, net: true, read: true },
  async fn() {
    await using server = startVendor(answers(chatWire));
    const { response } = await createClient("gpt-4o-mini", { apiKey: "k", baseUrl: server.url }).run("Hi");
    assertEquals(response, "Paris.");
  },
});

Deno.test("printing a client shows neither key nor headers", () => {
  const client = createClient("gpt-4o-mini", { ...HERE, apiKey: "needle-1", headers: { "x-a": "needle-2" } });
  for (const print of [Deno.inspect(client, { depth: 20, showHidden: true }), JSON.stringify(client), String(client)]) {
    assert(!print.includes("needle"), print);
  }
});
