import { assertEquals } from "@std/assert";
import { ApiError, ConnectionError, LlmError, TimeoutError } from "../src/error.ts";
import { mayRetry, neverAgain } from "../src/retryable.ts";

Deno.test("mayRetry() holds for lost connections and connect timeouts, not for silence after that", () => {
  const timeouts = (["connect", "firstChunk", "idle", "total"] as const).map((phase) =>
    new TimeoutError("m", { phase })
  );
  assertEquals(timeouts.map(mayRetry), [true, false, false, false]);
  assertEquals([new LlmError("m"), new Error("m"), "m", undefined].map(mayRetry), [false, false, false, false]);
});

Deno.test("mayRetry() does not hold for a wait longer than a minute", () => {
  const waits = [0, 60_000, 60_001].map((retryAfterMs) => new ApiError("m", { status: 503, retryAfterMs }));
  assertEquals(waits.map(mayRetry), [true, true, false]);
});

Deno.test("neverAgain() takes an error out of those that are retried", () => {
  const lost = new ConnectionError("m");
  assertEquals([mayRetry(lost), mayRetry(neverAgain(lost))], [true, false]);
});
