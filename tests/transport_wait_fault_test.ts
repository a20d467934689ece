/**
 * A vendor that answers 429: how long is waited when the vendor says how long.
 */
import { assertEquals } from "@std/assert";
import { BadRequestError, RateLimitError } from "../src/error.ts";
import { fakeClock } from "./support/clock.ts";
import { assertOutcome, BACKOFF, throughWaits, type Wait } from "./support/outcome.ts";
import { body, startVendor } from "./support/vendor_server.ts";
import { answers, clientFor, type Wire, wires } from "./support/wires.ts";

type Headers = Readonly<Record<string, string>>;

const refuses = (wire: Wire, status: number, headers: Headers) => {
  return body(wire.refusal(), { status, headers: { ...headers, connection: "close" } });
};

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();

/** Headers are made under the fake clock: dates in them count from it. */
const WAITED: Readonly<Record<string, readonly [headers: () => Headers, wait: Wait]>> = {
  "retry-after-ms": [() => ({ "retry-after-ms": "1234" }), 1_234],
  "retry-after-ms before retry-after": [() => ({ "retry-after-ms": "1234", "retry-after": "30" }), 1_234],
  "retry-after in seconds": [() => ({ "retry-after": "7" }), 7_000],
  "retry-after in parts of a second": [() => ({ "retry-after": "1.5" }), 1_500],
  "retry-after of a minute": [() => ({ "retry-after": "60" }), 60_000],
  // An HTTP date has no fractions of a second.
  "retry-after as a date": [() => ({ "retry-after": inSeconds(20) }), [19_000, 20_000]],
  "retry-after as a date gone by": [() => ({ "retry-after": inSeconds(-20) }), BACKOFF[0]],
  "a negative retry-after": [() => ({ "retry-after": "-7" }), BACKOFF[0]],
  "retry-after that is no time": [() => ({ "retry-after": "later" }), BACKOFF[0]],
  "an empty retry-after": [() => ({ "retry-after": "" }), BACKOFF[0]],
  "retry-after-ms that is no time": [() => ({ "retry-after-ms": "-1", "retry-after": "3" }), 3_000],
};

const TOO_LONG: Readonly<Record<string, readonly [headers: () => Headers, retryAfterMs: number | undefined]>> = {
  "retry-after of more than a minute": [() => ({ "retry-after": "61" }), 61_000],
  "retry-after-ms of more than a minute": [() => ({ "retry-after-ms": "60001" }), 60_001],
  "retry-after as a date in an hour": [() => ({ "retry-after": inSeconds(3_600) }), undefined],
};

for (const wire of wires) {
  for (const [name, [headers, wait]] of Object.entries(WAITED)) {
    Deno.test(`${wire.name}: 429 with ${name} is waited for, then asked again`, async () => {
      using clock = fakeClock();
      await using server = startVendor(refuses(wire, 429, headers()), answers(wire));
      // Another timer than those that are waited for: a minute is also how long headers are waited for.
      const client = clientFor(wire, server, { timeouts: { connectMs: 90_000 } });
      await assertOutcome(throughWaits(clock, [wait], client.run("Where?")), "Paris.");
      assertEquals(server.requests.length, 2);
    });
  }

  for (const [name, [headers, retryAfterMs]] of Object.entries(TOO_LONG)) {
    Deno.test(`${wire.name}: 429 with ${name} fails now, saying how long`, async () => {
      using clock = fakeClock();
      await using server = startVendor(refuses(wire, 429, headers()));
      const call = clientFor(wire, server).run("Where?");
      await assertOutcome(call, { error: RateLimitError, status: 429, ...retryAfterMs ? { retryAfterMs } : {} });
      assertEquals([server.requests.length, ...clock.timers], [1]);
    });
  }

  Deno.test(`${wire.name}: 429 with retry-after 0 is asked again at once`, async () => {
    await using server = startVendor(refuses(wire, 429, { "retry-after": "0" }), answers(wire));
    using clock = fakeClock();
    await assertOutcome(clientFor(wire, server).run("Where?"), "Paris.");
    assertEquals([server.requests.length, clock.elapsed], [2, 0]);
  });

  Deno.test(`${wire.name}: 503 with retry-after is waited for as a 429 is`, async () => {
    await using server = startVendor(refuses(wire, 503, { "retry-after": "9" }), answers(wire));
    using clock = fakeClock();
    await assertOutcome(throughWaits(clock, [9_000], clientFor(wire, server).run("Where?")), "Paris.");
  });

  Deno.test(`${wire.name}: 400 with retry-after is not asked again`, async () => {
    await using server = startVendor(refuses(wire, 400, { "retry-after": "1" }));
    using clock = fakeClock();
    await assertOutcome(clientFor(wire, server).run("Where?"), { error: BadRequestError, status: 400 });
    assertEquals([server.requests.length, ...clock.timers], [1]);
  });

  Deno.test(`${wire.name}: the last attempt's refusal says how long the vendor asked to wait`, async () => {
    await using server = startVendor(refuses(wire, 429, { "retry-after": "2" }));
    using clock = fakeClock();
    const call = clientFor(wire, server, { maxRetries: 1 }).run("Where?");
    await assertOutcome(throughWaits(clock, [2_000], call), { error: RateLimitError, retryAfterMs: 2_000 });
  });

  Deno.test(`${wire.name}: every retry is told to the reader before it is waited for`, async () => {
    await using server = startVendor(refuses(wire, 429, { "retry-after": "2" }), answers(wire));
    using clock = fakeClock();
    const events = clientFor(wire, server).stream("Where?")[Symbol.asyncIterator]();
    assertEquals(await events.next(), {
      done: false,
      value: { type: "notice", code: "retry", message: "Retry 1 of 2 after HTTP 429, in 2000 ms." },
    });
    assertEquals(clock.timers, []);
    await events.return();
    assertEquals(server.requests.length, 1);
  });
}
