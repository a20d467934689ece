/**
 * The same mock server of somebody else's as in aimock_test.ts, in the words of OpenAI's Responses and of Anthropic.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LLMock } from "@copilotkit/aimock";
import {
  type Client,
  type ClientOptions,
  createClient,
  defineTool,
  type Message,
  RateLimitError,
  StreamTruncatedError,
  toolMessage,
  userMessage,
} from "../../mod.ts";
import { type MemoryTelemetry, memoryTelemetry, spanNamed, tree } from "../support/telemetry.ts";

/** A dialect at the mock. */
interface Row {
  readonly name: string;
  readonly model: string;
  readonly provider: string;
  readonly options: ClientOptions;
  /** What follows the mock's address. */
  readonly base: string;
  readonly finishReasons: readonly [said: string, tools: string];
}

const ROWS: readonly Row[] = [
  {
    name: "responses",
    model: "gpt-4o-mini",
    provider: "openai",
    options: { api: "responses" },
    base: "/v1",
    finishReasons: ["completed", "completed"],
  },
  {
    name: "anthropic",
    model: "claude-haiku-4-5",
    provider: "anthropic",
    options: {},
    base: "",
    finishReasons: ["end_turn", "tool_use"],
  },
];

interface Stage extends AsyncDisposable {
  readonly mock: LLMock;
  readonly client: Client;
  readonly telemetry: MemoryTelemetry;
}

async function stage({ model, options, base }: Row, more: ClientOptions = {}): Promise<Stage> {
  const telemetry = await memoryTelemetry();
  const mock = new LLMock({ port: 0, chunkSize: 4 });
  await mock.start();
  const client = createClient(model, { baseUrl: `${mock.url}${base}`, apiKey: "test-key", ...options, ...more });
  return {
    mock,
    client,
    telemetry,
    async [Symbol.asyncDispose]() {
      // aimock 1.43 leaves the timers of its job tables running when it stops.
      const parts = Object.values(mock["serverInstance"] ?? {}) as readonly { destroy?(): void }[];
      await mock.stop();
      for (const part of parts) part.destroy?.();
      await telemetry[Symbol.asyncDispose]();
    },
  };
}

const QUESTION = "What is the capital of France?";
const USAGE = { input_tokens: 11, output_tokens: 7 };
const weather = defineTool({
  name: "weather",
  description: "Tells the weather.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
});

for (const row of ROWS) {
  const { name, provider, finishReasons: [said, tools] } = row;

  for (const streaming of [true, false]) {
    const how = streaming ? "streamed" : "in one body";

    Deno.test(`aimock, ${name}: an answer ${how}, its tokens, cost and spans`, async () => {
      await using on = await stage(row);
      on.mock.onMessage("capital", { content: "The capital is Paris.", usage: USAGE });
      const deltas: string[] = [];
      for await (const event of on.client.stream(QUESTION, { streaming })) {
        if (event.type === "text") deltas.push(event.delta);
        if (event.type !== "finish") continue;
        const { response, usage, cost, finishReason } = event.result;
        assertEquals([response, deltas.join(""), finishReason], ["The capital is Paris.", response, said]);
        assertEquals([usage?.inputTokens, usage?.outputTokens, cost?.source], [11, 7, "catalog"]);
      }
      assertEquals(deltas.length > 1, streaming);
      const spans = await on.telemetry.spans();
      assertEquals(tree(spans), ["llm.request", `  llm.${provider}.stream`, "    http.request"]);
      const { attributes } = spanNamed(spans, "llm.request");
      assertEquals([attributes["llm.tokens.input"], attributes["llm.tokens.output"]], [11, 7]);
      assertEquals(attributes["llm.stream.outcome"], "completed");
    });

    Deno.test(`aimock, ${name}: two tool calls ${how}, and the answer to their results`, async () => {
      await using on = await stage(row, { tools: [weather], streaming });
      on.mock.onToolResult("call_2", { content: "It is sunny in both." });
      on.mock.onMessage("weather", {
        toolCalls: [
          { id: "call_1", name: "weather", arguments: '{"city":"Paris"}' },
          { id: "call_2", name: "weather", arguments: '{"city":"Rome"}' },
        ],
      });
      const messages: Message[] = [userMessage("How is the weather in Paris and Rome?")];
      const first = await on.client.run(messages);
      assertEquals(first.finishReason, tools);
      assertEquals(first.toolCalls.map(({ id, arguments: args }) => [id, args]), [
        ["call_1", { city: "Paris" }],
        ["call_2", { city: "Rome" }],
      ]);
      messages.push(...first.messages, toolMessage("call_1", "sunny"), toolMessage("call_2", "sunny"));
      assertEquals((await on.client.run(messages)).response, "It is sunny in both.");
    });

    Deno.test(`aimock, ${name}: thoughts ${how}`, async () => {
      await using on = await stage(row, { streaming });
      on.mock.onMessage("capital", { content: "Paris.", reasoning: "France, so…" });
      const { response, thinking } = await on.client.run(QUESTION);
      assertEquals([response, thinking], ["Paris.", "France, so…"]);
    });
  }

  Deno.test(`aimock, ${name}: an injected 500 is retried, and the answer comes`, async () => {
    await using on = await stage(row);
    on.mock.onMessage("capital", { content: "Paris." });
    on.mock.nextRequestError(500, { message: "It broke.", type: "server_error" });
    assertEquals((await on.client.run(QUESTION)).response, "Paris.");
    const spans = await on.telemetry.spans();
    assertEquals(spanNamed(spans, "llm.request").attributes["llm.retries"], 1);
    assertEquals(spans.filter(({ name }) => name === "http.request").map(({ status }) => status), ["ERROR", "UNSET"]);
  });

  Deno.test(`aimock, ${name}: a 429 that lasts is RateLimitError`, async () => {
    await using on = await stage(row, { maxRetries: 0 });
    on.mock.nextRequestError(429, { message: "Slow down.", type: "rate_limit_error" });
    const failure = await on.client.run(QUESTION).catch((error) => error);
    assertInstanceOf(failure, RateLimitError);
    assertEquals(failure.vendorMessage, "Slow down.");
    assertEquals(spanNamed(await on.telemetry.spans(), "llm.request").attributes["error.type"], "429");
  });

  Deno.test(`aimock, ${name}: a stream that is cut is StreamTruncatedError with what came`, async () => {
    await using on = await stage(row);
    // Without a pause between its chunks aimock destroys the connection before it has sent any.
    on.mock.onMessage("capital", { content: "The capital is Paris." }, { truncateAfterChunks: 6, latency: 5 });
    const failure = await on.client.run(QUESTION).catch((error) => error);
    assertInstanceOf(failure, StreamTruncatedError);
    assert("The capital is Paris.".startsWith(failure.partialText), failure.partialText);
    const { attributes } = spanNamed(await on.telemetry.spans(), "llm.request");
    assertEquals(attributes["error.type"], "StreamTruncatedError");
  });
}
