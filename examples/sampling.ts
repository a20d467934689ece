/**
 * Fewer traces, but the right ones: decided at the beginning, by what a model costs, or at the end, by how it went.
 * Metrics count every request either way.
 *
 *     deno run -A examples/sampling.ts
 *     OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 deno run -A examples/sampling.ts    with a collector
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { startReceiver } from "./support/otlp_receiver.ts";
import { costBasedSampler, createClient, startTelemetry, tailFilter } from "@sik/llms";

await using collector = startReceiver(); // So that this runs anywhere.
const endpoint = Deno.env.get("OTEL_EXPORTER_OTLP_ENDPOINT") ?? collector.url;
const question = "What is the capital of France?";

/** Asks a model so many times at once; gives how many of the requests are in the trace. */
async function ask(model: string, times: number): Promise<number> {
  const client = createClient(model);
  const results = await Promise.all(Array.from({ length: times }, () => client.run(question)));
  return results.filter(({ traceContext }) => traceContext?.traceFlags === 1).length;
}

// At the beginning: expensive models and reasoning always, of cheap models' traces a tenth. Nothing is recorded of the
// others, so that they cost nothing; but nobody knows yet which of them will fail.
{
  await using telemetry = await startTelemetry({
    enabled: true,
    endpoint,
    sampler: costBasedSampler({ cheapRatio: 0.1, expensiveUsdPerMillion: 10 }),
  });
  console.log("costBasedSampler:");
  console.log(`  gpt-4o-mini, $0.60 per million tokens: ${await ask("gpt-4o-mini", 10)} of 10 sampled`);
  console.log(`  gpt-4o, $10 per million tokens: ${await ask("gpt-4o", 2)} of 2 sampled`);
  const { spans } = await telemetry.flush();
  console.log(`  ${spans.exported} spans sent`);
}

// At the end: each trace is held until it is over, and kept whole when it failed, was slow or dear; here none of the
// others is. It costs the memory of the traces that run, and knows.
{
  await using telemetry = await startTelemetry({
    enabled: true,
    endpoint,
    filter: (next) => tailFilter(next, { ratio: 0, minDurationMs: 5_000, minCostUsd: 0.05 }),
  });
  console.log("tailFilter:");
  await ask("gpt-4o-mini", 10);
  const { spans: quick } = await telemetry.flush();
  console.log(`  10 quick and cheap requests: ${quick.exported} spans sent`);
  // A mistake that the vendor refuses: the temperature ends at 2.
  await createClient("gpt-4o-mini").run(question, { temperature: 3 }).catch((error) => {
    console.log(`  ${error.name}`);
  });
  const { spans: failed } = await telemetry.flush();
  console.log(`  1 that failed: ${failed.exported} spans sent`);
}
