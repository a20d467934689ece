/**
 * Spans and metrics of the program's own around its calls, in one trace with them.
 *
 *     OTEL_SDK_DISABLED=false deno run -A examples/custom_spans_and_metrics.ts    with a collector on localhost:4318
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient, getMeter, getTracer, startTelemetry } from "@sik/llms";

// First of all: a span that is opened before this line is lost, and an instrument made before it stays mute.
await using telemetry = await startTelemetry();
if (telemetry.state.rule === "off") console.log("Telemetry is off; OTEL_SDK_DISABLED=false switches it on.");

const client = createClient("gpt-4o-mini");
const tracer = getTracer("travel_desk");
const answered = getMeter("travel_desk").createCounter("travel_desk.questions", {
  unit: "{question}",
  description: "Questions that were answered.",
});

await tracer.startActiveSpan("travel_desk.visit", { attributes: { "visitor.kind": "tourist" } }, async (visit) => {
  for (const country of ["France", "Portugal"]) {
    // The spans of the call stand below the span that is active here; nothing is passed by hand.
    await tracer.startActiveSpan("travel_desk.question", async (span) => {
      try {
        const { response, cost } = await client.run(`What is the capital of ${country}?`);
        answered.add(1, { "travel_desk.country": country });
        span.setAttribute("travel_desk.cost_usd", cost?.total ?? 0);
        console.log(response);
      } finally {
        span.end();
      }
    });
  }
  visit.end();
});

const { spans, metrics } = await telemetry.flush();
console.log(`sent ${spans.exported} spans and ${metrics.exported} data points`);
