/**
 * What can be wrong in a stream: what holds in every dialect.
 */
import { assert, assertEquals } from "@std/assert";
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  OverloadedError,
  RateLimitError,
  ResponseError,
} from "../../src/error.ts";
import { fakeClock } from "../support/clock.ts";
import { assertOutcome, BACKOFF, type ExpectedError, throughWaits } from "../support/outcome.ts";
import { body, startVendor } from "../support/vendor_server.ts";
import { answers, clientFor, VENDORS_WORDS, type Wire, wires } from "../support/wires.ts";

const STREAM = { headers: { "content-type": "text/event-stream" } };
const ONE_RETRY = { maxRetries: 1 };
const NOWHERE = { url: "http://127.0.0.1:9/v1" };

/** A client whose vendor answers with these bytes, in these pieces. */
function clientOfBytes(wire: Wire, pieces: Iterable<Uint8Array<ArrayBuffer>>, options = {}) {
  const fetch = () => Promise.resolve(new Response(ReadableStream.from(pieces), STREAM));
  return clientFor(wire, NOWHERE, { fetch, ...options });
}

const TEXT = ["Zoë ", "likes 🥐", " & \u2028 \uFEFF €5"];

/** Types and codes that are documented with a status, and what is made of them. */
const WORDS = ([
  ["rate_limit_error", RateLimitError, 429, true],
  ["rate_limit_exceeded", RateLimitError, 429, true],
  ["insufficient_quota", RateLimitError, 429, false],
  ["overloaded_error", OverloadedError, 529, true],
  ["api_error", ApiError, 500, true],
  ["server_error", ApiError, 500, true],
  ["invalid_request_error", BadRequestError, 400, false],
  ["authentication_error", AuthenticationError, 401, false],
  ["permission_error", AuthenticationError, 403, false],
  ["not_found_error", BadRequestError, 404, false],
  ["gremlins", ResponseError, undefined, false],
] as const).map(([word, error, status, retried]) => {
  const fields = status === undefined ? { reason: "vendor" } : { status, code: word };
  const expect: ExpectedError = { error, vendorMessage: VENDORS_WORDS, ...fields };
  return { word, retried, expect };
});

