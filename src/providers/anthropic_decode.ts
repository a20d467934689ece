/**
 * Answers of Anthropic's Messages, in pieces and in one (https://platform.claude.com/docs/en/build-with-claude/streaming).
 *
 * @module
 */
import { ResponseError, StreamTruncatedError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Part, ToolCall } from "../message.ts";
import type { DecodedEvent, DecodedResult, Fold } from "../provider.ts";
import type { Usage } from "../usage.ts";
import { errorInStream } from "../vendor_error.ts";
import { type Block, gatherBlocks } from "./anthropic_blocks.ts";
import { anthropicErrorOf } from "./anthropic_error.ts";
import { usageOfAnthropic } from "./anthropic_usage.ts";
import { isDone, mergeUsage, parseEvent, type Raw, record, text, word } from "./raw.ts";
import { cutArguments, madeId, parseArguments } from "./tool_calls.ts";
import { addVendorFields, messageOf } from "./vendor_fields.ts";

/**
 * Makes the reader of one answer: a fold of its events into ours and, at the end, into the result. `provider` marks the
 * blocks that only the vendor understands.
 */
export function foldMessages(provider: string, request: ChatRequest, onOutput?: () => void): Fold {
  const blocks = gatherBlocks(request, onOutput);
  let id: string | undefined, model: string | undefined, tier: string | undefined;
  let started = false, over = false;
  let stopReason: string | undefined;
  let stopDetails: Raw = {};
  let usage: Raw | undefined;

  function see(news: Raw): void {
    stopReason = word(news["stop_reason"]) ?? stopReason;
    if (typeof news["stop_details"] === "object" && news["stop_details"] !== null) {
      stopDetails = record(news["stop_details"]);
    }
  }

  function count(news: unknown): void {
    if (typeof news !== "object" || news === null) return;
    usage = mergeUsage(usage, news);
    tier = word(usage["service_tier"]) ?? tier;
  }

  function begin(message: Raw, out: DecodedEvent[]): void {
    const name = word(message["id"]);
    if (started) {
      if (name === id) return; // Some proxies say it twice.
      const hint = "two answers were spliced together";
      throw new ResponseError(`A second message began inside the answer: ${hint}.`, { reason: "protocol" });
    }
    started = true;
    id = name;
    model = word(message["model"]);
    count(message["usage"]);
    see(message);
    for (const block of Array.isArray(message["content"]) ? message["content"] : []) blocks.whole(block, out);
  }

  function takeEvent(name: string | undefined, event: Raw, out: DecodedEvent[]): void {
    switch (name === "error" ? name : word(event["type"]) ?? name) {
      case "error":
        throw errorInStream(anthropicErrorOf(200, event));
      case "message_start":
        return begin(record(event["message"]), out);
      case "content_block_start":
        return blocks.start(event, out);
      case "content_block_delta":
        return blocks.delta(event, out);
      case "content_block_stop":
        return blocks.stop(event, out);
      case "message_delta":
        see(record(event["delta"]));
        return count(event["usage"]);
      case "message_stop":
        over = true;
        return;
      default:
        // A gateway's refusal may have no type; any other event is newer than this file.
        if (event["error"] !== undefined && event["error"] !== null) {
          throw errorInStream(anthropicErrorOf(200, event));
        }
    }
  }

  return {
    take(event, out) {
      if (isDone(event)) return true; // Some gateways end every stream so.
      const news = parseEvent(event, isKnown);
      if (news !== undefined) takeEvent(event.event, news, out);
      return over;
    },
    takeBody(body, out) {
      const message = record(body);
      if (message["error"] !== undefined && message["error"] !== null) throw errorInStream(anthropicErrorOf(200, body));
      if (!Array.isArray(message["content"])) {
        throw new ResponseError("The vendor's answer is JSON, but no message.", { reason: "protocol" });
      }
      begin(message, out);
      over = true;
    },
    billed: () => ({ ...usageOfAnthropic(usage), responseModel: model, serviceTier: tier }),
    finish(out) {
      const list = blocks.list();
      const counted = usageOfAnthropic(usage);
      const spoken = textOf(list);
      const answer = list.find((block) => block.kind === "answer");
      if (stopReason === undefined && !over) {
        const message = "The stream ended without a stop reason; what came stands in partialText.";
        const partialText = list.map((block) => block.kind === "text" || block.kind === "answer" ? block.text : "")
          .join("");
        throw new StreamTruncatedError(message, { partialText, usage: counted.usage });
      }
      if (!started && list.length === 0) {
        throw new ResponseError("The vendor's answer is empty: it has no message.", { reason: "empty" });
      }
      const calls = callsOf(list, provider, { stopReason, usage: counted.usage, answer: id });
      out.push(...calls.values());
      const parts = list.flatMap((block) => partOf(block, calls.get(block), provider));
      const thinking = list.map((block) => block.kind === "thinking" ? block.text : "").join("");
      const result: DecodedResult = {
        response: answer?.text ?? (request.schema === undefined ? spoken : answerIn(list) || spoken),
        refusal: stopReason === "refusal" ? refusalOf(stopDetails) : undefined,
        toolCalls: [...calls.values()],
        thinking: thinking === "" ? undefined : thinking,
        finishReason: stopReason ?? "unknown",
        responseId: id,
        responseModel: model,
        serviceTier: tier,
        ...counted,
        messages: [messageOf(parts)],
      };
      out.push({ type: "finish", result });
    },
  };
}

