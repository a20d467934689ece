/**
 * What the contract's requests are made of.
 *
 * @module
 */
import type { ImagePart, TextPart } from "../../src/message.ts";

/** The parameters of the tool, and the shape of the answer. */
export const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const;

/** A tool. */
export const WEATHER = {
  name: "weather",
  description: "Tells the weather of a city.",
  parameters: PARAMETERS,
} as const;

/** The shape of an answer. */
export const CITY = PARAMETERS;

/** The first bytes of a picture, from which its type is known. */
export const PNG = "iVBORw0KGgoAAAANSUhEUg==";

/** Text and images, by address and as data. */
export const IMAGES: readonly (string | TextPart | ImagePart)[] = [
  "What is this?",
  { type: "image", url: "https://pictures.test/cat.jpg" },
  { type: "image", data: PNG },
];
