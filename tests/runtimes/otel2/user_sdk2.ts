/**
 * A user on the SDK's 2.x line and API 1.9: a program of tests/otel/user_providers_test.ts.
 *
 * @module
 */
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { play } from "./user_program.ts";

const never = 2 ** 31 - 1;
const spanExporter = new InMemorySpanExporter();
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: never });

await play({
  api,
  contextManager: new AsyncLocalStorageContextManager().enable(),
  tracerProvider: new BasicTracerProvider({
    spanProcessors: [new BatchSpanProcessor(spanExporter, { scheduledDelayMillis: never })],
  }),
  meterProvider: new MeterProvider({ readers: [reader] }),
  spanExporter,
  metricExporter,
});
