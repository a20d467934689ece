/**
 * What can go wrong on the way: the caller aborts, or the reader goes away.
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { Result, StreamEvent } from "../src/event.ts";
import { fakeClock } from "./support/clock.ts";
import { countListeners } from "./support/listeners.ts";
import { BACKOFF } from "./support/outcome.ts";
import { type Handler, startVendor } from "./support/vendor_server.ts";
import { answers, clientFor, type Wire, wires } from "./support/wires.ts";

const opensThenStalls = (wire: Wire): Handler => async (reply) => {
  await reply.head();
  await reply.write(wire.opening);
  await reply.stall();
};

/** An answer that never touches the network. */
const canned = (wire: Wire): typeof fetch => () => {
  return Promise.resolve(new Response(wire.opening + wire.rest, { headers: { "content-type": "text/event-stream" } }));
};

const REASONS: Readonly<Record<string, unknown>> = {
  "an Error": new Error("the caller's own reason"),
  "a text": "the caller's own reason",
  "the runtime's AbortError": undefined,
};

for (const wire of wires) {
  for (const [name, reason] of Object.entries(REASONS)) {
    Deno.test(`${wire.name}: an abort for ${name} before the call makes no request`, async () => {
      await using server = startVendor(answers(wire));
      const signal = AbortSignal.abort(reason);
      const failure = await clientFor(wire, server).run("Where?", { signal }).catch((error) => error);
      assertStrictEquals(failure, signal.reason);
      assertEquals(server.connections, 0);
    });

    Deno.test(`${wire.name}: an abort for ${name} mid-stream ends the wait, and the socket`, async () => {
      await using server = startVendor(opensThenStalls(wire));
      const caller = new AbortController();
      const listeners = countListeners(caller.signal);
      const events = clientFor(wire, server).stream("Where?", { signal: caller.signal })[Symbol.asyncIterator]();
      assertEquals((await events.next()).value, { type: "text", delta: "Par" });
      const waiting = events.next().catch((error) => error);
      caller.abort(reason);
      assertStrictEquals(await waiting, caller.signal.reason);
      await server.connectionClosed(1);
      assertEquals([server.requests.length, listeners.count], [1, 0]);
    });
  }

  Deno.test(`${wire.name}: an abort while the headers are waited for ends the wait, and the socket`, async () => {
    await using server = startVendor((reply) => reply.stall());
    using clock = fakeClock();
    const caller = new AbortController();
    const call = clientFor(wire, server).run("Where?", { signal: caller.signal }).catch((error) => error);
    await server.request(1);
    caller.abort("enough");
    assertEquals(await call, "enough");
    await server.connectionClosed(1);
    assertEquals([server.requests.length, ...clock.timers], [1]);
  });

  Deno.test(`${wire.name}: an abort while a body is waited for ends the wait, and the socket`, async () => {
    const sent = Promise.withResolvers<void>();
    await using server = startVendor(async (reply) => {
      await reply.head(200, { "content-type": "application/json" });
      await reply.write(JSON.stringify(wire.body).slice(0, 50));
      sent.resolve();
      await reply.stall();
    });
    const caller = new AbortController();
    const options = { signal: caller.signal, streaming: false };
    const call = clientFor(wire, server).run("Where?", options).catch((error) => error);
    await sent.promise;
    caller.abort("enough");
    assertEquals(await call, "enough");
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: an abort while a refusal's body is waited for ends the wait, and the socket`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head(500, { "content-type": "application/json" });
      await reply.write("{");
      await reply.stall();
    });
    using clock = fakeClock();
    const caller = new AbortController();
    const call = clientFor(wire, server).run("Where?", { signal: caller.signal }).catch((error) => error);
    await clock.armed(5_000);
    caller.abort("enough");
    assertEquals(await call, "enough");
    await server.connectionClosed(1);
    assertEquals([server.requests.length, ...clock.timers], [1]);
  });

  Deno.test(`${wire.name}: an abort in backoff ends the wait, and no further request is made`, async () => {
    await using server = startVendor((reply) => reply.close());
    using clock = fakeClock();
    const caller = new AbortController();
    const listeners = countListeners(caller.signal);
    const call = clientFor(wire, server).run("Where?", { signal: caller.signal }).catch((error) => error);
    const [from, to] = BACKOFF[0] as readonly [number, number];
    await clock.armed((ms) => ms >= from && ms <= to);
    caller.abort("enough");
    assertEquals(await call, "enough");
    assertEquals([server.connections, listeners.count, ...clock.timers], [1, 0]);
  });

  Deno.test(`${wire.name}: after an abort nothing more is given, not even what has come`, async () => {
    const caller = new AbortController();
    const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch: canned(wire) });
    const seen: StreamEvent[] = [];
    const failure = await assertRejects(async () => {
      for await (const event of client.stream("Where?", { signal: caller.signal })) {
        seen.push(event);
        caller.abort(new Error("enough"));
      }
    });
    assertStrictEquals(failure, caller.signal.reason);
    assertEquals(seen, [{ type: "text", delta: "Par" }]);
  });

  Deno.test(`${wire.name}: a fetch that does not listen to its signal is not waited for`, async () => {
    const caller = new AbortController();
    const late = Promise.withResolvers<Response>();
    const asked = Promise.withResolvers<void>();
    const deaf: typeof fetch = () => {
      asked.resolve();
      return late.promise;
    };
    const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch: deaf });
    const call = client.run("Where?", { signal: caller.signal }).catch((error) => error);
    await asked.promise;
    caller.abort("enough");
    assertEquals(await call, "enough");
    const cancelled = Promise.withResolvers<void>();
    // Even a body that cannot be let go of is nobody's unhandled rejection.
    const cancel = () => {
      cancelled.resolve();
      throw new Error("cancelling failed");
    };
    late.resolve(new Response(new ReadableStream({ cancel })));
    await cancelled.promise;
  });

  Deno.test(`${wire.name}: a body that does not listen to the signal is not waited for, and let go of`, async () => {
    const caller = new AbortController();
    const cancelled = Promise.withResolvers<unknown>();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(wire.opening)),
      cancel: cancelled.resolve,
    });
    const fetch = () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch });
    const events = client.stream("Where?", { signal: caller.signal })[Symbol.asyncIterator]();
    await events.next();
    const waiting = events.next().catch((error) => error);
    caller.abort("enough");
    assertEquals(await waiting, "enough");
    await cancelled.promise;
  });

  Deno.test(`${wire.name}: a reader that breaks ends the request`, async () => {
    await using server = startVendor(opensThenStalls(wire));
    const caller = new AbortController();
    const listeners = countListeners(caller.signal);
    for await (const _ of clientFor(wire, server).stream("Where?", { signal: caller.signal })) break;
    await server.connectionClosed(1);
    assertEquals(listeners.count, 0);
  });

  Deno.test(`${wire.name}: a reader that throws ends the request, and its own error stands`, async () => {
    await using server = startVendor(opensThenStalls(wire));
    const own = new Error("the reader's own");
    const failure = await assertRejects(async () => {
      for await (const _ of clientFor(wire, server).stream("Where?")) throw own;
    });
    assertStrictEquals(failure, own);
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: a reader that returns in the middle of a wait ends the request at once`, async () => {
    await using server = startVendor((reply) => reply.stall());
    const events = clientFor(wire, server).stream("Where?")[Symbol.asyncIterator]();
    const waiting = events.next();
    await server.request(1);
    assertEquals(await events.return(), { value: undefined, done: true });
    assertEquals(await waiting, { value: undefined, done: true });
    await server.connectionClosed(1);
    assertEquals(await events.next(), { value: undefined, done: true });
  });

  Deno.test(`${wire.name}: throw() on the iterator ends the request and gives the error back`, async () => {
    await using server = startVendor(opensThenStalls(wire));
    const events = clientFor(wire, server).stream("Where?")[Symbol.asyncIterator]();
    await events.next();
    const own = new Error("the reader's own");
    assertStrictEquals(await assertRejects(() => events.throw(own)), own);
    await server.connectionClosed(1);
  });

  Deno.test(`${wire.name}: a stream that is never read makes no request`, async () => {
    await using server = startVendor(answers(wire));
    const caller = new AbortController();
    const listeners = countListeners(caller.signal);
    const stream = clientFor(wire, server).stream("Where?", { signal: caller.signal });
    await stream[Symbol.asyncIterator]().return();
    assertEquals([server.connections, listeners.most], [0, 0]);
  });

  Deno.test(`${wire.name}: a reader that takes nothing after finish leaves no timer and no listener`, async () => {
    await using server = startVendor(answers(wire));
    using clock = fakeClock();
    const caller = new AbortController();
    const listeners = countListeners(caller.signal);
    const client = clientFor(wire, server, { timeouts: { totalMs: 1e6 } });
    const events = client.stream("Where?", { signal: caller.signal })[Symbol.asyncIterator]();
    while ((await events.next()).value?.type !== "finish") assert(listeners.count > 0);
    assertEquals([listeners.count, ...clock.timers], [0]);
  });

  Deno.test(`${wire.name}: one signal shared by 1,000 calls keeps no listener`, async () => {
    const { signal } = new AbortController();
    const listeners = countListeners(signal);
    const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch: canned(wire) });
    const outcomes: Promise<Result>[] = [];
    for (let call = 0; call < 1_000; call++) outcomes.push(client.run("Where?", { signal }));
    const texts = new Set((await Promise.all(outcomes)).map(({ response }) => response));
    assertEquals([...texts], ["Paris."]);
    assert(listeners.most > 0, "The signal was not listened to at all.");
    assertEquals(listeners.count, 0);
  });
}
