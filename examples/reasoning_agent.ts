/**
 * An agent that plans a trip: it thinks in turns, runs its tools in parallel, and answers. It is a client like any other.
 *
 *     deno run -A examples/reasoning_agent.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createReasoningAgent, defineTool } from "@sik/llms";
import { z } from "zod";

const searchFlights = defineTool({
  name: "search_flights",
  description: "Finds the cheapest flight between two cities on a day.",
  parameters: z.object({ from: z.string(), to: z.string(), date: z.iso.date() }),
  // Yours would ask a service, and hand it `signal`: it aborts with the caller, and when the tool's time is up.
  execute: async ({ from, to }, { signal }) => {
    await later(300, signal);
    return from === "Berlin" ? { from, to, departs: "09:15", euros: 128 } : { from, to, departs: "18:40", euros: 94 };
  },
});

const searchHotels = defineTool({
  name: "search_hotels",
  description: "Finds hotels in a city, the cheapest first.",
  parameters: z.object({ city: z.string(), nights: z.number().int() }),
  execute: async ({ nights }, { signal }) => {
    await later(200, signal);
    return [{ name: "Casa da Graça", euros: 95 * nights }, { name: "Hotel do Rio", euros: 140 * nights }];
  },
});

const agent = createReasoningAgent("gpt-4o-mini", {
  tools: [searchFlights, searchHotels],
  instructions: "Plan trips. Search before you answer, and name what everything costs.",
  maxIterations: 4,
});

const encoder = new TextEncoder();
for await (const event of agent.stream("Plan a weekend in Lisbon for me, from Berlin, on 12 June 2026.")) {
  switch (event.type) {
    case "text": // Of the answer, as it streams; of a turn before it, what the model thought aloud.
      await Deno.stdout.write(encoder.encode(event.delta));
      break;
    case "tool_call":
      console.log(`  asks ${event.name} ${JSON.stringify(event.arguments)}`);
      break;
    case "tool_result":
      console.log(`  ${event.isError ? "failed" : "told"} ${JSON.stringify(event.result)}`);
      break;
    case "iteration":
      console.log(`\n--- turn ${event.number}: ${event.nextAction}`);
      break;
    case "finish": {
      const { usage, cost, messages } = event.result; // Of all turns together; `messages` go into the next question.
      console.log(`${usage?.totalTokens} tokens, $${cost?.total.toFixed(6)}, ${messages.length} messages`);
      break;
    }
  }
}

/** Waits, unless the signal aborts. */
function later(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
