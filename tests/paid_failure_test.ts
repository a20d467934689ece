/**
 * What an answer that went wrong tells of itself: the tokens that the vendor had counted, what they cost at the price that
 * holds, and the id to ask the vendor with. Each through a whole client, against a server.
 */
import { assert, assertAlmostEquals, assertEquals, assertInstanceOf } from "@std/assert";
import { type ClientOptions, createClient } from "../src/create_client.ts";
import { ApiError, LlmError, OverloadedError, StreamTruncatedError, ToolArgumentsError } from "../src/error.ts";
import { chatBody, chatChunks, sse } from "./support/chat_wire.ts";
import { named } from "./support/decoding.ts";
import { body, type Handler, startVendor } from "./support/vendor_server.ts";

const STREAM = { headers: { "content-type": "text/event-stream", "request-id": "req_needle" } };

/** How the call failed. */
async function failureOf(model: string, answer: Handler, options: ClientOptions = {}): Promise<LlmError> {
  await using server = startVendor(answer);
  const baseUrl = model.startsWith("claude") ? server.url.replace(/\/v1$/, "") : server.url;
  const client = createClient(model, { baseUrl, telemetry: false, maxRetries: 0, ...options });
  const failure: unknown = await client.run("Where?").catch((error) => error);
  assertInstanceOf(failure, LlmError);
  return failure;
}

const usage = {
  input_tokens: 1_000,
  output_tokens: 1,
  cache_creation_input_tokens: 1_000,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 1_000 },
  server_tool_use: { web_search_requests: 1 },
};
const claude = named(
  { type: "message_start", message: { id: "m", model: "claude-haiku-4-5-20251001", content: [], usage } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "Par" } },
);
/** 1,000 in at $1, 1 out at $5, 1,000 written for an hour at $2, a search. */
const CLAUDE_COST = 0.001 + 0.000005 + 0.002 + 0.01;

const CLAUDE_FAILURES: Readonly<Record<string, readonly [wire: string, error: typeof LlmError]>> = {
  "is cut": [claude, StreamTruncatedError as typeof LlmError],
  "breaks off with an error": [
    claude + named({ type: "error", error: { type: "overloaded_error", message: "busy" } }),
    OverloadedError as typeof LlmError,
  ],
  "has a broken event": [`${claude}data: {oops\n\n`, LlmError],
};

for (const [what, [wire, type]] of Object.entries(CLAUDE_FAILURES)) {
  Deno.test(`a stream that ${what} tells what was counted, with the fee and the hour's cache in its cost`, async () => {
    const failure = await failureOf("claude-haiku-4-5", body(wire, STREAM));
    assertInstanceOf(failure, type);
    assertEquals([failure.usage?.inputTokens, failure.usage?.cacheWriteTokens], [1_000, 1_000]);
    assertAlmostEquals(failure.cost?.total ?? NaN, CLAUDE_COST, 1e-12);
    if (failure instanceof ApiError) assertEquals(failure.requestId, "req_needle");
  });
}

Deno.test("the cost of a tool call that cannot be read follows the tier, streamed and in one body", async () => {
  const answer = {
    usage: { prompt_tokens: 1_000, completion_tokens: 100 },
    toolCalls: [{ id: "call_1", name: "f", arguments: "{" }],
  };
  const flex = (part: object) => ({ ...part, model: "gpt-5", service_tier: "flex" });
  const options: ClientOptions = { api: "chat" };
  const streamed = body(sse(...chatChunks(answer).map(flex), "[DONE]"), STREAM);
  for (
    const failure of [
      await failureOf("gpt-5", streamed, options),
      await failureOf("gpt-5", body(flex(chatBody(answer))), { ...options, streaming: false }),
    ]
  ) {
    assertInstanceOf(failure, ToolArgumentsError);
    assertAlmostEquals(failure.cost?.total ?? NaN, (1_000 * 1.25 + 100 * 10) / 2 / 1e6, 1e-12);
  }
});

Deno.test("a failure before anything was counted tells no usage and no cost", async () => {
  const failure = await failureOf("gpt-4o-mini", body(sse(...chatChunks({ finishReason: undefined })), STREAM));
  assertEquals([failure.usage, failure.cost], [undefined, undefined]);
});

Deno.test("the caller's own reason is not written to, though tokens were counted", async () => {
  const controller = new AbortController();
  await using server = startVendor(async (reply) => {
    await reply.head();
    await reply.write(claude);
    await reply.stall();
  });
  const client = createClient("claude-haiku-4-5", { baseUrl: server.url.replace(/\/v1$/, ""), telemetry: false });
  const reason = new LlmError("The caller's own.");
  const failure: unknown = await (async () => {
    for await (const event of client.stream("Where?", { signal: controller.signal })) {
      if (event.type === "text") controller.abort(reason);
    }
  })().catch((error) => error);
  assert(failure === reason);
  assertEquals([reason.usage, reason.cost], [undefined, undefined]);
});

Deno.test("an attempt's failure tells nothing of the attempt before it", async () => {
  const busy = claude.slice(0, claude.indexOf("event: content_block_start")) +
    named({ type: "error", error: { type: "overloaded_error", message: "busy" } });
  await using server = startVendor(
    body(busy, STREAM),
    body({ error: { type: "invalid_request_error" } }, { status: 400 }),
  );
  const client = createClient("claude-haiku-4-5", { baseUrl: server.url.replace(/\/v1$/, ""), telemetry: false });
  const failure: unknown = await client.run("Where?").catch((error) => error);
  assertInstanceOf(failure, ApiError);
  const { status, requestId, usage, cost } = failure;
  assertEquals({ status, requestId, usage, cost }, {
    status: 400,
    requestId: undefined,
    usage: undefined,
    cost: undefined,
  });
});

Deno.test("an answer that is wrapped keeps its partial text all the same", async () => {
  const text = '{"answer":["Par';
  await using server = startVendor(body(sse(...chatChunks({ text, finishReason: undefined })), STREAM));
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: false, maxRetries: 0 });
  const schema = { type: "array", items: { type: "string" } };
  const failure: unknown = await client.run("Where?", { schema }).catch((error) => error);
  assertInstanceOf(failure, StreamTruncatedError);
  assertEquals(failure.partialText, text);
});

Deno.test("an abort ends the validation of an answer, too", async () => {
  await using server = startVendor(body(chatBody({ text: "{}" })));
  const controller = new AbortController();
  const validate = () => {
    controller.abort(new Error("enough"));
    return new Promise(() => {});
  };
  const jsonSchema = { input: () => ({ type: "object", properties: {} }) };
  const schema = { "~standard": { version: 1, vendor: "test", validate, jsonSchema } } as const;
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: false, streaming: false });
  const call = client.run("Where?", { schema, signal: controller.signal });
  assertEquals(await call.catch((error) => error.message), "enough");
});
