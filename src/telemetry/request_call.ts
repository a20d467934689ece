/**
 * The spans and metrics of one request: opened at its first `next()`, and ended however it ends.
 *
 * @module
 */
import { SpanKind } from "@opentelemetry/api";
import { isReasonOf } from "../deadline.ts";
import { LlmError, TimeoutError } from "../error.ts";
import type { Result } from "../event.ts";
import type { ChatRequest, LanguageModel } from "../language_model.ts";
import { isDenoBuiltIn } from "../otel/registry.ts";
import type { Context } from "../otel_types.ts";
import { quietly } from "../quietly.ts";
import { endAttributes, type Ending, type Measured, requestAttributes } from "./attributes.ts";
import { type Capture, inputContent, outputContent } from "./content.ts";
import { endingOf, pausedEnding, sentenceOf, tellWhere } from "./ending.ts";
import type { FetchOwner } from "./http_span.ts";
import type { LabelsOf } from "./labels.ts";
import { recordRequest } from "./metrics.ts";
import { LLM, SPAN, streamSpanName, type Vocabulary } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { propagationHeaders } from "./propagation.ts";
import { captureOf, currentVocabulary } from "./recording.ts";
import { meterOf, telemetryReady, tracerOf } from "./signals.ts";
import { merged, type OpenSpan, openSpan } from "./span.ts";
import type { TracedCall } from "./traced_iterator.ts";

/** What the requests of a client are recorded with. */
export interface RequestTelemetry {
  /** The client's own. */
  readonly options: ClientTelemetry;
  /** The labels of its metrics. */
  readonly labelsOf: LabelsOf;
}

/** A request that is traced. */
export interface RequestCall extends TracedCall {
  /** Whom its attempts belong to. */
  owner(): FetchOwner;
  /** Ends the spans when the caller aborts while nobody reads; to be said before they open. */
  watchCaller(): void;
}

/** A model that ends without its last event has given no answer: `run` rejects, and so it is told. */
const UNFINISHED: Ending = { outcome: "error", errorType: "ResponseError" };

/** The spans of one request, once they are open. */
interface Spans {
  readonly request: OpenSpan;
  /** The wire; the same as `request` where only GenAI names are written, which have no such span. */
  readonly stream: OpenSpan;
  readonly owner: FetchOwner;
  readonly vocabulary: Vocabulary;
  readonly capture: Capture;
  readonly startedAt: number;
}

/** Makes the call of a request; its spans are children of what stands in `callerContext`. */
export function requestCall(
  model: LanguageModel,
  { options, labelsOf }: RequestTelemetry,
  request: ChatRequest,
  callerContext: Context,
): RequestCall {
  let spans: Spans | undefined;
  let attempts = 0;
  let chunks = 0;
  let firstOutputAt: number | undefined;
  let result: Result | undefined;
  let ended = false;
  let watchesCaller = false;

  function opened(): Spans {
    if (spans !== undefined) return spans;
    const startedAt = performance.now();
    const tracer = tracerOf(options);
    const [vocabulary, capture] = [currentVocabulary(), captureOf(options)];
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
    if (watchesCaller) request.signal?.addEventListener("abort", onAbort, { once: true });
    return spans = { request: outer, stream, owner, vocabulary, capture, startedAt };
  }

  /** What the caller's signal is listened to with elsewhere is told after this, and ends first. */
  function onAbort(): void {
    queueMicrotask(() => leave(request.signal?.reason));
  }

  /** In the middle of a wait its own rejection ends the spans; else nobody may ever come back to be told. */
  function leave(reason: unknown): void {
    if (call.waiting > 0) return;
    const isCallers = request.signal?.aborted === true && !(request.signal.reason instanceof TimeoutError);
    end(isCallers ? endingOf(request.signal?.reason, request) : pausedEnding(reason));
  }

  function measured({ startedAt }: Spans, failure: unknown): Measured {
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
    const { request: outer, stream, vocabulary, capture } = spans;
    const values = measured(spans, failure);
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

  const call: RequestCall = {
    waiting: 0,
    get context() {
      return spans?.stream.context;
    },
    ready: () => telemetryReady(options),
    open: () => opened().stream.context,
    owner: () => opened().owner,
    watchCaller: () => void (watchesCaller = true),
    seen(event) {
      if (event.type === "text" || event.type === "thinking" || event.type === "tool_call") {
        chunks++;
        firstOutputAt ??= performance.now();
      }
      if (event.type !== "finish") return event;
      result = { ...event.result, traceContext: spans?.request.traceContext };
      end({ outcome: "completed" });
      return { type: "finish", result };
    },
    brokenOff: () => end({ outcome: "cancelled" }),
    over: () => end(UNFINISHED),
    failed(error) {
      end(endingOf(error, request), error);
      if (!isReasonOf(request.signal, error)) tellWhere(error, spans?.request.traceContext);
    },
  };
  return call;
}
