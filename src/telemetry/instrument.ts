/**
 * The telemetry of a language model, as a language model around it: spans and metrics of every request, on every way it
 * can end. Not in the path while telemetry is off.
 *
 * @module
 */
import { abortable } from "../abortable.ts";
import { checkLanguageModel, checkTelemetry } from "../client_options_check.ts";
import { ConfigError } from "../error.ts";
import type { StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import { activeContext } from "../otel/registry.ts";
import { isOwn, takerOf } from "../ready.ts";
import { isNativeFetch } from "../watched_fetch.ts";
import { tracedFetch } from "./http_span.ts";
import { fixedLabels, labelsFor } from "./labels.ts";
import { lateContext } from "./late_context.ts";
import type { ClientTelemetry } from "./options.ts";
import { requestCall, type RequestTelemetry } from "./request_call.ts";
import { isRecording } from "./signals.ts";
import { tracedIterator } from "./traced_iterator.ts";

/**
 * Puts telemetry around a language model; the result is a language model like any other.
 *
 * @throws {ConfigError} for what is no language model, and for options of a wrong type.
 *
 * @example
 * ```ts
 * import { instrument } from "@sik/llms";
 *
 * const model = instrument({
 *   provider: "test",
 *   model: "silent",
 *   async *stream() {
 *     const result = { response: "", toolCalls: [], finishReason: "stop", provider: "test", model: "silent" };
 *     yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
 *   },
 * });
 * for await (const event of model.stream({ messages: [] })) console.log(event.type); // "finish"
 * ```
 */
export function instrument(model: LanguageModel, options: ClientTelemetry = {}): LanguageModel {
  checkLanguageModel(model);
  checkTelemetry(options);
  const telemetry = { options, labelsOf: labelsFor(model, fixedLabels(options)) };
  return {
    provider: model.provider,
    model: model.model,
    server: model.server,
    api: model.api,
    stream(request) {
      return isRecording(options) ? traced(model, telemetry, request) : model.stream(request);
    },
  };
}

function traced(model: LanguageModel, telemetry: RequestTelemetry, request: ChatRequest): AsyncIterable<StreamEvent> {
  const callerContext = request.parent ?? activeContext();
  const call = requestCall(model, telemetry, request, callerContext);
  // The spans open at the first `next()`; what goes down is bound to them through these two, which are asked only after
  // that.
  const fetch = request.fetch ?? globalThis.fetch;
  const inner = streamOf(model, {
    ...request,
    fetch: tracedFetch(fetch, () => call.owner()),
    parent: lateContext(() => call.context ?? callerContext),
  });
  return {
    [Symbol.asyncIterator]() {
      const events = abortable(inner[Symbol.asyncIterator](), request.signal);
      // A model of the user's own tells of no abort.
      if (takerOf(events) === undefined) call.watchCaller();
      return tracedIterator(events, call, isOwn(events) && isNativeFetch(fetch));
    },
  };
}

/**
 * What the caller did wrong is thrown here, before there is a span; what else a model throws at once, as one that keeps a
 * budget may, is how its answer failed.
 */
function streamOf(model: LanguageModel, request: ChatRequest): AsyncIterable<StreamEvent> {
  try {
    return model.stream(request);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
  }
}
