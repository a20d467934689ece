/**
 * What is recorded of a call: under which names, and how much of its content. Options say so, else the environment.
 *
 * @module
 */
import { currentOptions, currentSettings, readEnv } from "../otel/lifecycle.ts";
import { numberIn, wordsIn } from "../otel/words.ts";
import type { Capture } from "./content.ts";
import type { Vocabulary } from "./names.ts";
import type { ClientTelemetry, TelemetryOptions } from "./options.ts";

/** The options given so far: whoever gave them to `otel/` gave these. */
export function telemetryOptions(): TelemetryOptions {
  return currentOptions() as TelemetryOptions;
}

/** What the environment said when zero-config's providers were built: asking a runtime for it is dear. */
const words = new WeakMap<object, Map<string, string | undefined>>();

/** A variable's value, as it was then; as it is where the providers are somebody else's. */
export function wordOf(name: string): string | undefined {
  const settings = currentSettings();
  if (settings === undefined) return readEnv(name);
  let known = words.get(settings);
  if (known === undefined) words.set(settings, known = new Map());
  if (!known.has(name)) known.set(name, readEnv(name));
  return known.get(name);
}

/** Which names are written: the option's, else the environment's opt-in to the newest GenAI form, else both. */
export function currentVocabulary(): Vocabulary {
  const { vocabulary } = telemetryOptions();
  if (vocabulary !== undefined) return vocabulary;
  return wordsIn(wordOf("OTEL_SEMCONV_STABILITY_OPT_IN")).includes("gen_ai_latest_experimental") ? "gen_ai" : "both";
}

/** Below this limit a value stays whole on its way through every back end that is known. */
const LONGEST_CONTENT = 64 * 1024;

/** What is recorded of content: the client's word, else the process's, else the environment's; nothing by default. */
export function captureOf(options: ClientTelemetry): Capture {
  const all = telemetryOptions();
  const capture = options.captureContent ?? all.captureContent ?? isContentWanted();
  return {
    input: capture === true || capture === "input",
    output: capture === true || capture === "output",
    redact: options.redact ?? all.redact,
    maxLength: capture === false ? LONGEST_CONTENT : Math.min(LONGEST_CONTENT, longestValue()),
  };
}

/** What a span keeps of a value: of zero-config's as it was set, of somebody else's SDK as the environment tells it. */
function longestValue(): number {
  const settings = currentSettings();
  if (settings !== undefined) return settings.attributeValueLengthLimit;
  return numberIn(wordOf("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")) ??
    numberIn(wordOf("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")) ?? Infinity;
}

/** The variable that says what is recorded of content. */
export const CONTENT_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/** `SPAN_ONLY` and `SPAN_AND_EVENT` are the conventions' words, `true` is what went before them. */
const WANTED: ReadonlySet<string> = new Set(["true", "span_only", "span_and_event"]);
/** Events alone are not written here. */
const NOT_WANTED: ReadonlySet<string> = new Set(["", "false", "no_content", "event_only"]);

function contentWord(): string {
  return wordOf(CONTENT_VARIABLE)?.trim().toLowerCase() ?? "";
}

function isContentWanted(): boolean {
  return WANTED.has(contentWord());
}

/** Whether the variable says something that is not understood. */
export function isContentWordUnknown(): boolean {
  return !WANTED.has(contentWord()) && !NOT_WANTED.has(contentWord());
}
