/**
 * What can go wrong on the way: no connection, refusals, redirects. Each row is one fault, in every dialect.
 */
import { assertEquals } from "@std/assert";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  OverloadedError,
  RateLimitError,
} from "../src/error.ts";
import { fakeClock } from "./support/clock.ts";
import { assertOutcome, BACKOFF, type Expected, throughWaits, type Wait } from "./support/outcome.ts";
import { body, type Handler, refusedUrl, startVendor, unread } from "./support/vendor_server.ts";
import { answers, clientFor, VENDORS_WORDS, type Wire, wires } from "./support/wires.ts";

/** One fault. */
interface Row {
  readonly name: string;
  /** What the vendor does with each request; the last goes for all that follow. */
  readonly script: (wire: Wire) => readonly [Handler, ...Handler[]];
  /** The waits between the attempts. */
  readonly waits?: readonly Wait[];
  /** How many connections the vendor saw, which for most faults is how many attempts there were. */
  readonly connections: number;
  readonly expect: Expected;
}

const dies: Handler = (reply) => reply.close();
const resets = unread(dies);
const garbage: Handler = async (reply) => {
  await reply.raw("SSH-2.0-OpenSSH_9.6\r\n\r\n");
  reply.close();
};
const refuses = (
  wire: Wire,
  status: number,
  { type, headers }: { readonly type?: string; readonly headers?: Record<string, string> } = {},
): Handler =>
  body(wire.refusal(type), { status, headers: { "x-request-id": "req_1", connection: "close", ...headers } });

const REFUSED_FIELDS = { code: "a_type", requestId: "req_1", vendorMessage: VENDORS_WORDS };

const NO_ANSWER: readonly Row[] = ([
  ["closes the connection before the headers", dies],
  ["resets the connection before the headers", resets],
  ["answers with something that is no HTTP", garbage],
] as const).flatMap(([name, handler]): Row[] => [
  { name, script: () => [handler], waits: BACKOFF, connections: 3, expect: { error: ConnectionError } },
  {
    name: `${name}, then answers`,
    script: (wire) => [handler, answers(wire)],
    waits: BACKOFF.slice(0, 1),
    connections: 2,
    expect: "Paris.",
  },
]);

const FINAL = ([
  [400, BadRequestError],
  [401, AuthenticationError],
  [403, AuthenticationError],
  [404, BadRequestError],
  [405, ApiError],
  [413, BadRequestError],
  [422, BadRequestError],
] as const).map(([status, error]): Row => ({
  name: `refuses with ${status}`,
  script: (wire) => [refuses(wire, status)],
  connections: 1,
  expect: { error, status, ...REFUSED_FIELDS },
}));

const RETRIED = ([
  [408, ApiError],
  [409, ApiError],
  [429, RateLimitError],
  [500, ApiError],
  [502, ApiError],
  [503, ApiError],
  [504, ApiError],
  [529, OverloadedError],
] as const).flatMap(([status, error]): Row[] => [
  {
    name: `refuses with ${status} again and again`,
    script: (wire) => [refuses(wire, status)],
    waits: BACKOFF,
    connections: 3,
    expect: { error, status, ...REFUSED_FIELDS },
  },
  {
    name: `refuses with ${status} once`,
    script: (wire) => [refuses(wire, status), answers(wire)],
    waits: BACKOFF.slice(0, 1),
    connections: 2,
    expect: "Paris.",
  },
]);

const SPECIAL: readonly Row[] = [
  {
    name: "refuses with 503 and overloaded_error",
    script: (wire) => [refuses(wire, 503, { type: "overloaded_error" })],
    waits: BACKOFF,
    connections: 3,
    expect: { error: OverloadedError, status: 503, code: "overloaded_error" },
  },
  {
    name: "refuses with 400 and overloaded_error",
    script: (wire) => [refuses(wire, 400, { type: "overloaded_error" })],
    connections: 1,
    expect: { error: OverloadedError, status: 400, code: "overloaded_error" },
  },
  {
    name: "refuses with 429 and insufficient_quota",
    script: (wire) => [refuses(wire, 429, { type: "insufficient_quota" })],
    connections: 1,
    expect: { error: RateLimitError, status: 429, code: "insufficient_quota" },
  },
  {
    name: "refuses with 503 and says not to retry",
    script: (wire) => [refuses(wire, 503, { headers: { "x-should-retry": "false" } })],
    connections: 1,
    expect: { error: ApiError, status: 503 },
  },
  {
    name: "refuses with 429 and says not to retry, although it says when",
    script: (wire) => [refuses(wire, 429, { headers: { "x-should-retry": "false", "retry-after": "1" } })],
    connections: 1,
    expect: { error: RateLimitError, status: 429, retryAfterMs: 1_000 },
  },
  {
    name: "refuses with 500, then resets, then answers",
    script: (wire) => [refuses(wire, 500), resets, answers(wire)],
    waits: BACKOFF,
    connections: 3,
    expect: "Paris.",
  },
];

for (const wire of wires) {
  for (const row of [...NO_ANSWER, ...FINAL, ...RETRIED, ...SPECIAL]) {
    for (const streaming of [true, false]) {
      Deno.test(`${wire.name}, ${streaming ? "streamed" : "in one body"}: the vendor ${row.name}`, async () => {
        await using server = startVendor(...row.script(wire));
        using clock = fakeClock();
        const call = clientFor(wire, server).run("Where?", { streaming });
        await assertOutcome(throughWaits(clock, row.waits ?? [], call), row.expect);
        assertEquals(server.connections, row.connections);
        assertEquals(clock.timers, []);
      });
    }
  }

  Deno.test(`${wire.name}: nobody listens at the vendor's port`, async () => {
    using clock = fakeClock();
    let attempts = 0;
    const counted: typeof fetch = (...args) => {
      attempts++;
      return fetch(...args);
    };
    const call = clientFor(wire, { url: refusedUrl() }, { fetch: counted }).run("Where?");
    await assertOutcome(throughWaits(clock, BACKOFF, call), { error: ConnectionError });
    assertEquals(attempts, 3);
  });

  for (const maxRetries of [0, 1, 3]) {
    Deno.test(`${wire.name}: maxRetries ${maxRetries} makes ${maxRetries + 1} attempts`, async () => {
      await using server = startVendor(refuses(wire, 500));
      using clock = fakeClock();
      const call = clientFor(wire, server, { maxRetries }).run("Where?");
      const waits: readonly Wait[] = [...BACKOFF, [1_500, 2_000]];
      await assertOutcome(throughWaits(clock, waits.slice(0, maxRetries), call), { error: ApiError });
      assertEquals(server.requests.length, maxRetries + 1);
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    Deno.test(`${wire.name}: a redirect with ${status} is not followed, to the same origin or another`, async () => {
      await using elsewhere = startVendor(answers(wire));
      await using server = startVendor(
        refuses(wire, status, { headers: { location: `${elsewhere.url}/chat/completions` } }),
        refuses(wire, status, { headers: { location: "/v1/other" } }),
      );
      const client = clientFor(wire, server);
      await assertOutcome(client.run("Where?"), { error: ApiError, status, requestId: "req_1" });
      await assertOutcome(client.run("Where?"), { error: ApiError, status, requestId: "req_1" });
      assertEquals([server.requests.length, elsewhere.connections], [2, 0]);
    });
  }
}