for (const wire of wires) {
  const whole = wire.stream(TEXT);

  for (const [name, end] of [["LF", "\n"], ["CRLF", "\r\n"], ["CR", "\r"]] as const) {
    Deno.test(`${wire.name}: lines that end in ${name}, split at every byte, give the same result`, async () => {
      const bytes = new TextEncoder().encode(`\uFEFF: hello\n\n${whole}`.replaceAll("\n", end));
      for (let at = 0; at <= bytes.length; at++) {
        const { response } = await clientOfBytes(wire, [bytes.slice(0, at), bytes.slice(at)]).run("Where?");
        assertEquals(response, TEXT.join(""), `split at ${at}`);
      }
    });
  }

  Deno.test(`${wire.name}: a stream that comes one byte at a time gives the same events`, async () => {
    const bytes = Array.from(new TextEncoder().encode(whole), (byte) => Uint8Array.of(byte));
    const deltas: string[] = [];
    for await (const event of clientOfBytes(wire, bytes).stream("Where?")) {
      if (event.type === "text") deltas.push(event.delta);
    }
    assertEquals(deltas, TEXT);
  });

  Deno.test(`${wire.name}: what keeps the connection open, and what nobody knows, need be no JSON`, async () => {
    const noise = "event: ping\ndata: \n\ndata:\n\nevent: keepalive\ndata: 2026-01-01\n\nevent: clock\ndata: noon\n\n";
    const bytes = new TextEncoder().encode(noise + whole.replaceAll("\n\n", `\n\n${noise}`));
    assertEquals((await clientOfBytes(wire, [bytes]).run("Where?")).response, TEXT.join(""));
  });

  Deno.test(`${wire.name}: [DONE] is understood with blanks around it`, async () => {
    const bytes = new TextEncoder().encode(`${whole.replace("data: [DONE]\n\n", "")}data:  [DONE] \n\n`);
    assertEquals((await clientOfBytes(wire, [bytes]).run("Where?")).response, TEXT.join(""));
  });

  Deno.test(`${wire.name}: an event longer than maxEventBytes is ResponseError too_large`, async () => {
    const long = new TextEncoder().encode(wire.stream(["x".repeat(100_000)]));
    const client = clientOfBytes(wire, [long], { maxEventBytes: 100_000 });
    await assertOutcome(client.run("Where?"), { error: ResponseError, reason: "too_large" });
  });

  Deno.test(`${wire.name}: an event of 64 MiB is read`, async () => {
    const chunk = new Uint8Array(64 * 1024).fill(0x78);
    const [head, ...others] = wire.stream(["SPLIT"]).split("SPLIT").map((text) => new TextEncoder().encode(text));
    const pieces = (function* () {
      yield head!;
      for (const other of others) {
        for (let piece = 0; piece < 1024; piece++) yield chunk;
        yield other;
      }
    })();
    assertEquals((await clientOfBytes(wire, pieces).run("Where?")).response.length, 64 * 1024 ** 2);
  });

  Deno.test(`${wire.name}: an event that is no JSON is ResponseError json, without the payload`, async () => {
    const stream = `${wire.opening}data: {"needle":\n\n${wire.rest}`;
    await using server = startVendor(body(stream, STREAM));
    const call = clientFor(wire, server).run("Where?");
    await assertOutcome(call, { error: ResponseError, reason: "json" });
    const failure = await call.catch((error) => error);
    assert(!Deno.inspect(failure, { depth: 9, showHidden: true }).includes("needle"));
    assertEquals(server.requests.length, 1);
  });

  Deno.test(`${wire.name}: unknown events and pieces are ignored`, async () => {
    const stream = wire.unknown + wire.opening + wire.unknown + wire.rest;
    await using server = startVendor(body(stream, STREAM));
    await assertOutcome(clientFor(wire, server).run("Where?"), "Paris.");
  });

  Deno.test(`${wire.name}: what comes after the terminator is ignored`, async () => {
    const stream = `${wire.opening}${wire.rest}${wire.errorEvent("server_error")}data: {\n\n${wire.opening}`;
    await using server = startVendor(body(stream, STREAM));
    await assertOutcome(clientFor(wire, server).run("Where?"), "Paris.");
  });

  for (const { word, retried, expect } of WORDS) {
    const waits = retried ? BACKOFF.slice(0, 1) : [];
    const FORMS = {
      "in the data": wire.errorEvent(word),
      "in an event named error": `event: error\n${wire.errorEvent(word)}`,
      "in a 200 body": JSON.stringify(wire.refusal(word)),
    };
    for (const [form, content] of Object.entries(FORMS)) {
      Deno.test(`${wire.name}: ${word} ${form}, before any output, is ${expect.error.name}${retried ? ", retried" : ""}`, async () => {
        await using server = startVendor(body(content, STREAM));
        using clock = fakeClock();
        await assertOutcome(throughWaits(clock, waits, clientFor(wire, server, ONE_RETRY).run("Where?")), expect);
        assertEquals([server.requests.length, ...clock.timers], [waits.length + 1]);
      });
    }

    Deno.test(`${wire.name}: ${word} after the first output is ${expect.error.name}, not retried`, async () => {
      await using server = startVendor(body(wire.opening + wire.errorEvent(word), STREAM));
      using clock = fakeClock();
      await assertOutcome(clientFor(wire, server).run("Where?"), expect);
      assertEquals([server.requests.length, ...clock.timers], [1]);
    });

    Deno.test(`${wire.name}: ${word} in one body is ${expect.error.name}${retried ? ", retried" : ""}`, async () => {
      await using server = startVendor(body(wire.refusal(word)));
      using clock = fakeClock();
      const call = clientFor(wire, server, ONE_RETRY).run("Where?", { streaming: false });
      await assertOutcome(throughWaits(clock, waits, call), expect);
      assertEquals([server.requests.length, ...clock.timers], [waits.length + 1]);
    });
  }

  Deno.test(`${wire.name}: an error before any output, then an answer, is an answer`, async () => {
    await using server = startVendor(body(wire.errorEvent("overloaded_error"), STREAM), answers(wire));
    using clock = fakeClock();
    const call = clientFor(wire, server).run("Where?");
    await assertOutcome(throughWaits(clock, BACKOFF.slice(0, 1), call), "Paris.");
  });

  Deno.test(`${wire.name}: a slow reader holds the vendor back`, async () => {
    const chunk = new TextEncoder().encode(`${wire.opening.split("\n\n").at(-2)}\n\n`);
    const head = new TextEncoder().encode(wire.opening);
    let pulled = 0;
    const queued = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        pulled++;
        controller.enqueue(pulled === 1 ? head : chunk);
        if (pulled === 10_000) controller.close();
      },
    }, { highWaterMark: 0 });
    const fetch = () => Promise.resolve(new Response(queued, STREAM));
    let read = 0;
    for await (const event of clientFor(wire, NOWHERE, { fetch }).stream("Where?")) {
      if (event.type !== "text") continue;
      assert(pulled <= ++read + 1, `${pulled} chunks were taken for ${read} that were read`);
      if (read === 1_000) break;
    }
    assertEquals(read, 1_000);
  });
}
