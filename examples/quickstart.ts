/**
 * The README's first example: ask, and read answer, tokens, cost and trace.
 *
 *     deno run -A examples/quickstart.ts
 *     OTEL_SDK_DISABLED=false deno run -A examples/quickstart.ts    with a collector on localhost:4318
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient } from "@sik/llms";

const client = createClient("gpt-4o-mini", { temperature: 0.7 });
const { response, usage, cost, traceContext } = await client.run("What is the capital of France?");

console.log(response); // Paris.
console.log(`${usage?.totalTokens} tokens, $${cost?.total.toFixed(7)}`);
console.log(traceContext === undefined ? "telemetry is off" : `trace ${traceContext.traceId}`);
