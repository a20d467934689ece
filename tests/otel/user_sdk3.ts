/**
 * A user on the SDK's 3.x line and the API that goes with it: a program of user_providers_test.ts.
 *
 * @module
 */
import * as api from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { AsyncLocalStorage } from "node:async_hooks";
import { createContextManager } from "../../src/otel/context_manager.ts";
import { play } from "../runtimes/otel2/user_program.ts";

const never = 2 ** 31 - 1;
const spanExporter = new InMemorySpanExporter();
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: never });

await play({
  api,
  contextManager: createContextManager(AsyncLocalStorage).enable(),
  tracerProvider: new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: spanExporter, scheduledDelayMillis: never })],
  }),
  meterProvider: new MeterProvider({ readers: [reader] }),
  spanExporter,
  metricExporter,
});
