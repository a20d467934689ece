/**
 * Clients of the official SDKs below ours: their authentication and transport, our events, errors and telemetry.
 */
import { assert, assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { AzureOpenAI } from "openai";
import { type ClientOptions, createClient } from "../src/create_client.ts";
import { ApiError, AuthenticationError, ConfigError, ConnectionError, RateLimitError } from "../src/error.ts";
import { type OfficialSdk, sdkFetch } from "../src/sdk_fetch.ts";
import { fakeClock } from "./support/clock.ts";
import { withVariables } from "./support/environment.ts";
import { assertOutcome, BACKOFF, throughWaits } from "./support/outcome.ts";
import { memoryTelemetry, spanNamed, tree } from "./support/telemetry.ts";
import { body, refusedUrl, startVendor, type VendorServer } from "./support/vendor_server.ts";
import { answers, anthropicWire, chatWire, responsesWire, VENDORS_WORDS, type Wire } from "./support/wires.ts";

/** One SDK at the server, and how we are to ask through it. */
interface Row {
  readonly name: string;
  readonly wire: Wire;
  readonly model: string;
  readonly provider: string;
  readonly options?: ClientOptions;
  sdk(url: string): OfficialSdk;
  readonly path: string;
  /** How the SDK authenticates. */
  readonly auth: readonly [header: string, value: string];
  readonly cost: number | undefined;
}

const root = (url: string) => url.replace(/\/v1$/, "");
const GPT = (30 * 0.15 + 60 * 0.075 + 10 * 0.15 + 25 * 0.6) / 1e6;
const UNCACHED = (30 * 0.15 + 25 * 0.6) / 1e6;

const ROWS: readonly Row[] = [
  {
    name: "new OpenAI()",
    wire: chatWire,
    model: "gpt-4o-mini",
    provider: "openai",
    sdk: (url) => new OpenAI({ apiKey: "sdk-key-0123456789", baseURL: url, organization: "org-1" }),
    path: "/v1/chat/completions",
    auth: ["authorization", "Bearer sdk-key-0123456789"],
    cost: GPT,
  },
  {
    name: "new OpenAI() and its Responses",
    wire: responsesWire,
    model: "gpt-4o-mini",
    provider: "openai",
    options: { api: "responses" },
    sdk: (url) => new OpenAI({ apiKey: "sdk-key-0123456789", baseURL: url }),
    path: "/v1/responses",
    auth: ["authorization", "Bearer sdk-key-0123456789"],
    cost: UNCACHED,
  },
  {
    name: "new OpenAI() and a model nobody knows",
    wire: chatWire,
    model: "llama-next",
    provider: "openai",
    sdk: (url) => new OpenAI({ apiKey: "sdk-key-0123456789", baseURL: url }),
    path: "/v1/chat/completions",
    auth: ["authorization", "Bearer sdk-key-0123456789"],
    cost: undefined, // The catalogue does not know it.
  },
  {
    name: "new AzureOpenAI()",
    wire: chatWire,
    model: "our-deployment",
    provider: "azure",
    options: { provider: "azure" },
    sdk: (url) => new AzureOpenAI({ apiKey: "sdk-key-0123456789", endpoint: root(url), apiVersion: "2024-10-21" }),
    path: "/openai/deployments/our-deployment/chat/completions?api-version=2024-10-21",
    auth: ["api-key", "sdk-key-0123456789"],
    cost: GPT,
  },
  {
    name: "new AzureOpenAI() and its Responses",
    wire: responsesWire,
    model: "our-deployment",
    provider: "azure",
    options: { provider: "azure", api: "responses" },
    sdk: (url) => new AzureOpenAI({ apiKey: "sdk-key-0123456789", endpoint: root(url), apiVersion: "preview" }),
    path: "/openai/responses?api-version=preview",
    auth: ["api-key", "sdk-key-0123456789"],
    cost: UNCACHED,
  },
  {
    name: "new Anthropic()",
    wire: anthropicWire,
    model: "claude-haiku-4-5",
    provider: "anthropic",
    sdk: (url) => new Anthropic({ apiKey: "sdk-key-0123456789", baseURL: root(url) }),
    path: "/v1/messages",
    auth: ["authorization", "Bearer sdk-key-0123456789"], // Since its version 1.
    cost: (30 * 1 + 25 * 5) / 1e6,
  },
  {
    name: "new Anthropic() with a token",
    wire: anthropicWire,
    model: "claude-haiku-4-5",
    provider: "anthropic",
    sdk: (url) => new Anthropic({ apiKey: null, authToken: "sdk-token-0123456789", baseURL: root(url) }),
    path: "/v1/messages",
    auth: ["authorization", "Bearer sdk-token-0123456789"],
    cost: (30 * 1 + 25 * 5) / 1e6,
  },
];

const OURS = "our-Needle-0123456789";

function clientOf({ model, sdk, options }: Row, { url }: Pick<VendorServer, "url">, more: ClientOptions = {}) {
  return createClient(model, { sdk: sdk(url), telemetry: false, ...options, ...more });
}

function environment(): Disposable {
  return withVariables({
    OPENAI_API_KEY: OURS,
    ANTHROPIC_API_KEY: OURS,
    ANTHROPIC_AUTH_TOKEN: undefined,
    OPENAI_BASE_URL: undefined,
    ANTHROPIC_BASE_URL: undefined,
    AZURE_OPENAI_API_KEY: undefined,
    OPENAI_API_VERSION: undefined,
  });
}

for (const row of ROWS) {
  const { name, wire, path, auth } = row;

  for (const streaming of [true, false]) {
    Deno.test(`${name}: an answer ${streaming ? "in a stream" : "in one body"}, with the SDK's key alone`, async () => {
      using _ = environment();
      await using server = startVendor(answers(wire));
      const result = await clientOf(row, server, { headers: { "x-team": "blue" } }).run("Where?", { streaming });
      assertEquals([result.response, result.provider, result.model], ["Paris.", row.provider, row.model]);
      assertEquals(result.cost?.total, row.cost);
      const [request] = server.requests;
      assertEquals([request?.path, request?.headers.get(auth[0])], [path, auth[1]]);
      const keys = ["authorization", "api-key", "x-api-key"].filter((header) => request?.headers.has(header));
      assertEquals(keys, [auth[0]]);
      const sent = JSON.stringify([[...request?.headers ?? []], request?.body]);
      assert(!sent.includes(OURS), "our key goes nowhere");
      assertEquals([request?.headers.get("x-team"), request?.headers.get("content-type")], [
        "blue",
        "application/json",
      ]);
      assertEquals((request?.body as { stream?: true }).stream, streaming || undefined);
      // The SDK knows a newer one, and the dialect is ours.
      const version = row.provider === "anthropic" ? "2023-06-01" : null;
      assertEquals(request?.headers.get("anthropic-version"), version);
    });
  }

  Deno.test(`${name}: our retries, and one http.request span for each post`, async () => {
    using _ = environment();
    await using telemetry = await memoryTelemetry();
    const broken = body(wire.refusal("server_error"), { status: 500, headers: { "retry-after-ms": "1" } });
    await using server = startVendor(broken, answers(wire));
    const { response } = await clientOf(row, server, { telemetry: {} }).run("Where?");
    assertEquals([response, server.requests.length], ["Paris.", 2]);
    const spans = await telemetry.spans();
    assertEquals(tree(spans), [
      "llm.request",
      `  llm.${row.provider}.stream`,
      "    http.request",
      "    http.request",
    ]);
    assertEquals(spans.slice(2).map(({ attributes }) => attributes["http.response.status_code"]), [500, 200]);
    const { attributes } = spanNamed(spans, "llm.request");
    assertEquals([attributes["llm.retries"], attributes["server.address"]], [1, "127.0.0.1"]);
    assertEquals(server.requests.map(({ headers }) => headers.get("x-stainless-retry-count")), ["0", "0"]);
  });

  for (
    const [status, error] of [[401, AuthenticationError], [429, RateLimitError], [500, ApiError]] as const
  ) {
    Deno.test(`${name}: ${status} is ${error.name}, with the vendor's words and request id`, async () => {
      using _ = environment();
      const headers = { "x-request-id": "req_1", "request-id": "req_1", "x-should-retry": "true" };
      await using server = startVendor(body(wire.refusal("a_type"), { status, headers }));
      await assertOutcome(clientOf(row, server, { maxRetries: 0 }).run("Where?"), {
        error,
        status,
        code: "a_type",
        requestId: "req_1",
        vendorMessage: VENDORS_WORDS,
      });
      assertEquals(server.requests.length, 1);
    });
  }

  Deno.test(`${name}: a refusal that is no JSON is typed by its status`, async () => {
    using _ = environment();
    await using server = startVendor(body("<h1>Bad gateway</h1>", { status: 502 }));
    await assertOutcome(clientOf(row, server, { maxRetries: 0 }).run("Where?"), { error: ApiError, status: 502 });
  });

  Deno.test(`${name}: a wait that the vendor asks for is kept`, async () => {
    using _ = environment();
    const slow = body(wire.refusal("rate_limit_error"), { status: 429, headers: { "retry-after": "7" } });
    await using server = startVendor(slow, answers(wire));
    using clock = fakeClock();
    await assertOutcome(throughWaits(clock, [7_000], clientOf(row, server).run("Where?")), "Paris.");
  });

  Deno.test(`${name}: nobody listens: ConnectionError, after our retries, without a key`, async () => {
    using _ = environment();
    using clock = fakeClock();
    const client = clientOf(row, { url: refusedUrl() });
    const call = throughWaits(clock, BACKOFF, client.run("Where?"));
    await assertOutcome(call, { error: ConnectionError });
    const failure = await call.catch((error) => error);
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes(auth[1]));
  });

  Deno.test(`${name}: a redirect is not followed`, async () => {
    using _ = environment();
    await using elsewhere = startVendor(answers(wire));
    const moved = body({}, { status: 307, headers: { location: elsewhere.url } });
    await using server = startVendor(moved);
    await assertOutcome(clientOf(row, server).run("Where?"), { error: ApiError, status: 307 });
    assertEquals([server.requests.length, elsewhere.requests.length], [1, 0]);
  });

  for (const when of ["before the headers", "in the stream"]) {
    Deno.test(`${name}: an abort ${when} ends the call with its reason, and the connection`, async () => {
      using _ = environment();
      const abort = new AbortController();
      const reason = new Error("enough");
      await using server = startVendor(async (reply) => {
        if (when === "in the stream") {
          await reply.head();
          await reply.write(wire.opening);
        } else abort.abort(reason);
        await reply.stall();
      });
      const read = async () => {
        for await (const event of clientOf(row, server).stream("Where?", { signal: abort.signal })) {
          if (event.type === "text") abort.abort(reason);
        }
      };
      assertStrictEquals(await read().catch((error) => error), reason);
      await server.connectionClosed(1);
    });
  }

  Deno.test(`${name}: a reader that breaks off closes the connection`, async () => {
    using _ = environment();
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await reply.stall();
    });
    for await (const event of clientOf(row, server).stream("Where?")) if (event.type === "text") break;
    await server.connectionClosed(1);
  });
}

