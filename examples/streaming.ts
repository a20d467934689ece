/**
 * An answer read as it arrives: events are told apart by `type`, and the last one carries the whole result.
 *
 *     deno run -A examples/streaming.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient } from "@sik/llms";

const client = createClient("gpt-4o-mini");
const encoder = new TextEncoder();

for await (const event of client.stream("Plan one day in Lisbon for me, in three lines.")) {
  switch (event.type) {
    case "text":
      await Deno.stdout.write(encoder.encode(event.delta));
      break;
    case "notice": // As in a retry: nothing to worry about, but worth knowing.
      console.error(`[${event.code}] ${event.message}`);
      break;
    case "finish": {
      const { finishReason, usage, cost, timeToFirstTokenSeconds: first } = event.result;
      console.log(`\n\n${finishReason}: ${usage?.outputTokens} tokens, the first after ${first?.toFixed(3)} s`);
      console.log(`$${cost?.total.toFixed(7)}`);
      break;
    }
  }
}

// Whoever has read enough breaks off: the request ends there, and its span says that it was cancelled.
let letters = 0;
for await (const event of client.stream("Tell me the whole history of Lisbon.")) {
  if (event.type === "text") letters += event.delta.length;
  if (letters > 40) break;
}
console.log(`broken off after ${letters} letters`);