/** Whether an event's name is one of the API's. */
function isKnown(name: string): boolean {
  return name.startsWith("message") || name.startsWith("content_block_");
}

function textOf(list: readonly Block[]): string {
  return list.filter(({ kind }) => kind === "text").map(({ text }) => text).join("");
}

/** The text that answers in a schema: what is said before the vendor's own tools have run is none of it. */
function answerIn(list: readonly Block[]): string {
  return textOf(list.slice(list.findLastIndex(({ kind }) => kind === "other") + 1));
}

/**
 * The tool calls by their blocks.
 *
 * @throws {ToolArgumentsError} for one that is not whole.
 */
function callsOf(
  list: readonly Block[],
  provider: string,
  { stopReason, usage, answer }: {
    readonly stopReason: string | undefined;
    readonly usage: Usage | undefined;
    readonly answer: string | undefined;
  },
): ReadonlyMap<Block, ToolCall> {
  const cut = stopReason === "max_tokens" || stopReason === "model_context_window_exceeded";
  const calls = new Map<Block, ToolCall>();
  list.forEach((block, place) => {
    if (block.kind !== "tool_use") return;
    const { data, json } = block;
    const name = text(data["name"]);
    // No arguments at all are `{}`, but only of a block that was closed, and not because the tokens had run out.
    const none = json.trim() === "" && Object.keys(record(data["input"])).length === 0;
    if (none && (!block.closed || cut && place === list.length - 1)) throw cutArguments(name, usage);
    const input = json === "" ? data["input"] ?? {} : parseArguments(name, json, usage);
    const call: ToolCall = { type: "tool_call", id: word(data["id"]) ?? madeId(place, answer), name, arguments: input };
    const caller = record(data["caller"])["type"] === "direct" ? undefined : data["caller"];
    calls.set(block, addVendorFields(call, provider, { caller, toolset_name: data["toolset_name"] }));
  });
  return calls;
}

/** What goes back in the next turn. */
function partOf(block: Block, call: ToolCall | undefined, provider: string): readonly Part[] {
  const { kind, data } = block;
  switch (kind) {
    case "text":
    case "answer": {
      if (block.text === "") return [];
      const citations = kind === "text" && Array.isArray(data["citations"]) && data["citations"].length > 0;
      return [
        addVendorFields(
          { type: "text", text: block.text },
          provider,
          citations ? { citations: data["citations"] } : {},
        ),
      ];
    }
    case "thinking":
      return [{ type: "thinking", text: block.text, signature: word(data["signature"]) }];
    case "redacted_thinking":
      return [{ type: "thinking", text: "", redacted: text(data["data"]) }];
    case "tool_use":
      return call === undefined ? [] : [call];
    case "other":
      return block.closed && !block.broken ? [{ type: "vendor", provider, data }] : [];
  }
}

/** The vendor's explanation, else its category, else its word for it. */
function refusalOf(details: Raw): string {
  return word(details["explanation"]) ?? word(details["category"]) ?? "refusal";
}
