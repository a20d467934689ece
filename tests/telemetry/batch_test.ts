import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  BadRequestError,
  BatchError,
  type ClientOptions,
  ConfigError,
  costBasedSampler,
  createClient,
  createReasoningAgent,
  getTracer,
} from "../../mod.ts";
import { assertNothing } from "../support/endings.ts";
import { memoryTelemetry, pointNamed, spanNamed, tree } from "../support/telemetry.ts";
import {
  chat,
  type Handler,
  refusal,
  startVendor,
  type VendorRequest,
  type VendorServer,
} from "../support/vendor_server.ts";

const question = "What is the capital of France?";

function clientOf({ url }: VendorServer, options: ClientOptions = {}) {
  return createClient("gpt-4o-mini", { baseUrl: url, ...options });
}

/** What the last message of a request says. */
function asked({ body }: VendorRequest): string {
  const { messages } = body as { readonly messages: readonly { readonly content: string }[] };
  return messages.at(-1)?.content ?? "";
}

/** Answers what was asked. */
const echo: Handler = (reply, request) => chat({ text: asked(request) })(reply, request);

/** A fetch that counts how many requests are under way at the same time, at most. */
function countingFetch(): { readonly fetch: typeof fetch; readonly most: () => number } {
  let now = 0;
  let most = 0;
  return {
    async fetch(input, init) {
      most = Math.max(most, ++now);
      const response = await fetch(input, init);
      const text = await response.text();
      now--;
      return new Response(text, response);
    },
    most: () => most,
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `number ${n}`);
const requestTree = ["  llm.request", "    llm.openai.stream", "      http.request"];

Deno.test("sample() gives n answers", async () => {
  await using server = startVendor(chat());
  const results = await clientOf(server).sample(question, 3);
  assertEquals(results.map(({ response }) => response), ["Paris.", "Paris.", "Paris."]);
  assertEquals(server.requests.map(asked), [question, question, question]);
});

Deno.test("generateMultiple() gives answers in the order of its sets, whichever comes first", async () => {
  const last = Promise.withResolvers<void>();
  await using server = startVendor(async (reply, request) => {
    // The first is answered when the last has been.
    if (asked(request) === "number 0") await last.promise;
    await echo(reply, request);
    if (asked(request) === "number 4") last.resolve();
  });
  const results = await clientOf(server).generateMultiple(numbers(5));
  assertEquals(results.map(({ response }) => response), numbers(5));
});

Deno.test("generateMultiple() with sampleN gives a list for each set", async () => {
  await using server = startVendor(echo);
  const results = await clientOf(server).generateMultiple(["one", "two"], { sampleN: 2 });
  assertEquals(results.map((set) => set.map(({ response }) => response)), [["one", "one"], ["two", "two"]]);
});

Deno.test("generateMultiple() with sampleN 1 gives a list for each set too", async () => {
  await using server = startVendor(echo);
  const results = await clientOf(server).generateMultiple(["one", "two"], { sampleN: 1 });
  assertEquals(results.map((set) => set.map(({ response }) => response)), [["one"], ["two"]]);
});

Deno.test("generateMultiple() of nothing gives nothing", async () => {
  await using server = startVendor(echo);
  assertEquals(await clientOf(server).generateMultiple([]), []);
  assertEquals(server.connections, 0);
});

Deno.test("generateMultiple() runs no more requests at once than `concurrency` says", async () => {
  await using server = startVendor(echo);
  const { fetch, most } = countingFetch();
  await clientOf(server, { fetch }).generateMultiple(numbers(7), { concurrency: 2 });
  assertEquals([server.requests.length, most()], [7, 2]);
});

Deno.test("sample() runs eight requests at once unless told otherwise", async () => {
  await using server = startVendor(echo);
  const { fetch, most } = countingFetch();
  await clientOf(server, { fetch }).sample(question, 12);
  assertEquals([server.requests.length, most()], [12, 8]);
});

Deno.test("generateMultiple() of which some fail throws BatchError with results and errors in order", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply, request) => {
    return (asked(request) === "number 1" ? refusal(400) : echo)(reply, request);
  });
  const error = await assertRejects(() => clientOf(server).generateMultiple(numbers(3)), BatchError);
  const results = error.results as readonly ({ readonly response: string } | undefined)[];
  assertEquals(results.map((result) => result?.response), ["number 0", undefined, "number 2"]);
  assertEquals([error.errors[0], error.errors[2]], [undefined, undefined]);
  assertInstanceOf(error.errors[1], BadRequestError);
  const spans = await telemetry.spans();
  const batch = spanNamed(spans, "llm.batch_generate");
  assertEquals([batch.status, batch.attributes["error.type"]], ["ERROR", "BatchError"]);
  const points = await telemetry.points();
  assertEquals(pointNamed(points, "llm_requests_total").value, 3);
  assertEquals(pointNamed(points, "llm_requests_failed_total").value, 1);
});

