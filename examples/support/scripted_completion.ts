/**
 * Chat completions on the wire, as a stream of events and as one body, at the pace of a quick model
 * (https://platform.openai.com/docs/api-reference/chat-streaming/streaming).
 *
 * @module
 */
import { modelInfo } from "@sik/llms";

/** A tool that the script calls. */
export interface ScriptedCall {
  /** Which. */
  readonly name: string;
  /** With what. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** One answer to give. */
export interface Turn {
  /** The model that was asked for. */
  readonly model: string;
  /** The answer, token by token; beside a call there may be none. */
  readonly pieces: readonly string[];
  /** The tools that are called. */
  readonly calls: readonly ScriptedCall[];
  /** What it took. */
  readonly usage: CompletionUsage;
  /** Whether a stream ends with its usage. */
  readonly includeUsage: boolean;
}

/** Usage as the vendor reports it. */
export interface CompletionUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly audio_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number; readonly audio_tokens: number };
}

const firstTokenMs = 110;
const tokenMs = 11;

/** Cuts a text into pieces of about the size of tokens; together they are the text. */
export function dealOut(text: string): string[] {
  return text.match(/\s?[\p{L}\p{N}]{1,7}|\s?[^\s\p{L}\p{N}]|\s/gu) ?? [];
}

/** Counts tokens: every message takes three more than its text, and so does the answer's beginning. */
export function usageOf(messages: unknown, answer: string): CompletionUsage {
  const texts = (messages as readonly { readonly content?: unknown }[]).map(({ content }) => {
    return dealOut(typeof content === "string" ? content : JSON.stringify(content) ?? "").length + 3;
  });
  const prompt = texts.reduce((sum, length) => sum + length, 3);
  const completion = dealOut(answer).length;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

/** The answer as events; what is not read is not sent, and a reader that goes away ends it. */
export function respond(turn: Turn, signal: AbortSignal): ReadableStream<Uint8Array<ArrayBuffer>> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  signal.addEventListener("abort", leave, { once: true });
  const chunks = chunksOf(turn, gone.signal);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (!done && !gone.signal.aborted) return controller.enqueue(encoder.encode(`data: ${value}\n\n`));
      signal.removeEventListener("abort", leave);
      controller.close();
    },
    cancel() {
      signal.removeEventListener("abort", leave);
      leave();
    },
  });
}

/** The answer in one body. */
export async function completionOf(turn: Turn, signal: AbortSignal): Promise<unknown> {
  await pause(firstTokenMs + tokenMs * turn.pieces.length, signal);
  const calls = callsOf(turn);
  const content = calls.length > 0 && turn.pieces.length === 0 ? null : turn.pieces.join("");
  const said = calls.length === 0 ? { content } : { content, tool_calls: calls };
  const message = { role: "assistant", ...said, refusal: null, annotations: [] };
  const choice = { index: 0, message, logprobs: null, finish_reason: calls.length === 0 ? "stop" : "tool_calls" };
  return { ...headOf(turn, "chat.completion"), choices: [choice], usage: turn.usage };
}

async function* chunksOf(turn: Turn, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const head = headOf(turn, "chat.completion.chunk");
  const withUsage = turn.includeUsage ? { usage: null } : {};
  const chunk = (delta: unknown, finishReason: string | null = null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return JSON.stringify({ ...head, choices, ...withUsage });
  };
  await pause(firstTokenMs, signal);
  yield chunk({ role: "assistant", content: "", refusal: null });
  const calls = callsOf(turn);
  for (const [index, content] of turn.pieces.entries()) {
    await pause(tokenMs + (index * 7) % 9 - 4, signal);
    if (signal.aborted) return;
    yield chunk({ content });
  }
  for (const [index, call] of calls.entries()) yield chunk({ tool_calls: [{ index, ...call }] });
  yield chunk({}, calls.length === 0 ? "stop" : "tool_calls");
  if (turn.includeUsage) yield JSON.stringify({ ...head, choices: [], usage: turn.usage });
  yield "[DONE]";
}

/** The calls as the vendor writes them, each with an id of its own. */
function callsOf({ calls }: Turn) {
  return calls.map(({ name, arguments: given }) => ({
    id: `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`,
    type: "function",
    function: { name, arguments: JSON.stringify(given) },
  }));
}

/** What every chunk and every body begins with; the model that answers is named with its date. */
function headOf({ model }: Turn, object: string) {
  return {
    id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "").slice(0, 29)}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: modelInfo(model)?.aliases.at(-1) ?? model,
    service_tier: "default",
    system_fingerprint: "fp_scripted",
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", done);
    resolve();
  };
  const timer = setTimeout(done, ms);
  if (signal.aborted) done();
  else signal.addEventListener("abort", done, { once: true });
  return promise;
}
