/**
 * The facade that a user holds: a language model, the options fixed with it, and folds over its stream.
 *
 * @module
 */
import { abortable } from "./abortable.ts";
import { checkLanguageModel } from "./client_options_check.ts";
import { conversationOf } from "./conversation.ts";
import { ConfigError } from "./error.ts";
import type { EventStream, Result, StreamEvent } from "./event.ts";
import { streamOf } from "./event_reader.ts";
import type { ChatRequest, LanguageModel, RequestOptions } from "./language_model.ts";
import type { Messages } from "./message.ts";
import { checkOptions } from "./option_rules.ts";
import { checkRequestOptions } from "./options_check.ts";
import { resultOf, runAll } from "./run.ts";

/** How many requests of a batch run at once. */
export interface BatchOptions {
  /**
   * How many run at once.
   * @default 8
   */
  readonly concurrency?: number | undefined;
}

/**
 * A model, ready to be asked.
 *
 * @example
 * ```ts
 * import { clientOf } from "@sik/llms";
 *
 * // A model of one's own; createClient("gpt-4o-mini") gives a client that is used in the same way.
 * const client = clientOf({
 *   provider: "test",
 *   model: "echo",
 *   async *stream({ messages }) {
 *     const text = String(messages.at(-1)?.content);
 *     yield { type: "text", delta: text };
 *     const result = { response: text, toolCalls: [], finishReason: "stop", provider: "test", model: "echo" };
 *     yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
 *   },
 * });
 * console.log((await client.run("Hello?")).response); // "Hello?"
 * for await (const event of client.stream("Hello?")) console.log(event.type); // "text", then "finish"
 * const both = await client.generateMultiple(["One?", "Two?"]);
 * console.log(both.map(({ response }) => response)); // ["One?", "Two?"]
 * ```
 */
export interface Client {
  /** The provider's name. */
  readonly provider: string;
  /** The model's name. */
  readonly model: string;
  /**
   * Asks, and gives the whole answer.
   *
   * @throws {ConfigError} for what is wrong with the request itself; nothing was sent.
   * @throws {ApiError} or one of its subclasses when the vendor refused.
   * @throws {ConnectionError} when no response came, {@linkcode TimeoutError} when it was waited for too long,
   * {@linkcode StreamTruncatedError} when it was cut, {@linkcode ResponseError} when it is no answer.
   * @throws {SchemaError} when the answer does not fit `schema`, {@linkcode ToolArgumentsError} when a call's arguments
   * are no JSON.
   * @throws the signal's own reason, as it is, when the caller aborts.
   */
  run<T = unknown>(messages: Messages, options?: RequestOptions<T>): Promise<Result<T>>;
  /**
   * Asks, and gives the answer as it arrives. Sends nothing until the first `next()`, which is where what `run` throws is
   * thrown at the earliest; a second iterator of the same stream throws {@linkcode ConfigError}.
   */
  stream<T = unknown>(messages: Messages, options?: RequestOptions<T>): EventStream<T>;
  /**
   * n answers to the same messages, concurrently, in order.
   *
   * @throws {BatchError} with all results and errors, when one failed.
   * @throws {ConfigError} when nothing could be sent, and the signal's own reason when the caller aborts.
   */
  sample<T = unknown>(
    messages: Messages,
    n: number,
    options?: RequestOptions<T> & BatchOptions,
  ): Promise<readonly Result<T>[]>;
  /**
   * One answer to each conversation, in order.
   *
   * @throws {BatchError} with all results and errors, when one failed.
   * @throws {ConfigError} when nothing could be sent, and the signal's own reason when the caller aborts.
   */
  generateMultiple<T = unknown>(
    sets: readonly Messages[],
    options?: RequestOptions<T> & BatchOptions & { readonly sampleN?: undefined },
  ): Promise<readonly Result<T>[]>;
  /** `sampleN` answers to each conversation. Any `sampleN`, 1 included, gives an array per set. */
  generateMultiple<T = unknown>(
    sets: readonly Messages[],
    options: RequestOptions<T> & BatchOptions & { readonly sampleN: number },
  ): Promise<readonly (readonly Result<T>[])[]>;
}

/** What stands around the requests of a batch; telemetry hands in a span. */
export type Around = <R>(
  batch: { readonly name: "sample" | "batch_generate"; readonly size: number; readonly sampleN?: number | undefined },
  options: RequestOptions,
  fn: (options: RequestOptions) => Promise<R>,
) => Promise<R>;

/** What a client adds to its model. */
export interface ClientSettings {
  /** Hold for every request that does not say otherwise. */
  readonly defaults?: RequestOptions | undefined;
  /** What requests are sent with. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** What stands around batches. */
  readonly around?: Around | undefined;
}

