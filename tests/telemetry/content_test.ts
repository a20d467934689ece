/** Whether content is recorded, and in which shape. */
import { assert, assertEquals } from "@std/assert";
import { type ClientTelemetry, createClient, defineTool, type Message, type RequestOptions } from "../../mod.ts";
import type { TelemetryOptions } from "../../src/telemetry/mod.ts";
import { chatBody } from "../support/chat_wire.ts";
import { type FlatSpan, memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { body, chat, chatChunks, type Handler, refusal, sse, startVendor } from "../support/vendor_server.ts";

/** In every text of the conversation, and nowhere else. */
const SECRET = "xyzzy";
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PNG_BYTES = 70;

const lookUp = defineTool({
  name: "look_up",
  description: `Looks ${SECRET} up.`,
  parameters: { type: "object", properties: { word: { type: "string", description: `As in ${SECRET}.` } } },
});
const conversation: readonly Message[] = [
  { role: "system", content: `Be brief about ${SECRET}.` },
  { role: "user", content: [`What is ${SECRET}?`, { type: "text", text: `And ${SECRET} two?` }] },
  {
    role: "assistant",
    content: [
      { type: "thinking", text: `I should look ${SECRET} up.`, signature: "sealed" },
      { type: "thinking", text: "", redacted: "sealed" },
      { type: "text", text: `Looking ${SECRET} up.` },
      { type: "tool_call", id: "call_1", name: "look_up", arguments: { word: SECRET, deep: [true, null, 3] } },
      { type: "vendor", provider: "openai", data: { sealed: SECRET } },
    ],
  },
  { role: "tool", toolCallId: "call_1", content: `${SECRET}: a magic word` },
  {
    role: "tool",
    toolCallId: "call_2",
    content: [{ type: "text", text: `${SECRET} on a picture` }, { type: "image", data: PNG }],
  },
  {
    role: "user",
    content: [
      { type: "image", url: `https://example.com/${SECRET}.png` },
      { type: "image", url: `data:image/webp;base64,${PNG}` },
      { type: "image", data: PNG, mediaType: "image/x-own" },
    ],
  },
];
const answer = {
  text: `A ${SECRET}.`,
  toolCalls: [{ id: "call_3", name: "look_up", arguments: `{"word":"${SECRET}"}` }],
};

const NAMES = [
  "gen_ai.system_instructions",
  "gen_ai.input.messages",
  "gen_ai.tool.definitions",
  "gen_ai.output.messages",
] as const;

interface Case {
  readonly process?: TelemetryOptions;
  readonly client?: ClientTelemetry;
  readonly request?: RequestOptions;
  readonly messages?: readonly Message[];
  readonly handler?: Handler;
}

/** All spans and data points of one request. */
async function recordedOf({ process, client, request, messages = conversation, handler = chat(answer) }: Case) {
  await using telemetry = await memoryTelemetry(process);
  await using vendor = startVendor(handler);
  const made = createClient("gpt-4o-mini", { baseUrl: vendor.url, telemetry: client, maxRetries: 0 });
  await made.run(messages, { tools: [lookUp], cacheContent: `All of ${SECRET}.`, ...request }).catch(() => {});
  return { spans: await telemetry.spans(), points: await telemetry.points() };
}

/** What stands on the request's span, parsed. */
async function contentOf(given: Case): Promise<Readonly<Record<string, unknown>>> {
  const { spans } = await recordedOf(given);
  const { attributes } = spanNamed(spans, "llm.request");
  return Object.fromEntries(
    NAMES.filter((name) => name in attributes).map((name) => [name, JSON.parse(String(attributes[name]))]),
  );
}

const outcomes: Readonly<Record<string, Case>> = {
  "a whole answer": {},
  "an answer in one body": { handler: body(chatBody(answer)), request: { streaming: false } },
  "a refusal that quotes the prompt": {
    handler: body({ error: { message: `${SECRET} is bad`, type: `no ${SECRET}`, code: null } }, { status: 400 }),
  },
  "an error in the stream": {
    handler: async (reply) => {
      await reply.head();
      await reply.write(sse(...chatChunks({ text: SECRET, finishReason: undefined })));
      await reply.write(sse({ error: { message: `${SECRET} is bad`, type: "server_error" } }));
      await reply.end();
    },
  },
  "a stream that is cut off": {
    handler: async (reply) => {
      await reply.head();
      await reply.write(sse(...chatChunks({ text: SECRET, finishReason: undefined })));
      await reply.end();
    },
  },
  "tool arguments that are no JSON": {
    handler: chat({ toolCalls: [{ id: "call_3", name: "look_up", arguments: SECRET }] }),
  },
  "a web page": { handler: body(`<html>${SECRET}</html>`, { headers: { "content-type": "text/html" } }) },
};
for (const [name, given] of Object.entries(outcomes)) {
  Deno.test(`content is recorded nowhere by default, after ${name}`, async () => {
    const { spans, points } = await recordedOf(given);
    assertEquals(spans.length, 3);
    assert(points.length > 0);
    assert(!Deno.inspect([spans, points], { depth: 99, strAbbreviateSize: 1e6 }).includes(SECRET));
    assertEquals(spans.flatMap(({ attributes }) => NAMES.filter((each) => each in attributes)), []);
  });
}

const variable = (value: string): TelemetryOptions => ({
  env: { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value },
});
/** What is said, and whether input and output are recorded. */
const switches: Readonly<Record<string, readonly [given: Case, input: boolean, output: boolean]>> = {
  "nothing said": [{}, false, false],
  "NO_CONTENT": [{ process: variable("NO_CONTENT") }, false, false],
  "SPAN_ONLY": [{ process: variable("SPAN_ONLY") }, true, true],
  "SPAN_AND_EVENT": [{ process: variable("SPAN_AND_EVENT") }, true, true],
  "EVENT_ONLY": [{ process: variable("EVENT_ONLY") }, false, false],
  "true": [{ process: variable("true") }, true, true],
  "True and a space": [{ process: variable("True ") }, true, true],
  "false": [{ process: variable("false") }, false, false],
  "a word that nobody knows": [{ process: variable("yes please") }, false, false],
  "the option true": [{ process: { captureContent: true } }, true, true],
  "the option input": [{ process: { captureContent: "input" } }, true, false],
  "the option output": [{ process: { captureContent: "output" } }, false, true],
  "the option false over SPAN_ONLY": [{ process: { ...variable("SPAN_ONLY"), captureContent: false } }, false, false],
  "the option input over NO_CONTENT": [
    { process: { ...variable("NO_CONTENT"), captureContent: "input" } },
    true,
    false,
  ],
  "the client's true": [{ client: { captureContent: true } }, true, true],
  "the client's false over the process's true": [
    { process: { captureContent: true }, client: { captureContent: false } },
    false,
    false,
  ],
  "the client's output over the process's input": [
    { process: { captureContent: "input" }, client: { captureContent: "output" } },
    false,
    true,
  ],
  "the client's input over SPAN_ONLY": [
    { process: variable("SPAN_ONLY"), client: { captureContent: "input" } },
    true,
    false,
  ],
};
for (const [name, [given, input, output]] of Object.entries(switches)) {
  const what = [input && "input", output && "output"].filter(Boolean).join(" and ") || "nothing";
  Deno.test(`content by ${name} is ${what}`, async () => {
    const recorded = Object.keys(await contentOf(given));
    assertEquals(recorded, NAMES.filter((each) => each === "gen_ai.output.messages" ? output : input));
  });
}

Deno.test("content stands on the request's span alone", async () => {
  const { spans, points } = await recordedOf({ client: { captureContent: true } });
  const others: readonly FlatSpan[] = spans.filter(({ name }) => name !== "llm.request");
  assertEquals(others.length, 2);
  assert(!Deno.inspect([others, points], { depth: 99 }).includes(SECRET));
});

Deno.test("content has the conventions' shape", async () => {
  const content = await contentOf({ client: { captureContent: true } });
  assertEquals(content, {
    "gen_ai.system_instructions": [
      { type: "text", content: `All of ${SECRET}.` },
      { type: "text", content: `Be brief about ${SECRET}.` },
    ],
    "gen_ai.input.messages": [
      {
        role: "user",
        parts: [{ type: "text", content: `What is ${SECRET}?` }, { type: "text", content: `And ${SECRET} two?` }],
      },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: `I should look ${SECRET} up.` },
          { type: "text", content: `Looking ${SECRET} up.` },
          { type: "tool_call", id: "call_1", name: "look_up", arguments: { word: SECRET, deep: [true, null, 3] } },
        ],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: `${SECRET}: a magic word` }] },
      {
        role: "tool",
        parts: [{
          type: "tool_call_response",
          id: "call_2",
          response: [
            { type: "text", content: `${SECRET} on a picture` },
            { type: "blob", modality: "image", mime_type: "image/png", size: PNG_BYTES },
          ],
        }],
      },
      {
        role: "user",
        parts: [
          { type: "uri", modality: "image", mime_type: "image/png", uri: `https://example.com/${SECRET}.png` },
          { type: "blob", modality: "image", mime_type: "image/webp", size: PNG_BYTES },
          { type: "blob", modality: "image", mime_type: "image/x-own", size: PNG_BYTES },
        ],
      },
    ],
    "gen_ai.tool.definitions": [{
      type: "function",
      name: "look_up",
      description: `Looks ${SECRET} up.`,
      parameters: { type: "object", properties: { word: { type: "string", description: `As in ${SECRET}.` } } },
    }],
    "gen_ai.output.messages": [{
      role: "assistant",
      parts: [
        { type: "text", content: `A ${SECRET}.` },
        { type: "tool_call", id: "call_3", name: "look_up", arguments: { word: SECRET } },
      ],
      finish_reason: "tool_calls",
    }],
  });
});

