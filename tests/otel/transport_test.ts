import { assert, assertEquals, assertMatch } from "@std/assert";
import { send, type Sent } from "../../src/otel/transport.ts";
import { fakeClock } from "../support/clock.ts";
import {
  type AnswerFault,
  endless,
  type Fault,
  first,
  gate,
  hangs,
  redirect,
  silentAfterHead,
  startCollector,
  status,
  webPage,
} from "../support/collector.ts";
import { countListeners } from "../support/listeners.ts";
import { BACKOFF, throughWaits, type Wait } from "../support/outcome.ts";
import { patiently, target } from "./ingredients.ts";

/** A request without spans: the receiver takes it. */
const empty = new Uint8Array();
const type = "application/x-protobuf";

/** The reason of what failed. */
function reasonOf(sent: Sent): string {
  assert(!sent.ok);
  return sent.reason;
}

Deno.test("send() posts the body, its type and the headers that were given", async () => {
  await using collector = await startCollector();
  const options = target(`${collector.url}/v1/traces`, { headers: { authorization: "Bearer x", "x-tenant": "a b" } });
  assertEquals(await send(empty, options, patiently()), { ok: true, body: new Uint8Array() });
  const [request] = collector.receiver.requests();
  const header = (name: string) => request?.headers.get(name);
  assertEquals(["content-type", "content-encoding", "authorization", "x-tenant"].map(header), [
    type,
    null,
    "Bearer x",
    "a b",
  ]);
});

for (const code of [429, 502, 503, 504]) {
  Deno.test(`send() tries again after ${code}, with backoff`, async () => {
    await using collector = await startCollector(first(2, status(code)));
    using clock = fakeClock();
    const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
    assertEquals((await throughWaits(clock, BACKOFF, sending)).ok, true);
    assertEquals(collector.receiver.requests().map(({ status }) => status), [code, code, 200]);
  });
}

const RETRY_AFTER: readonly (readonly [header: Record<string, string>, wait: Wait])[] = [
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after-ms": "250" }, 250],
  [{ "retry-after": "soon" }, BACKOFF[0]],
  [{ "retry-after": "-5" }, BACKOFF[0]],
  [{ "retry-after": "NaN" }, BACKOFF[0]],
  [{ "retry-after": "" }, BACKOFF[0]],
  [{ "retry-after": "0" }, 100],
  [{ "retry-after-ms": "1" }, 100],
];
for (const code of [429, 503]) {
  for (const [headers, wait] of RETRY_AFTER) {
    Deno.test(`send() waits ${wait} ms after ${code} with ${JSON.stringify(headers)}`, async () => {
      await using collector = await startCollector(first(1, status(code, headers)));
      using clock = fakeClock();
      const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
      assertEquals((await throughWaits(clock, [wait], sending)).ok, true);
      assertEquals(collector.asked, 2);
    });
  }
}

Deno.test("send() waits until the date of a retry-after", async () => {
  await using collector = await startCollector(
    first(1, () => {
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_000).toUTCString();
      return new Response(null, { status: 503, headers: { "retry-after": date } });
    }),
  );
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
  assertEquals((await throughWaits(clock, [[3_000, 4_000]], sending)).ok, true);
});

Deno.test("send() fails at once when it is asked to wait beyond its deadline", async () => {
  await using collector = await startCollector(status(429, { "retry-after": "11" }));
  using clock = fakeClock();
  const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently());
  assertEquals([sent.ok, collector.asked, clock.elapsed], [false, 1, 0]);
  assertMatch(reasonOf(sent), /answered HTTP 429$/);
});

Deno.test("send() keeps all attempts within one deadline", async () => {
  await using collector = await startCollector(status(503));
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
  const waits: Wait[] = [...BACKOFF, [1_500, 2_000], [3_000, 4_000]];
  assertEquals((await throughWaits(clock, waits, sending)).ok, false);
  assertEquals(collector.asked, 5);
  assert(clock.elapsed < 10_000, `${clock.elapsed}`);
});

for (const code of [300, 302, 400, 401, 403, 404, 405, 413, 500, 501]) {
  Deno.test(`send() gives up at once after ${code}`, async () => {
    await using collector = await startCollector(status(code, { "retry-after": "1" }));
    using clock = fakeClock();
    const sent = await send(empty, target(`${collector.url}/v1/metrics`), patiently());
    assertEquals([sent.ok, !sent.ok && sent.status, collector.asked], [false, code, 1]);
    assertEquals(reasonOf(sent), `${collector.url}/v1/metrics answered HTTP ${code}`);
    assertEquals(clock.timers, []);
  });
}

Deno.test("send() never follows a redirect", async () => {
  await using elsewhere = await startCollector();
  await using collector = await startCollector(redirect(`${elsewhere.url}/v1/traces`));
  const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently());
  assertEquals([sent.ok, collector.asked, elsewhere.asked], [false, 1, 0]);
  assertMatch(reasonOf(sent), /answered HTTP 307$/);
});

for (const fault of ["down", "disconnects", "cut", "garbage"] as const) {
  Deno.test(`send() tries again when the collector is ${fault}, and arrives when it returns`, async () => {
    await using collector = await startCollector(fault);
    using clock = fakeClock();
    const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
    const [from, to] = BACKOFF[0] as readonly [number, number];
    const isBackoff = (ms: number) => ms >= from && ms <= to;
    await clock.armed(isBackoff);
    await collector.misbehave(undefined);
    await clock.tick(to);
    assertEquals((await sending).ok, true);
    assertEquals(collector.receiver.requests().length, 1);
  });

  Deno.test(`send() says so at once when the collector is ${fault} and connections are not retried`, async () => {
    await using collector = await startCollector(fault);
    using clock = fakeClock();
    const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently({ retryConnection: false }));
    assertEquals(reasonOf(sent), `${collector.url}/v1/traces cannot be reached`);
    assertEquals(clock.elapsed, 0);
  });
}

