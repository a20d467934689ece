import { assertEquals } from "@std/assert";
import { send } from "../../src/otel/transport.ts";
import { startCollector } from "../support/collector.ts";
import { patiently, target } from "./ingredients.ts";

for (const [length, encoding] of [[1023, null], [1024, "gzip"]] as const) {
  Deno.test(`send() sends ${length} bytes with content-encoding ${encoding} where gzip is asked for`, async () => {
    await using collector = await startCollector();
    const body = requestOf(length);
    const { ok } = await send(body, target(`${collector.url}/v1/traces`, { gzip: true }), patiently());
    const [request] = collector.receiver.requests();
    assertEquals([ok, request?.headers.get("content-encoding"), request?.body], [true, encoding, body]);
  });
}

/** A protobuf request of so many bytes: a field that no receiver knows. */
function requestOf(length: number): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(length);
  body.set([0xfa, 0x3f, (length - 4) % 128 + 128, Math.floor((length - 4) / 128)]);
  return body;
}

Deno.test("send() compresses nothing unless that is asked for", async () => {
  await using collector = await startCollector();
  await send(requestOf(4096), target(`${collector.url}/v1/traces`), patiently());
  assertEquals(collector.receiver.requests()[0]?.headers.get("content-encoding"), null);
});

Deno.test("send() sends as it is where the runtime cannot compress", async () => {
  await using collector = await startCollector();
  const { CompressionStream } = globalThis;
  const refusing = class {
    constructor() {
      throw new TypeError("no such format");
    }
  };
  try {
    for (const broken of [undefined, refusing]) {
      Reflect.set(globalThis, "CompressionStream", broken);
      const { ok } = await send(requestOf(4096), target(`${collector.url}/v1/traces`, { gzip: true }), patiently());
      assertEquals([ok, collector.receiver.requests().at(-1)?.headers.get("content-encoding")], [true, null]);
    }
  } finally {
    Reflect.set(globalThis, "CompressionStream", CompressionStream);
  }
});
