import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ApiError, AuthenticationError, ConnectionError, LlmError, ResponseError, TimeoutError } from "../src/error.ts";
import {
  connectionErrorOf,
  mayRetry,
  parseJson,
  type Post,
  post,
  type Posted,
  readText,
  requestIdOf,
} from "../src/http.ts";
import { openaiErrorOf } from "../src/providers/openai_error.ts";

const URL_WITH_QUERY = "https://api.test:8443/v1/chat/completions?q=needle";

/** A post whose fetch does this. */
function posting(fetch: typeof globalThis.fetch, more: Partial<Post> = {}): Promise<unknown> {
  const { signal } = new AbortController();
  const request = {
    url: URL_WITH_QUERY,
    headers: {},
    body: "{}",
    signal,
    hasKey: true,
    errorOf: openaiErrorOf,
    ...more,
  };
  return post({ ...request, fetch }).catch((error) => error);
}

const answering = (response: Response): typeof fetch => () => Promise.resolve(response);
const failing = (error: unknown): typeof fetch => () => Promise.reject(error);
const typeError = (message: string, fields: object = {}, cause?: object) => {
  return Object.assign(new TypeError(message, cause === undefined ? undefined : { cause }), fields);
};
const coded = (code: string, message = "needle") => Object.assign(new Error(message), { code });

const rustls = (message: string) => typeError("fetch failed", {}, new Error(`client error (Connect): ${message}`));

/** How the runtimes tell that there is no connection; their texts may hold the URL. */
const LOST: Readonly<Record<string, readonly [error: unknown, code: string | undefined]>> = {
  "Deno": [
    typeError(
      "fetch failed",
      {},
      new Error("error sending request for url (https://api.test/?q=needle): client error"),
    ),
    undefined,
  ],
  "Deno, of an address that says TLS": [
    typeError(
      "fetch failed",
      {},
      new Error("error sending request for url (https://ssl.test/tls/certificate): refused"),
    ),
    undefined,
  ],
  "an older Deno": [typeError("error sending request for url (https://api.test/?q=needle)"), undefined],
  "Deno, of a port it blocks": [typeError("Fetch failed: Requests to port 9 are blocked"), undefined],
  "Deno, with a system code": [typeError("error sending request: needle", { code: "ECONNREFUSED" }), "ECONNREFUSED"],
  "Node": [typeError("fetch failed", {}, coded("ECONNREFUSED")), "ECONNREFUSED"],
  "Node, no such host": [typeError("fetch failed", {}, coded("ENOTFOUND")), "ENOTFOUND"],
  "Node, several addresses": [typeError("fetch failed", {}, coded("ETIMEDOUT")), "ETIMEDOUT"],
  "Node, of a host that says TLS": [
    typeError("fetch failed", {}, coded("ENOTFOUND", "getaddrinfo ENOTFOUND tls.api.test")),
    "ENOTFOUND",
  ],
  "Node, in the handshake": [
    typeError("fetch failed", {}, coded("ECONNRESET", "disconnected before secure TLS connection was established")),
    "ECONNRESET",
  ],
  "Deno, in the handshake": [rustls("tls handshake eof"), undefined],
  "Node, the other side closed": [typeError("fetch failed", {}, coded("UND_ERR_SOCKET")), "UND_ERR_SOCKET"],
  "Bun": [typeError("Unable to connect. needle", { code: "ConnectionRefused" }), "ConnectionRefused"],
  "Bun, closed": [typeError("The socket was closed: needle", { code: "ECONNRESET" }), "ECONNRESET"],
  "workerd": [new Error("Network connection lost. needle"), undefined],
  "a fetch that throws a text": ["needle", undefined],
  "a fetch that throws nothing": [undefined, undefined],
  "an error whose code is a sentence": [coded("the needle said no"), undefined],
};

for (const [name, [error, code]] of Object.entries(LOST)) {
  Deno.test(`no connection, as told by ${name}, is a ConnectionError that may be retried`, async () => {
    const failure = await posting(failing(error));
    assertInstanceOf(failure, ConnectionError);
    assert(mayRetry(failure));
    const said = code === undefined ? "" : ` (${code})`;
    assertEquals(failure.message, `No connection to api.test:8443${said}; check the base URL and the network.`);
    assertInstanceOf(failure.cause, Error);
    for (const print of [Deno.inspect(failure, { depth: 9, showHidden: true }), failure.stack, failure.cause.stack]) {
      assert(!print?.includes("needle"), print);
    }
  });
}

