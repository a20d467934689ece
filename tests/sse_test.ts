import { assert, assertEquals, assertRejects } from "@std/assert";
import { ResponseError } from "../src/error.ts";
import { type ServerSentEvent, sse } from "../src/sse.ts";

const CAP = 1_000_000;

/** The events of a stream that arrives in these chunks; a text is one chunk. */
async function eventsOf(
  chunks: Iterable<string | Uint8Array>,
  options: { readonly maxEventBytes?: number; readonly onPrologue?: (text: string) => void } = {},
): Promise<ServerSentEvent[]> {
  const iterator = chunks[Symbol.iterator]();
  const read = () => {
    const { value, done } = iterator.next();
    return Promise.resolve(done ? undefined : typeof value === "string" ? new TextEncoder().encode(value) : value);
  };
  const events: ServerSentEvent[] = [];
  for await (const event of sse(read, { maxEventBytes: CAP, ...options })) events.push(event);
  return events;
}

async function dataOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  return (await eventsOf(chunks)).map(({ data }) => data);
}

const STREAM = ': hello\nevent: delta\nid: 7\ndata: {"a":"é€😀"}\n\n' +
  "data: first\ndata: second\n\n:ping\n\ndata\n\nretry: 10\ndata:no space\n\ndata: [DONE]\n\n";

const EVENTS: readonly ServerSentEvent[] = [
  { id: "7", event: "delta", data: '{"a":"é€😀"}' },
  { id: undefined, event: undefined, data: "first\nsecond" },
  { id: undefined, event: undefined, data: "" },
  { id: undefined, event: undefined, data: "no space" },
  { id: undefined, event: undefined, data: "[DONE]" },
];

Deno.test("sse() reads names, ids, data of several lines, and leaves comments out", async () => {
  assertEquals(await eventsOf([STREAM]), EVENTS);
});

for (const [name, end] of [["LF", "\n"], ["CRLF", "\r\n"], ["CR", "\r"]] as const) {
  const bytes = new TextEncoder().encode(STREAM.replaceAll("\n", end));

  Deno.test(`sse() reads lines that end in ${name} the same, split at every byte`, async () => {
    for (let at = 0; at <= bytes.length; at++) {
      assertEquals(await eventsOf([bytes.subarray(0, at), bytes.subarray(at)]), EVENTS, `split at ${at}`);
    }
  });

  Deno.test(`sse() reads lines that end in ${name} the same, one byte at a time`, async () => {
    assertEquals(await eventsOf(Array.from(bytes, (byte) => Uint8Array.of(byte))), EVENTS);
  });
}

Deno.test("sse() reads a mixture of line ends", async () => {
  assertEquals(await dataOf("data: 1\r\n\ndata: 2\n\r\ndata: 3\r\rdata: 4\n\n"), ["1", "2", "3", "4"]);
});

Deno.test("sse() gives an event as soon as its blank line is there, not with the next", async () => {
  const chunks = ["data: 1\n\n", "data: 2\n\n"];
  let reads = 0;
  const read = () => Promise.resolve(new TextEncoder().encode(chunks[reads++]));
  const events = sse(read, { maxEventBytes: CAP });
  assertEquals((await events.next()).value?.data, "1");
  assertEquals(reads, 1);
  await events.return();
});

Deno.test("sse() takes the byte order mark off the start of the stream", async () => {
  assertEquals(await dataOf("\uFEFFdata: 1\n\n"), ["1"]);
});

Deno.test("sse() takes a byte order mark off that comes in pieces", async () => {
  assertEquals(await dataOf(Uint8Array.of(0xef), Uint8Array.of(0xbb), Uint8Array.of(0xbf), "data: 1\n\n"), ["1"]);
});

Deno.test("sse() takes only the first byte order mark off", async () => {
  // The second one belongs to the field's name, which then is none that the specification knows.
  assertEquals(await dataOf("\uFEFF\uFEFFdata: 1\n\ndata: 2\n\n"), ["2"]);
});

Deno.test("sse() keeps U+FEFF inside a text and at the start of a later chunk", async () => {
  assertEquals(await dataOf("data: a\uFEFFb\n\n", "data: c", "\uFEFFd\n\n"), ["a\uFEFFb", "c\uFEFFd"]);
});

Deno.test("sse() drops an event without its closing blank line", async () => {
  assertEquals(await dataOf("data: 1\n\ndata: 2\n"), ["1"]);
  assertEquals(await dataOf("data: 1\n\ndata: 2"), ["1"]);
});

Deno.test("sse() gives the last event of a stream whose lines end in CR only", async () => {
  assertEquals(await dataOf("data: 1\r\rdata: 2\r\r"), ["1", "2"]);
});

