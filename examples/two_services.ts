/**
 * Two services, one trace: the first hands its trace on in the headers of its request, the second goes on with it. The
 * vendor is told nothing of it.
 *
 *     deno run -A examples/two_services.ts
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 deno run -A examples/two_services.ts    with a collector
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { startReceiver } from "./support/otlp_receiver.ts";
import { SpanKind } from "@opentelemetry/api";
import { createClient, extractContext, getTracer, injectContext, startTelemetry, withContext } from "@sik/llms";

await using collector = startReceiver(); // So that this runs anywhere.
await using telemetry = await startTelemetry({
  enabled: true,
  endpoint: Deno.env.get("OTEL_EXPORTER_OTLP_ENDPOINT") ?? collector.url,
});
const listen = { hostname: "127.0.0.1", port: 0, onListen() {} }; // A free port of this machine.
const traces = new Set<string>();

// The second service: asks the model. Whoever calls it is its parent.
const client = createClient("gpt-4o-mini");
await using answers = Deno.serve(
  listen,
  (request) =>
    withContext(
      extractContext(request.headers),
      () =>
        getTracer("answers").startActiveSpan("POST /answer", { kind: SpanKind.SERVER }, async (span) => {
          try {
            const { response, traceContext } = await client.run(await request.text());
            traces.add(traceContext?.traceId ?? "none");
            return new Response(response);
          } finally {
            span.end();
          }
        }),
    ),
);

// The first service: takes a visitor's question to the second one.
await using desk = Deno.serve(
  listen,
  (request) =>
    getTracer("desk").startActiveSpan("GET /", { kind: SpanKind.SERVER }, async (span) => {
      try {
        traces.add(span.spanContext().traceId);
        const headers = new Headers();
        injectContext(headers); // traceparent, and tracestate where there is one.
        const question = `What is the capital of ${new URL(request.url).searchParams.get("country")}?`;
        const answer = await fetch(`http://127.0.0.1:${answers.addr.port}`, {
          method: "POST",
          headers,
          body: question,
        });
        return new Response(await answer.text());
      } finally {
        span.end();
      }
    }),
);

const visit = await fetch(`http://127.0.0.1:${desk.addr.port}/?country=Portugal`);
console.log(await visit.text());
const { spans } = await telemetry.flush();
console.log(`sent ${spans.exported} spans of two services in ${traces.size} trace: ${[...traces].join(", ")}`);