/** How the runtimes tell that TLS failed. */
const INSECURE: Readonly<Record<string, unknown>> = {
  "Deno, unknown issuer": rustls("invalid peer certificate: UnknownIssuer"),
  "Deno, expired": rustls("invalid peer certificate: Expired"),
  "Deno, an alert": rustls("received fatal alert: HandshakeFailure"),
  "Deno, no TLS at the other side": rustls("received corrupt message of type InvalidContentType"),
  "Node, self-signed": typeError("fetch failed", {}, coded("DEPTH_ZERO_SELF_SIGNED_CERT")),
  "Node, unverified": typeError("fetch failed", {}, coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE")),
  "Node, expired": typeError("fetch failed", {}, coded("CERT_HAS_EXPIRED")),
  "Node, another host": typeError("fetch failed", {}, coded("ERR_TLS_CERT_ALTNAME_INVALID")),
  "Node, no TLS at the other side": typeError("fetch failed", {}, coded("ERR_SSL_WRONG_VERSION_NUMBER")),
  "Bun, self-signed": typeError("self signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
  "workerd": new Error("TLS peer's certificate is not trusted; reason = self signed certificate"),
};

for (const [name, error] of Object.entries(INSECURE)) {
  Deno.test(`failed TLS, as told by ${name}, is a ConnectionError that is not retried`, async () => {
    const failure = await posting(failing(error));
    assertInstanceOf(failure, ConnectionError);
    assertEquals([mayRetry(failure), failure.message.startsWith("No secure connection to api.test:8443")], [
      false,
      true,
    ]);
  });
}

/** What a TLS server that will have none of it sends: an alert, handshake_failure. */
const ALERT = Uint8Array.of(0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28);
const NO_TLS = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");

for (const [name, bytes] of Object.entries({ "answers with a TLS alert": ALERT, "does not speak TLS": NO_TLS })) {
  Deno.test(`a server that ${name} is a ConnectionError that is not retried`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const served = (async () => {
      using socket = await listener.accept();
      await socket.read(new Uint8Array(4096));
      await socket.write(bytes);
    })();
    const failure = await posting(fetch, { url: `https://127.0.0.1:${listener.addr.port}/v1` });
    await served;
    assertInstanceOf(failure, ConnectionError);
    assertEquals(mayRetry(failure), false, Deno.inspect(failure));
  });
}

Deno.test("a connection that Deno does not permit is a ConnectionError that says what to permit", async () => {
  const denied = Object.assign(new Error("Requires net access to needle"), { name: "NotCapable" });
  const failure = await posting(failing(denied));
  assertInstanceOf(failure, ConnectionError);
  assertEquals(failure.message, "Connecting to api.test:8443 is not permitted; run with --allow-net=api.test:8443.");
  assertEquals(mayRetry(failure), false);
});

Deno.test({
  name: "a connection that this very process may not make says so too",
  permissions: { net: false },
  async fn() {
    const failure = await posting(fetch, { url: "http://127.0.0.1:4242/v1" });
    assertInstanceOf(failure, ConnectionError);
    assert(failure.message.includes("--allow-net=127.0.0.1:4242"), failure.message);
  },
});

Deno.test("a fetch that throws at once is like one that rejects", async () => {
  const throwing = () => {
    throw new TypeError("needle");
  };
  assertInstanceOf(await posting(throwing), ConnectionError);
});

Deno.test("post() never follows redirects, and hands the signal on", async () => {
  let seen: RequestInit | undefined;
  const { signal } = new AbortController();
  const response = new Response("{}");
  const noting: typeof fetch = (_, init) => {
    seen = init;
    return Promise.resolve(response);
  };
  assertEquals(((await posting(noting, { signal })) as Posted).response, response);
  assertEquals([seen?.method, seen?.redirect, seen?.signal, seen?.body], ["POST", "manual", signal, "{}"]);
});

Deno.test("post() tells when the headers are there, of an answer and of a refusal", async () => {
  for (const status of [200, 500]) {
    let told = 0;
    await posting(answering(new Response("{}", { status })), { onHeaders: () => told++ });
    assertEquals(told, 1);
  }
});

Deno.test("post() says of a 401 without a key why none was sent", async () => {
  const refused = () => answering(Response.json({ error: { message: "Who?" } }, { status: 401 }));
  const without = await posting(refused(), { hasKey: false });
  const withKey = await posting(refused());
  assertInstanceOf(without, AuthenticationError);
  assertInstanceOf(withKey, AuthenticationError);
  assert(without.message.includes("give apiKey") && !withKey.message.includes("give apiKey"));
});

Deno.test("post() cancels the body of a refusal that it reads no further", async () => {
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    cancel: () => cancelled.resolve(),
  });
  assertInstanceOf(await posting(answering(new Response(body, { status: 400 }))), ApiError);
  await cancelled.promise;
});

