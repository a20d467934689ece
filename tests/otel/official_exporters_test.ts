/** OpenTelemetry's own exporters, given to zero-config in place of ours. */
import { assert, assertEquals } from "@std/assert";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { createClient, startTelemetry } from "../../mod.ts";
import { startReceiver } from "../support/otlp_receiver.ts";
import { chat, someUsage, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";

Deno.test("the official exporters are taken as spanExporter and metricExporter, and their success is counted", async () => {
  await using receiver = startReceiver();
  await using vendor = startVendor(chat({ usage: someUsage }));
  await using telemetry = await startTelemetry({
    env: {},
    spanExporter: new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` }),
    metricExporter: new OTLPMetricExporter({ url: `${receiver.url}/v1/metrics` }),
  });
  assertEquals(telemetry.state.rule, "zero-config");
  await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question);
  const { spans, metrics } = await telemetry.flush();
  assertEquals(spans, { exported: 3, failed: 0, dropped: 0 });
  assertEquals(metrics.exported, receiver.metrics().length);
  assert(receiver.metrics().some(({ name, value }) => name === "llm_tokens_output_total" && value === 25));
  assertEquals(receiver.spans().map(({ name }) => name).toSorted(), [
    "http.request",
    "llm.openai.stream",
    "llm.request",
  ]);
});

Deno.test("the official exporters' failure is counted, and changes no call", async () => {
  await using receiver = startReceiver({ respond: () => new Response(null, { status: 400 }) });
  await using vendor = startVendor(chat());
  await using telemetry = await startTelemetry({
    env: { OTEL_METRICS_EXPORTER: "none" },
    spanExporter: new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` }),
    onError() {},
  });
  const { response } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run(question);
  const { spans } = await telemetry.flush();
  assertEquals([response, spans], ["Paris.", { exported: 0, failed: 3, dropped: 0 }]);
});
