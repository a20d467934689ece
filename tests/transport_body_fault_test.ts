/**
 * What can go wrong on the way: bodies of refusals that are no help, answers that are none, answers that are cut.
 */
import { assert, assertEquals } from "@std/assert";
import { ApiError, BadRequestError, ConnectionError, ResponseError, StreamTruncatedError } from "../src/error.ts";
import { fakeClock } from "./support/clock.ts";
import { assertOutcome, type Expected } from "./support/outcome.ts";
import { body, type Handler, startVendor, unread } from "./support/vendor_server.ts";
import { answers, clientFor, type Wire, wires } from "./support/wires.ts";

const PAGE = "<!doctype html>\n<style>\n:root { color: red }\n</style>\n<h1>It works!</h1>";

/** One fault of an answer: what the vendor does, what comes of it. */
interface Row {
  readonly name: string;
  readonly script: (wire: Wire) => Handler;
  readonly expect: Expected;
}

const STREAM = { "content-type": "text/event-stream" };
const whole = (content: string, headers: Record<string, string>): Handler => body(content, { headers });
const cut = { error: StreamTruncatedError, partialText: "Par" };

const STREAMED: readonly Row[] = [
  {
    name: "answers with a web page",
    script: () => whole(PAGE, { "content-type": "text/html; charset=utf-8" }),
    expect: { error: ResponseError, reason: "html" },
  },
  {
    name: "answers with a sentence that it calls a web page",
    script: () => whole("Back soon.", { "content-type": "text/html" }),
    expect: { error: ResponseError, reason: "html" },
  },
  {
    name: "answers with a web page that it calls plain text",
    script: () => whole(PAGE, { "content-type": "text/plain" }),
    expect: { error: ResponseError, reason: "html" },
  },
  {
    name: "answers with a web page that it calls a stream",
    script: () => whole(PAGE, STREAM),
    expect: { error: ResponseError, reason: "html" },
  },
  {
    name: "answers with nothing, and says so",
    script: () => whole("", STREAM),
    expect: { error: ResponseError, reason: "empty" },
  },
  {
    name: "answers with a stream of nothing",
    script: () => async (reply) => {
      await reply.head();
      await reply.end();
    },
    expect: { error: ResponseError, reason: "empty" },
  },
  {
    name: "answers with 204",
    script: () => (reply) => reply.raw("HTTP/1.1 204 No Content\r\n\r\n"),
    expect: { error: ResponseError, reason: "empty" },
  },
  {
    name: "answers with text that is no event",
    script: () => whole("Hello there.", STREAM),
    expect: { error: ResponseError, reason: "json" },
  },
  {
    name: "answers with comments and nothing else",
    script: () => whole(": waking up\n\n: nearly\n\n", STREAM),
    expect: { error: StreamTruncatedError, partialText: "" },
  },
  {
    name: "answers with one body, although a stream was asked for",
    script: (wire) => body(wire.body),
    expect: "Paris.",
  },
  {
    name: "answers with one body that it calls a stream",
    script: (wire) => whole(JSON.stringify(wire.body), STREAM),
    expect: "Paris.",
  },
  {
    name: "answers with one body behind a byte order mark",
    script: (wire) => whole(`\uFEFF${JSON.stringify(wire.body)}`, STREAM),
    expect: "Paris.",
  },
  {
    name: "answers with a stream of no declared type",
    script: (wire) => whole(wire.opening + wire.rest, { "content-type": "application/octet-stream" }),
    expect: "Paris.",
  },
  {
    name: "closes the connection in the middle of a chunked body",
    script: (wire) => async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      reply.close();
    },
    expect: cut,
  },
  {
    name: "closes the connection in the middle of a chunk",
    script: (wire) => async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await reply.raw("ffff\r\ndata: {");
      reply.close();
    },
    expect: cut,
  },
  {
    name: "sends less than its content-length says",
    script: (wire) => async (reply) => {
      await reply.head(200, { ...STREAM, "content-length": "100000" });
      await reply.raw(wire.opening);
      reply.close();
    },
    expect: cut,
  },
  {
    name: "resets the connection mid-stream",
    script: (wire) =>
      unread(async (reply) => {
        await reply.head();
        await reply.write(wire.opening);
        reply.close();
      }),
    // A reset may overtake what was sent before it.
    expect: { error: StreamTruncatedError },
  },
  {
    name: "ends the stream cleanly, without its terminator",
    script: (wire) => async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await reply.end();
    },
    expect: cut,
  },
  {
    name: "ends the stream cleanly in the middle of its last event",
    script: (wire) => async (reply) => {
      await reply.head();
      await reply.write(wire.opening + wire.rest.slice(0, 30));
      await reply.end();
    },
    expect: cut,
  },
];