Deno.test("requestIdOf() knows the vendors' names for it", () => {
  assertEquals(requestIdOf(new Headers({ "x-request-id": "a", "request-id": "b" })), "a");
  assertEquals(requestIdOf(new Headers({ "request-id": "b" })), "b");
  assertEquals(requestIdOf(new Headers()), undefined);
});

function reading(...chunks: readonly Uint8Array[]): () => Promise<Uint8Array | undefined> {
  const left = [...chunks];
  return () => Promise.resolve(left.shift());
}

Deno.test("readText() joins what is split inside a character, and takes a byte order mark off", async () => {
  const bytes = new TextEncoder().encode('\uFEFF{"a":"€"}');
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(await readText(reading(bytes.subarray(0, at), bytes.subarray(at)), 100), '{"a":"€"}');
  }
});

Deno.test("readText() gives up on what is longer than allowed, without reading on", async () => {
  let read = 0;
  const endless = () => {
    read++;
    return Promise.resolve(new Uint8Array(10));
  };
  assertEquals([await readText(endless, 25), read], [undefined, 3]);
  assertEquals(await readText(reading(new Uint8Array(25).fill(0x61)), 25), "a".repeat(25));
});

for (
  const [text, reason] of [
    ["", "empty"],
    [" \n", "empty"],
    ["<html>needle", "html"],
    ["\n <!doctype html>needle", "html"],
    ["needle", "json"],
    ['{"needle":', "json"],
  ] as const
) {
  Deno.test(`parseJson() names ${JSON.stringify(text)} ${reason}, and quotes nothing`, () => {
    const failure = assertThrows(() => parseJson(text), ResponseError);
    assertEquals(failure.reason, reason);
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes("needle"));
  });
}

Deno.test("mayRetry() holds for lost connections and connect timeouts, not for silence after that", () => {
  const timeouts = (["connect", "firstChunk", "idle", "total"] as const).map((phase) =>
    new TimeoutError("m", { phase })
  );
  assertEquals(timeouts.map(mayRetry), [true, false, false, false]);
  assertEquals([new LlmError("m"), new Error("m"), "m", undefined].map(mayRetry), [false, false, false, false]);
});

Deno.test("mayRetry() does not hold for a wait longer than a minute", () => {
  const waits = [0, 60_000, 60_001].map((retryAfterMs) => new ApiError("m", { status: 503, retryAfterMs }));
  assertEquals(waits.map(mayRetry), [true, true, false]);
});

Deno.test("connectionErrorOf() looks for the code no deeper than errors go", () => {
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  assertInstanceOf(connectionErrorOf(circle, URL_WITH_QUERY), ConnectionError);
});

for (const [what, errorOf] of Object.entries({ "fails": failsOn, "says nothing": () => undefined as never })) {
  Deno.test(`a refusal that the provider's own reader ${what} on is typed by its status`, async () => {
    const failure = await posting(answering(new Response("{}", { status: 429 })), { errorOf });
    assertInstanceOf(failure, ApiError);
    assertEquals([failure.name, failure.status, mayRetry(failure)], ["RateLimitError", 429, true]);
  });
}

function failsOn(): never {
  throw new TypeError("boom");
}
