/**
 * Spans and metrics in the terminal, for a first look without a collector.
 *
 *     deno run -A examples/console_export.ts
 *
 * No code is needed for it either; the environment can ask any program to do the same, or for one line per span:
 *
 *     export OTEL_SDK_DISABLED=false OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=console
 *     deno run -A examples/quickstart.ts
 *     OTEL_SDK_DISABLED=false OTEL_TRACES_EXPORTER=none OTEL_METRICS_EXPORTER=none OTEL_LOG_LEVEL=debug \
 *       deno run -A examples/quickstart.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { createClient, type MetricExporterLike, type SpanExporterLike, startTelemetry } from "@sik/llms";

// An exporter is two or three functions. OpenTelemetry's ConsoleSpanExporter and ConsoleMetricExporter would do as well;
// they print all there is.
const spanExporter: SpanExporterLike = {
  export(spans: readonly ReadableSpan[], done) {
    for (const { name, duration: [seconds, nanoseconds], attributes } of spans) {
      console.log(`${name}  ${Math.round(seconds * 1e3 + nanoseconds / 1e6)} ms`, attributes);
    }
    done({ code: 0 }); // As in "they have arrived".
  },
  shutdown: () => Promise.resolve(),
};
const metricExporter: MetricExporterLike = {
  export({ scopeMetrics }: ResourceMetrics, done) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      for (const { value } of dataPoints) {
        console.log(`${descriptor.name}  ${typeof value === "number" ? value : `${value.count} times`}`);
      }
    }
    done({ code: 0 });
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

// An exporter given in code switches telemetry on. "simple" sends each span as it ends, not in batches; metrics come every
// five seconds, and at the end of the block.
await using _telemetry = await startTelemetry({ spanExporter, metricExporter, processor: "simple" });

const { response } = await createClient("gpt-4o-mini").run("What is the capital of France?");
console.log(`${response}\n`);
