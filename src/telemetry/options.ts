/**
 * What telemetry of language models can be told.
 *
 * @module
 */
import type { OtelOptions } from "../otel/options.ts";
import type { Attributes, Meter, Tracer } from "../otel_types.ts";
import type { Vocabulary } from "./names.ts";

/** Where a text that is about to be recorded stands. */
export interface RedactPlace {
  /** The attribute's name. */
  readonly attribute: string;
  /** Who said it, where somebody did. */
  readonly role?: string | undefined;
}

/** Changes a text before it is recorded; undefined leaves it out. Where it throws, the attribute is dropped. */
export type Redact = (value: string, where: RedactPlace) => string | undefined;

/** Which content is recorded; none is unless asked for. */
export type CaptureContent = boolean | "input" | "output";

/** What telemetry records of one client. */
export interface ClientTelemetry {
  /** Makes this client's spans, instead of the process's tracer. */
  readonly tracer?: Tracer | undefined;
  /** Makes this client's instruments, instead of the process's meter. */
  readonly meter?: Meter | undefined;
  /**
   * Whether messages and answers are recorded.
   * @default false
   */
  readonly captureContent?: CaptureContent | undefined;
  /** Runs over every text that is recorded. */
  readonly redact?: Redact | undefined;
  /** Origins that are told the trace's id (`traceparent`). */
  readonly propagateTo?: readonly string[] | undefined;
  /** On every request's span. */
  readonly attributes?: Attributes | undefined;
  /** Fixed for the client, so bounded; added to all of its metrics. */
  readonly metricAttributes?: Attributes | undefined;
}

/** What telemetry can be told: zero-config's options, and what is recorded of language models. */
export interface TelemetryOptions extends OtelOptions {
  /**
   * Which names are written.
   * @default "both"
   */
  readonly vocabulary?: Vocabulary | undefined;
  /**
   * Whether messages and answers are recorded.
   * @default false
   */
  readonly captureContent?: CaptureContent | undefined;
  /** Runs over every text that is recorded. */
  readonly redact?: Redact | undefined;
  /** Origins that are told the trace's id (`traceparent`). */
  readonly propagateTo?: readonly string[] | undefined;
}