const IN_ONE_BODY: readonly Row[] = [
  {
    name: "answers with a web page",
    script: () => whole(PAGE, { "content-type": "text/html" }),
    expect: { error: ResponseError, reason: "html" },
  },
  {
    name: "answers with a web page that it calls JSON",
    script: () => whole(PAGE, {}),
    expect: { error: ResponseError, reason: "html" },
  },
  { name: "answers with nothing", script: () => whole("", {}), expect: { error: ResponseError, reason: "empty" } },
  {
    name: "answers with 204",
    script: () => (reply) => reply.raw("HTTP/1.1 204 No Content\r\n\r\n"),
    expect: { error: ResponseError, reason: "empty" },
  },
  { name: "answers with half a body", script: () => whole("{", {}), expect: { error: ResponseError, reason: "json" } },
  {
    name: "answers with JSON that is no answer",
    script: () => whole("[1]", {}),
    expect: { error: ResponseError, reason: "protocol" },
  },
  {
    name: "answers with null",
    script: () => whole("null", {}),
    expect: { error: ResponseError, reason: "protocol" },
  },
  {
    name: "answers with another kind of object",
    script: () => whole('{"status":"ok"}', {}),
    expect: { error: ResponseError, reason: "protocol" },
  },
  {
    name: "sends less than its content-length says",
    script: (wire) => async (reply) => {
      await reply.head(200, { "content-type": "application/json", "content-length": "100000" });
      await reply.raw(JSON.stringify(wire.body));
      reply.close();
    },
    expect: { error: StreamTruncatedError },
  },
  {
    name: "closes the connection in the middle of a chunked body",
    script: (wire) => async (reply) => {
      await reply.head(200, { "content-type": "application/json" });
      await reply.write(JSON.stringify(wire.body));
      reply.close();
    },
    expect: { error: StreamTruncatedError },
  },
];

for (const wire of wires) {
  for (const [how, rows, streaming] of [["streamed", STREAMED, true], ["in one body", IN_ONE_BODY, false]] as const) {
    for (const { name, script, expect } of rows) {
      Deno.test(`${wire.name}, ${how}: the vendor ${name}`, async () => {
        await using server = startVendor(script(wire));
        using clock = fakeClock();
        await assertOutcome(clientFor(wire, server).run("Where?", { streaming }), expect);
        assertEquals([server.connections, ...clock.timers], [1]);
      });
    }
  }

  Deno.test(`${wire.name}: an answer longer than maxEventBytes is ResponseError too_large`, async () => {
    for (const streaming of [true, false]) {
      await using server = startVendor(answers(wire));
      const client = clientFor(wire, server, { maxEventBytes: 40 });
      await assertOutcome(client.run("Where?", { streaming }), { error: ResponseError, reason: "too_large" });
      assertEquals(server.requests.length, 1);
    }
  });

  Deno.test(`${wire.name}: a refusal whose body is a web page is typed by its status`, async () => {
    await using server = startVendor(body(PAGE, { status: 400, headers: { "content-type": "text/html" } }));
    await assertOutcome(clientFor(wire, server).run("Where?"), {
      error: BadRequestError,
      status: 400,
      code: undefined,
      vendorMessage: PAGE,
    });
  });

  Deno.test(`${wire.name}: a refusal without a body is typed by its status`, async () => {
    await using server = startVendor(body("", { status: 400 }));
    const expected = { error: BadRequestError, status: 400, code: undefined, vendorMessage: undefined };
    await assertOutcome(clientFor(wire, server).run("Where?"), expected);
  });

  Deno.test(`${wire.name}: a refusal whose body is cut is typed by its status`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head(400, { "content-length": "1000" });
      await reply.raw('{"error":');
      reply.close();
    });
    await assertOutcome(clientFor(wire, server).run("Where?"), { error: BadRequestError, status: 400 });
  });

  Deno.test(`${wire.name}: a refusal whose body hangs is typed by its status after five seconds`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head(400);
      await reply.write('{"error":');
      await reply.stall();
    });
    using clock = fakeClock();
    const ended = assertOutcome(clientFor(wire, server).run("Where?"), { error: BadRequestError, status: 400 });
    await clock.armed(5_000);
    await clock.tick(5_000);
    await ended;
    await server.connectionClosed(1);
    assertEquals([server.requests.length, ...clock.timers], [1]);
  });

  Deno.test(`${wire.name}: a refusal whose body is endless is read no further than needed`, async () => {
    const piece = "x".repeat(64 * 1024);
    let written = 0;
    await using server = startVendor(async (reply) => {
      await reply.head(418);
      for (; written < 1024 ** 3; written += piece.length) await reply.write(piece);
    });
    await assertOutcome(clientFor(wire, server).run("Where?"), { error: ApiError, status: 418 });
    await server.connectionClosed(1);
    // What the sockets' buffers take in beside what is read.
    assert(written < 64 * 1024 ** 2, `${written} bytes were written`);
  });
}

Deno.test("ConnectionError says which host, and keeps nothing of the runtime's own text", async () => {
  const odd: typeof fetch = () => Promise.reject(new TypeError("error sending request for url (http://h/?q=needle)"));
  const call = clientFor(wires[0]!, { url: "http://127.0.0.1:9/v1" }, { fetch: odd, maxRetries: 0 }).run("Where?");
  const failure = await call.catch((error) => error);
  assert(failure instanceof ConnectionError);
  assertEquals(
    failure.message,
    "No connection to 127.0.0.1:9; check the base URL and the network.",
  );
  assert(!Deno.inspect(failure, { depth: 9 }).includes("needle"));
});