Deno.test("send() retries a busy collector even where connections are not retried", async () => {
  await using collector = await startCollector(first(1, status(503)));
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently({ retryConnection: false }));
  assertEquals((await throughWaits(clock, [BACKOFF[0]], sending)).ok, true);
});

Deno.test("send() ends at its deadline when the collector hangs", async () => {
  await using collector = await startCollector(hangs);
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`, { timeoutMs: 10_000 }), patiently());
  await collector.arrived(1);
  await clock.tick(9_999);
  assertEquals(clock.timers, [1]);
  await clock.tick(1);
  assertEquals(reasonOf(await sending), `${collector.url}/v1/traces did not answer in time`);
});

Deno.test("send() waits for a slow collector", async () => {
  const slow = gate();
  await using collector = await startCollector(slow.fault);
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
  await collector.arrived(1);
  await clock.tick(9_000);
  slow.open();
  assertEquals((await sending).ok, true);
});

Deno.test("send() sends nothing when no time is left", async () => {
  await using collector = await startCollector();
  for (const timeoutMs of [0, -5]) {
    const sent = await send(empty, target(`${collector.url}/v1/traces`, { timeoutMs }), patiently());
    assertMatch(reasonOf(sent), /did not answer in time$/);
  }
  assertEquals(collector.asked, 0);
});

for (const [name, fault] of [["hangs", hangs], ["is busy", status(503)]] as const) {
  Deno.test(`send() ends at once when its signal aborts while the collector ${name}`, async () => {
    await using collector = await startCollector(fault);
    using clock = fakeClock();
    const controller = new AbortController();
    const sending = send(empty, target(`${collector.url}/v1/traces`), patiently({ signal: controller.signal }));
    await collector.arrived(1);
    if (name === "is busy") await clock.armed((ms) => ms <= 500);
    controller.abort(new Error("enough"));
    assertEquals((await sending).ok, false);
    assertEquals([clock.elapsed, clock.timers], [0, []]);
  });
}

Deno.test("send() sends nothing when its signal has aborted", async () => {
  await using collector = await startCollector();
  const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently({ signal: AbortSignal.abort() }));
  assertEquals([sent.ok, collector.receiver.requests().length], [false, 0]);
});

Deno.test("send() leaves no listener on a signal that lives on", async () => {
  await using collector = await startCollector(first(1, status(400)));
  const { signal } = new AbortController();
  const listeners = countListeners(signal);
  for (let i = 0; i < 3; i++) await send(empty, target(`${collector.url}/v1/traces`), patiently({ signal }));
  assertEquals(listeners.count, 0);
  assert(listeners.most > 0);
});

Deno.test("send() takes a web page for what it is, and does not ask again", async () => {
  await using collector = await startCollector(webPage);
  const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently());
  assertEquals(reasonOf(sent), `${collector.url}/v1/traces answered with a web page, so it is no OTLP receiver`);
  assertEquals(collector.asked, 1);
});

Deno.test("send() reads no more than it needs of an endless answer to success", async () => {
  await using collector = await startCollector(endless());
  assertEquals(await send(empty, target(`${collector.url}/v1/traces`), patiently()), {
    ok: true,
    body: new Uint8Array(),
  });
});

Deno.test("send() waits a second for the body of a success, not the whole deadline", async () => {
  await using collector = await startCollector(silentAfterHead());
  using clock = fakeClock();
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
  await clock.armed(1_000);
  await clock.tick(1_000);
  assertEquals((await sending).ok, true);
});

for (const [name, fault] of [["endless", endless(500)], ["silent", silentAfterHead(500)]] as const) {
  Deno.test(`send() does not wait for the ${name} body of a failure`, async () => {
    await using collector = await startCollector(fault);
    using clock = fakeClock();
    const sent = await send(empty, target(`${collector.url}/v1/traces`), patiently());
    assertEquals([sent.ok, clock.elapsed], [false, 0]);
  });
}

const FAULTS: Readonly<Record<string, Fault>> = { down: "down", refusing: status(400), "a web page": webPage };
for (const [name, fault] of Object.entries(FAULTS)) {
  Deno.test(`send() names the address without its query when the collector is ${name}`, async () => {
    await using collector = await startCollector(fault);
    const options = target(`${collector.url}/v1/traces?api_key=sk-needle`, { headers: { "x-key": "sk-needle" } });
    const reason = reasonOf(await send(empty, options, patiently({ retryConnection: false })));
    assert(reason.startsWith(`${collector.url}/v1/traces `) && !reason.includes("needle"), reason);
  });
}

Deno.test("send() is not disturbed by a clock that jumps", async () => {
  const jump: AnswerFault = first(1, status(503, { "retry-after": "1" }));
  await using collector = await startCollector(jump);
  using clock = fakeClock();
  Date.now = () => 0; // From this year to 1970.
  const sending = send(empty, target(`${collector.url}/v1/traces`), patiently());
  assertEquals((await throughWaits(clock, [1_000], sending)).ok, true);
});
