/**
 * The contract that every dialect keeps: the same answers, asked for and told in each vendor's words, through a whole
 * client, streamed and in one body.
 */
import { assert, assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { BadRequestError, OverloadedError, SchemaError } from "../src/error.ts";
import type { Client } from "../src/client.ts";
import { type ClientOptions, createClient } from "../src/create_client.ts";
import type { Result, StreamEvent } from "../src/event.ts";
import type { RequestOptions } from "../src/language_model.ts";
import { type Message, type Messages, systemMessage, toolMessage, userMessage } from "../src/message.ts";
import { type Contract, contracts, CONVERSATION, type Said } from "./support/contract.ts";
import { CITY, IMAGES, WEATHER } from "./support/contract_parts.ts";
import { assertOutcome, type ExpectedError } from "./support/outcome.ts";
import { body, type Handler, startVendor, type VendorServer } from "./support/vendor_server.ts";
import { VENDORS_WORDS } from "./support/wires.ts";

const STREAM = { headers: { "content-type": "text/event-stream" } };
const USAGE = {
  inputTokens: 30,
  cacheReadTokens: 60,
  cacheWriteTokens: 10,
  outputTokens: 25,
  reasoningTokens: 5,
  totalTokens: 125,
};
const CALL = { id: "call_paris", name: "weather", arguments: '{"city":"Paris"}' };
const TOOL_CALL = { type: "tool_call", id: "call_paris", name: "weather", arguments: { city: "Paris" } } as const;
const TWO = CONVERSATION[0]?.calls ?? [];

/** One row: what is asked, what the model says, and what must come of both. */
interface Row {
  readonly name: string;
  readonly messages?: Messages;
  readonly request?: RequestOptions;
  readonly said: Said;
  /** Whether the thinking model is asked. */
  readonly thinks?: boolean;
  /** What the server must have seen, field by field. */
  readonly sees?: keyof Contract["requests"];
  readonly expect: (contract: Contract) => Partial<Result>;
}

const TABLE: readonly Row[] = [
  {
    name: "text",
    said: { text: ["Par", "is."] },
    expect: ({ finishReasons }) => ({
      response: "Paris.",
      toolCalls: [],
      refusal: undefined,
      finishReason: finishReasons.said,
      messages: [{ role: "assistant", content: "Paris." }],
    }),
  },
  {
    name: "a tool call",
    request: { tools: [WEATHER], toolChoice: "required", parallelToolCalls: false },
    said: { calls: [CALL] },
    sees: "tools",
    expect: ({ finishReasons }) => ({
      response: "",
      toolCalls: [TOOL_CALL],
      finishReason: finishReasons.tools,
      messages: [{ role: "assistant", content: [TOOL_CALL] }],
    }),
  },
  {
    name: "parallel tool calls beside text",
    request: { tools: [WEATHER] },
    said: { text: ["I will ", "look."], calls: TWO },
    expect: ({ finishReasons }) => ({
      response: "I will look.",
      toolCalls: [TOOL_CALL, { ...TOOL_CALL, id: "call_rome", arguments: { city: "Rome" } }],
      finishReason: finishReasons.tools,
    }),
  },
  {
    name: "a tool call without arguments",
    request: { tools: [WEATHER] },
    said: { calls: [{ ...CALL, arguments: "{}" }] },
    expect: () => ({ toolCalls: [{ ...TOOL_CALL, arguments: {} }] }),
  },
  {
    name: "structured output",
    request: { schema: CITY },
    said: { text: ['{"city":', '"Paris"}'] },
    sees: "schema",
    expect: () => ({ response: '{"city":"Paris"}', parsed: { city: "Paris" } }),
  },
  {
    name: "a refusal of structured output",
    request: { schema: CITY },
    said: { refusal: "I cannot tell." },
    expect: ({ finishReasons }) => ({
      refusal: "I cannot tell.",
      response: "",
      parsed: undefined,
      finishReason: finishReasons.refused,
    }),
  },
  {
    name: "structured output that is cut by its length",
    request: { schema: CITY },
    said: { text: ['{"city":"Pa'], isCut: true },
    expect: ({ finishReasons }) => ({
      response: '{"city":"Pa',
      parsed: undefined,
      finishReason: finishReasons.cut,
    }),
  },
  {
    name: "images",
    messages: [userMessage(IMAGES)],
    said: { text: ["A cat."] },
    sees: "images",
    expect: () => ({ response: "A cat." }),
  },
  {
    name: "thinking",
    request: { reasoningEffort: "low", maxTokens: 500, temperature: 0.5 },
    said: { thought: "It is the capital.", text: ["Paris."] },
    thinks: true,
    sees: "thinking",
    expect: () => ({ response: "Paris.", thinking: "It is the capital." }),
  },
  {
    name: "usage of a cache, and its cost",
    said: { text: ["Paris."] },
    expect: () => ({ usage: USAGE }),
  },
];

function clientOf({ wire }: Contract, server: VendorServer, options: ClientOptions = {}, model = wire.model): Client {
  const { name, api } = wire.provider;
  const baseUrl = name === "anthropic" ? server.url.replace(/\/v1$/, "") : server.url;
  return createClient(model, { provider: name, api, baseUrl, apiKey: "test-key", telemetry: false, ...options });
}

/** The answer in the form that was asked for. */
function says(contract: Contract, said: Said): Handler {
  return (reply, request) => {
    const streamed = (request.body as { readonly stream?: unknown }).stream === true;
    const answer = streamed ? body(contract.stream(said), STREAM) : body(contract.body(said));
    return answer(reply, request);
  };
}

/** Everything that came, deltas of one kind put together. */
async function read(events: AsyncIterable<StreamEvent>) {
  let text = "", thinking = "";
  const calls: unknown[] = [];
  const notices: string[] = [];
  let result: Result | undefined;
  for await (const event of events) {
    assert(result === undefined, "finish is the last event");
    if (event.type === "text") text += event.delta;
    else if (event.type === "thinking") thinking += event.delta;
    else if (event.type === "tool_call") calls.push(event);
    else if (event.type === "notice") notices.push(event.code);
    else if (event.type === "finish") result = event.result;
  }
  assert(result !== undefined, "there is a finish");
  return { text, thinking, calls, notices, result };
}

/** The fields of `actual` that `expected` names. */
function same(actual: object | undefined, expected: object): void {
  const fields = Object.keys(expected);
  const picked = Object.fromEntries(fields.map((field) => [field, (actual as Record<string, unknown>)?.[field]]));
  assertEquals(picked, Object.fromEntries(Object.entries(expected)));
}

for (const contract of contracts) {
  const { wire, requests } = contract;

  for (const streaming of [true, false]) {
    for (const { name, messages = "Where?", request = {}, said, thinks, sees, expect } of TABLE) {
      Deno.test(`${wire.name} contract, ${streaming ? "streamed" : "in one body"}: ${name}`, async () => {
        await using server = startVendor(says(contract, said));
        const client = clientOf(contract, server, {}, thinks ? contract.thinker : wire.model);
        const { result, text, thinking, calls } = await read(client.stream(messages, { ...request, streaming }));
        same(result, expect(contract));
        assertEquals([result.usage, result.cost?.source], [USAGE, "catalog"]);
        if (thinks !== true) assertAlmostEquals(result.cost?.total ?? NaN, contract.cost, 1e-12);
        assertEquals([text, thinking, calls], [result.response, result.thinking ?? "", [...result.toolCalls]]);
        const sent = server.requests[0]?.body as object;
        if (sees !== undefined) same(sent, requests[sees]);
        assertEquals([(sent as { stream?: true }).stream, server.requests.length], [streaming || undefined, 1]);
      });
    }

    Deno.test(`${wire.name} contract, ${streaming ? "streamed" : "in one body"}: structured output that does not fit`, async () => {
      await using server = startVendor(says(contract, { text: ['{"city":7}'] }));
      const call = clientOf(contract, server).run("Where?", { schema: CITY, streaming });
      await assertOutcome(call, { error: SchemaError, path: "$.city", usage: USAGE });
    });

    Deno.test(`${wire.name} contract, ${streaming ? "streamed" : "in one body"}: a refusal of the request is typed`, async () => {
      const refused = body(wire.refusal("invalid_request_error"), {
        status: 400,
        headers: { "x-request-id": "req_1" },
      });
      await using server = startVendor(refused);
      await assertOutcome(clientOf(contract, server).run("Where?", { streaming }), {
        error: BadRequestError,
        status: 400,
        code: "invalid_request_error",
        requestId: "req_1",
        vendorMessage: VENDORS_WORDS,
      });
      assertEquals(server.requests.length, 1);
    });
  }

  Deno.test(`${wire.name} contract: a plain request is exactly what the vendor documents`, async () => {
    await using server = startVendor(says(contract, { text: ["Paris."] }));
    await clientOf(contract, server).run("Where?");
    const [request] = server.requests;
    assertEquals(request?.body, requests.plain);
    assertEquals(request?.headers.get("content-type"), "application/json");
    const key = wire.name === "anthropic" ? ["x-api-key", "test-key"] : ["authorization", "Bearer test-key"];
    assertEquals(request?.headers.get(String(key[0])), key[1]);
    const version = wire.name === "anthropic" ? "2023-06-01" : null;
    assertEquals(request?.headers.get("anthropic-version"), version);
    assertEquals(request?.path, `/v1${wire.provider.path.replace(/^\/v1/, "")}`);
  });

  Deno.test(`${wire.name} contract: an error in the stream is typed, after what came`, async () => {
    await using server = startVendor(body(wire.opening + wire.errorEvent("overloaded_error"), STREAM));
    const expected: ExpectedError = { error: OverloadedError, status: 529, vendorMessage: VENDORS_WORDS };
    const deltas: string[] = [];
    await assertOutcome(
      (async () => {
        for await (const event of clientOf(contract, server).stream("Where?")) {
          if (event.type === "text") deltas.push(event.delta);
          if (event.type === "finish") return event.result;
        }
        throw new Error("The stream ended without a finish.");
      })(),
      expected,
    );
    assertEquals([deltas, server.requests.length], [["Par"], 1]);
  });

  Deno.test(`${wire.name} contract: an abort in the stream ends it with the signal's reason, and the connection`, async () => {
    await using server = startVendor(async (reply) => {
      await reply.head();
      await reply.write(wire.opening);
      await reply.stall();
    });
    const abort = new AbortController();
    const reason = new Error("enough");
    let seen: unknown;
    try {
      for await (const event of clientOf(contract, server).stream("Where?", { signal: abort.signal })) {
        if (event.type === "text") abort.abort(reason);
      }
    } catch (error) {
      seen = error;
    }
    assertStrictEquals(seen, reason);
    await server.connectionClosed(1);
  });

  for (const streaming of [true, false]) {
    Deno.test(`${wire.name} contract, ${streaming ? "streamed" : "in one body"}: three turns with tools go back as documented`, async () => {
      const [first, ...others] = CONVERSATION.map((said) => says(contract, said));
      await using server = startVendor(first!, ...others);
      const thinking = wire.name === "anthropic" ? { reasoningEffort: "low" } as const : {};
      const client = clientOf(contract, server, { tools: [WEATHER], streaming, ...thinking }, contract.thinker);
      const messages: Message[] = [systemMessage("Be short.")];
      const turn = async (...added: readonly Message[]) => {
        messages.push(...added);
        const result = await client.run(messages);
        messages.push(...result.messages);
        return result;
      };

      const asked = await turn(userMessage("How is the weather in Paris and Rome?"));
      assertEquals(asked.toolCalls.map(({ id }) => id), ["call_paris", "call_rome"]);
      await turn(
        toolMessage("call_paris", { sky: "sunny" }),
        toolMessage("call_rome", "No such station.", { isError: true }),
      );
      await turn(userMessage("And in Oslo?"));
      await turn(toolMessage("call_oslo", "snow"));
      const last = await turn(userMessage("Which is the coldest?"));

      assertEquals([last.response, server.requests.length], ["Oslo.", 5]);
      same(server.requests[4]?.body as object, contract.history);
    });
  }
}
