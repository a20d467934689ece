/**
 * Answers of chat completions, in pieces and in one
 * (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
 *
 * @module
 */
import { ResponseError, StreamTruncatedError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { AssistantMessage, Part } from "../message.ts";
import type { DecodedEvent, DecodedResult } from "../provider.ts";
import type { ServerSentEvent } from "../sse.ts";
import { type Usage, usageOf } from "../usage.ts";
import { errorInStream } from "../vendor_error.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { gatherToolCalls } from "./tool_calls.ts";

/** A chunk, or a whole body: the same fields, with `delta` or with `message`. All of it may be missing. */
interface Chunk {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly service_tier?: unknown;
  readonly system_fingerprint?: unknown;
  readonly error?: unknown;
  readonly usage?: unknown;
  readonly choices?: unknown;
}

interface Delta {
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  readonly tool_calls?: unknown;
}

interface Choice {
  readonly index?: unknown;
  readonly delta?: Delta | null;
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
  readonly logprobs?: { readonly content?: unknown } | null;
}

/** Reads a streamed answer. */
export async function* decodeChatStream(
  events: AsyncIterable<ServerSentEvent>,
  _request: ChatRequest,
  onOutput?: () => void,
): AsyncGenerator<DecodedEvent, void, undefined> {
  const answer = gatherAnswer(onOutput);
  let terminated = false;
  for await (const { event, data } of events) {
    if (data === "[DONE]") {
      terminated = true;
      break;
    }
    const chunk = chunkOf(data);
    if (event === "error") throw errorInStream(openaiErrorOf(200, chunk));
    for (const decoded of answer.take(chunk)) yield decoded;
  }
  yield* answer.finish(terminated);
}

/** Reads an answer in one body. */
export function* decodeChatBody(body: unknown, _request: ChatRequest): Generator<DecodedEvent, void, undefined> {
  const answer = gatherAnswer();
  if (typeof body !== "object" || body === null || !("error" in body) && !("choices" in body)) {
    throw new ResponseError("The vendor's answer is JSON, but no chat completion.", { reason: "protocol" });
  }
  yield* answer.take(body);
  yield* answer.finish(true);
}

function chunkOf(data: string): Chunk {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw new ResponseError("A chunk of the answer is not valid JSON.", { reason: "json" });
  }
  return typeof chunk === "object" && chunk !== null ? chunk : {};
}

/** Folds chunks into events and, at the end, into the result. */
function gatherAnswer(onOutput?: () => void) {
  const toolCalls = gatherToolCalls();
  let text = "", thinking = "", refusal = "";
  let finishReason: string | undefined;
  let usage: RawUsage | undefined;
  let id: string | undefined, model: string | undefined, tier: string | undefined, fingerprint: string | undefined;

  return {
    *take(chunk: Chunk): Generator<DecodedEvent, void, undefined> {
      if (chunk.error !== undefined && chunk.error !== null) throw errorInStream(openaiErrorOf(200, chunk));
      id ??= word(chunk.id);
      model = word(chunk.model) ?? model;
      tier = word(chunk.service_tier) ?? tier;
      fingerprint = word(chunk.system_fingerprint) ?? fingerprint;
      if (typeof chunk.usage === "object" && chunk.usage !== null) usage = mergeUsage(usage, chunk.usage);
      const choice = (Array.isArray(chunk.choices) ? chunk.choices : []).find(isFirst);
      if (choice === undefined) return;
      finishReason = word(choice.finish_reason) ?? finishReason;
      const delta = choice.delta ?? choice.message;
      if (typeof delta !== "object" || delta === null) return;
      const thought = word(delta.reasoning_content) ?? word(delta.reasoning);
      if (thought !== undefined) {
        thinking += thought;
        yield { type: "thinking", delta: thought };
      }
      const piece = word(delta.content);
      if (piece !== undefined) {
        text += piece;
        const logprob = logprobOf(choice);
        yield logprob === undefined ? { type: "text", delta: piece } : { type: "text", delta: piece, logprob };
      }
      refusal += word(delta.refusal) ?? "";
      if (!Array.isArray(delta.tool_calls)) return;
      for (const call of delta.tool_calls) {
        if (typeof call !== "object" || call === null) continue;
        onOutput?.();
        toolCalls.add({
          index: call.index,
          id: call.id,
          name: call.function?.name,
          arguments: call.function?.arguments,
        });
      }
    },
    *finish(terminated: boolean): Generator<DecodedEvent, void, undefined> {
      const counted = usage === undefined ? undefined : usageOfChat(usage);
      if (finishReason === undefined && !terminated) {
        const message = "The stream ended without a finish reason; what came stands in partialText.";
        throw new StreamTruncatedError(message, { partialText: text, usage: counted });
      }
      const calls = toolCalls.finish();
      yield* calls;
      const parts: Part[] = text === "" ? [...calls] : [{ type: "text", text }, ...calls];
      const assistant: AssistantMessage = { role: "assistant", content: calls.length === 0 ? text : parts };
      const result: DecodedResult = {
        response: text,
        refusal: refusal === "" ? undefined : refusal,
        toolCalls: calls,
        thinking: thinking === "" ? undefined : thinking,
        finishReason: finishReason ?? "unknown",
        responseId: id,
        responseModel: model,
        serviceTier: tier,
        systemFingerprint: fingerprint,
        usage: counted,
        messages: [assistant],
      };
      yield { type: "finish", result };
    },
  };
}

/** Only the first choice is read; servers with one choice may leave its index out. */
function isFirst(choice: unknown): choice is Choice {
  if (typeof choice !== "object" || choice === null) return false;
  const { index } = choice as Choice;
  return index === undefined || index === null || index === 0;
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A piece may hold several tokens: the logarithms of their probabilities add up to the piece's. */
function logprobOf(choice: Choice): number | undefined {
  const tokens = choice.logprobs?.content;
  if (!Array.isArray(tokens) || tokens.length === 0) return undefined;
  const sum = tokens.reduce<number>((total, token) => total + Number(token?.logprob), 0);
  return Number.isFinite(sum) ? sum : undefined;
}

type RawUsage = Readonly<Record<string, unknown>>;

/** Usage may come twice, or grow: the last word on each field holds. */
function mergeUsage(known: RawUsage | undefined, news: object): RawUsage {
  const merged: Record<string, unknown> = { ...known };
  for (const [key, value] of Object.entries(news)) {
    if (value === null || value === undefined) continue;
    const before = merged[key];
    const nested = typeof value === "object" && typeof before === "object" && before !== null;
    merged[key] = nested ? mergeUsage(before as RawUsage, value) : value;
  }
  return merged;
}

/** OpenAI's input tokens include those read from and written to the cache; ours are disjoint. */
function usageOfChat(raw: RawUsage): Usage | undefined {
  const input = count(raw["prompt_tokens"]);
  const output = count(raw["completion_tokens"]);
  if (input === undefined || output === undefined) return undefined;
  const inputDetails = (raw["prompt_tokens_details"] ?? {}) as RawUsage;
  const outputDetails = (raw["completion_tokens_details"] ?? {}) as RawUsage;
  const cacheReadTokens = Math.min(count(inputDetails["cached_tokens"]) ?? 0, input);
  const cacheWriteTokens = Math.min(count(inputDetails["cache_write_tokens"]) ?? 0, input - cacheReadTokens);
  return usageOf({
    inputTokens: input - cacheReadTokens - cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: output,
    reasoningTokens: count(outputDetails["reasoning_tokens"]) ?? 0,
  });
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
