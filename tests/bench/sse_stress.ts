/**
 * What reading streams costs at the edges: one event of up to 64 MiB, and 8 MiB that come one byte at a time.
 *
 *     deno task bench:sse
 *
 * It fails where time grows faster than the event, or where the bytes take two seconds. The bytes come from memory: of a
 * `ReadableStream` with eight million chunks the runtime alone makes five seconds.
 *
 * @module
 */
import type { DecodedResult } from "../../src/provider.ts";
import { sse } from "../../src/sse.ts";
import { clientFor, type Wire, wires } from "../support/wires.ts";

const MIB = 1024 ** 2;
const encoder = new TextEncoder();

/**
 * How much dearer a byte of 64 MiB may be than one of 4: a copy per chunk would make it 16 times as dear, memory that no
 * longer fits the processor's cache makes it two or three times.
 */
const MOST_GROWTH = 8;
/** Seconds for 8 MiB in chunks of one byte. */
const MOST_SECONDS = 2;

let failures = 0;

function print(name: string, seconds: number, bytes: number, isFine: boolean): void {
  const speed = `${(bytes / MIB / seconds).toFixed(0)} MiB/s`;
  console.log(
    `${name.padEnd(52)} ${seconds.toFixed(3).padStart(7)} s ${speed.padStart(11)}${isFine ? "" : "  TOO SLOW"}`,
  );
  if (!isFine) failures++;
}

/** Runs `once` several times and gives the shortest: the others waited for somebody else. */
async function fastest(times: number, once: () => Promise<void>): Promise<number> {
  let seconds = Infinity;
  for (let time = 0; time < times; time++) {
    const start = performance.now();
    await once();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return seconds;
}

/** A stream whose one text is so long, in chunks of 64 KiB, through a whole client. */
async function readLong(wire: Wire, bytes: number): Promise<void> {
  const chunk = new Uint8Array(64 * 1024).fill(0x78);
  const [head = "", ...others] = wire.stream(["SPLIT"]).split("SPLIT");
  const pieces = (function* () {
    yield encoder.encode(head);
    for (const other of others) {
      for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
      yield encoder.encode(other);
    }
  })();
  const headers = { "content-type": "text/event-stream" };
  const fetch = () => Promise.resolve(new Response(ReadableStream.from(pieces), { headers }));
  const { response } = await clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch }).run("Where?");
  if (response.length !== bytes) throw new Error(`${response.length} of ${bytes} characters came.`);
}

/** So many bytes of stream, one at a time, through the reader of events and the dialect. */
async function readBytes(wire: Wire, stream: Uint8Array, text: string): Promise<void> {
  let at = 0;
  const read = () => Promise.resolve(at < stream.length ? stream.subarray(at, ++at) : undefined);
  const request = { messages: [{ role: "user", content: "Where?" }] } as const;
  let result: DecodedResult | undefined;
  for await (const event of wire.provider.decode(sse(read, { maxEventBytes: 128 * MIB }), request)) {
    if (event.type === "finish") result = event.result;
  }
  if (result?.response !== text) throw new Error("The text is not what was sent.");
}

for (const wire of wires) {
  let first: number | undefined;
  for (const mib of [4, 16, 64]) {
    const seconds = await fastest(3, () => readLong(wire, mib * MIB));
    first ??= seconds / mib;
    print(
      `${wire.name}: one event of ${mib} MiB, through a client`,
      seconds,
      mib * MIB,
      seconds / mib < first * MOST_GROWTH,
    );
  }
  const words = "Paris is the capital of France, and Lisbon that of Portugal. ";
  const measure = (pieces: number) => encoder.encode(wire.stream(new Array<string>(pieces).fill(words)));
  // A piece of text stands once in some streams and twice in others: two lengths tell how much it takes.
  const each = (measure(2_000).length - measure(1_000).length) / 1_000;
  const pieces = Math.ceil(8 * MIB / each);
  const stream = measure(pieces);
  const text = words.repeat(pieces);
  const seconds = await fastest(5, () => readBytes(wire, stream, text));
  const name = `${wire.name}: ${(stream.length / MIB).toFixed(1)} MiB, one byte at a time, ${pieces} pieces`;
  print(name, seconds, stream.length, seconds < MOST_SECONDS);
}
if (failures > 0) Deno.exit(1);
