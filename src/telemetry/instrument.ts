/**
 * The telemetry of a language model, as a language model around it: spans and metrics of every request, on every way it
 * can end. Not in the path while telemetry is off.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { checkLanguageModel, checkTelemetry } from "../client_options_check.ts";
import { LlmError, TimeoutError } from "../error.ts";
import type { Result, StreamEvent } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import { activeContext, isDenoBuiltIn, runInContext } from "../otel/registry.ts";
import { inOrder, offer, takerOf } from "../ready.ts";
import { endAttributes, type Ending, type Measured, requestAttributes } from "./attributes.ts";
import { type Capture, inputContent, NO_CONTENT, outputContent } from "./content.ts";
import { endingOf, pausedEnding, sentenceOf } from "./ending.ts";
import { type FetchOwner, tracedFetch } from "./http_span.ts";
import { labelsFor, type LabelsOf } from "./labels.ts";
import { lateContext } from "./late_context.ts";
import { recordRequest } from "./metrics.ts";
import { LLM, SPAN, streamSpanName, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { propagationHeaders } from "./propagation.ts";
import { captureOf, currentVocabulary, isRecording, meterOf, telemetryReady, tracerOf } from "./signals.ts";
import { quietly } from "../quietly.ts";
import { merged, type OpenSpan, openSpan } from "./span.ts";

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
  const labelsOf = labelsFor(model, options.metricAttributes);
  return {
    provider: model.provider,
    model: model.model,
    server: model.server,
    api: model.api,
    stream(request) {
      return isRecording(options) ? traced(model, options, labelsOf, request) : model.stream(request);
    },
  };
}

/** A model that ends without its last event has given no answer: `run` rejects, and so it is told. */
const UNFINISHED: Ending = { outcome: "error", errorType: "ResponseError" };

/** The spans of one call, once they are open. */
interface Spans {
  readonly request: OpenSpan;
  /** The wire; the same as `request` where only GenAI names are written, which have no such span. */
  readonly stream: OpenSpan;
  readonly owner: FetchOwner;
}

