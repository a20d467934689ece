/**
 * The waist of the house: what is asked, and whatever answers. A provider connection, an agent, a telemetry wrapper, a
 * fake in a test: all are a {@linkcode LanguageModel}. Retry, fallback, cache or budget wrappers take one and give one.
 *
 * @module
 */
import type { StreamEvent } from "./event.ts";
import type { Message } from "./message.ts";
import type { Attributes, Context } from "./otel_types.ts";
import type { Schema } from "./schema.ts";
import type { Tool } from "./tool.ts";

/** How much a reasoning model may think. */
export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh";

/** Whether the model must, may or must not call a tool, or which one it must call. */
export type ToolChoice = "auto" | "required" | "none" | {
  /** The tool it must call. */
  readonly name: string;
};

/** What may be said with a request; what is left out, or undefined, is the vendor's default. */
export interface RequestOptions<T = unknown> {
  /** Higher is more random. */
  readonly temperature?: number | undefined;
  /** Nucleus sampling. */
  readonly topP?: number | undefined;
  /** Sample from this many likeliest tokens, where the vendor has it. */
  readonly topK?: number | undefined;
  /**
   * The longest answer, in tokens. OpenAI, and Claude's models that take levels of effort, count their thoughts in; a
   * budget of thoughts, which other models of Claude's take, comes on top.
   */
  readonly maxTokens?: number | undefined;
  /** Texts at which the answer ends. */
  readonly stop?: string | readonly string[] | undefined;
  /** For answers that repeat, where the vendor has it. */
  readonly seed?: number | undefined;
  /** True, or how many alternatives: asks for the probability of each token. */
  readonly logprobs?: boolean | number | undefined;
  /** How much a reasoning model may think. */
  readonly reasoningEffort?: ReasoningEffort | undefined;
  /** How much it may think, in tokens. */
  readonly thinkingBudgetTokens?: number | undefined;
  /** What the model may ask for. */
  readonly tools?: readonly Tool[] | undefined;
  /** Whether it must. */
  readonly toolChoice?: ToolChoice | undefined;
  /** Whether it may ask for several at once. */
  readonly parallelToolCalls?: boolean | undefined;
  /**
   * The answer's shape; the answer then stands in `result.parsed`. One that is no object comes in one piece at the end
   * of the stream, where the vendor only gives objects.
   */
  readonly schema?: Schema<T> | undefined;
  /** Long texts that the vendor may cache, put before the conversation. */
  readonly cacheContent?: string | readonly string[] | undefined;
  /** Lets the vendor cache the tools' definitions. */
  readonly cacheTools?: boolean | undefined;
  /** Lets the vendor search the web, at its fee. */
  readonly webSearch?: boolean | {
    /** How often at most. */
    readonly maxUses: number;
  } | undefined;
  /**
   * Whether the vendor keeps the answer. `false` is always sent where the vendor has it.
   * @default false
   */
  readonly store?: boolean | undefined;
  /** Goes on from an answer the vendor kept; needs `store: true`. */
  readonly previousResponseId?: string | undefined;
  /**
   * False asks for one JSON body.
   * @default true
   */
  readonly streaming?: boolean | undefined;
  /** Passed to the vendor as it is, last. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** On the request's span: how cost per feature or user is seen. Never on metrics. */
  readonly attributes?: Attributes | undefined;
  /** Ties the requests of one conversation together in the trace. */
  readonly conversationId?: string | undefined;
  /** The trace parent, where no context manager carries it. */
  readonly parent?: Context | undefined;
  /** Ends the request; the call then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** One request, on its way down. */
export interface ChatRequest extends RequestOptions {
  /** The conversation. */
  readonly messages: readonly Message[];
  /** What the request is sent with; telemetry binds it to the request's span on the way down. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Where a model is reached, as far as telemetry tells it. */
export interface ServerAddress {
  /** The host's name. */
  readonly address: string;
  /** The port, the scheme's own included. */
  readonly port: number;
}

/**
 * The waist: whatever answers.
 *
 * @example
 * ```ts
 * import { clientOf, type LanguageModel } from "@sik/llms";
 *
 * // A wrapper is a model that asks another one.
 * function loud(model: LanguageModel): LanguageModel {
 *   return {
 *     ...model,
 *     async *stream(request) {
 *       console.log(`${request.messages.length} messages go to ${model.model}`);
 *       yield* model.stream(request);
 *     },
 *   };
 * }
 * const short: LanguageModel = {
 *   provider: "test",
 *   model: "short",
 *   async *stream() {
 *     const result = { response: "Yes.", toolCalls: [], finishReason: "stop", provider: "test", model: "short" };
 *     yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
 *   },
 * };
 * console.log((await clientOf(loud(short)).run("Are you there?")).response); // "Yes."
 * ```
 */
export interface LanguageModel {
  /** The provider's name, as in `openai`. */
  readonly provider: string;
  /** The model's name. */
  readonly model: string;
  /** Where it is reached, when over the network. */
  readonly server?: ServerAddress | undefined;
  /** Which of OpenAI's two APIs it is, when one of them. */
  readonly api?: "chat" | "responses" | undefined;
  /**
   * Checks and encodes the request at once, and sends it at the first `next()`.
   *
   * @throws {ConfigError} for what the caller did wrong.
   */
  stream(request: ChatRequest): AsyncIterable<StreamEvent>;
}

/** The texts that are to be cached, in order. */
export function cachedTexts({ cacheContent = [] }: Pick<RequestOptions, "cacheContent">): readonly string[] {
  return typeof cacheContent === "string" ? [cacheContent] : cacheContent;
}
