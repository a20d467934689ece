/**
 * A server span around a request handler, for workers, `Deno.serve` and `Bun.serve`: it continues the caller's trace,
 * lives until the response's body ends, and flushes without delaying the response.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { configure as configureOtel, warnRefused } from "../otel/lifecycle.ts";
import { isDenoBuiltIn, runInContext } from "../otel/registry.ts";
import { isRepeated } from "../otel/repeated.ts";
import { quietly, unawaited } from "../quietly.ts";
import { isRequestBound } from "../runtime.ts";
import { GENERAL, HTTP_SERVER } from "./names.ts";
import { observeBody } from "./observe_body.ts";
import type { TelemetryOptions } from "./options.ts";
import { extractContext, standFor } from "./propagation.ts";
import { telemetryOptions } from "./recording.ts";
import { flushTelemetry, isRecording, telemetryReady, tracerOf } from "./signals.ts";
import { errorTypeOf, type OpenSpan, openSpan } from "./span.ts";

/** A request handler: of workers `(request, env, ctx)`, of `Deno.serve` and `Bun.serve` `(request, info)`. */
export type EdgeHandler<Rest extends readonly unknown[] = readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** How a handler is instrumented; the options of telemetry are set once, before the first request. */
export interface HandlerOptions<Rest extends readonly unknown[]> extends TelemetryOptions {
  /** The span's name; the method otherwise. A path with ids in it would make names without bound. */
  readonly spanName?: ((request: Request) => string) | undefined;
  /** Options from the first request's environment, as workers are handed it; called once per isolate. */
  readonly configure?: ((env: Rest[0]) => TelemetryOptions) | undefined;
}

/** Where nothing can be done after the response, its end waits this long for a back end at the most. */
const HANDLER_FLUSH = { timeoutMs: 2_000 };

/** Lets work go on after the response, as workers' contexts do. */
type WaitUntil = (promise: Promise<unknown>) => void;

/**
 * Puts a server span around each request of a handler. Flushes in the first `waitUntil` found among the later arguments,
 * else before the body ends. Where nothing carries the span across awaits, `parent: extractContext(request.headers)`
 * puts a request to a model under it.
 *
 * @example
 * ```ts
 * import { instrumentHandler } from "@sik/llms";
 *
 * const handler = instrumentHandler((request: Request) => new Response(`You asked for ${new URL(request.url).pathname}.`));
 * console.log(await (await handler(new Request("http://localhost/hello"))).text()); // "You asked for /hello."
 * ```
 */
export function instrumentHandler<Rest extends readonly unknown[]>(
  handler: EdgeHandler<Rest>,
  options: HandlerOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const { spanName, configure, ...telemetry } = options;
  let configured = false;

  // Remembered is that it was done, not a promise of it: in workers a promise must not be awaited in another request.
  function configureOnce(env?: Rest[0]): void {
    if (configured) return;
    configured = true;
    const given = { ...telemetry, ...(configure === undefined ? {} : quietly(() => told(configure(env)))) };
    if (isRepeated(telemetryOptions(), given)) return;
    try {
      configureOtel(given); // Loading begins with the first client, or with the first request.
    } catch { // The providers exist already: somebody else has said how they are to be.
      warnRefused();
    }
  }

  // At once where that is allowed: the providers are built as soon as there is a client, of which a module mostly has one.
  if (configure === undefined && !isRequestBound()) configureOnce();

  return async (request, ...rest) => {
    configureOnce(rest[0]);
    await telemetryReady();
    // Deno's built-in OpenTelemetry makes the server's span itself.
    const span = isRecording({}) && !isDenoBuiltIn() ? quietly(() => serverSpan(request, spanName)) : undefined;
    if (span === undefined) return await handler(request, ...rest);
    const waitUntil = waitUntilOf(rest);
    quietly(() => standFor(request.headers, span.context));
    let response: Response;
    let observable: boolean;
    try {
      response = await runInContext(span.context, async () => await handler(request, ...rest));
      observable = isObservable(response);
    } catch (error) {
      const type = errorTypeOf(error);
      span.end({ type, message: `The handler threw: ${type}.` });
      if (!later(waitUntil, () => flushTelemetry(HANDLER_FLUSH))) await flushTelemetry(HANDLER_FLUSH);
      throw error;
    }
    if (observable) return await finished(response, span, waitUntil);
    span.end();
    if (!later(waitUntil, () => flushTelemetry(HANDLER_FLUSH))) void flushTelemetry(HANDLER_FLUSH); // It never rejects.
    return response;
  };
}

/** What is no response, or one that is being read already, is the handler's business, as is one that goes on as a socket. */
function isObservable(response: Response): boolean {
  return response instanceof Response && !response.bodyUsed && response.body?.locked !== true &&
    response.status !== 101;
}

/** Ends the span with the body, and flushes then. */
async function finished(response: Response, span: OpenSpan, waitUntil: WaitUntil | undefined): Promise<Response> {
  const { status } = response;
  span.set({ [GENERAL.statusCode]: status });
  const onEnd = (failure?: unknown) => {
    if (failure !== undefined) span.end({ type: "Error", message: "The response's body failed." });
    else if (status < 500) span.end();
    else span.end({ type: String(status), message: "The handler answered with a server error." });
  };
  const inContext = <R>(fn: () => R) => runInContext(span.context, fn);
  const { promise, resolve } = Promise.withResolvers<void>();
  if (later(waitUntil, () => promise.then(() => flushTelemetry()))) {
    const observed = observeBody(response, { onEnd, inContext, beforeClose: () => Promise.resolve(resolve()) });
    if (observed === response) resolve(); // Without a body nothing comes after the response.
    return observed;
  }
  const beforeClose = async () => void await flushTelemetry(HANDLER_FLUSH);
  const observed = observeBody(response, { onEnd, inContext, beforeClose });
  if (observed === response) await flushTelemetry(HANDLER_FLUSH);
  return observed;
}

/** Hands work to the runtime, to be done after the response; false where there is no way to, or it throws. */
function later(waitUntil: WaitUntil | undefined, work: () => Promise<unknown>): boolean {
  if (waitUntil === undefined) return false;
  try {
    unawaited(waitUntil(work()));
    return true;
  } catch {
    return false;
  }
}

function waitUntilOf(rest: readonly unknown[]): WaitUntil | undefined {
  return rest.map((argument) => quietly(() => waitUntilIn(argument))).find((waitUntil) => waitUntil !== undefined);
}

function waitUntilIn(argument: unknown): WaitUntil | undefined {
  const context = argument as { readonly waitUntil?: unknown } | null | undefined;
  if (typeof context !== "object" || typeof context?.waitUntil !== "function") return undefined;
  return (promise) => (context as { readonly waitUntil: WaitUntil }).waitUntil(promise);
}

/** What a hook of the user's gave; a promise, which nobody waits for, is none of it. */
function told<V>(value: V): V {
  unawaited(value);
  return value;
}

function serverSpan(request: Request, spanName: ((request: Request) => string) | undefined): OpenSpan {
  const url = new URL(request.url);
  const named: unknown = spanName === undefined ? undefined : quietly(() => told(spanName(request)));
  return openSpan(tracerOf({}), {
    name: typeof named === "string" && named !== "" ? named : request.method ?? "HTTP",
    kind: SpanKind.SERVER,
    parent: extractContext(request.headers),
    attributes: [{
      [GENERAL.method]: request.method,
      [HTTP_SERVER.path]: url.pathname,
      [HTTP_SERVER.scheme]: url.protocol.slice(0, -1),
      [GENERAL.serverAddress]: url.hostname,
    }],
  });
}
