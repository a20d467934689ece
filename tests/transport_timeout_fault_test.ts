/**
 * What can go wrong on the way: silence before the headers, before the first chunk and in the middle of an answer.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { BadRequestError, TimeoutError } from "../src/error.ts";
import { fakeClock } from "./support/clock.ts";
import { assertOutcome, BACKOFF, throughWaits } from "./support/outcome.ts";
import { type Handler, startVendor } from "./support/vendor_server.ts";
import { answers, clientFor, type Wire, wires } from "./support/wires.ts";

const mute: Handler = (reply) => reply.stall();
const headersOnly: Handler = async (reply) => {
  await reply.head();
  await reply.stall();
};
const opensThenStalls = (wire: Wire): Handler => async (reply) => {
  await reply.head();
  await reply.write(wire.opening);
  await reply.stall();
};

/** What keeps a connection open, and says nothing of the answer. */
const HEARTBEATS: Readonly<Record<string, string>> = {
  "a comment": ": still here\n\n",
  "a ping": 'event: ping\ndata: {"type": "ping"}\n\n',
  "a ping without a name": 'data: {"type":"ping"}\n\n',
  "a keepalive": 'event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n',
  "a chunk without a choice": 'data: {"choices":[]}\n\n',
  "a long chunk without a choice": `data: {"id":"${"x".repeat(200)}","choices": [ ]}\n\n`,
  "a long ping": `data: {"type":"ping","padding":"${"x".repeat(200)}"}\n\n`,
  "an event named heartbeat": "event: heartbeat\ndata: {}\n\n",
  "an empty object": "data: {}\n\n",
};

