import { assertEquals, assertRejects } from "@std/assert";
import { readBounded, readerOf } from "../src/body_reader.ts";
import { fakeClock } from "./support/clock.ts";

const encoder = new TextEncoder();

/** A body of these pieces; one of the runtimes' own is of bytes. */
function bodyOf(pieces: readonly string[], type: "bytes" | undefined, cancelled?: (reason: unknown) => void) {
  let at = 0;
  const source = {
    type,
    pull(controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>) {
      const piece = pieces[at++];
      if (piece !== undefined) return controller.enqueue(encoder.encode(piece));
      controller.close();
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
    },
    cancel: (reason: unknown) => cancelled?.(reason),
  };
  return new ReadableStream<Uint8Array>(source as UnderlyingDefaultSource<Uint8Array>);
}

/** Reads to the end; what was read holds until the next read alone. */
async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = readerOf(body);
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = await reader.read(); bytes !== undefined; bytes = await reader.read()) {
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

const pieces = ["data: 1\n\n", "", "é".repeat(20_000), "data: 2\n\n"].filter((piece) => piece !== "");

for (const type of ["bytes", undefined] as const) {
  const kind = type === undefined ? "anything" : "bytes";

  Deno.test(`readerOf() reads a stream of ${kind} to its end`, async () => {
    assertEquals(await textOf(bodyOf(pieces, type)), pieces.join(""));
  });

  Deno.test(`readerOf() lets go of a stream of ${kind} with the reason`, async () => {
    const reasons: unknown[] = [];
    const reader = readerOf(bodyOf(pieces, type, (reason) => reasons.push(reason)));
    await reader.read();
    await reader.cancel("enough");
    assertEquals([reasons, await reader.read()], [["enough"], undefined]);
  });

  Deno.test(`readerOf() tells why a stream of ${kind} failed`, async () => {
    const source = {
      type,
      pull: (controller: { error(reason: unknown): void }) => controller.error(new Error("gone")),
    };
    const reader = readerOf(new ReadableStream(source as UnderlyingDefaultSource<Uint8Array>));
    await assertRejects(() => reader.read(), Error, "gone");
  });
}

Deno.test("readerOf() reads the body of a server's response into the same memory again and again", async () => {
  await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response(bodyOf(["one", "two"], undefined)));
  const { body } = await fetch(`http://127.0.0.1:${server.addr.port}`);
  const reader = readerOf(body!);
  const first = await reader.read();
  assertEquals([first?.byteOffset, first?.buffer.byteLength], [0, 16 * 1024]);
  while (await reader.read() !== undefined);
  assertEquals(first?.buffer.byteLength, 0); // Taken away.
  assertEquals(await reader.read(), undefined);
});

Deno.test("readerOf() reads what a fetch of the user's own made up", async () => {
  const given = [encoder.encode("one"), undefined];
  const reader = { read: () => Promise.resolve({ value: given[0], done: given.shift() === undefined }) };
  assertEquals(await textOf({ getReader: () => reader } as unknown as ReadableStream<Uint8Array>), "one");
});

const bounds = { maxBytes: 6, ms: 1_000, signal: new AbortController().signal };

/** A body of these texts, which then ends, fails or goes on for ever. */
function boundedBody(texts: readonly string[], end: "ends" | "fails" | "hangs") {
  const seen = { cancelled: 0 };
  const left = texts.map((text) => new TextEncoder().encode(text));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (end === "ends") controller.close();
      else if (end === "fails") controller.error(new Error("cut"));
      return end === "hangs" && chunk === undefined ? new Promise<void>(() => {}) : undefined;
    },
    cancel: () => void seen.cancelled++,
  }, { highWaterMark: 0 });
  return { body, seen };
}

const BOUNDED: Readonly<Record<string, readonly [texts: readonly string[], end: "ends" | "fails"]>> = {
  "is whole": [["ab", "cd"], "ends"],
  "is empty": [[], "ends"],
  "fails": [["ab", "cd"], "fails"],
  "is longer than that": [["abc", "defg", "h"], "ends"],
};
for (const [name, [texts, end]] of Object.entries(BOUNDED)) {
  Deno.test(`readBounded() gives what came of a body that ${name}`, async () => {
    const found = await readBounded(boundedBody(texts, end).body, bounds);
    assertEquals(new TextDecoder().decode(found), texts.join("").slice(0, 7));
  });
}

Deno.test("readBounded() lets go of a body that hangs, in time and with its signal", async () => {
  using clock = fakeClock();
  const controller = new AbortController();
  for (const end of [() => clock.tick(1_000), () => Promise.resolve(controller.abort())]) {
    const { body, seen } = boundedBody(["ab"], "hangs");
    const reading = readBounded(body, { ...bounds, signal: controller.signal });
    await clock.armed(1_000);
    await end();
    assertEquals([new TextDecoder().decode(await reading), seen.cancelled, clock.timers], ["ab", 1, []]);
  }
});

Deno.test("readBounded() of no body gives nothing, and makes no timer", async () => {
  using clock = fakeClock();
  assertEquals((await readBounded(null, bounds)).length, 0);
  assertEquals(clock.timers, []);
});