Deno.test("sample() has a span above its requests, with their number", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  const results = await clientOf(server).sample(question, 3, { concurrency: 1 });
  const spans = await telemetry.spans();
  assertEquals(tree(spans), ["llm.sample", ...requestTree, ...requestTree, ...requestTree]);
  const { kind, status, attributes } = spanNamed(spans, "llm.sample");
  assertEquals([kind, status], ["INTERNAL", "UNSET"]);
  assertEquals(attributes, { "llm.model": "gpt-4o-mini", "llm.provider": "openai", "llm.sample.size": 3 });
  const requests = spans.filter(({ name }) => name === "llm.request").map(({ id }) => id);
  assertEquals(results.map(({ traceContext }) => traceContext?.spanId), requests);
});

Deno.test("generateMultiple() has a span above its requests, with its size and how many each set gets", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(echo);
  await clientOf(server).generateMultiple(["one", "two"], { sampleN: 2 });
  const spans = await telemetry.spans();
  const batch = spanNamed(spans, "llm.batch_generate");
  assertEquals([batch.attributes["llm.batch.size"], batch.attributes["llm.batch.sample_n"]], [2, 2]);
  const parents = spans.filter(({ name }) => name === "llm.request").map(({ parentId }) => parentId);
  assertEquals(parents, [batch.id, batch.id, batch.id, batch.id]);
});

Deno.test("generateMultiple() without sampleN does not speak of it on its span", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(echo);
  await clientOf(server).generateMultiple(["one"]);
  const { attributes } = spanNamed(await telemetry.spans(), "llm.batch_generate");
  assertEquals([attributes["llm.batch.size"], "llm.batch.sample_n" in attributes], [1, false]);
});

Deno.test("sample() is a child of the caller's span", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(chat());
  await getTracer("app").startActiveSpan("asks", async (span) => {
    await clientOf(server).sample(question, 1);
    span.end();
  });
  const lower = requestTree.map((line) => `  ${line}`);
  assertEquals(tree(await telemetry.spans()), ["asks", "  llm.sample", ...lower]);
});

Deno.test("generateMultiple() is a child of `parent`, without a context manager too", async () => {
  await using telemetry = await memoryTelemetry({ registerGlobally: false });
  await using server = startVendor(chat());
  const span = getTracer("app").startSpan("by hand");
  await clientOf(server).generateMultiple(["one"], { parent: trace.setSpan(ROOT_CONTEXT, span) });
  span.end();
  const lower = requestTree.map((line) => `  ${line}`);
  assertEquals(tree(await telemetry.spans()), ["by hand", "  llm.batch_generate", ...lower]);
});