for (const wire of wires) {
  Deno.test(`${wire.name}: slow headers are retried like a lost connection, then TimeoutError connect`, async () => {
    await using server = startVendor(mute);
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { connectMs: 5_000 } }).run("Where?");
    const waits = [5_000, BACKOFF[0], 5_000, BACKOFF[1], 5_000];
    await assertOutcome(throughWaits(clock, waits, call), { error: TimeoutError, phase: "connect", partialText: "" });
    assertEquals([server.connections, ...clock.timers], [3]);
    for (const number of [1, 2, 3]) await server.connectionClosed(number);
  });

  Deno.test(`${wire.name}: headers that come at the second attempt are enough`, async () => {
    await using server = startVendor(mute, answers(wire));
    using clock = fakeClock();
    const call = clientFor(wire, server).run("Where?");
    await assertOutcome(throughWaits(clock, [60_000, BACKOFF[0]], call), "Paris.");
  });

  Deno.test(`${wire.name}: a stall before the first chunk is TimeoutError firstChunk, not retried`, async () => {
    await using server = startVendor(headersOnly);
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { firstChunkMs: 7_000 } }).run("Where?");
    const expected = { error: TimeoutError, phase: "firstChunk", partialText: "" };
    await assertOutcome(throughWaits(clock, [7_000], call), expected);
    assertEquals([server.requests.length, ...clock.timers], [1]);
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: a stall before the first chunk lasts ten minutes unless said otherwise`, async () => {
    await using server = startVendor(headersOnly);
    using clock = fakeClock();
    const call = clientFor(wire, server).run("Where?");
    await assertOutcome(throughWaits(clock, [600_000], call), { error: TimeoutError, phase: "firstChunk" });
  });

  Deno.test(`${wire.name}: a stall mid-stream is TimeoutError idle with the partial text, not retried`, async () => {
    await using server = startVendor(opensThenStalls(wire));
    using clock = fakeClock();
    const call = clientFor(wire, server).run("Where?");
    const expected = { error: TimeoutError, phase: "idle", partialText: "Par" };
    await assertOutcome(throughWaits(clock, [120_000], call), expected);
    assertEquals([server.requests.length, ...clock.timers], [1]);
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: comments and pings do not count as output`, async () => {
    const more = Promise.withResolvers<void>();
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await more.promise;
      await reply.write(": still here\n\nevent: ping\ndata: {}\n\n");
      await reply.stall();
    });
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { idleMs: 9_000 } }).run("Where?");
    const ended = assertOutcome(call, { error: TimeoutError, phase: "idle", partialText: "Par" });
    await clock.armed(9_000);
    await clock.tick(4_000);
    more.resolve();
    await clock.armed((ms) => Math.round(ms) === 5_000);
    await clock.tick(5_001);
    await ended;
  });

  Deno.test(`${wire.name}: output ends the silence`, async () => {
    const more = Promise.withResolvers<void>();
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await more.promise;
      await reply.write(wire.rest);
      await reply.end();
    });
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { idleMs: 9_000 } }).run("Where?");
    await clock.armed(9_000);
    await clock.tick(8_999);
    more.resolve();
    await assertOutcome(call, "Paris.");
    assertEquals(clock.timers, []);
  });

  Deno.test(`${wire.name}: the reader's own pauses are no silence of the vendor's`, async () => {
    const more = Promise.withResolvers<void>();
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await more.promise;
      await reply.write(wire.rest);
      await reply.end();
    });
    using clock = fakeClock();
    const client = clientFor(wire, server, { timeouts: { idleMs: 9_000 } });
    let text = "";
    for await (const event of client.stream("Where?")) {
      if (event.type !== "text") continue;
      text += event.delta;
      await clock.tick(1_000_000);
      more.resolve();
    }
    assertEquals(text, "Paris.");
  });

  Deno.test(`${wire.name}: in one body, everything until its first byte is the first chunk`, async () => {
    await using server = startVendor(mute);
    using clock = fakeClock();
    const timeouts = { connectMs: 1, firstChunkMs: 30_000 };
    const call = clientFor(wire, server, { timeouts }).run("Where?", { streaming: false });
    await assertOutcome(throughWaits(clock, [30_000], call), { error: TimeoutError, phase: "firstChunk" });
    assertEquals(server.requests.length, 1);
  });

  for (const [what, heartbeat] of Object.entries(HEARTBEATS)) {
    Deno.test(`${wire.name}: ${what} is no output, before the first and after it`, async () => {
      for (const [opening, phase] of [["", "firstChunk"], [wire.opening, "idle"]] as const) {
        const later = Promise.withResolvers<void>();
        await using server = startVendor(async (reply) => {
          await reply.head();
          await reply.write(opening + heartbeat);
          await later.promise;
          await reply.write(heartbeat);
          await reply.stall();
        });
        using clock = fakeClock();
        const timeouts = { firstChunkMs: 7_000, idleMs: 7_000 };
        const call = clientFor(wire, server, { timeouts }).run("Where?");
        const ended = assertOutcome(call, { error: TimeoutError, phase });
        await clock.armed(7_000);
        await clock.tick(5_000);
        later.resolve();
        await clock.tick(2_001);
        await ended;
      }
    });
  }

  Deno.test(`${wire.name}: what comes before the first output leaves it the time of the first chunk`, async () => {
    const [head = ""] = wire.opening.split(/(?<=\n\n)/);
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(head);
      await reply.stall();
    });
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { firstChunkMs: 9_000, idleMs: 3_000 } }).run("Where?");
    await assertOutcome(throughWaits(clock, [9_000], call), { error: TimeoutError, phase: "firstChunk" });
  });

  Deno.test(`${wire.name}: the total counts retries and waits, and keeps the partial text`, async () => {
    await using server = startVendor((reply) => reply.close(), opensThenStalls(wire));
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { totalMs: 10_000 } }).run("Where?");
    const ended = assertOutcome(call, { error: TimeoutError, phase: "total", partialText: "Par" });
    await throughWaits(clock, [BACKOFF[0]], server.request(2));
    await clock.armed((ms) => Math.round(ms) === 120_000);
    await clock.tick(10_001 - clock.elapsed);
    await ended;
    assertEquals([server.requests.length, ...clock.timers], [2]);
  });

  Deno.test(`${wire.name}: the total ends a wait between attempts`, async () => {
    await using server = startVendor((reply) => reply.close());
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { totalMs: 100 } }).run("Where?");
    const ended = assertOutcome(call, { error: TimeoutError, phase: "total" });
    await clock.armed((ms) => ms > 100);
    await clock.tick(100);
    await ended;
    assertEquals([server.connections, ...clock.timers], [1]);
  });

  Deno.test(`${wire.name}: a total without end is no total`, async () => {
    await using server = startVendor(answers(wire));
    const timeouts = { totalMs: Infinity, connectMs: Infinity, firstChunkMs: Infinity, idleMs: Infinity };
    await assertOutcome(clientFor(wire, server, { timeouts }).run("Where?"), "Paris.");
  });

  Deno.test(`${wire.name}: an error body that hangs after the headers is typed by its status, whatever connectMs`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head(400, { "content-type": "application/json", "x-request-id": "req_1" });
      await reply.write('{"error":');
      await reply.stall();
    });
    using clock = fakeClock();
    const call = clientFor(wire, server, { timeouts: { connectMs: 1_000 } }).run("Where?");
    const ended = assertOutcome(call, { error: BadRequestError, status: 400, requestId: "req_1" });
    await clock.armed(5_000);
    await clock.tick(5_000);
    await ended;
    assertEquals(clock.timers, []);
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: a stream that is broken off in a silence leaves no timer`, async () => {
    await using server = startVendor(opensThenStalls(wire));
    using clock = fakeClock();
    const events = clientFor(wire, server, { timeouts: { totalMs: 1e6 } }).stream("Where?")[Symbol.asyncIterator]();
    await events.next();
    const waiting = events.next();
    await clock.armed(120_000);
    await events.return();
    assertEquals(await waiting, { value: undefined, done: true });
    assertEquals(clock.timers, []);
    await server.connectionClosed(1);
  });
}

Deno.test("a timeout's message names the option that changes it", async () => {
  const [wire] = wires;
  await using server = startVendor(headersOnly);
  using clock = fakeClock();
  const call = clientFor(wire!, server, { timeouts: { firstChunkMs: 7_000 } }).run("Where?");
  const error = await assertRejects(() => throughWaits(clock, [7_000], call), TimeoutError);
  assertEquals(
    error.message,
    "The vendor was silent before its first output for 7000 ms; timeouts.firstChunkMs changes that.",
  );
});
