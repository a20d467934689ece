/**
 * Calls as the demo shows them: the question, the answer as it comes, and how it ended.
 *
 * @module
 */
import { BadRequestError, LlmError, type Result } from "@sik/llms";
import { wrap } from "./colors.ts";
import { duration, money } from "./format.ts";
import type { Screen } from "./screen.ts";

/** Shows what comes back. */
export interface Show {
  /** A piece of the answer. */
  delta(text: string): void;
  /** The whole answer, or the end of one whose pieces were shown. */
  result(result: Result): void;
  /** The reader has had enough. */
  brokenOff(): void;
}

/** Plays one call: it gets the question, and something to show the answer with. An error is shown, not thrown. */
export type Scene = (
  name: string,
  about: string,
  question: string,
  call: (question: string, show: Show) => Promise<void>,
) => Promise<void>;

const indent = 5;
/** Longer lines are no pleasure to read. */
export const widestAnswer = 110;

/** Makes a {@linkcode Scene} for a screen; it counts its calls. */
export function scenesOn(screen: Screen): Scene {
  const { paint } = screen;
  const width = Math.min(screen.width, widestAnswer);
  const margin = " ".repeat(indent);
  let number = 0;
  return async (name, about, question, call) => {
    const letters = screen.typewriter(indent, width);
    const end = (mark: string, tone: "good" | "bad" | "warn", text: string) => {
      letters.end();
      const [first = "", ...rest] = wrap(text, width - indent - 2);
      screen.print(`${margin}${paint(mark, tone)} ${paint(first, "dim")}`);
      screen.print(...rest.map((line) => `${margin}  ${paint(line, "dim")}`), "");
    };
    screen.print(
      ` ${paint(String(++number).padStart(2), "dim")}  ${paint(name, "strong")}${paint(` · ${about}`, "dim")}`,
    );
    screen.print(`${margin}${paint("›", "accent")} ${question}`);
    let typed = false;
    try {
      await call(question, {
        delta(text) {
          typed = true;
          letters.type(text);
        },
        result(result) {
          if (!typed) letters.type(result.response);
          end("✓", "good", summaryOf(result));
        },
        brokenOff() {
          letters.type(" …");
          end("◌", "warn", "broken off: the connection is closed, nobody waits for the rest");
        },
      });
    } catch (error) {
      end("✗", "bad", saidBy(error));
    }
  };
}

/** The library's own sentences hold no key and no prompt; a vendor may quote some of both, but where it explains a 400. */
export function saidBy(error: unknown): string {
  if (error instanceof BadRequestError && error.vendorMessage !== undefined) {
    return `${error.name} ${error.status}: ${error.vendorMessage}`;
  }
  return error instanceof LlmError ? `${error.name}: ${error.message}` : (error as Error).name;
}

/** How long an answer took, and what it cost. */
export function summaryOf({ durationSeconds, timeToFirstTokenSeconds, usage, cost }: Result): string {
  return [
    duration(durationSeconds * 1000),
    timeToFirstTokenSeconds === undefined ? undefined : `first token after ${duration(timeToFirstTokenSeconds * 1000)}`,
    usage === undefined ? undefined : `${usage.totalTokens - usage.outputTokens} tokens in, ${usage.outputTokens} out`,
    cost === undefined ? undefined : money(cost.total),
  ].filter((part) => part !== undefined).join(" · ");
}
