/**
 * Trace context across services, in W3C's form (https://www.w3.org/TR/trace-context/). Baggage is never read or sent.
 *
 * @module
 */
import { createTraceState, isSpanContextValid, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { activeContext, runInContext } from "../otel/registry.ts";
import { takesTraceContext } from "../otel/words.ts";
import type { Context } from "../otel_types.ts";
import type { ClientTelemetry } from "./options.ts";
import { telemetryOptions, wordOf } from "./recording.ts";

/** Headers of a request that came in: fetch's, or Node's. */
export type IncomingHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** No comma, which joins two headers of one name: two parents are no parent (https://www.w3.org/TR/trace-context/). */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[^,]*)?$/;
/** https://www.w3.org/TR/trace-context/#key: a simple key, or one with a tenant; all in lower case. */
const STATE_KEY = /^(?:[a-z][\d_a-z\-*/]{0,255}|[\da-z][\d_a-z\-*/]{0,240}@[a-z][\d_a-z\-*/]{0,13})$/;
/** https://www.w3.org/TR/trace-context/#value */
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MOST_STATE_MEMBERS = 32;

/** The contexts of server spans, by the headers of the requests that they stand for. */
const served = new WeakMap<object, Context>();

/** Lets {@linkcode extractContext} give a server span for the headers of its request. */
export function standFor(headers: Headers, context: Context): void {
  served.set(headers, context);
}

/**
 * The context that a request's `traceparent` and `tracestate` name, to be handed on as `parent` or to
 * {@linkcode withContext}. Without them, where they are not valid, or where `OTEL_PROPAGATORS` is without tracecontext, the
 * root context: a new trace begins. For the headers of a request that an instrumented handler is called with it is the handler's own span, which so becomes the
 * parent where nothing carries it across awaits, as in workers without Node's compatibility.
 *
 * @example
 * ```ts
 * import { extractContext, withContext } from "@sik/llms";
 *
 * const headers = new Headers({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
 * withContext(extractContext(headers), () => console.log("spans made here continue the caller's trace"));
 * ```
 */
export function extractContext(headers: IncomingHeaders): Context {
  const own = served.get(headers);
  if (own !== undefined) return own;
  const parents = valuesOf(headers, "traceparent");
  const match = parents.length === 1 ? TRACEPARENT.exec(withoutSpace(parents[0] ?? "")) : null;
  if (match === null || !propagatesTraceContext()) return ROOT_CONTEXT;
  const [, version, traceId = "", spanId = "", flags = "00", rest] = match;
  // Version ff is forbidden; version 00 has exactly four fields, later ones may have more.
  if (version === "ff" || version === "00" && rest !== undefined) return ROOT_CONTEXT;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  if (!isSpanContextValid(span)) return ROOT_CONTEXT;
  const state = traceStateOf(valuesOf(headers, "tracestate").join(","));
  return trace.setSpanContext(
    ROOT_CONTEXT,
    state === undefined ? span : { ...span, traceState: createTraceState(state) },
  );
}

/**
 * Writes `traceparent`, and `tracestate` where there is one, for a request to a service of one's own. Nothing where
 * `OTEL_PROPAGATORS` is without tracecontext.
 *
 * @example
 * ```ts
 * import { injectContext } from "@sik/llms";
 *
 * const headers = new Headers();
 * injectContext(headers); // Writes nothing outside of a span.
 * ```
 */
export function injectContext(headers: Headers | Record<string, string>, context: Context = activeContext()): void {
  const written = Object.entries(traceHeaders(context));
  if (written.length === 0) return;
  if (areHeaders(headers)) {
    headers.delete("tracestate"); // One that was copied from another request belongs to another span.
    for (const [name, value] of written) headers.set(name, value);
    return;
  }
  // In a plain object names that differ in case stand side by side, and fetch would join their values.
  for (const name of Object.keys(headers)) if (/^trace(?:parent|state)$/i.test(name)) delete headers[name];
  Object.assign(headers, Object.fromEntries(written));
}

/**
 * Calls `fn` with `context` as the caller's context, across awaits where the runtime has a context manager.
 *
 * @example
 * ```ts
 * import { extractContext, withContext } from "@sik/llms";
 *
 * const answer = await withContext(extractContext(new Headers()), async () => await Promise.resolve(42));
 * console.log(answer); // 42
 * ```
 */
export function withContext<R>(context: Context, fn: () => R): R {
  return runInContext(context, fn);
}

/** The headers that `url` is to get: trace context for the origins in `propagateTo`, else none. */
export function propagationHeaders(
  options: ClientTelemetry,
  url: URL,
  context: Context,
): Readonly<Record<string, string>> {
  const origins = options.propagateTo ?? telemetryOptions().propagateTo ?? [];
  if (!origins.some((origin) => URL.canParse(origin) && new URL(origin).origin === url.origin)) return {};
  return traceHeaders(context);
}

function traceHeaders(context: Context): Readonly<Record<string, string>> {
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span) || !propagatesTraceContext()) return {};
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, "0");
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

function propagatesTraceContext(): boolean {
  return takesTraceContext(wordOf("OTEL_PROPAGATORS"));
}

/** The members of a list that is valid as a whole; a list with one bad member, or a key twice, is dropped. */
function traceStateOf(value: string): string | undefined {
  const members = value.split(",").map(withoutSpace).filter((member) => member !== "");
  if (members.length === 0 || members.length > MOST_STATE_MEMBERS) return undefined;
  const keys = new Set<string>();
  for (const member of members) {
    const at = member.indexOf("=");
    const key = member.slice(0, Math.max(0, at));
    if (!STATE_KEY.test(key) || !STATE_VALUE.test(member.slice(at + 1)) || keys.has(key)) return undefined;
    keys.add(key);
  }
  return members.join(",");
}

/** Another copy's `Headers`, as a library may bring, are none of the runtime's class. */
function areHeaders(headers: object | undefined): headers is Headers {
  return typeof (headers as Partial<Headers> | undefined)?.get === "function";
}

/** Without the optional white space around it (https://www.rfc-editor.org/rfc/rfc9110#whitespace). */
function withoutSpace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** All values of a header. Fetch joins them by a comma; names are told apart by case in Node's plain objects. */
function valuesOf(headers: IncomingHeaders, name: string): readonly string[] {
  if (areHeaders(headers)) {
    const value = headers.get(name);
    return value === null ? [] : [value];
  }
  return Object.entries(headers ?? {})
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => typeof value === "string" ? [value] : Array.isArray(value) ? value : []);
}
