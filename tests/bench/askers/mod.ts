/**
 * Who is measured: each asks the vendor once, reads the whole answer, and gives its length.
 *
 * @module
 */
import type { Dialect } from "../works.ts";
import { ai } from "./ai.ts";
import { anthropic } from "./anthropic.ts";
import type { Measured } from "./asker.ts";
import { floor } from "./floor.ts";
import { openai, openaiOtel, openaiTraceloop } from "./openai.ts";
import { ours } from "./ours.ts";
import { tanstack } from "./tanstack.ts";

const everything: readonly Dialect[] = ["chat", "responses", "anthropic"];
const openais: readonly Dialect[] = ["chat", "responses"];

/** The limit. */
export const FLOOR = "raw floor";
/** Ours with telemetry off. */
export const OFF = "ours, telemetry off";
/** Ours with telemetry on. */
export const ON = "ours, telemetry on";

/** Everyone, by the name in the table. */
export const askers: Readonly<Record<string, Measured>> = {
  [FLOOR]: { make: floor, dialects: everything },
  [OFF]: { make: (url) => ours(url, false), dialects: everything },
  [ON]: { make: (url) => ours(url, true), dialects: everything, traced: true },
  "openai": { make: openai, dialects: openais },
  "openai 6 + OpenTelemetry's instrumentation": { make: openaiOtel, dialects: openais, traced: true },
  "openai 6 + Traceloop": { make: openaiTraceloop, dialects: openais, traced: true },
  "@anthropic-ai/sdk": { make: anthropic, dialects: ["anthropic"] },
  "ai": { make: (url) => ai(url, false), dialects: openais },
  "ai, telemetry on": { make: (url) => ai(url, true), dialects: openais, traced: true },
  "@tanstack/ai": { make: (url) => tanstack(url, false), dialects: openais, streamsOnly: true },
  "@tanstack/ai, telemetry on": {
    make: (url) => tanstack(url, true),
    dialects: openais,
    streamsOnly: true,
    traced: true,
  },
};
