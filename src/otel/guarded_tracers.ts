/**
 * The tracers that zero-config hands out: the SDK's own, whose every method takes whatever it is given. The SDK drops a
 * BigInt or a Date, cuts a text in the middle of a code point, and throws on a getter that does.
 *
 * @module
 */
import {
  type AttributeValue,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  type SpanOptions,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import type { Sampler, SamplingResult } from "@opentelemetry/sdk-trace";
import type { Attributes, Context, Span } from "../otel_types.ts";
import { quietly } from "../quietly.ts";
import {
  areClean,
  eachClean,
  isCleanAttribute,
  normalizeAttributes,
  type NormalizeOptions,
  textOf,
} from "./normalize.ts";
import type { TroubleLog } from "./trouble.ts";

/** A provider in front of `provider`; attributes are made clean before samplers and processors see them. */
export function guardedTracerProvider(provider: TracerProvider, options: NormalizeOptions): TracerProvider {
  const guarded = new WeakMap<Tracer, Tracer>();
  return {
    getTracer(name, version, how) {
      const scope = [textOf(name ?? ""), version === undefined ? undefined : textOf(version)] as const;
      const tracer = provider.getTracer(...scope, how);
      let known = guarded.get(tracer);
      if (known === undefined) guarded.set(tracer, known = guardedTracer(tracer, options));
      return known;
    },
  };
}

function guardedTracer(tracer: Tracer, options: NormalizeOptions): Tracer {
  let methods: GuardedMethods | undefined;

  /** The same span, so that processors and readers meet the one they know; only what it is told goes through here. */
  function guardedSpan(span: Span): Span {
    return span.isRecording() ? Object.assign(span, methods ??= guardedMethods(span, options)) : span;
  }

  function startSpan(name: string, given?: SpanOptions, parent: Context = contextApi.active()): Span {
    const span = quietly(() => tracer.startSpan(textOf(name), cleanOptions(given ?? {}, options), parent));
    return span === undefined ? trace.wrapSpanContext(INVALID_SPAN_CONTEXT) : guardedSpan(span);
  }
  return {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]): never {
      const fn = rest.pop() as (span: Span) => never;
      const [given, parent = contextApi.active()] = rest as [SpanOptions?, Context?];
      const span = startSpan(name, given, parent);
      // What `fn` throws is the program's own business.
      return contextApi.with(trace.setSpan(parent, span), fn, undefined, span);
    },
  };
}

function cleanOptions(given: SpanOptions, options: NormalizeOptions): SpanOptions {
  const { attributes = {}, links } = given;
  return {
    ...given,
    // The SDK makes a copy of its own.
    attributes: quietly(() => areClean(attributes, options)) ? attributes : normalizeAttributes(attributes, options),
    links: cleanLinks(links, options),
  };
}

/** Links to nowhere (an id of zeros, no context at all) are no links: receivers refuse the whole request for one. */
function cleanLinks(links: unknown, options: NormalizeOptions): Link[] {
  return !Array.isArray(links) ? [] : links.flatMap((link: Link) => {
    const isLink = quietly(() => isSpanContextValid(link.context)) === true;
    return isLink ? [{ ...link, attributes: normalizeAttributes(link.attributes, options) }] : [];
  });
}

/** What goes through here of what a span is told; the same functions for all spans of a provider. */
type GuardedMethods = Pick<
  Span,
  "setAttribute" | "setAttributes" | "addEvent" | "addLink" | "addLinks" | "setStatus" | "recordException"
>;

/** The methods of a span like this one, whose every argument is made clean, and which never throw. */
function guardedMethods(like: Span, options: NormalizeOptions): GuardedMethods {
  const { setAttribute, addEvent, addLink, setStatus, recordException } = like;
  const clean = (attributes: unknown) => normalizeAttributes(attributes as Attributes, options);
  const set = (span: Span, attributes: unknown): Span => {
    quietly(() => {
      eachClean(attributes, options, (name, value) => setAttribute.call(span, name, value as AttributeValue));
    });
    return span;
  };
  const link = (span: Span, links: unknown): Span => {
    quietly(() => cleanLinks(links, options).forEach((each) => addLink.call(span, each)));
    return span;
  };
  return {
    setAttribute(this: Span, key: string, value: unknown) {
      if (!isCleanAttribute(key, value, options)) return set(this, { [key]: value });
      setAttribute.call(this, key, value as AttributeValue);
      return this;
    },
    setAttributes(this: Span, attributes: unknown) {
      return set(this, attributes);
    },
    addEvent(this: Span, name: string, second?: unknown, third?: unknown) {
      // What stands second is the attributes or the time.
      const isTime = typeof second !== "object" || Array.isArray(second) || second instanceof Date;
      quietly(() => addEvent.call(this, name, (isTime ? second : clean(second)) as Attributes, third as number));
      return this;
    },
    addLink(this: Span, one: Link) {
      return link(this, [one]);
    },
    addLinks(this: Span, links: unknown) {
      return link(this, links);
    },
    setStatus(this: Span, status: Parameters<Span["setStatus"]>[0]) {
      quietly(() => setStatus.call(this, status));
      return this;
    },
    recordException(this: Span, ...given: Parameters<Span["recordException"]>) {
      quietly(() => recordException.call(this, ...given));
    },
  } as GuardedMethods;
}

/** A sampler of the user's own; where it throws, or gives what is no decision, `otherwise` decides. */
export function guardedSampler(sampler: Sampler, otherwise: Sampler, trouble: TroubleLog): Sampler {
  return {
    shouldSample(...span) {
      const result = quietly(() => sampler.shouldSample(...span));
      if ([0, 1, 2].includes(result?.decision as number)) return result as SamplingResult;
      Promise.resolve(result).catch(() => {}); // An async function is no sampler, and nobody waits for what it gives.
      trouble.warn("The sampler threw or gave no decision; the default sampler decides in its place.");
      return otherwise.shouldSample(...span);
    },
    toString: () => String(sampler),
  };
}
