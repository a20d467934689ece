import OpenAI from "openai";
import { assertEquals } from "@std/assert";
import { openaiResponses } from "../../src/providers/openai_responses.ts";
import { decodeBody, type Decoded, decodeStream, encoded, fixture } from "../support/decoding.ts";

/** The official SDK, given these bytes. */
function sdkHears(text: string, type: string): OpenAI {
  const fetch = () => Promise.resolve(new Response(text, { headers: { "content-type": type } }));
  return new OpenAI({ apiKey: "test-key", fetch, maxRetries: 0 });
}

const question = { model: "gpt-5.4", input: "Hello" };

for (const name of ["text", "reasoning_tools", "web_search", "refusal", "incomplete"]) {
  Deno.test(`the official SDK hears the same in the stream of Responses: ${name}`, async () => {
    const wire = await fixture(`openai_responses/${name}.sse`);
    const { result } = await decodeStream(openaiResponses, wire);
    const response = await sdkHears(wire, "text/event-stream").responses.stream(question).finalResponse();
    assertSame(result, response);
  });

  Deno.test(`the official SDK hears the same in the body of Responses: ${name}`, async () => {
    const body = await fixture(`openai_responses/${name}.json`);
    const { result } = decodeBody(openaiResponses, JSON.parse(body));
    const response = await sdkHears(body, "application/json").responses.create(question);
    assertSame(result, response);
  });
}

function assertSame(result: Decoded["result"], response: OpenAI.Responses.Response): void {
  assertEquals(result?.response, response.output_text);
  assertEquals(result?.responseId, response.id);
  assertEquals(result?.responseModel, response.model);
  assertEquals(result?.serviceTier, response.service_tier ?? undefined);
  assertEquals(result?.finishReason, response.incomplete_details?.reason ?? response.status);
  const { usage } = response;
  const used = result?.usage;
  assertEquals(
    (used?.inputTokens ?? 0) + (used?.cacheReadTokens ?? 0) + (used?.cacheWriteTokens ?? 0),
    usage?.input_tokens,
  );
  assertEquals(used?.cacheReadTokens, usage?.input_tokens_details.cached_tokens);
  assertEquals(used?.outputTokens, usage?.output_tokens);
  assertEquals(used?.reasoningTokens, usage?.output_tokens_details.reasoning_tokens);
  assertEquals(used?.totalTokens, usage?.total_tokens);
  const refusals = response.output.flatMap((item) => item.type === "message" ? item.content : [])
    .map((part) => part.type === "refusal" ? part.refusal : "").join("");
  assertEquals(result?.refusal ?? "", refusals);
  const summaries = response.output.flatMap((item) => item.type === "reasoning" ? item.summary : []);
  assertEquals(result?.thinking ?? "", summaries.map(({ text }) => text).join("\n\n"));
  const calls = response.output.filter((item) => item.type === "function_call");
  assertEquals(
    result?.toolCalls.map((call) => [call.id, call.name, call.arguments]),
    calls.map((call) => [call.call_id, call.name, JSON.parse(call.arguments || "{}")]),
  );
  // What goes back in the next turn is what came, in its order.
  const { body } = encoded(openaiResponses, "gpt-5.4", { messages: result?.messages ?? [], store: true });
  const sent = body["input"] as readonly { readonly type?: string; readonly role?: string }[];
  assertEquals(
    sent.map(({ type, role }) => type ?? role),
    response.output.map(({ type }) => type === "message" ? "assistant" : type),
  );
  sent.forEach((item, place) => {
    if (item.type === "reasoning" || item.type === "web_search_call") {
      assertEquals<unknown>(item, JSON.parse(JSON.stringify(response.output[place])));
    }
  });
}
