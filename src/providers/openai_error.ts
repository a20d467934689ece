/**
 * Refusals as OpenAI words them (https://platform.openai.com/docs/guides/error-codes).
 *
 * @module
 */
import type { VendorError } from "../vendor_error.ts";

/** Reads a refusal in OpenAI's form, `{ error: { message, type, code } }`, or in one of those that others made of it. */
export function openaiErrorOf(_status: number, given: unknown): VendorError {
  const body = Array.isArray(given) ? given[0] : given; // Gemini puts the object in a list.
  const outer = typeof body === "object" && body !== null ? body as Record<string, unknown> : {};
  const error = outer["error"] ?? outer;
  if (typeof error === "string") return { message: error };
  if (typeof error !== "object" || error === null) return { message: typeof body === "string" ? body : "" };
  const { message, code, type } = error as Record<string, unknown>;
  return {
    message: typeof message === "string" ? message : typeof body === "string" ? body : "",
    code: typeof code === "string" || typeof code === "number" ? String(code) : undefined,
    type: typeof type === "string" ? type : undefined,
  };
}
