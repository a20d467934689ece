/**
 * Answers that are judged later, by another job and in another trace: each judgement is a span with a link to the request
 * that it judges.
 *
 *     deno run -A examples/evaluation_link.ts
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 deno run -A examples/evaluation_link.ts    with a collector
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { startReceiver } from "./support/otlp_receiver.ts";
import { createClient, createSpanLink, getTracer, recordEvaluation, startTelemetry } from "@sik/llms";

await using collector = startReceiver(); // So that this runs anywhere.
await using telemetry = await startTelemetry({
  enabled: true,
  serviceName: "travel-desk",
  endpoint: Deno.env.get("OTEL_EXPORTER_OTLP_ENDPOINT") ?? collector.url,
});

// By day: questions are answered, and with each answer is kept where its request is to be found in the trace.
const client = createClient("gpt-4o-mini");
const capitals = [["France", "Paris"], ["Portugal", "Lisbon"]] as const;
const answers = await Promise.all(capitals.map(async ([country, capital]) => {
  const { response, traceContext } = await client.run(`What is the capital of ${country}?`);
  return { capital, response, traceContext };
}));

// By night: another job judges them. Its judges may be models, people, or lines of code, as here.
getTracer("evaluations").startActiveSpan("evaluations.nightly", (span) => {
  for (const { capital, response, traceContext } of answers) {
    if (traceContext === undefined) continue; // Telemetry was off when this one was answered.
    const isRight = response.includes(capital);
    const words = response.split(" ").length;
    recordEvaluation(traceContext, {
      name: "correctness",
      score: isRight ? 1 : 0,
      label: isRight ? "pass" : "fail",
      criteria: `Names ${capital}.`,
    });
    recordEvaluation(traceContext, {
      name: "brevity",
      score: 1 / words,
      label: words <= 3 ? "pass" : "fail",
      criteria: "Three words at most.",
      explanation: `It has ${words}.`,
    });
    console.log(`${response}  right: ${isRight}, words: ${words}  (trace ${traceContext.traceId})`);
  }
  span.end();
});

// The same link, on a span of any kind: here of the mail that an answer was sent by.
const [first] = answers;
if (first?.traceContext !== undefined) {
  const links = [createSpanLink(first.traceContext, { "link.type": "sent_answer" })];
  getTracer("mail").startSpan("mail.send", { links }).end();
}

const { spans } = await telemetry.flush();
console.log(`sent ${spans.exported} spans`);