for (
  const [what, call] of [
    ["sample() of no answers", (client: ReturnType<typeof clientOf>) => client.sample(question, 0)],
    ["sample() of half an answer", (client) => client.sample(question, 1.5)],
    ["sample() of an empty question", (client) => client.sample("", 2)],
    ["sample() with no concurrency", (client) => client.sample(question, 2, { concurrency: 0 })],
    ["generateMultiple() with no concurrency", (client) => client.generateMultiple([question], { concurrency: 0 })],
    ["generateMultiple() with sampleN 0", (client) => client.generateMultiple([question], { sampleN: 0 })],
    ["generateMultiple() with an empty question", (client) => client.generateMultiple([question, ""])],
    [
      "sample() of an answer that goes on from none",
      (client) => client.sample(question, 2, { previousResponseId: "x" }),
    ],
    ["sample() with a tool required, and none", (client) => client.sample(question, 2, { toolChoice: "required" })],
    [
      "generateMultiple() with a schema that is none",
      (client) => client.generateMultiple(["?"], { schema: 5 as never }),
    ],
  ] as const satisfies readonly [string, (client: ReturnType<typeof clientOf>) => Promise<unknown>][]
) {
  Deno.test(`${what} is a ConfigError that leaves no span`, async () => {
    await using telemetry = await memoryTelemetry();
    await using server = startVendor(chat());
    await assertRejects(() => call(clientOf(server)), ConfigError);
    await assertNothing(telemetry);
    assertEquals(server.connections, 0);
  });
}

Deno.test("batches bear GenAI names alone where only those are written", async () => {
  await using telemetry = await memoryTelemetry({ vocabulary: "gen_ai" });
  await using server = startVendor(chat());
  await clientOf(server, { reasoningEffort: "low" }).sample(question, 2);
  await clientOf(server).generateMultiple([question]);
  const batches = (await telemetry.spans()).filter(({ name }) => /sample|batch/.test(name));
  assertEquals(batches.length, 2);
  for (const { attributes } of batches) {
    assertEquals(Object.keys(attributes).filter((name) => !name.startsWith("gen_ai.")), []);
    assertEquals(attributes["gen_ai.request.model"], "gpt-4o-mini");
  }
});

Deno.test("a batch tells samplers that its requests reason, as each of them would", async () => {
  await using telemetry = await memoryTelemetry({ sampler: costBasedSampler({ cheapRatio: 0, otherRatio: 0 }) });
  await using server = startVendor(chat());
  await clientOf(server).sample(question, 1);
  assertEquals(await telemetry.spans(), []);
  await clientOf(server, { reasoningEffort: "high" }).sample(question, 1);
  await createReasoningAgent("gpt-4o-mini", { baseUrl: server.url }).sample(question, 1);
  const roots = (await telemetry.spans()).filter(({ parentId }) => parentId === undefined);
  assertEquals(roots.map(({ name }) => name), ["llm.sample", "llm.sample"]);
});

Deno.test("a batch that is aborted for a reason without a name is recorded as AbortError", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor((reply) => reply.stall());
  const controller = new AbortController();
  const running = clientOf(server).sample(question, 1, { signal: controller.signal }).catch((reason) => reason);
  await server.request(1);
  controller.abort("enough");
  assertEquals(await running, "enough");
  const spans = await telemetry.spans();
  assertEquals(spans.map(({ attributes }) => attributes["error.type"]), spans.map(() => "AbortError"));
});

Deno.test("a BatchError says where its batch is to be found", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(refusal(400));
  const failure = await assertRejects(() => clientOf(server).sample(question, 2), BatchError);
  assertEquals(failure.traceContext?.spanId, spanNamed(await telemetry.spans(), "llm.sample").id);
});

Deno.test("requests of a batch that wait see nothing of what the conversation becomes", async () => {
  await using server = startVendor(chat());
  const conversation = [{ role: "user", content: question } as const];
  const client = clientOf(server);
  const running = [
    client.sample(conversation, 2, { concurrency: 1 }),
    client.generateMultiple([conversation, conversation], { concurrency: 1 }),
  ];
  conversation.length = 0;
  await Promise.all(running);
  assertEquals(server.requests.map(asked), [question, question, question, question]);
});
