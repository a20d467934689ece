/**
 * Answers of chat completions, in pieces and in one
 * (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
 *
 * @module
 */
import { ResponseError, StreamTruncatedError } from "../error.ts";
import type { AssistantMessage, Part } from "../message.ts";
import type { DecodedEvent, DecodedResult, Provider } from "../provider.ts";
import type { Cost } from "../usage.ts";
import { errorInStream } from "../vendor_error.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { usageOfOpenai } from "./openai_usage.ts";
import { logprobOf, mergeUsage, parseEvent, type Raw, record, word } from "./raw.ts";
import { gatherToolCalls } from "./tool_calls.ts";
import { addVendorFields } from "./vendor_fields.ts";

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

/** What a vendor's answers have beside OpenAI's. */
export interface ChatReading {
  /** The cost that the vendor reports with its usage. */
  readonly costOf?: ((usage: Raw) => Cost | undefined) | undefined;
  /** Whether a tool's result is refused unless the thoughts behind the call, or their seal, go back with the call. */
  readonly keepsThoughts?: boolean | undefined;
}

/** The vendor whose answers are read: what only it understands is marked with its name. */
type Vendor = Pick<Provider, "name">;

/** The two readers of a vendor's answers: of events, and of one body. */
export function chatReaders(reading: ChatReading = {}): Pick<Provider, "decode" | "decodeBody"> {
  return {
    async *decode(this: Vendor, events, _request, onOutput) {
      const answer = gatherAnswer(reading, this.name, onOutput);
      let terminated = false;
      for await (const { event, data } of events) {
        if (data === "[DONE]") {
          terminated = true;
          break;
        }
        const chunk: Chunk = parseEvent(data);
        if (event === "error") throw errorInStream(openaiErrorOf(200, chunk));
        for (const decoded of answer.take(chunk)) yield decoded;
      }
      yield* answer.finish(terminated);
    },
    *decodeBody(this: Vendor, body) {
      if (typeof body !== "object" || body === null || !("error" in body) && !("choices" in body)) {
        throw new ResponseError("The vendor's answer is JSON, but no chat completion.", { reason: "protocol" });
      }
      const answer = gatherAnswer(reading, this.name);
      yield* answer.take(body);
      yield* answer.finish(true);
    },
  };
}

/** Folds chunks into events and, at the end, into the result. */
function gatherAnswer({ costOf, keepsThoughts = false }: ChatReading, provider: string, onOutput?: () => void) {
  const toolCalls = gatherToolCalls();
  const seals = new Map<unknown, unknown>();
  let thinks = false;
  let text = "", thinking = "", refusal = "";
  let answered = false;
  let finishReason: string | undefined;
  let usage: Raw | undefined;
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
      answered = true;
      finishReason = word(choice.finish_reason) ?? finishReason;
      const delta = choice.delta ?? choice.message;
      if (typeof delta !== "object" || delta === null) return;
      thinks ||= typeof delta.reasoning_content === "string";
      const thought = word(delta.reasoning_content) ?? word(delta.reasoning);
      if (thought !== undefined) {
        thinking += thought;
        yield { type: "thinking", delta: thought };
      }
      for (const thought of thoughtsOf(delta.content)) {
        thinking += thought;
        yield { type: "thinking", delta: thought };
      }
      const piece = textOf(delta.content);
      if (piece !== undefined) {
        text += piece;
        const logprob = logprobOf(choice.logprobs?.content);
        yield logprob === undefined ? { type: "text", delta: piece } : { type: "text", delta: piece, logprob };
      }
      const refused = word(delta.refusal);
      if (refused !== undefined) {
        onOutput?.();
        refusal += refused;
      }
      if (!Array.isArray(delta.tool_calls)) return;
      for (const call of delta.tool_calls) {
        if (typeof call !== "object" || call === null) continue;
        onOutput?.();
        seals.set(call.id, call.extra_content ?? seals.get(call.id));
        toolCalls.add({
          index: call.index,
          id: call.id,
          name: call.function?.name,
          arguments: call.function?.arguments,
        });
      }
    },
    *finish(terminated: boolean): Generator<DecodedEvent, void, undefined> {
      const counted = usage === undefined ? undefined : usageOfOpenai({
        input: usage["prompt_tokens"],
        output: usage["completion_tokens"],
        inputDetails: usage["prompt_tokens_details"] ?? { cached_tokens: usage["prompt_cache_hit_tokens"] }, // DeepSeek's.
        outputDetails: usage["completion_tokens_details"],
        total: usage["total_tokens"],
      });
      if (finishReason === undefined && !terminated) {
        const message = "The stream ended without a finish reason; what came stands in partialText.";
        throw new StreamTruncatedError(message, { partialText: text, usage: counted });
      }
      if (!answered) throw new ResponseError("The vendor's answer is empty: it has no choice.", { reason: "empty" });
      // Without a finish reason nothing says that the last call was whole.
      const cutOff = finishReason === undefined || finishReason === "length" || finishReason === "content_filter";
      const found = toolCalls.finish({ cutOff, usage: counted });
      const calls = !keepsThoughts
        ? found
        : found.map((call) => addVendorFields(call, provider, { extra_content: seals.get(call.id) }));
      yield* calls;
      const parts: Part[] = text === "" ? [...calls] : [{ type: "text", text }, ...calls];
      if (keepsThoughts && thinks) parts.unshift({ type: "vendor", provider, data: { reasoning_content: thinking } });
      const assistant: AssistantMessage = { role: "assistant", content: calls.length === 0 ? text || refusal : parts };
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
        ...(costOf === undefined || usage === undefined ? {} : { cost: costOf(usage) }),
        messages: [assistant],
      };
      yield { type: "finish", result };
    },
  };
}

/** Text, or Mistral's list of blocks (https://docs.mistral.ai/capabilities/reasoning/). */
function textOf(content: unknown): string | undefined {
  if (!Array.isArray(content)) return word(content);
  return word(content.map((block) => word(record(block)["text"]) ?? "").join(""));
}

/** The thoughts among Mistral's blocks. */
function thoughtsOf(content: unknown): readonly string[] {
  if (!Array.isArray(content)) return [];
  const thoughts = content.map((block) => record(block)["thinking"]);
  return thoughts.map((thought) => textOf(thought)).filter((text) => text !== undefined);
}

/** Only the first choice is read; servers with one choice may leave its index out. */
function isFirst(choice: unknown): choice is Choice {
  if (typeof choice !== "object" || choice === null) return false;
  const { index } = choice as Choice;
  return index === undefined || index === null || index === 0;
}
