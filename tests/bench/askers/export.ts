/**
 * OpenTelemetry's SDK for those who bring none: batches of spans and periodic metrics over OTLP, as ours has them.
 *
 * @module
 */
import type { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { TracerProvider } from "@opentelemetry/sdk-trace";
import { load } from "./packages.ts";

/** What stands ready. */
export interface Export {
  readonly tracers: TracerProvider;
  readonly meters: MeterProvider;
  /** Sends what there is. */
  flush(): Promise<void>;
}

/** Sets up the process's providers, which send to `url`. */
export async function startExport(url: string): Promise<Export> {
  const { context, metrics, trace } = await import("@opentelemetry/api");
  const { TracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace");
  const { MeterProvider, PeriodicExportingMetricReader } = await import("@opentelemetry/sdk-metrics");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const { OTLPMetricExporter } = await import("@opentelemetry/exporter-metrics-otlp-http");
  const { AsyncLocalStorageContextManager } = await load<{
    AsyncLocalStorageContextManager: new () => Parameters<typeof context.setGlobalContextManager>[0];
  }>("@opentelemetry/context-async-hooks");
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const tracers = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }),
  });
  const meters = new MeterProvider({ readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  return {
    tracers,
    meters,
    async flush() {
      await Promise.all([tracers.forceFlush(), meters.forceFlush()]);
    },
  };
}
