/**
 * What comes back: events as they arrive, and the result that the last of them carries.
 *
 * @module
 */
import type { Message, ToolCall } from "./message.ts";
import type { TraceContext } from "./otel_types.ts";
import type { Cost, Usage } from "./usage.ts";

/** The whole answer. */
export interface Result<T = unknown> {
  /** The text of the answer; "" when there is none. */
  readonly response: string;
  /** The answer as the request's `schema` gives it. */
  readonly parsed?: T | undefined;
  /** Why the model would not answer, in its words. */
  readonly refusal?: string | undefined;
  /** The tools the model asks for. */
  readonly toolCalls: readonly ToolCall[];
  /** The model's thoughts, where the vendor shows them. */
  readonly thinking?: string | undefined;
  /** The vendor's word, as it is: stop, length, tool_calls, content_filter, end_turn, refusal, … */
  readonly finishReason: string;
  /** The vendor's id of the answer. */
  readonly responseId?: string | undefined;
  /** The provider's name. */
  readonly provider: string;
  /** The model that was asked for. */
  readonly model: string;
  /** The model that answered, as the vendor names it. */
  readonly responseModel?: string | undefined;
  /** The class of service the vendor gave, as in `default` or `flex`. */
  readonly serviceTier?: string | undefined;
  /** OpenAI's fingerprint of the back end that answered. */
  readonly systemFingerprint?: string | undefined;
  /** Undefined when the vendor gave none; never guessed. */
  readonly usage?: Usage | undefined;
  /** Undefined when no price is known; never 0 for unknown. */
  readonly cost?: Cost | undefined;
  /** From the first attempt to the last byte, retries and waits included. */
  readonly durationSeconds: number;
  /** From the first attempt to the first text, thought or tool argument; undefined where nothing streamed. */
  readonly timeToFirstTokenSeconds?: number | undefined;
  /** Where the request is to be found in the trace; undefined while telemetry is off. */
  readonly traceContext?: TraceContext | undefined;
  /** What to append to the conversation for the next turn (assistant and, from an agent, tool messages). */
  readonly messages: readonly Message[];
}

/** The vendors' words for an answer that is whole. From any other, length, refusal or a filter, nothing is parsed. */
const WHOLE: ReadonlySet<string> = new Set(["stop", "end_turn", "stop_sequence", "completed", "eos"]);
/** The vendors' words for an answer that ended with calls. */
const CALLING: ReadonlySet<string> = new Set(["tool_use", "tool_calls"]);

/** Whether an answer that ended so is whole: also with a call that was the answer itself, and is no tool's to run. */
export function isWhole({ finishReason, toolCalls }: Pick<Result, "finishReason" | "toolCalls">): boolean {
  return WHOLE.has(finishReason) || CALLING.has(finishReason) && toolCalls.length === 0;
}

/** A piece of the answer's text. */
export interface TextEvent {
  /** Tells events apart. */
  readonly type: "text";
  /** The piece. */
  readonly delta: string;
  /** Its natural logarithm of probability, where asked for. */
  readonly logprob?: number | undefined;
  /** From an agent: the turn it belongs to. */
  readonly iteration?: number | undefined;
}

/** A piece of the model's thoughts. */
export interface ThinkingEvent {
  /** Tells events apart. */
  readonly type: "thinking";
  /** The piece; "" when redacted. */
  readonly delta: string;
  /** The vendor keeps the thought to itself; its data stands in `result.messages`. */
  readonly redacted?: boolean | undefined;
  /** From an agent: the turn it belongs to. */
  readonly iteration?: number | undefined;
}

/** From an agent: what a tool answered. */
export interface ToolResultEvent {
  /** Tells events apart. */
  readonly type: "tool_result";
  /** The id of the call. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** What the tool gave; of one that failed, what the model is told. */
  readonly result: unknown;
  /** True when the tool failed. */
  readonly isError: boolean;
  /** Of a tool that failed: what it threw, with its stack, for the program alone. The model is never shown it. */
  readonly error?: unknown;
}

/** A tool that runs at the vendor (web search, code execution): for the reader's eyes; nobody here executes it. */
export interface ServerToolEvent {
  /** Tells events apart. */
  readonly type: "server_tool";
  /** The id of the call. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** How far it is. */
  readonly status: "started" | "finished";
  /** What the vendor tells of it. */
  readonly data?: unknown;
}

/** What an agent does after a turn. */
export type NextAction = "continue_thinking" | "use_tool" | "finish";

/** From an agent, after every turn, the last one with "finish". */
export interface IterationEvent {
  /** Tells events apart. */
  readonly type: "iteration";
  /** Counts from 1. */
  readonly number: number;
  /** What the agent does next. */
  readonly nextAction: NextAction;
}

/** Something the reader may want to know; never an error. */
export interface NoticeEvent {
  /** Tells events apart. */
  readonly type: "notice";
  /** As in `retry`, `parameter_dropped`, `unknown_model`. */
  readonly code: string;
  /** One sentence. */
  readonly message: string;
}

/** The last event of every stream that ends well. */
export interface FinishEvent<T = unknown> {
  /** Tells events apart. */
  readonly type: "finish";
  /** The whole answer. */
  readonly result: Result<T>;
}

/** What a stream yields, told apart by `type`; the last is always `finish`. */
export type StreamEvent<T = unknown> =
  | TextEvent
  | ThinkingEvent
  | ToolCall
  | ToolResultEvent
  | ServerToolEvent
  | IterationEvent
  | NoticeEvent
  | FinishEvent<T>;

/** The iterator of an {@linkcode EventStream}: breaking off through `return` or `throw` ends the request at once. */
export interface EventIterator<T = unknown> extends AsyncIterableIterator<StreamEvent<T>> {
  /** Breaks off: the request is aborted, its span ends as cancelled. */
  return(): Promise<IteratorResult<StreamEvent<T>>>;
  /** Breaks off, and rejects with `error`. */
  throw(error: unknown): Promise<IteratorResult<StreamEvent<T>>>;
}

/**
 * An answer as it arrives. Sends nothing until the first `next()`; the trace parent is the context at the call of
 * `stream`. A second iterator throws `ConfigError`.
 *
 * @example
 * ```ts
 * import type { EventStream } from "@sik/llms";
 *
 * // Shows the text of an answer as it comes.
 * async function show(answer: EventStream): Promise<void> {
 *   for await (const event of answer) {
 *     if (event.type === "text") console.log(event.delta);
 *     if (event.type === "finish") console.log(event.result.usage?.totalTokens);
 *   }
 * }
 * console.log(typeof show); // await show(client.stream("…"))
 * ```
 */
export interface EventStream<T = unknown> extends AsyncIterable<StreamEvent<T>> {
  /** The one iterator. */
  [Symbol.asyncIterator](): EventIterator<T>;
}