/**
 * Makes a client of any language model: a connection, an agent, a wrapper, a fake in a test.
 *
 * @throws {ConfigError} for what is no language model.
 *
 * @example
 * ```ts
 * import { clientOf } from "@sik/llms";
 *
 * const echo = clientOf({
 *   provider: "test",
 *   model: "echo",
 *   async *stream({ messages }) {
 *     const text = String(messages.at(-1)?.content);
 *     yield { type: "text", delta: text };
 *     const result = { response: text, toolCalls: [], finishReason: "stop", provider: "test", model: "echo" };
 *     yield { type: "finish", result: { ...result, durationSeconds: 0, messages: [] } };
 *   },
 * });
 * console.log((await echo.run("Hello?")).response); // "Hello?"
 * ```
 */
export function clientOf(model: LanguageModel): Client {
  checkLanguageModel(model);
  return makeClient(model, {});
}

/** {@linkcode clientOf} with defaults. */
export function makeClient(model: LanguageModel, settings: ClientSettings): Client {
  const around: Around = settings.around ?? ((_batch, options, fn) => fn(options));

  function eventsOf<T>(messages: Messages, options?: RequestOptions<T>): AsyncIterable<StreamEvent<T>> {
    try {
      const request = requestOf(messages, options as RequestOptions | undefined, settings);
      const events = model.stream(request) as AsyncIterable<StreamEvent<T>>;
      if (typeof events?.[Symbol.asyncIterator] === "function") {
        return { [Symbol.asyncIterator]: () => abortable(events[Symbol.asyncIterator](), request.signal) };
      }
      throw new ConfigError(`The language model ${model.model} gives no stream: its stream() must be async iterable.`);
    } catch (error) {
      // What the caller did wrong is told where an answer is awaited: by `run`, or by the first `next()`.
      return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
    }
  }

  function stream<T>(messages: Messages, options?: RequestOptions<T>): EventStream<T> {
    const events = eventsOf(messages, options);
    return streamOf(() => events[Symbol.asyncIterator]() as AsyncIterator<StreamEvent>) as EventStream<T>;
  }

  // Nobody but the fold itself holds its events, and it reads them to the end: there is no reader to watch.
  function run<T>(messages: Messages, options?: RequestOptions<T>): Promise<Result<T>> {
    return resultOf(eventsOf(messages, options));
  }

  async function sample<T>(messages: Messages, n: number, options: RequestOptions<T> & BatchOptions = {}) {
    checkCount("n", n);
    checkOptions(options);
    const { concurrency, ...request } = options;
    const atOnce = concurrencyOf(concurrency);
    const conversation = [...conversationOf(messages)]; // Those that wait must not see what comes later.
    return await around({ name: "sample", size: n }, request as RequestOptions, (inner) => {
      return runAll(n, atOnce, inner.signal, () => run(conversation, inner as RequestOptions<T>));
    });
  }

  async function generateMultiple<T>(
    sets: readonly Messages[],
    options: RequestOptions<T> & BatchOptions & { readonly sampleN?: number | undefined } = {},
  ) {
    checkOptions(options);
    const { concurrency, sampleN, ...request } = options;
    const atOnce = concurrencyOf(concurrency);
    if (sampleN !== undefined) checkCount("sampleN", sampleN);
    if (!Array.isArray(sets)) throw new ConfigError("The conversations must be a list, one for each answer.");
    const conversations = sets.map((messages) => [...conversationOf(messages)]);
    const perSet = sampleN ?? 1;
    const batch = { name: "batch_generate", size: sets.length, sampleN } as const;
    const results = await around(batch, request as RequestOptions, (inner) => {
      return runAll(sets.length * perSet, atOnce, inner.signal, (index) => {
        const conversation = conversations[Math.floor(index / perSet)] ?? [];
        return run(conversation, inner as RequestOptions<T>);
      });
    });
    if (sampleN === undefined) return results;
    return conversations.map((_, set) => results.slice(set * perSet, (set + 1) * perSet));
  }

  return {
    provider: model.provider,
    model: model.model,
    run,
    stream,
    sample,
    generateMultiple: generateMultiple as Client["generateMultiple"],
  };
}

/** A request: what is said with it, over the client's defaults. What is undefined does not override. */
function requestOf(messages: Messages, options: RequestOptions = {}, settings: ClientSettings): ChatRequest {
  checkOptions(options);
  const { defaults = {}, fetch } = settings;
  const said: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) said[name] = value;
  const request: ChatRequest = { ...said, messages: conversationOf(messages), fetch };
  checkRequestOptions(request);
  if (request.previousResponseId !== undefined && request.store !== true) {
    throw new ConfigError("previousResponseId goes on from an answer that the vendor kept: it needs store: true.");
  }
  if (defaults.attributes === undefined || options.attributes === undefined) return request;
  // Not read here: a value that throws when it is read costs telemetry that value, and the call nothing.
  const all = [defaults.attributes, options.attributes].map((each) => Object.getOwnPropertyDescriptors(each));
  return { ...request, attributes: Object.defineProperties({}, Object.assign({}, ...all)) };
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(`${name} must be a whole number from 1 on.`);
}

function concurrencyOf(value: number | undefined): number {
  if (value !== undefined) checkCount("concurrency", value);
  return value ?? 8;
}
