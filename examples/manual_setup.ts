/**
 * OpenTelemetry set up by the program itself: its own resource, sampler and exporters. The library finds the providers,
 * records through them, and exports nothing of its own.
 *
 *     deno run -A examples/manual_setup.ts
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 deno run -A examples/manual_setup.ts    with a collector
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { startReceiver } from "./support/otlp_receiver.ts";
import { context, metrics, trace } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { createClient, startTelemetry } from "@sik/llms";

await using collector = startReceiver(); // So that this runs anywhere.
const endpoint = Deno.env.get("OTEL_EXPORTER_OTLP_ENDPOINT") ?? collector.url;

const resource = resourceFromAttributes({
  "service.name": "travel-desk",
  "service.version": "1.4.0",
  "deployment.environment.name": "staging",
});
const tracerProvider = new TracerProvider({
  resource,
  sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(1) }), // All of them; 0.1 is a tenth.
  spanProcessors: [
    // As many as you like: here one for the collector, one for whoever watches.
    new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) }),
    new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }),
  ],
});
const meterProvider = new MeterProvider({
  resource,
  readers: [
    new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }) }),
  ],
});
// Before the first client is made: OpenTelemetry takes the first provider that is registered and refuses all others.
trace.setGlobalTracerProvider(tracerProvider);
metrics.setGlobalMeterProvider(meterProvider);

const { state } = await startTelemetry();
console.log(`spans and metrics go through ${state.rule === "user" ? "the program's own providers" : "none of ours"}`);

const client = createClient("gpt-4o-mini");
const span = trace.getTracer("travel_desk").startSpan("travel_desk.visit");
// Nobody set a context manager, which would carry the parent along: it is handed on instead.
const { response } = await client.run("What is the capital of France?", {
  parent: trace.setSpan(context.active(), span),
});
span.end();
console.log(response);

// What is yours is yours to flush and to end.
await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
