/**
 * Answers of chat completions, in pieces and in one
 * (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
 *
 * @module
 */
import { ResponseError, StreamTruncatedError } from "../error.ts";
import type { AssistantMessage, Part } from "../message.ts";
import type { Billed, DecodedEvent, DecodedResult, Fold } from "../provider.ts";
import type { Cost, Usage } from "../usage.ts";
import { errorInStream } from "../vendor_error.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { usageOfOpenai } from "./openai_usage.ts";
import { isDone, logprobOf, mergeUsage, parseEvent, type Raw, record, word } from "./raw.ts";
import { gatherToolCalls, type ToolCallPiece } from "./tool_calls.ts";
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
  /** OpenRouter's: the thoughts with their seals, in pieces by index. */
  readonly reasoning_details?: unknown;
  readonly tool_calls?: unknown;
}

interface Choice {
  readonly index?: unknown;
  readonly delta?: Delta | null;
  readonly message?: Delta | null;
  readonly finish_reason?: unknown;
  /** OpenRouter's, where the vendor behind it failed in the middle of the answer. */
  readonly error?: unknown;
  readonly logprobs?: { readonly content?: unknown } | null;
}

/** What a vendor's answers have beside OpenAI's. */
export interface ChatReading {
  /** The cost that the vendor reports with its usage. */
  readonly costOf?: ((usage: Raw) => Cost | undefined) | undefined;
  /** Whether a tool's result is refused unless the thoughts behind the call, or their seal, go back with the call. */
  readonly keepsThoughts?: boolean | undefined;
  /** Whether the thoughts come as a list of details, which goes back as it was. */
  readonly keepsDetails?: boolean | undefined;
  /** Whether thoughts are counted in the total alone. */
  readonly hidesThoughts?: boolean | undefined;
}

/** The vendors' words for an answer that was cut, in the middle of a call perhaps. */
const CUTTING: ReadonlySet<string> = new Set([
  "length",
  "max_tokens",
  "max_output_tokens",
  "model_length",
  "content_filter",
  "safety",
  "recitation",
  "abort",
  "error",
  "insufficient_system_resource",
]);

/** What is called, and what goes back with it: of a tool that takes a text, and no JSON, all of it. */
function calledIn(call: Raw): Pick<ToolCallPiece, "name" | "arguments" | "seal"> {
  const { custom, extra_content } = call;
  if (typeof custom === "object" && custom !== null) {
    const { name, input } = record(custom);
    return { name, arguments: { input }, seal: { custom } };
  }
  const { name, arguments: given } = record(call["function"]);
  return { name, arguments: given, seal: extra_content === undefined ? undefined : { extra_content } };
}

/** The name that some servers give to chunks, which have none. */
function isChunk(name: string): boolean {
  return name === "message";
}

