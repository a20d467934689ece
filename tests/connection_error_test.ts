import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connectionErrorOf } from "../src/connection_error.ts";
import { ConnectionError } from "../src/error.ts";
import { mayRetry } from "../src/retryable.ts";
import { posting, URL_WITH_QUERY } from "./support/posting.ts";

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

Deno.test("connectionErrorOf() looks for the code no deeper than errors go", () => {
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  assertInstanceOf(connectionErrorOf(circle, URL_WITH_QUERY), ConnectionError);
});
