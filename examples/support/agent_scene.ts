/**
 * An agent as the demo shows it: what it says in each turn, which tools it calls, what they give, and the answer.
 *
 * @module
 */
import type { StreamEvent } from "@sik/llms";
import { cut, wrap } from "./colors.ts";
import { saidBy, summaryOf, widestAnswer } from "./scene.ts";
import type { Screen } from "./screen.ts";

const indent = 5;

/** Shows a run while it happens. An error is shown, not thrown. */
export async function showAgent(
  { paint, print, typewriter, width: columns }: Screen,
  question: string,
  events: AsyncIterable<StreamEvent>,
): Promise<void> {
  const width = Math.min(columns, widestAnswer);
  const margin = " ".repeat(indent);
  const letters = typewriter(indent, width);
  const line = (mark: string, tone: "accent" | "good" | "bad" | "warn", text: string) => {
    letters.end();
    wrap(text, width - indent - 2).forEach((part, index) => {
      print(`${margin}${index === 0 ? paint(mark, tone) : " "} ${paint(cut(part, width - indent - 2), "dim")}`);
    });
  };
  wrap(question, width - indent - 2).forEach((text, index) => {
    print(`${margin}${index === 0 ? paint("›", "accent") : " "} ${text}`);
  });
  try {
    for await (const event of events) {
      if (event.type === "text") letters.type(event.delta);
      else if (event.type === "tool_call") line("→", "accent", `${event.name} ${valuesOf(event.arguments)}`);
      else if (event.type === "tool_result") {
        line("←", event.isError ? "bad" : "good", `${event.name} ${valuesOf(event.result)}`);
      } else if (event.type === "notice" && event.code === "retry") line("↻", "warn", event.message);
      else if (event.type === "finish") line("✓", "good", summaryOf(event.result));
    }
  } catch (error) {
    line("✗", "bad", saidBy(error));
  }
  print("");
}

/** The values alone, as a person would say them. */
function valuesOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([key, each]) => {
    const text = typeof each === "string" ? each : JSON.stringify(each);
    return key === "euros" ? `${text} €` : key === "nights" ? `${text} nights` : text;
  }).join(" · ");
}