function traced(
  model: LanguageModel,
  options: ClientTelemetry,
  labelsOf: LabelsOf,
  request: ChatRequest,
): AsyncIterable<StreamEvent> {
  const callerContext = request.parent ?? activeContext();
  let spans: Spans | undefined;
  let attempts = 0;
  let chunks = 0;
  let startedAt = 0;
  let firstOutputAt: number | undefined;
  let result: Result | undefined;
  let waiting = 0;
  let ended = false;
  let isForeign = false;
  let vocabulary: Vocabulary = "both";
  let capture: Capture = NO_CONTENT;

  // What the caller did wrong is thrown here, before there is a span. The spans open at the first `next()`; what goes
  // down is bound to them through these two, which are asked only after that.
  const inner = model.stream({
    ...request,
    fetch: tracedFetch(request.fetch ?? globalThis.fetch, () => opened().owner),
    parent: lateContext(() => spans?.stream.context ?? callerContext),
  });

  function opened(): Spans {
    if (spans !== undefined) return spans;
    const tracer = tracerOf(options);
    vocabulary = currentVocabulary();
    capture = captureOf(options);
    startedAt = performance.now();
    const outer = openSpan(tracer, {
      name: vocabulary === "gen_ai" ? `chat ${model.model}` : SPAN.request,
      kind: SpanKind.CLIENT,
      parent: callerContext,
      attributes: [
        merged(options.attributes, request.attributes),
        ...quietly(() => requestAttributes(model, request, vocabulary)) ?? [],
      ],
    });
    if (outer.isRecording) outer.set(quietly(() => inputContent(request, capture)) ?? {});
    const stream = vocabulary === "gen_ai" ? outer : openSpan(tracer, {
      name: streamSpanName(model.provider),
      kind: SpanKind.INTERNAL,
      parent: outer.context,
      attributes: [{
        [LLM.model]: model.model,
        [LLM.provider]: model.provider,
        [LLM.streaming]: request.streaming ?? true,
        [LLM.temperature]: request.temperature,
      }],
    });
    const owner: FetchOwner = {
      tracer,
      context: stream.context,
      above: stream,
      vocabulary,
      headersFor: (url, context) => propagationHeaders(options, url, context),
      onAttempt: () => attempts++,
      onAbort: leave,
    };
    if (isForeign) request.signal?.addEventListener("abort", onAbort, { once: true });
    spans = { request: outer, stream, owner };
    return spans;
  }

  /** A model of the user's own tells of no abort. What it listens with is told after this, and ends first. */
  function onAbort(): void {
    queueMicrotask(() => leave(request.signal?.reason));
  }

  /** In the middle of a wait its own rejection ends the spans; else nobody may ever come back to be told. */
  function leave(reason: unknown): void {
    if (waiting > 0) return;
    const isCallers = request.signal?.aborted === true && !(request.signal.reason instanceof TimeoutError);
    end(isCallers ? endingOf(request.signal?.reason, request) : pausedEnding(reason));
  }

  function measured(failure: unknown): Measured {
    const { usage, cost } = result ?? (failure instanceof LlmError ? failure : {});
    // An answer in one body has no first token to wait for.
    const firstSeconds = firstOutputAt === undefined || request.streaming === false
      ? undefined
      : (firstOutputAt - startedAt) / 1000;
    return {
      durationSeconds: (performance.now() - startedAt) / 1000,
      timeToFirstTokenSeconds: result?.timeToFirstTokenSeconds ?? firstSeconds,
      retries: Math.max(0, attempts - 1),
      usage,
      cost,
    };
  }

  function end(ending: Ending, failure?: unknown): void {
    if (ended || spans === undefined) return;
    ended = true;
    request.signal?.removeEventListener("abort", onAbort);
    const { request: outer, stream } = spans;
    const values = measured(failure);
    const status = ending.errorType === undefined ? undefined : {
      type: ending.errorType,
      message: sentenceOf(ending, failure, capture),
    };
    if (stream !== outer) {
      // Deno makes the attempts' spans itself: what they would show of retries stands here.
      stream.set({ [LLM.chunks]: chunks, [LLM.retries]: isDenoBuiltIn() ? values.retries : undefined });
      stream.end(status);
    }
    if (outer.isRecording) {
      for (const each of endAttributes(ending, values, result, vocabulary)) outer.set(each);
      outer.set(outputContent(result, capture));
    }
    recordRequest(quietly(() => meterOf(options)), {
      responseModel: result?.responseModel,
      ending,
      measured: values,
      streaming: request.streaming ?? true,
      labelsOf,
      vocabulary,
    });
    outer.end(status);
  }

  function seen(event: StreamEvent): StreamEvent {
    if (event.type === "text" || event.type === "thinking" || event.type === "tool_call") {
      chunks++;
      firstOutputAt ??= performance.now();
    }
    if (event.type !== "finish") return event;
    result = { ...event.result, traceContext: spans?.request.traceContext };
    end({ outcome: "completed" });
    return { type: "finish", result };
  }

  function iterate(events: AsyncIterator<StreamEvent>): AsyncIterableIterator<StreamEvent> {
    const take = takerOf(events);
    isForeign = take === undefined;
    let brokenOff = false;
    const breakOff = async (): Promise<IteratorResult<StreamEvent>> => {
      brokenOff = true;
      if (spans === undefined) await events.return?.();
      else {
        const { context } = spans.stream;
        try {
          await runInContext(context, async () => await events.return?.());
        } finally {
          end({ outcome: "cancelled" });
        }
      }
      return { value: undefined, done: true };
    };
    const wait = async (): Promise<IteratorResult<StreamEvent>> => {
      if (spans === undefined) {
        const loading = telemetryReady();
        if (loading !== undefined) await loading;
      }
      // Whoever has events at hand is this library's own, and is handed its context by hand: to enter it at each read of
      // the network would cost as much as the read. What begins at the first `next()` begins inside it all the same.
      const isBegun = spans !== undefined && take !== undefined;
      const { stream, request: outer } = opened();
      waiting++;
      try {
        const next = await (isBegun ? events.next() : runInContext(stream.context, () => events.next()));
        if (next.done) end(brokenOff ? { outcome: "cancelled" } : UNFINISHED);
        return next.done ? next : { value: seen(next.value), done: false };
      } catch (error) {
        end(endingOf(error, request), error);
        // The signal's reason is the caller's own, and may end other calls as well.
        const isReason = request.signal?.aborted === true && error === request.signal.reason;
        if (!isReason && error instanceof LlmError && error.traceContext === undefined) {
          Reflect.set(error, "traceContext", outer.traceContext);
        }
        throw error;
      } finally {
        waiting--;
      }
    };
    // An event that is there already was made inside the span's context, and taking it runs nothing of anybody's.
    const ready = (): StreamEvent | undefined => {
      const event = spans === undefined ? undefined : take?.();
      return event === undefined ? undefined : seen(event);
    };
    const ordered = inOrder(ready, wait);
    const iterator: AsyncIterableIterator<StreamEvent> = {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: ordered.next,
      return: breakOff,
      async throw(error) {
        await breakOff();
        throw error;
      },
    };
    return take === undefined ? iterator : offer(iterator, ordered.take);
  }

  return { [Symbol.asyncIterator]: () => iterate(inner[Symbol.asyncIterator]()) };
}
