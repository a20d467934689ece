import { assert, assertEquals } from "@std/assert";
import { backoffMs, LONGEST_RETRY_AFTER_MS, retryAfterMs } from "../src/retry.ts";

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0);

const FORMS: readonly (readonly [headers: Record<string, string>, waitMs: number | undefined])[] = [
  [{}, undefined],
  [{ "retry-after": "2" }, 2_000],
  [{ "retry-after": " 2 " }, 2_000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "0.25" }, 250],
  [{ "retry-after": "3600" }, 3_600_000],
  [{ "retry-after": "-5" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "5 seconds" }, undefined],
  [{ "retry-after": "1e3" }, undefined],
  [{ "retry-after": "NaN" }, undefined],
  [{ "retry-after": "Infinity" }, undefined],
  [{ "retry-after": "Sun, 01 Jun 2025 12:00:07 GMT" }, 7_000],
  [{ "retry-after": "Sunday, 01-Jun-25 12:00:07 GMT" }, 7_000],
  [{ "retry-after": "Sun, 01 Jun 2025 12:00:00 GMT" }, 0],
  [{ "retry-after": "Sun, 01 Jun 2025 11:59:59 GMT" }, undefined],
  [{ "retry-after": "Someday, 99 Foo 2025" }, undefined],
  [{ "retry-after-ms": "150" }, 150],
  [{ "retry-after-ms": "150.5" }, 150.5],
  [{ "retry-after-ms": "150", "retry-after": "9" }, 150],
  [{ "retry-after-ms": "-150", "retry-after": "9" }, 9_000],
  [{ "retry-after-ms": "?", "retry-after": "Sun, 01 Jun 2025 12:00:07 GMT" }, 7_000],
];

for (const [headers, waitMs] of FORMS) {
  Deno.test(`retryAfterMs() reads ${JSON.stringify(headers)}`, () => {
    assertEquals(retryAfterMs(new Headers(headers), NOW), waitMs);
  });
}

Deno.test("retryAfterMs() counts a date from now when no time is given", () => {
  const wait = retryAfterMs(new Headers({ "retry-after": new Date(Date.now() + 600_000).toUTCString() }));
  assert(wait !== undefined && wait > 500_000 && wait <= 600_000, `${wait}`);
});

Deno.test("backoffMs() doubles from half a second to eight", () => {
  assertEquals([0, 1, 2, 3, 4, 5, 6, 100, 2000].map((retry) => backoffMs(retry, () => 0)), [
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    8_000,
    8_000,
    8_000,
    8_000,
  ]);
});

Deno.test("backoffMs() cuts off up to a quarter", () => {
  assertEquals([0, 0.5, 1].map((random) => backoffMs(1, () => random)), [1_000, 875, 750]);
});

Deno.test("backoffMs() differs from caller to caller", () => {
  assert(new Set(Array.from({ length: 50 }, () => backoffMs(0))).size > 1);
});

Deno.test("a wait of a minute is still waited for", () => {
  assertEquals(LONGEST_RETRY_AFTER_MS, 60_000);
});
