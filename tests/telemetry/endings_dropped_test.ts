import { assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createClient, type Timeouts } from "../../mod.ts";
import { fakeClock } from "../support/clock.ts";
import { assertEnding } from "../support/endings.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import { chatThenStall, refusal, startVendor, type VendorServer } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

/** Reads so many events and lets go of the iterator, without a word. Gives the last one's type. */
async function readAndDrop({ url }: VendorServer, events = 1, timeouts?: Timeouts): Promise<string> {
  const reader = createClient("gpt-4o-mini", { baseUrl: url, timeouts }).stream(question)[Symbol.asyncIterator]();
  let type = "";
  for (let read = 0; read < events; read++) type = (await reader.next()).value.type;
  return type;
}

/** Collects garbage until `until` is kept. */
async function collectUntil(until: Promise<void>): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  let over = false;
  until.catch(() => {}).finally(() => over = true);
  while (!over) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0)); // A turn of the event loop, in which finalizers run.
  }
  await until;
}

Deno.test("stream() whose iterator was dropped midway ends as cancelled when totalMs runs out", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  {
    using clock = fakeClock();
    assertEquals(await readAndDrop(server, 1, { totalMs: 60_000 }), "text");
    await clock.tick(59_999);
    assertEquals(telemetry.open, ["llm.request", "llm.openai.stream", "http.request"]);
    await clock.tick(1);
    await telemetry.ended("llm.request");
    await clock.tick(0);
    assertEquals(clock.timers, []);
  }
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() whose iterator was dropped midway ends as cancelled when it is collected", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chatThenStall());
  assertEquals(await readAndDrop(server), "text");
  await collectUntil(telemetry.ended("llm.request"));
  await server.connectionClosed(1);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: [undefined] });
});

Deno.test("stream() whose iterator was dropped at a retry's notice ends as cancelled when it is collected", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after": "30" }));
  assertEquals(await readAndDrop(server), "notice");
  await collectUntil(telemetry.ended("llm.request"));
  await assertEnding(telemetry, { outcome: "cancelled", attempts: ["503"] });
});

Deno.test("stream() whose iterator was dropped midway after a retry ends as cancelled when it is collected", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(503, { "retry-after-ms": "0" }), chatThenStall());
  assertEquals(await readAndDrop(server, 2), "text");
  await collectUntil(telemetry.ended("llm.request"));
  await server.connectionClosed(server.connections);
  await assertEnding(telemetry, { outcome: "cancelled", attempts: ["503", undefined] });
});
