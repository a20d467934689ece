/**
 * A mock server of somebody else's at one end, a collector at the other, the library between them as a user has it.
 */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { LLMock } from "@copilotkit/aimock";
import {
  ApiError,
  type Client,
  createClient,
  defineTool,
  RateLimitError,
  startTelemetry,
  StreamTruncatedError,
  type Telemetry,
} from "../../mod.ts";
import { type OtlpReceiver, startReceiver } from "../support/otlp_receiver.ts";

const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** Everything that stands between a question and its trace. */
interface Stage extends AsyncDisposable {
  readonly mock: LLMock;
  readonly client: Client;
  readonly receiver: OtlpReceiver;
  readonly telemetry: Telemetry;
}

async function stage(options: { readonly maxRetries?: number } = {}): Promise<Stage> {
  const receiver = startReceiver();
  const telemetry = await startTelemetry({ env: {}, enabled: true, endpoint: receiver.url, protocol: "http/json" });
  const mock = new LLMock({ port: 0, chunkSize: 4 });
  await mock.start();
  const client = createClient("gpt-4o-mini", { baseUrl: `${mock.url}/v1`, apiKey: "test-key", ...options });
  return {
    mock,
    client,
    receiver,
    telemetry,
    async [Symbol.asyncDispose]() {
      // aimock 1.43 leaves the timers of its job tables running when it stops.
      const parts = Object.values(mock["serverInstance"] ?? {}) as readonly { destroy?(): void }[];
      await mock.stop();
      for (const part of parts) part.destroy?.();
      await telemetry[Symbol.asyncDispose]();
      await receiver.close();
    },
  };
}

/** What the collector was told of the one request. */
async function told({ telemetry, receiver }: Stage) {
  await telemetry.flush();
  const spans = receiver.spans();
  const request = spans.find(({ name }) => name === "llm.request");
  assert(request !== undefined, "no llm.request was exported");
  const attempts = spans.filter(({ name }) => name === "http.request");
  const count = (name: string) => receiver.metrics().findLast((point) => point.name === name)?.value;
  return { request, attempts, count };
}

Deno.test("aimock: a plain answer, its tokens and cost", async () => {
  await using on = await stage();
  on.mock.onMessage("capital", { content: "The capital is Paris.", usage: USAGE });
  const { response, usage, cost, traceContext } = await on.client.run("What is the capital of France?", {
    streaming: false,
  });
  assertEquals([response, usage?.inputTokens, usage?.outputTokens], ["The capital is Paris.", 11, 7]);
  const { request, attempts, count } = await told(on);
  assertEquals(request.traceId, traceContext?.traceId);
  assertEquals([request.attributes["llm.tokens.input"], request.attributes["llm.tokens.output"]], [11, 7]);
  assertEquals(request.attributes["llm.cost.total"], cost?.total);
  assertEquals([attempts.length, count("llm_requests_total")], [1, 1]);
});

Deno.test("aimock: a streamed answer, in order", async () => {
  await using on = await stage();
  on.mock.onMessage("capital", { content: "The capital is Paris.", usage: USAGE });
  const deltas: string[] = [];
  for await (const event of on.client.stream("What is the capital of France?")) {
    if (event.type === "text") deltas.push(event.delta);
    else if (event.type === "finish") assertEquals(event.result.finishReason, "stop");
  }
  assertEquals([deltas.join(""), deltas.length > 1], ["The capital is Paris.", true]);
  const { request, attempts } = await told(on);
  assertEquals([request.attributes["llm.stream.outcome"], request.status.code], ["completed", "UNSET"]);
  assertEquals(attempts.map(({ parentSpanId }) => parentSpanId !== undefined), [true]);
});

Deno.test("aimock: a tool call, and the answer to its result", async () => {
  await using on = await stage();
  on.mock.onToolResult("call_1", { content: "It is sunny." });
  on.mock.onMessage("weather", {
    toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Paris"}' }],
  });
  const weather = defineTool({
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  });
  const asked = [{ role: "user", content: "How is the weather in Paris?" }] as const;
  const first = await on.client.run(asked, { tools: [weather] });
  assertEquals(first.finishReason, "tool_calls");
  assertEquals(first.toolCalls, [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Paris" } }]);
  const answered = [...asked, ...first.messages, { role: "tool", toolCallId: "call_1", content: "sunny" } as const];
  assertEquals((await on.client.run(answered, { tools: [weather] })).response, "It is sunny.");
  const { count } = await told(on);
  assertEquals(count("llm_requests_total"), 2);
});

Deno.test("aimock: an injected 500 is retried, and the answer comes", async () => {
  await using on = await stage();
  on.mock.onMessage("capital", { content: "Paris." });
  on.mock.nextRequestError(500, { message: "It broke.", type: "server_error" });
  assertEquals((await on.client.run("What is the capital of France?")).response, "Paris.");
  const { request, attempts } = await told(on);
  assertEquals([request.attributes["llm.retries"], attempts.length], [1, 2]);
  assertEquals(attempts.map(({ status }) => status.code), ["ERROR", "UNSET"]);
});

Deno.test("aimock: an injected 400 is a typed error, at once", async () => {
  await using on = await stage();
  on.mock.nextRequestError(400, { message: "Not like this.", type: "invalid_request_error", code: "bad_thing" });
  const failure = await assertRejects(() => on.client.run("What is the capital of France?"), ApiError);
  assertEquals([failure.name, failure.code, failure.vendorMessage], ["BadRequestError", "bad_thing", "Not like this."]);
  const { request, attempts, count } = await told(on);
  assertEquals([request.status.code, request.attributes["error.type"]], ["ERROR", "400"]);
  assertEquals(failure.traceContext?.spanId, request.spanId);
  assertEquals([attempts.length, count("llm_requests_failed_total")], [1, 1]);
});

Deno.test("aimock: a 429 that lasts is RateLimitError", async () => {
  await using on = await stage({ maxRetries: 0 });
  on.mock.nextRequestError(429, { message: "Slow down.", type: "rate_limit_error", code: "rate_limit_exceeded" });
  const failure = await on.client.run("What is the capital of France?").catch((error) => error);
  assertInstanceOf(failure, RateLimitError);
  assertEquals(failure.code, "rate_limit_exceeded");
  assertEquals((await told(on)).request.attributes["error.type"], "429");
});

Deno.test("aimock: a stream that is cut is StreamTruncatedError with what came", async () => {
  await using on = await stage();
  // Without a pause between its chunks aimock destroys the connection before it has sent any.
  on.mock.onMessage("capital", { content: "The capital is Paris." }, { truncateAfterChunks: 3, latency: 5 });
  const failure = await on.client.run("What is the capital of France?").catch((error) => error);
  assertInstanceOf(failure, StreamTruncatedError);
  assert("The capital is Paris.".startsWith(failure.partialText), failure.partialText);
  const { request, attempts } = await told(on);
  assertEquals([request.attributes["error.type"], attempts.length], ["StreamTruncatedError", 1]);
});
