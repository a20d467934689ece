/**
 * How much an agent's models are told to think.
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import type { ReasoningEffort } from "../language_model.ts";

const EFFORTS: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/** What an agent asks for where nobody says otherwise; a model that does not reason is not told. */
export const DEFAULT_EFFORT: ReasoningEffort = "medium";

/** What a model is told: what is asked for, whatever the model; else the default, where it reasons. */
export function effortOf(asked: ReasoningEffort | undefined, reasons: boolean): ReasoningEffort | undefined {
  return asked ?? (reasons ? DEFAULT_EFFORT : undefined);
}

/**
 * Checks an effort that a program without types may have given; it stands on metrics, so it must be one of the words.
 *
 * @throws {ConfigError} for any other.
 */
export function checkEffort(effort: unknown): void {
  if (effort === undefined || EFFORTS.includes(effort as ReasoningEffort)) return;
  throw new ConfigError(`reasoningEffort must be one of ${EFFORTS.join(", ")}.`);
}