Deno.test("sdk brings its own key, base URL and fetch: ours beside it are a ConfigError", () => {
  const sdk = new OpenAI({ apiKey: "sdk-key-0123456789" });
  for (const more of [{ apiKey: "k" }, { baseUrl: "http://localhost/v1" }, { fetch }]) {
    assertThrows(
      () => createClient("gpt-4o-mini", { sdk, ...more }),
      ConfigError,
      "leave apiKey, baseUrl and fetch out",
    );
  }
});

Deno.test("azure without its SDK is a ConfigError that says so", () => {
  for (const options of [{}, { apiKey: "k" }, { apiKey: "k", baseUrl: "https://our.openai.azure.com/openai" }]) {
    const make = () => createClient("our-deployment", { provider: "azure", ...options });
    assertStringIncludes(assertThrows(make, ConfigError).message, "give it as sdk");
  }
});

Deno.test("what is no client of an official SDK is a ConfigError", () => {
  for (const sdk of [{}, null, "sdk", { baseURL: "http://localhost" }, { post() {} }]) {
    assertThrows(() => sdkFetch(sdk as unknown as OfficialSdk), ConfigError, "official SDK");
  }
});

Deno.test("a model of the catalogue with sdk goes to its own vendor's dialect", () => {
  using _ = environment();
  const telemetry = false;
  const claude = createClient("claude-haiku-4-5", { sdk: new Anthropic({ apiKey: "k" }), telemetry });
  const gpt = createClient("gpt-4o-mini", { sdk: new OpenAI({ apiKey: "k" }), telemetry });
  const unknown = createClient("llama", { sdk: new OpenAI({ apiKey: "k" }), telemetry });
  assertEquals([claude, gpt, unknown].map(({ provider }) => provider), ["anthropic", "openai", "openai"]);
});
