/**
 * The trip that the demo's agent plans: its question, its tools, and what a script says in place of a model.
 *
 * @module
 */
import { defineTool, type Tool } from "@sik/llms";
import { z } from "zod";
import type { ScriptedAnswer } from "./scripted_openai.ts";

/** What the agent is asked. */
export const tripQuestion = "Plan a weekend in Lisbon for me: from Berlin on 12 June 2026, back on the 14th.";

/** What the agent is told before. */
export const tripInstructions = "You plan trips. First search flights, both ways at once. Then search hotels in two " +
  "districts at once. Then answer in three sentences with every price and the sum. Before you call tools say why, " +
  "in one short sentence.";

/** The tools; they take their time, as a service would, and stop when the signal aborts. */
export const tripTools: readonly Tool[] = [
  defineTool({
    name: "search_flights",
    description: "Finds the cheapest flight between two cities on a day.",
    parameters: z.object({ from: z.string(), to: z.string(), date: z.string().describe("YYYY-MM-DD") }),
    execute: async ({ from, to }, { signal }) => {
      await later(from === "Berlin" ? 460 : 890, signal);
      return flight(from, to);
    },
  }),
  defineTool({
    name: "search_hotels",
    description: "Finds the cheapest hotel in a district of a city.",
    parameters: z.object({ city: z.string(), district: z.string(), nights: z.number().int() }),
    execute: async ({ district, nights }, { signal }) => {
      await later(district === "Alfama" ? 340 : 250, signal);
      return hotel(district, nights);
    },
  }),
];

function flight(from: string, to: string) {
  return from === "Berlin" ? { from, to, departs: "09:40", euros: 128 } : { from, to, departs: "18:20", euros: 94 };
}

function hotel(district: string, nights: number) {
  const [name, euros] = district === "Alfama" ? ["Casa da Graça", 95] : ["Hotel do Rio", 140];
  return { name, district, euros: Number(euros) * nights };
}

/** What a script says; it knows where it is by what the last tool of a turn gave. */
export const tripScript: readonly ScriptedAnswer[] = [
  {
    question: tripQuestion,
    answer: "First the flights, both ways at once.",
    calls: [
      { name: "search_flights", arguments: { from: "Berlin", to: "Lisbon", date: "2026-06-12" } },
      { name: "search_flights", arguments: { from: "Lisbon", to: "Berlin", date: "2026-06-14" } },
    ],
    speaks: true,
  },
  {
    question: JSON.stringify(flight("Lisbon", "Berlin")),
    answer: "Two nights then: the old town, or the river?",
    calls: [
      { name: "search_hotels", arguments: { city: "Lisbon", district: "Alfama", nights: 2 } },
      { name: "search_hotels", arguments: { city: "Lisbon", district: "Belém", nights: 2 } },
    ],
    speaks: true,
    refusals: 1,
  },
  {
    question: JSON.stringify(hotel("Belém", 2)),
    answer:
      "Fly out on Friday at 09:40 for 128 € and back on Sunday at 18:20 for 94 €. Sleep in the Casa da Graça in " +
      "Alfama, two nights for 190 €, with the roofs below your window. That is 412 € in all.",
  },
];

/** Waits, unless the signal aborts. */
function later(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}
