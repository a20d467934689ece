/**
 * OpenAI's chat completions as they stand on the wire, for scripted vendors.
 *
 * @module
 */

/** Tokens in OpenAI's words. */
export interface RawUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}

/** What a model answers. */
export interface ChatAnswer {
  /** The text, or its pieces. Default "Paris." */
  readonly text?: string | readonly string[];
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  /** Which model says that it answered. Default "gpt-4o-mini-2024-07-18". */
  readonly model?: string;
  /** None unless given. */
  readonly usage?: RawUsage | undefined;
  /** Default "stop", or "tool_calls"; undefined leaves the answer open. */
  readonly finishReason?: string | undefined;
}

/** 30 at full price, 60 read from the cache, 10 written to it, 25 out, 5 of them thoughts: 125. */
export const someUsage: RawUsage = {
  prompt_tokens: 100,
  completion_tokens: 25,
  total_tokens: 125,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

const common = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "gpt-4o-mini-2024-07-18",
  service_tier: "default",
  system_fingerprint: "fp_1",
};

/** The chunks of an answer, its usage in one of its own at the end. */
export function chatChunks(answer: ChatAnswer = {}): readonly object[] {
  const { text = answer.toolCalls === undefined ? "Paris." : [], toolCalls = [], usage } = answer;
  const finishReason = "finishReason" in answer ? answer.finishReason : toolCalls.length === 0 ? "stop" : "tool_calls";
  const own = { ...common, model: answer.model ?? common.model };
  const piece = (delta: object, finish_reason: string | null = null) => ({
    ...own,
    choices: [{ index: 0, delta, finish_reason }],
  });
  return [
    piece({ role: "assistant", content: "" }),
    ...[text].flat().map((content) => piece({ content })),
    ...toolCalls.map(({ id, name, arguments: written }, index) =>
      piece({ tool_calls: [{ index, id, type: "function", function: { name, arguments: written } }] })
    ),
    ...finishReason === undefined ? [] : [piece({}, finishReason)],
    ...usage === undefined ? [] : [{ ...own, choices: [], usage }],
  ];
}

/** The same answer in one body. */
export function chatBody(answer: ChatAnswer = {}): object {
  const { text = "Paris.", toolCalls, usage, finishReason = "stop" } = answer;
  const tool_calls = toolCalls?.map(({ id, name, arguments: written }) => ({
    id,
    type: "function",
    function: { name, arguments: written },
  }));
  const message = { role: "assistant", content: [text].flat().join(""), refusal: null, tool_calls };
  return {
    ...common,
    model: answer.model ?? common.model,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: finishReason }],
    usage,
  };
}

/** Events of a stream: objects as JSON, texts as they are. */
export function sse(...events: readonly (object | string)[]): string {
  return events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
}
