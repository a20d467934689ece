import Anthropic from "@anthropic-ai/sdk";
import { assertEquals } from "@std/assert";
import { anthropic } from "../../src/providers/anthropic.ts";
import { decodeBody, decodeStream, encoded, fixture } from "../support/decoding.ts";

/** The official SDK, given these bytes. */
function sdkHears(text: string, type: string): Anthropic {
  const fetch = () => Promise.resolve(new Response(text, { headers: { "content-type": type } }));
  return new Anthropic({ apiKey: "test-key", fetch, maxRetries: 0 });
}

const question = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [] };

/** Every block of the SDK's message that tells of a text. */
function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => block.type === "text" ? block.text : "").join("");
}

for (const name of ["text", "thinking_tools", "web_search", "refusal", "pause"]) {
  Deno.test(`the official SDK hears the same in Anthropic's stream: ${name}`, async () => {
    const wire = await fixture(`anthropic/${name}.sse`);
    const { result } = await decodeStream(anthropic, wire);
    const message = await sdkHears(wire, "text/event-stream").messages.stream(question).finalMessage();
    assertSame(result, message);
  });

  Deno.test(`the official SDK hears the same in Anthropic's body: ${name}`, async () => {
    const body = await fixture(`anthropic/${name}.json`);
    const { result } = decodeBody(anthropic, JSON.parse(body));
    const message = await sdkHears(body, "application/json").messages.create(question);
    assertSame(result, message);
  });
}

function assertSame(result: Awaited<ReturnType<typeof decodeStream>>["result"], message: Anthropic.Message): void {
  assertEquals(result?.response, textOf(message));
  assertEquals(result?.finishReason, message.stop_reason);
  assertEquals(result?.responseId, message.id);
  assertEquals(result?.responseModel, message.model);
  const { usage } = message;
  assertEquals(result?.usage?.inputTokens, usage.input_tokens);
  assertEquals(result?.usage?.outputTokens, usage.output_tokens);
  assertEquals(result?.usage?.cacheReadTokens, usage.cache_read_input_tokens);
  assertEquals(result?.usage?.cacheWriteTokens, usage.cache_creation_input_tokens);
  const uses = message.content.filter((block) => block.type === "tool_use");
  assertEquals(
    result?.toolCalls.map(({ id, name, arguments: input }) => ({ id, name, input })),
    uses.map(({ id, name, input }) => ({ id, name, input })),
  );
  // What goes back in the next turn is what came.
  const { body } = encoded(anthropic, "claude-sonnet-5-5", { messages: result?.messages ?? [] });
  const [sent] = body["messages"] as readonly { readonly content: unknown }[];
  const content = typeof sent?.content === "string" ? [{ type: "text", text: sent.content }] : sent?.content ?? [];
  assertEquals(content as unknown, JSON.parse(JSON.stringify(message.content)));
}
