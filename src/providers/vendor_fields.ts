/**
 * What a vendor adds to a part that all dialects know: the citations of a text, the caller of a tool. It stands on the
 * part, goes back to the same provider as it came, and no other dialect looks at it.
 *
 * @module
 */
import type { AssistantMessage, Part, TextPart, ToolCall } from "../message.ts";
import { type Raw, record } from "./raw.ts";

/** A part with such fields. */
export interface WithVendorFields {
  /** Left out where there are none. */
  readonly vendor?: {
    /** The name of the provider they came from. */
    readonly provider: string;
    /** As they came. */
    readonly data: Raw;
  };
}

/** The part with the fields that are not undefined or null. */
export function addVendorFields<P extends TextPart | ToolCall>(part: P, provider: string, fields: Raw): P {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return given.length === 0 ? part : { ...part, vendor: { provider, data: Object.fromEntries(given) } };
}

/** The fields that a part brings back to the provider. */
export function vendorFieldsOf(part: TextPart | ToolCall, provider: string): Raw {
  const { vendor } = part as WithVendorFields;
  return vendor?.provider === provider ? record(vendor.data) : {};
}

/** The message of an answer's parts; one text alone, without fields of its vendor's, is a text. */
export function messageOf(parts: readonly Part[]): AssistantMessage {
  const [first] = parts;
  if (first === undefined) return { role: "assistant", content: "" };
  const isPlain = parts.length === 1 && first.type === "text" && !("vendor" in first);
  return { role: "assistant", content: isPlain ? first.text : parts };
}