Deno.test("sse() gives the last event of a CR stream whose last byte comes alone", async () => {
  assertEquals(await dataOf("data: 1\r", "\r"), ["1"]);
});

Deno.test("sse() drops an event of a CR stream that lacks its blank line", async () => {
  assertEquals(await dataOf("data: 1\r\rdata: 2\r"), ["1"]);
});

Deno.test("sse() puts U+FFFD for bytes that are no UTF-8 and goes on", async () => {
  assertEquals(await dataOf("data: a", Uint8Array.of(0xff), "b\n\ndata: c\n\n"), ["a\uFFFDb", "c"]);
});

Deno.test("sse() ignores fields it does not know", async () => {
  assertEquals(await dataOf("flavour: sweet\ndata: 1\nnothing\n\n"), ["1"]);
});

Deno.test("sse() gives nothing for an empty stream", async () => {
  assertEquals(await dataOf(), []);
});

Deno.test("sse() tells the text before the first event, whatever its pieces", async () => {
  const told: string[] = [];
  await eventsOf([": a\n", "data: 1", "\n\n", "data: 2\n\n"], { onPrologue: (text) => told.push(text) });
  assertEquals(told, [": a\n", "data: 1", "\n\n"]);
});

Deno.test("sse() tells all of a body that is no stream", async () => {
  let told = "";
  await eventsOf(['{"error":', '"é"}'], { onPrologue: (text) => told += text });
  assertEquals(told, '{"error":"é"}');
});

Deno.test("sse() takes an event as long as allowed", async () => {
  const data = "x".repeat(100);
  assertEquals(await eventsOf([`data: ${data}\n\n`], { maxEventBytes: 100 }), [{
    id: undefined,
    event: undefined,
    data,
  }]);
});

Deno.test("sse() refuses an event that is longer than allowed", async () => {
  const error = await assertRejects(
    () => eventsOf([`data: ${"x".repeat(101)}\n\n`], { maxEventBytes: 100 }),
    ResponseError,
  );
  assertEquals(error.reason, "too_large");
});

Deno.test("sse() counts an event's bytes, not its characters", async () => {
  const data = "€".repeat(34); // 34 characters, 102 bytes
  const error = await assertRejects(() => eventsOf([`data: ${data}\n\n`], { maxEventBytes: 100 }), ResponseError);
  assertEquals(error.reason, "too_large");
});

Deno.test("sse() refuses an event that never ends, soon after the cap", async () => {
  let read = 0;
  const endless = (function* () {
    yield "data: ";
    for (;;) {
      read += 1000;
      yield "x".repeat(1000);
    }
  })();
  const error = await assertRejects(() => eventsOf(endless, { maxEventBytes: 10_000 }), ResponseError);
  assertEquals(error.reason, "too_large");
  assert(read <= 12_000, `${read} bytes were read`);
});

Deno.test("sse() refuses an event of endless lines", async () => {
  const endless = (function* () {
    for (;;) yield "data: x\n";
  })();
  const error = await assertRejects(() => eventsOf(endless, { maxEventBytes: 10_000 }), ResponseError);
  assertEquals(error.reason, "too_large");
});

Deno.test("sse() gives the events before the one that is too long", async () => {
  const seen: string[] = [];
  const chunks = [`data: 1\n\ndata: ${"x".repeat(200)}\n\ndata: 3\n\n`].map((text) => new TextEncoder().encode(text));
  await assertRejects(async () => {
    const events = sse(() => Promise.resolve(chunks.shift()), { maxEventBytes: 100 });
    for await (const { data } of events) seen.push(data);
  }, ResponseError);
  assertEquals(seen, ["1"]);
});

Deno.test("sse() caps each event, not the stream", async () => {
  const chunks = Array.from({ length: 100 }, () => `data: ${"x".repeat(90)}\n\n`);
  assertEquals((await eventsOf(chunks, { maxEventBytes: 100 })).length, 100);
});

Deno.test("sse() reads broken characters the same, one byte at a time", async () => {
  const broken = [[0xc3, 0x61], [0xe2, 0x82, 0x62], [0xff, 0x63, 0x80], [0xf0, 0x9f, 0x98], [0xef, 0xbb, 0xbf, 0x64]];
  for (const bytes of broken) {
    const stream = Uint8Array.from([...new TextEncoder().encode("data: "), ...bytes, 0x0a, 0x0a]);
    const whole = await dataOf(stream);
    assertEquals(await dataOf(...Array.from(stream, (byte) => Uint8Array.of(byte))), whole);
    assertEquals(whole, [new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes))]);
  }
});
