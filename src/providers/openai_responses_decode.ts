/**
 * Answers of OpenAI's Responses, in pieces and in one
 * (https://platform.openai.com/docs/api-reference/responses-streaming).
 *
 * @module
 */
import { ResponseError, StreamTruncatedError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";
import type { Part, ToolCall } from "../message.ts";
import type { Billed, DecodedEvent, DecodedResult, Fold } from "../provider.ts";
import type { Usage } from "../usage.ts";
import { errorInStream } from "../vendor_error.ts";
import { openaiErrorOf } from "./openai_error.ts";
import { gatherItems, type Item, type ItemGatherer } from "./openai_responses_items.ts";
import { usageOfOpenai } from "./openai_usage.ts";
import { count, isDone, mergeUsage, parseEvent, type Raw, record, text, word } from "./raw.ts";
import { cutArguments, madeId, parseArguments } from "./tool_calls.ts";
import { addVendorFields, messageOf } from "./vendor_fields.ts";

/** US dollars for a web search: $10 per 1,000 (https://platform.openai.com/docs/pricing). */
const SEARCH_FEE = 0.01;

/**
 * Makes the reader of one answer: a fold of its events into ours and, at the end, into the result. `provider` marks the
 * items that only the vendor understands.
 */
export function foldResponse(provider: string, { schema }: ChatRequest, onOutput?: () => void): Fold {
  const items = gatherItems(onOutput);
  let created: string | undefined;
  let response: Raw = {};
  let usage: Raw | undefined;
  let over = false;

  /** Every event about the whole answer carries all that is known of it. */
  function see(news: unknown): void {
    const known = response;
    response = record(news);
    for (const key of ["id", "model", "service_tier"]) {
      if (word(response[key]) === undefined && known[key] !== undefined) response = { ...response, [key]: known[key] };
    }
    if (typeof response["usage"] === "object" && response["usage"] !== null) {
      usage = mergeUsage(usage, response["usage"]);
    }
  }

  function begin(news: unknown): void {
    const id = word(record(news)["id"]);
    if (created !== undefined && created !== id) {
      const hint = "two answers were spliced together";
      throw new ResponseError(`A second response began inside the answer: ${hint}.`, { reason: "protocol" });
    }
    created = id;
    see(news);
  }

  function end(news: unknown, out: DecodedEvent[]): void {
    see(news);
    const { error, status, output } = response;
    if (error !== undefined && error !== null) throw errorInStream(openaiErrorOf(200, { error }));
    if (status === "failed") throw errorInStream({ message: "", code: "failed" });
    items.settle(output, out);
    over = true;
  }

  function takeEvent(name: string | undefined, event: Raw, out: DecodedEvent[]): void {
    switch (name === "error" ? name : word(event["type"]) ?? name) {
      case "response.created":
        return begin(event["response"]);
      case "response.queued":
      case "response.in_progress":
        return see(event["response"]);
      case "response.output_item.added":
        return items.add(event, out);
      case "response.output_item.done":
        return items.finish(event["output_index"], event["item"], out);
      case "response.output_text.delta":
        return items.delta("text", event, out);
      case "response.output_text.done":
        return items.whole("text", event, event["text"], out);
      case "response.refusal.delta":
        return items.delta("refusal", event, out);
      case "response.refusal.done":
        return items.whole("refusal", event, event["refusal"], out);
      case "response.reasoning_summary_text.delta":
        return items.delta("summary", event, out);
      case "response.reasoning_summary_text.done":
        return items.whole("summary", event, event["text"], out);
      case "response.reasoning_text.delta":
        return items.delta("thought", event, out);
      case "response.reasoning_text.done":
        return items.whole("thought", event, event["text"], out);
      case "response.function_call_arguments.delta":
        return items.addArguments(event, false);
      case "response.function_call_arguments.done":
        return items.addArguments(event, true);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        return end(event["response"], out);
      case "error":
        throw errorInStream(openaiErrorOf(200, event));
      default:
        // A gateway's refusal may have no type; any other event is newer than this file.
        if (event["error"] !== undefined && event["error"] !== null) throw errorInStream(openaiErrorOf(200, event));
    }
  }

  function counted(): Usage | undefined {
    const details = record(usage?.["input_tokens_details"]);
    return usageOfOpenai({
      input: usage?.["input_tokens"],
      output: usage?.["output_tokens"],
      read: details["cached_tokens"],
      written: details["cache_write_tokens"],
      reasoning: record(usage?.["output_tokens_details"])["reasoning_tokens"],
    });
  }

  const billed = (): Billed => ({
    usage: counted(),
    responseModel: word(response["model"]),
    serviceTier: word(response["service_tier"]),
    fees: feesOf(items.list(), response),
    ...drewImages(response) ? { priceFactor: NaN } : {},
  });

  return {
    take(event, out) {
      if (isDone(event)) return true; // Some gateways end every stream so.
      const news = parseEvent(event, isKnown);
      if (news !== undefined) takeEvent(event.event, news, out);
      return over;
    },
    takeBody(body, out) {
      const whole = record(body);
      const failed = whole["error"] !== undefined && whole["error"] !== null;
      if (!failed && !Array.isArray(whole["output"])) {
        throw new ResponseError("The vendor's answer is JSON, but no response.", { reason: "protocol" });
      }
      end(whole, out);
    },
    billed,
    finish(out) {
      const bill = billed();
      const { text: said, refusal, thinking } = items.all;
      if (!over) {
        const message = "The stream ended before the response did; what came stands in partialText.";
        throw new StreamTruncatedError(message, { partialText: said, usage: bill.usage });
      }
      const list = items.list();
      if (list.length === 0 && Object.keys(response).length === 0) {
        throw new ResponseError("The vendor's answer is empty: it has no response.", { reason: "empty" });
      }
      const status = word(response["status"]) ?? "";
      if (UNFINISHED.has(status)) {
        const message = `The response is not finished (${status}); what came of it stands in partialText.`;
        throw new StreamTruncatedError(message, { partialText: said, usage: bill.usage });
      }
      const calls = callsOf(list, provider, response, bill.usage);
      out.push(...calls.values());
      const result: DecodedResult = {
        response: schema === undefined ? said : answerIn(list) || said,
        refusal: refusal === "" ? undefined : refusal,
        toolCalls: [...calls.values()],
        thinking: thinking === "" ? undefined : thinking,
        finishReason: finishReasonOf(response),
        responseId: word(response["id"]),
        ...bill,
        messages: [
          messageOf(withoutLooseThoughts(list.flatMap(([, item]) => partsOf(item, calls.get(item), provider)))),
        ],
      };
      out.push({ type: "finish", result });
    },
  };
}

/** Whether an event's name is one of the API's. */
function isKnown(name: string): boolean {
  return name === "message" || name.startsWith("response.");
}

/**
 * The text that answers in a schema: what is said before the vendor's own tools have run, or by the way, is none of it.
 */
function answerIn(list: ReturnType<ItemGatherer["list"]>): string {
  const items = list.map(([, item]) => item);
  const isSaid = ({ data, pieces }: Item) => data["phase"] !== "commentary" && pieces.text.size > 0;
  const last = items.findLastIndex(isSaid);
  const isBetween = ({ data }: Item) => data["type"] !== "message" && data["type"] !== "reasoning";
  const since = items.slice(0, last).findLastIndex(isBetween) + 1;
  return items.slice(since, last + 1).filter(isSaid).flatMap(({ pieces }) => [...pieces.text.values()]).join("");
}

/** Of a response that is made in the background, or was ended there. */
const UNFINISHED: ReadonlySet<string> = new Set(["queued", "in_progress", "cancelled"]);

/**
 * The tool calls by their items.
 *
 * @throws {ToolArgumentsError} for one that is not whole.
 */
function callsOf(
  list: readonly (readonly [index: number, item: Item])[],
  provider: string,
  response: Raw,
  usage: Usage | undefined,
): ReadonlyMap<Item, ToolCall> {
  const completed = response["status"] === "completed";
  const answer = word(response["id"]);
  const calls = new Map<Item, ToolCall>();
  for (const [index, item] of list) {
    const { data } = item;
    if (data["type"] !== "function_call" && (data["type"] !== undefined || item.arguments === "")) continue;
    const name = text(data["name"]);
    // No arguments at all are `{}`, but only of an item that is done.
    const whole = item.done || completed && item.arguments.trim() !== "";
    if (!whole || data["status"] === "incomplete") throw cutArguments(name, usage);
    const id = word(data["call_id"]) ?? word(data["id"]) ?? madeId(index, answer);
    const call = { type: "tool_call", id, name, arguments: parseArguments(name, item.arguments, usage) } as const;
    const caller = record(data["caller"])["type"] === "direct" ? undefined : data["caller"];
    calls.set(item, addVendorFields<ToolCall>(call, provider, { namespace: data["namespace"], caller }));
  }
  return calls;
}

/** What goes back in the next turn. A refusal is what the assistant said, in every dialect. */
function partsOf(item: Item, call: ToolCall | undefined, provider: string): readonly Part[] {
  if (call !== undefined) return [call];
  const { data, done, pieces } = item;
  const said = [pieces.text, pieces.refusal].flatMap((parts) => [...parts].sort(([a], [b]) => a - b))
    .map(([, piece]) => piece).join("");
  if (said !== "") return [addVendorFields({ type: "text", text: said }, provider, { phase: data["phase"] })];
  if (data["type"] === "message" || !done) return [];
  return [{ type: "vendor", provider, data }];
}

/** A thought that nothing followed, as where the tokens ran out, is refused in the next turn. */
function withoutLooseThoughts(parts: readonly Part[]): readonly Part[] {
  const isThought = (part: Part) => part.type === "vendor" && record(part.data)["type"] === "reasoning";
  return parts.slice(0, parts.findLastIndex((part) => !isThought(part)) + 1);
}

/** The vendor's word as it is: why it is incomplete, else its status. */
function finishReasonOf(response: Raw): string {
  return word(record(response["incomplete_details"])["reason"]) ?? word(response["status"]) ?? "completed";
}

/** Tokens of images have the price of another model, which the answer does not name. */
function drewImages(response: Raw): boolean {
  const drawn = record(record(response["tool_usage"])["image_gen"]);
  return [drawn["input_tokens"], drawn["output_tokens"]].some((tokens) => (count(tokens) ?? 0) > 0);
}

/** Only searches have a fee, not the pages that were opened; newer responses count them themselves. */
function feesOf(list: readonly (readonly [index: number, item: Item])[], response: Raw): number | undefined {
  const counted = count(record(record(response["tool_usage"])["web_search"])["num_requests"]);
  const seen = list.filter(([, { data }]) => {
    return data["type"] === "web_search_call" && (record(data["action"])["type"] ?? "search") === "search";
  });
  const searches = counted ?? seen.length;
  return searches === 0 ? undefined : searches * SEARCH_FEE;
}