const question: readonly Message[] = [{ role: "user", content: "Well?" }];

Deno.test("content of a bare question has neither instructions nor tools", async () => {
  const request = { tools: undefined, cacheContent: undefined };
  const content = await contentOf({ client: { captureContent: true }, messages: question, request, handler: chat() });
  assertEquals(content, {
    "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: "Well?" }] }],
    "gen_ai.output.messages": [{
      role: "assistant",
      parts: [{ type: "text", content: "Paris." }],
      finish_reason: "stop",
    }],
  });
});

/** What a dialect keeps out of the next turn belongs to the answer all the same. */
const unsaid: Readonly<Record<string, readonly [delta: object, parts: readonly unknown[]]>> = {
  "thoughts": [{ reasoning_content: "Hm." }, [{ type: "reasoning", content: "Hm." }, {
    type: "text",
    content: "Paris.",
  }]],
  "a refusal": [{ refusal: "I won't." }, [{ type: "text", content: "I won't." }, { type: "text", content: "Paris." }]],
};
for (const [name, [delta, parts]] of Object.entries(unsaid)) {
  Deno.test(`content of an answer has ${name}`, async () => {
    const handler: Handler = async (reply) => {
      await reply.head();
      await reply.write(sse({ choices: [{ index: 0, delta, finish_reason: null }] }, ...chatChunks(), "[DONE]"));
      await reply.end();
    };
    const content = await contentOf({ client: { captureContent: "output" }, handler });
    assertEquals(content["gen_ai.output.messages"], [{ role: "assistant", parts, finish_reason: "stop" }]);
  });
}

Deno.test("content of a request that failed is what was asked, and no answer", async () => {
  const content = await contentOf({ client: { captureContent: true }, messages: question, handler: refusal(400) });
  assertEquals(Object.keys(content), NAMES.filter((each) => each !== "gen_ai.output.messages"));
});
