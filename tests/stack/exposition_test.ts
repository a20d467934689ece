import { assertEquals } from "@std/assert";
import { exposed, startExposition } from "../../scripts/stack/exposition.ts";

Deno.test("Prometheus can fetch before anything was counted", async () => {
  await using exposition = startExposition();
  const response = await fetch(`http://${exposition.target}/metrics`);
  assertEquals([response.status, await response.text()], [200, "\n"]);
});

const origin = {
  scope: { name: "test", version: undefined },
  resource: { "service.name": "shown", "service.instance.id": "one" },
  description: undefined,
  temporality: "cumulative",
  startNs: 0n,
} as const;

Deno.test("a counter is shown with its newest value, a histogram with cumulative buckets", () => {
  const counter = { ...origin, name: "llm_cost_total_usd", unit: "{USD}", kind: "sum", monotonic: true } as const;
  const seconds = { ...origin, name: "a.b", unit: "s", kind: "histogram", monotonic: undefined } as const;
  const text = exposed([
    { ...counter, timeNs: 1n, attributes: { "llm.model": 'a"b' }, value: 1 },
    { ...counter, timeNs: 2n, attributes: { "llm.model": 'a"b' }, value: 2.5 },
    { ...seconds, timeNs: 2n, attributes: {}, count: 3, sum: 4, bounds: [1, 2], buckets: [1, 0, 2] },
  ]);
  const labels = 'service="shown",job="shown",instance="one"';
  assertEquals(text.trimEnd().split("\n"), [
    "# TYPE llm_cost_usd_total counter",
    `llm_cost_usd_total{${labels},llm_model="a\\"b"} 2.5`,
    "# TYPE a_b_seconds histogram",
    `a_b_seconds_bucket{${labels},le="1"} 1`,
    `a_b_seconds_bucket{${labels},le="2"} 1`,
    `a_b_seconds_bucket{${labels},le="+Inf"} 3`,
    `a_b_seconds_sum{${labels}} 4`,
    `a_b_seconds_count{${labels}} 3`,
  ]);
});