/** Makes the reader of one answer: a fold of its chunks into events and, at the end, into the result. */
export function foldChat(
  provider: string,
  { costOf, keepsThoughts = false, keepsDetails = false, hidesThoughts = false }: ChatReading = {},
  onOutput?: () => void,
): Fold {
  const toolCalls = gatherToolCalls();
  const details: Raw[] = [];
  let thinks = false;
  let text = "", thinking = "", refusal = "";
  let answered = false, terminated = false;
  let finishReason: string | undefined;
  let usage: Raw | undefined;
  let id: string | undefined, model: string | undefined, tier: string | undefined, fingerprint: string | undefined;

  function takeChunk(chunk: Chunk, out: DecodedEvent[]): void {
    if (chunk.error !== undefined && chunk.error !== null) throw errorInStream(openaiErrorOf(200, chunk));
    id ??= word(chunk.id);
    model = word(chunk.model) ?? model;
    tier = word(chunk.service_tier) ?? tier;
    fingerprint = word(chunk.system_fingerprint) ?? fingerprint;
    if (typeof chunk.usage === "object" && chunk.usage !== null) usage = mergeUsage(usage, chunk.usage);
    const choice = firstOf(chunk.choices);
    if (choice === undefined) return;
    if (choice.error !== undefined && choice.error !== null) throw errorInStream(openaiErrorOf(200, choice));
    answered = true;
    finishReason = word(choice.finish_reason) ?? finishReason;
    const delta = choice.delta ?? choice.message;
    if (typeof delta !== "object" || delta === null) return;
    thinks ||= typeof delta.reasoning_content === "string";
    if (keepsDetails) addDetails(details, delta.reasoning_details, choice.delta !== undefined);
    addThought(word(delta.reasoning_content) ?? word(delta.reasoning), out);
    if (Array.isArray(delta.content)) { for (const thought of thoughtsOf(delta.content)) addThought(thought, out); }
    const piece = textOf(delta.content);
    if (piece !== undefined) {
      text += piece;
      const logprob = logprobOf(choice.logprobs?.content);
      out.push(logprob === undefined ? { type: "text", delta: piece } : { type: "text", delta: piece, logprob });
    }
    const refused = word(delta.refusal);
    if (refused !== undefined) {
      onOutput?.();
      refusal += refused;
    }
    if (!Array.isArray(delta.tool_calls)) return;
    const isWhole = choice.delta === undefined || choice.delta === null; // A body's list has one entry for each call.
    for (const [place, call] of delta.tool_calls.entries()) {
      if (typeof call !== "object" || call === null) continue;
      onOutput?.();
      const index = isWhole ? place : call.index;
      toolCalls.add({ index, id: call.id, ...calledIn(call) });
    }
  }

  function addThought(thought: string | undefined, out: DecodedEvent[]): void {
    if (thought === undefined) return;
    thinking += thought;
    out.push({ type: "thinking", delta: thought });
  }

  function counted(): Usage | undefined {
    if (usage === undefined) return undefined;
    const details = record(usage["prompt_tokens_details"]);
    return usageOfOpenai({
      input: usage["prompt_tokens"],
      output: usage["completion_tokens"],
      // Beside OpenAI's names those of Moonshot and Together, of DeepSeek, and of gateways that pass on Anthropic's.
      read: details["cached_tokens"] ?? usage["cached_tokens"] ?? usage["prompt_cache_hit_tokens"] ??
        usage["cache_read_input_tokens"],
      written: details["cache_write_tokens"] ?? details["cache_creation_tokens"] ??
        usage["cache_creation_input_tokens"],
      reasoning: record(usage["completion_tokens_details"])["reasoning_tokens"],
      total: usage["total_tokens"],
      hidesThoughts,
    });
  }

  const billed = (): Billed => ({
    usage: counted(),
    responseModel: model,
    serviceTier: tier,
    ...(provider === "openai" && model?.includes("-search-") ? { fees: searchFee(model) } : {}),
  });

  return {
    take(event, out) {
      if (isDone(event)) return terminated = true;
      const chunk: Chunk | undefined = parseEvent(event, isChunk);
      if (chunk === undefined) return false;
      if (event.event === "error") throw errorInStream(openaiErrorOf(200, chunk));
      takeChunk(chunk, out);
      return false;
    },
    takeBody(given, out) {
      const body = Array.isArray(given) ? given[0] : given; // Gemini puts a refusal in a list.
      if (typeof body !== "object" || body === null || !("error" in body) && !("choices" in body)) {
        throw new ResponseError("The vendor's answer is JSON, but no chat completion.", { reason: "protocol" });
      }
      takeChunk(body, out);
      terminated = true;
    },
    billed,
    finish(out) {
      const bill = billed();
      if (finishReason === undefined && !terminated) {
        const message = "The stream ended without a finish reason; what came stands in partialText.";
        throw new StreamTruncatedError(message, { partialText: text, usage: bill.usage });
      }
      if (!answered) throw new ResponseError("The vendor's answer is empty: it has no choice.", { reason: "empty" });
      // Vendors have many words for an answer that was cut, and without any nothing says that the last call was whole.
      const cutOff = finishReason === undefined || CUTTING.has(finishReason.toLowerCase());
      const found = toolCalls.finish({ cutOff, usage: bill.usage, answer: id });
      const seals = toolCalls.seals();
      const calls = found.map((call, at) => {
        const { extra_content, custom } = record(seals[at]);
        return addVendorFields(call, provider, { extra_content: keepsThoughts ? extra_content : undefined, custom });
      });
      out.push(...calls);
      const parts: Part[] = text === "" ? [...calls] : [{ type: "text", text }, ...calls];
      if (keepsThoughts && thinks) parts.unshift({ type: "vendor", provider, data: { reasoning_content: thinking } });
      if (details.length > 0) parts.unshift({ type: "vendor", provider, data: { reasoning_details: details } });
      const assistant: AssistantMessage = {
        role: "assistant",
        content: calls.length === 0 && details.length === 0 ? text || refusal : parts,
      };
      const result: DecodedResult = {
        response: text,
        refusal: refusal === "" ? undefined : refusal,
        toolCalls: calls,
        thinking: thinking === "" ? undefined : thinking,
        finishReason: finishReason ?? "unknown",
        responseId: id,
        systemFingerprint: fingerprint,
        ...bill,
        ...(costOf === undefined || usage === undefined ? {} : { cost: costOf(usage) }),
        messages: [assistant],
      };
      out.push({ type: "finish", result });
    },
  };
}

/** US dollars for the search that OpenAI's search models make at each request (https://platform.openai.com/docs/pricing). */
function searchFee(model: string): number {
  return model.includes("-search-preview") ? 0.025 : 0.01;
}

/** Only the first choice is read; servers with one choice may leave its index out. */
function firstOf(choices: unknown): Choice | undefined {
  if (!Array.isArray(choices)) return undefined;
  for (const choice of choices) {
    const { index } = record(choice);
    if (choice && (index === undefined || index === null || index === 0)) return choice;
  }
  return undefined;
}

/** Text, or Mistral's list of blocks (https://docs.mistral.ai/capabilities/reasoning/). */
function textOf(content: unknown): string | undefined {
  if (!Array.isArray(content)) return word(content);
  return word(content.map((block) => word(record(block)["text"]) ?? "").join(""));
}

/** The thoughts among Mistral's blocks. */
function thoughtsOf(content: readonly unknown[]): readonly string[] {
  const thoughts = content.map((block) => record(block)["thinking"]);
  return thoughts.map((thought) => textOf(thought)).filter((text) => text !== undefined);
}

/**
 * A piece of the same kind, index and id as the last one goes on with it: its texts are longer, and what else it says is
 * the last word. What is encrypted comes whole.
 */
function addDetails(details: Raw[], news: unknown, inPieces: boolean): void {
  for (const piece of Array.isArray(news) ? news.map(record) : []) {
    const last = details.at(-1);
    if (last === undefined || !inPieces || !goesOn(last, piece)) {
      details.push(piece);
      continue;
    }
    const joined: Record<string, unknown> = { ...last };
    for (const [name, value] of Object.entries(piece)) {
      const before = joined[name];
      const grows = (name === "text" || name === "summary") && typeof before === "string";
      if (value !== null && value !== undefined) joined[name] = grows ? before + String(value) : value;
    }
    details[details.length - 1] = joined;
  }
}

function goesOn(last: Raw, piece: Raw): boolean {
  const { type, index, id } = piece;
  if (type === "reasoning.encrypted" || type !== last["type"] || index === undefined || index !== last["index"]) {
    return false;
  }
  return id === undefined || id === null || last["id"] === undefined || last["id"] === null || id === last["id"];
}
