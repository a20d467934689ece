/**
 * How much an agent's models are told to think.
 *
 * @module
 */
import type { ReasoningEffort } from "../language_model.ts";

/** What an agent asks for where nobody says otherwise; a model that does not reason is not told. */
export const DEFAULT_EFFORT: ReasoningEffort = "medium";

/** What a model is told: what is asked for, whatever the model; else the default, where it reasons. */
export function effortOf(asked: ReasoningEffort | undefined, reasons: boolean): ReasoningEffort | undefined {
  return asked ?? (reasons ? DEFAULT_EFFORT : undefined);
}
