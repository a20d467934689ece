/**
 * Spans as an OTLP request in protobuf: the bytes that `@opentelemetry/otlp-transformer` makes of them, which a test holds
 * equal, at a quarter of its cost. Encoding is the largest part of what telemetry costs a request.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 *
 * @module
 */
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { ReverseWriter } from "./reverse_writer.ts";

type Resource = ReadableSpan["resource"];
type Scope = ReadableSpan["instrumentationScope"];

const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const INT64 = 2 ** 63;

/** Encodes clean spans. */
export function encodeSpans(spans: readonly ReadableSpan[]): Uint8Array<ArrayBuffer> {
  const writer = new ReverseWriter();
  for (const [resource, scopes] of [...grouped(spans)].reverse()) {
    const before = writer.length;
    if (resource.schemaUrl) writer.text(3, resource.schemaUrl);
    for (const [scope, members] of [...scopes].reverse()) writeScopeSpans(writer, scope, members);
    writeResource(writer, resource);
    writer.message(1, before);
  }
  return writer.take();
}

/** By identity, as they were made. */
function grouped(spans: readonly ReadableSpan[]): Map<Resource, Map<Scope, ReadableSpan[]>> {
  const resources = new Map<Resource, Map<Scope, ReadableSpan[]>>();
  for (const span of spans) {
    const { resource, instrumentationScope } = span;
    let scopes = resources.get(resource);
    if (scopes === undefined) resources.set(resource, scopes = new Map());
    const members = scopes.get(instrumentationScope);
    if (members === undefined) scopes.set(instrumentationScope, [span]);
    else members.push(span);
  }
  return resources;
}

function writeResource(writer: ReverseWriter, { attributes }: Resource): void {
  const before = writer.length;
  writer.integer(2, 0);
  writeAttributes(writer, 1, attributes);
  writer.message(1, before);
}

function writeScopeSpans(writer: ReverseWriter, scope: Scope, spans: readonly ReadableSpan[]): void {
  const before = writer.length;
  if (scope.schemaUrl) writer.text(3, scope.schemaUrl);
  for (let at = spans.length - 1; at >= 0; at--) writeSpan(writer, spans[at] as ReadableSpan);
  const beforeScope = writer.length;
  if (scope.version) writer.text(2, scope.version);
  writer.text(1, scope.name);
  writer.message(1, beforeScope);
  writer.message(2, before);
}

function writeSpan(writer: ReverseWriter, span: ReadableSpan): void {
  const before = writer.length;
  const { parentSpanContext: parent, events, links, status } = span;
  const context = span.spanContext();
  writer.flags(16, flagsOf(context.traceFlags, parent?.isRemote));
  const beforeStatus = writer.length;
  writer.integer(3, status.code);
  if (status.message) writer.text(2, status.message);
  writer.message(15, beforeStatus);
  writer.integer(14, span.droppedLinksCount);
  for (let at = links.length - 1; at >= 0; at--) writeLink(writer, links[at] as typeof links[number]);
  writer.integer(12, span.droppedEventsCount);
  for (let at = events.length - 1; at >= 0; at--) writeEvent(writer, events[at] as typeof events[number]);
  writer.integer(10, span.droppedAttributesCount);
  writeAttributes(writer, 9, span.attributes);
  writer.time(8, span.endTime);
  writer.time(7, span.startTime);
  writer.integer(6, span.kind + 1);
  writer.text(5, span.name);
  if (parent?.spanId) writer.hex(4, parent.spanId);
  const state = context.traceState?.serialize();
  if (state) writer.text(3, state);
  writer.hex(2, context.spanId);
  writer.hex(1, context.traceId);
  writer.message(2, before);
}

function writeEvent(writer: ReverseWriter, event: ReadableSpan["events"][number]): void {
  const before = writer.length;
  writer.integer(4, event.droppedAttributesCount ?? 0);
  writeAttributes(writer, 3, event.attributes ?? {});
  writer.text(2, event.name);
  writer.time(1, event.time);
  writer.message(11, before);
}

function writeLink(writer: ReverseWriter, link: ReadableSpan["links"][number]): void {
  const before = writer.length;
  const { traceId, spanId, traceFlags, traceState, isRemote } = link.context;
  writer.flags(6, flagsOf(traceFlags, isRemote));
  writer.integer(5, link.droppedAttributesCount ?? 0);
  writeAttributes(writer, 4, link.attributes ?? {});
  const state = traceState?.serialize();
  if (state) writer.text(3, state);
  writer.hex(2, spanId);
  writer.hex(1, traceId);
  writer.message(13, before);
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return traceFlags & 0xff | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0);
}

function writeAttributes(writer: ReverseWriter, field: number, attributes: object): void {
  const names = Object.keys(attributes);
  for (let at = names.length - 1; at >= 0; at--) {
    const name = names[at] as string;
    writeKeyValue(writer, field, name, (attributes as Readonly<Record<string, unknown>>)[name]);
  }
}

function writeKeyValue(writer: ReverseWriter, field: number, name: string, value: unknown): void {
  const before = writer.length;
  writeValue(writer, 2, value);
  writer.text(1, name);
  writer.message(field, before);
}

/** An `AnyValue`; null is one that says nothing. */
function writeValue(writer: ReverseWriter, field: number, value: unknown): void {
  const before = writer.length;
  if (typeof value === "string") writer.text(1, value);
  else if (typeof value === "boolean") writer.integer(2, value ? 1 : 0);
  else if (typeof value === "number") {
    if (Number.isInteger(value) && value >= -INT64 && value < INT64) writer.integer(3, value);
    else writer.double(4, value);
  } else if (value instanceof Uint8Array) writer.bytes(7, value);
  else if (Array.isArray(value)) {
    for (let at = value.length - 1; at >= 0; at--) writeValue(writer, 1, value[at]);
    writer.message(5, before);
  } else if (typeof value === "object" && value !== null) {
    writeAttributes(writer, 1, value);
    writer.message(6, before);
  }
  writer.message(field, before);
}
