/**
 * Spans that cannot hurt: whatever a tracer, a sampler or a processor throws, the user's call goes on.
 *
 * @module
 */
import {
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { isDenoBuiltIn } from "../otel/registry.ts";
import type { Attributes, Context, Span, TraceContext, Tracer } from "../otel_types.ts";
import { quietly } from "../quietly.ts";
import { GENERAL } from "./names.ts";

/** What a span is opened with. */
export interface SpanStart {
  /** Its name. */
  readonly name: string;
  /** Its kind. */
  readonly kind: SpanKind;
  /** The context that holds its parent. */
  readonly parent: Context;
  /** What samplers see; where several say something of one name, the last does. */
  readonly attributes: readonly OptionalAttributes[];
  /** Other spans it points to. */
  readonly links?: readonly Link[] | undefined;
}

/** Attributes of which some may not be known. */
export type OptionalAttributes = { readonly [name: string]: Attributes[string] | undefined };

/** An open span. */
export interface OpenSpan {
  /** The context in which it is the active span. */
  readonly context: Context;
  /** Where it is to be found; undefined when it is recorded nowhere. */
  readonly traceContext: TraceContext | undefined;
  /** False when nobody will see its attributes: then they need not be built. */
  readonly isRecording: boolean;
  /** Sets attributes; what is undefined is left out. */
  set(attributes: OptionalAttributes): void;
  /** Gives it another name. */
  rename(name: string): void;
  /** Ends it, once: a failure's type makes its status ERROR, with a sentence of ours. */
  end(failure?: { readonly type: string; readonly message: string }): void;
}

/** Opens a span. */
export function openSpan(tracer: Tracer, start: SpanStart): OpenSpan {
  const { name, kind, attributes, links } = start;
  const parent = withoutInvalidSpan(start.parent);
  const span = quietly(() => {
    return tracer.startSpan(name, { kind, attributes: defined(...attributes), links: [...(links ?? [])] }, parent);
  }) ?? trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  // Deno's built-in spans keep every value that an attribute was ever given, and OTLP allows one: there they wait.
  const held: Attributes | undefined = isDenoBuiltIn() ? {} : undefined;
  const traceContext = quietly(() => traceContextOf(span));
  let ended = false;
  return {
    context: traceContext === undefined ? parent : trace.setSpan(parent, span),
    traceContext,
    isRecording: quietly(() => span.isRecording()) ?? false,
    set: (more) =>
      void quietly(() => {
        if (held !== undefined) Object.assign(held, defined(more));
        else setEach(span, more);
      }),
    rename: (to) => void quietly(() => span.updateName(to)),
    end(failure) {
      if (ended) return;
      ended = true;
      quietly(() => {
        if (held !== undefined) span.setAttributes(held);
        if (failure !== undefined) {
          span.setAttribute(GENERAL.errorType, failure.type);
          span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
        }
      });
      quietly(() => span.end());
    },
  };
}

/** One by one, since a span takes them so in any case: a list of those that are known would be thrown away. */
function setEach(span: Span, attributes: OptionalAttributes): void {
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) span.setAttribute(name, value);
  }
}

/** A parent of zeros makes Deno's built-in tracer throw, and is nobody's child anywhere; what is no context is none. */
function withoutInvalidSpan(context: Context): Context {
  try {
    const parent = trace.getSpanContext(context);
    return parent === undefined || isSpanContextValid(parent) ? context : trace.deleteSpan(context);
  } catch {
    return ROOT_CONTEXT;
  }
}

function traceContextOf(span: Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return isSpanContextValid(span.spanContext()) ? { traceId, spanId, traceFlags } : undefined;
}

/** The attributes that are known, of several sources; the last word on each stands. */
export function defined(...sources: readonly OptionalAttributes[]): Attributes {
  const known: Attributes = {};
  for (const source of sources) for (const name in source) if (source[name] !== undefined) known[name] = source[name];
  return known;
}

/** The attributes of several sources, the last word on each standing; one whose value cannot be read is left out. */
export function merged(...sources: readonly (Attributes | undefined)[]): Attributes {
  const all: Attributes = {};
  for (const source of sources) {
    for (const name of quietly(() => Object.keys(source ?? {})) ?? []) quietly(() => all[name] = source?.[name]);
  }
  return all;
}

/** The type of a failure: its name, where that is one. A text in its place would make labels without bound. */
export function errorTypeOf(error: unknown, otherwise = "Error"): string {
  const name = quietly(() => (error as { readonly name?: unknown } | null)?.name);
  return typeof name === "string" && /^[\w.$-]{1,64}$/.test(name) ? name : otherwise;
}
