/**
 * A server span around a request handler, for workers, `Deno.serve` and `Bun.serve`: it continues the caller's trace,
 * lives until the response's body ends, and flushes without delaying the response.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isDenoBuiltIn, runInContext } from "../otel/registry.ts";
import { GENERAL, HTTP_SERVER } from "./names.ts";
import { observeBody } from "./observe_body.ts";
import type { TelemetryOptions } from "./options.ts";
import { extractContext, standFor } from "./propagation.ts";
import { configureTelemetry, flushTelemetry, isRecording, telemetryReady, tracerOf } from "./signals.ts";
import { quietly } from "../quietly.ts";
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
  function configureOnce(env: Rest[0]): void {
    if (configured) return;
    configured = true;
    const given = { ...telemetry, ...(configure === undefined ? {} : quietly(() => configure(env))) };
    // Where the providers exist already somebody else has said how they are to be: their word stands.
    if (Object.keys(given).length > 0) quietly(() => configureTelemetry(given));
  }

  return async (request, ...rest) => {
    configureOnce(rest[0]);
    await telemetryReady();
    // Deno's built-in OpenTelemetry makes the server's span itself.
    if (!isRecording({}) || isDenoBuiltIn()) return await handler(request, ...rest);
    const waitUntil = waitUntilOf(rest);
    const span = serverSpan(request, spanName);
    standFor(request.headers, span.context);
    let response: Response;
    try {
      response = await runInContext(span.context, async () => await handler(request, ...rest));
    } catch (error) {
      const type = errorTypeOf(error);
      span.end({ type, message: `The handler threw: ${type}.` });
      if (!later(waitUntil, () => flushTelemetry(HANDLER_FLUSH))) await flushTelemetry(HANDLER_FLUSH);
      throw error;
    }
    // What is no response, or one that is being read already, is the handler's business and goes on as it is.
    if (!(response instanceof Response) || response.bodyUsed || response.body?.locked) {
      span.end();
      later(waitUntil, () => flushTelemetry(HANDLER_FLUSH));
      return response;
    }
    return await finished(response, span, waitUntil);
  };
}

/** Ends the span with the body, and flushes then. */
async function finished(response: Response, span: OpenSpan, waitUntil: WaitUntil | undefined): Promise<Response> {
  const { status } = response;
  span.set({ [GENERAL.statusCode]: status });
  const end = (failure?: unknown) => {
    if (failure !== undefined) span.end({ type: "Error", message: "The response's body failed." });
    else if (status < 500) span.end();
    else span.end({ type: String(status), message: "The handler answered with a server error." });
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  if (later(waitUntil, () => promise.then(() => flushTelemetry()))) {
    const observed = observeBody(response, end, () => Promise.resolve(resolve()));
    if (observed === response) resolve(); // Without a body nothing comes after the response.
    return observed;
  }
  const observed = observeBody(response, end, async () => void await flushTelemetry(HANDLER_FLUSH));
  if (observed === response) await flushTelemetry(HANDLER_FLUSH);
  return observed;
}

/** Hands work to the runtime, to be done after the response; false where there is no way to, or it throws. */
function later(waitUntil: WaitUntil | undefined, work: () => Promise<unknown>): boolean {
  if (waitUntil === undefined) return false;
  try {
    waitUntil(work());
    return true;
  } catch {
    return false;
  }
}

function waitUntilOf(rest: readonly unknown[]): WaitUntil | undefined {
  for (const argument of rest) {
    const context = argument as { readonly waitUntil?: unknown } | null | undefined;
    if (typeof context === "object" && typeof context?.waitUntil === "function") {
      return (promise) => (context as { waitUntil: WaitUntil }).waitUntil(promise);
    }
  }
  return undefined;
}

function serverSpan(request: Request, spanName: ((request: Request) => string) | undefined): OpenSpan {
  const url = new URL(request.url);
  const named = spanName === undefined ? undefined : quietly(() => spanName(request));
  return openSpan(tracerOf({}), {
    name: named ?? request.method,
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
