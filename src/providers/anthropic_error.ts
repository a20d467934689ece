/**
 * Refusals as Anthropic words them (https://platform.claude.com/docs/en/api/errors).
 *
 * @module
 */
import type { VendorError } from "../vendor_error.ts";
import { record, text, word } from "./raw.ts";

/** Reads a refusal in Anthropic's form, `{ type: "error", error: { type, message } }`, or what a proxy made of it. */
export function anthropicErrorOf(_status: number, body: unknown): VendorError {
  const error = record(body)["error"];
  if (typeof error === "string") return { message: error };
  const { message, type } = record(error ?? body);
  return { message: text(message) || text(body), type: word(type) };
}
