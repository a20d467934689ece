/** What a redactor is shown, what becomes of its answers, how long a value may be, and what a failure says. */
import { assert, assertEquals } from "@std/assert";
import { createClient, defineTool, getTracer, type Message, type Redact, type RedactPlace } from "../../mod.ts";
import { type ClientTelemetry, costBasedSampler, type TelemetryOptions } from "../../src/telemetry/mod.ts";
import { inputContent } from "../../src/telemetry/content.ts";
import { type FlatSpan, memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { body, chat, refusal, startVendor } from "../support/vendor_server.ts";

const SYSTEM = "gen_ai.system_instructions";
const INPUT = "gen_ai.input.messages";
const TOOLS = "gen_ai.tool.definitions";
const OUTPUT = "gen_ai.output.messages";

const lookUp = defineTool({
  name: "look_up",
  description: "the description",
  parameters: { type: "object", properties: { word: { enum: ["a", "b"], description: "a parameter" } } },
});
const conversation: readonly Message[] = [
  { role: "system", content: "the instructions" },
  { role: "user", content: ["a question", { type: "image", url: "https://example.com/picture" }] },
  {
    role: "assistant",
    content: [
      { type: "thinking", text: "a thought" },
      { type: "tool_call", id: "call_1", name: "look_up", arguments: { word: "an argument", list: ["an item", 7] } },
    ],
  },
  { role: "tool", toolCallId: "call_1", content: "a result" },
  { role: "tool", toolCallId: "call_2", content: [{ type: "text", text: "a part of a result" }] },
];

/** The request's span of one call with everything recorded. */
async function requestSpan(
  client: ClientTelemetry,
  options: { readonly process?: TelemetryOptions; readonly messages?: readonly Message[]; readonly text?: string } = {},
): Promise<FlatSpan> {
  await using telemetry = await memoryTelemetry(options.process);
  await using vendor = startVendor(chat({ text: options.text ?? "the answer" }));
  const made = createClient("gpt-4o-mini", { baseUrl: vendor.url, telemetry: { captureContent: true, ...client } });
  await made.run(options.messages ?? conversation, { tools: [lookUp] });
  return spanNamed(await telemetry.spans(), "llm.request");
}

function parsed({ attributes }: FlatSpan, name: string): unknown {
  return name in attributes ? JSON.parse(String(attributes[name])) : undefined;
}

Deno.test("redact is shown every text, with its attribute and who said it", async () => {
  const shown: (readonly [text: string, where: RedactPlace])[] = [];
  await requestSpan({ redact: (text, where) => void shown.push([text, where]) as undefined });
  const lines = shown.map(([text, { attribute, role }]) => `${attribute} ${role}: ${text}`);
  assertEquals(
    lines.sort(),
    [
      `${SYSTEM} system: the instructions`,
      `${INPUT} user: a question`,
      `${INPUT} user: https://example.com/picture`,
      `${INPUT} assistant: a thought`,
      `${INPUT} assistant: an argument`,
      `${INPUT} assistant: an item`,
      `${INPUT} tool: a result`,
      `${INPUT} tool: a part of a result`,
      `${TOOLS} system: the description`,
      `${TOOLS} system: object`,
      `${TOOLS} system: a`,
      `${TOOLS} system: b`,
      `${TOOLS} system: a parameter`,
      `${OUTPUT} assistant: the answer`,
    ].sort(),
  );
});

Deno.test("redact changes what is recorded, and nothing that is sent or received", async () => {
  await using telemetry = await memoryTelemetry({ captureContent: true, redact: () => "***" });
  await using vendor = startVendor(chat({ text: "the answer" }));
  const { response } = await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("a question");
  const span = spanNamed(await telemetry.spans(), "llm.request");
  assertEquals(parsed(span, INPUT), [{ role: "user", parts: [{ type: "text", content: "***" }] }]);
  assertEquals(parsed(span, OUTPUT), [{
    role: "assistant",
    parts: [{ type: "text", content: "***" }],
    finish_reason: "stop",
  }]);
  const { messages } = vendor.requests[0]?.body as { readonly messages: unknown };
  assertEquals([messages, response], [[{ role: "user", content: "a question" }], "the answer"]);
});

Deno.test("redact of the client stands over the process's", async () => {
  const span = await requestSpan({ redact: () => "client" }, { process: { redact: () => "process" } });
  assertEquals(parsed(span, SYSTEM), [{ type: "text", content: "client" }]);
});

const nothings: Readonly<Record<string, Redact>> = {
  "undefined": () => undefined,
  "a promise, as an async one does": (() => Promise.resolve("the text")) as unknown as Redact,
  "a promise that rejects": (() => Promise.reject(new Error("no"))) as unknown as Redact,
  "null": (() => null) as unknown as Redact,
};
for (const [name, redact] of Object.entries(nothings)) {
  Deno.test(`redact that gives ${name} leaves every text out, and the shape stands`, async () => {
    const span = await requestSpan({ redact });
    assertEquals(parsed(span, SYSTEM), []);
    assertEquals(parsed(span, INPUT), [
      { role: "user", parts: [] },
      { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "look_up", arguments: { list: [7] } }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_1" }] },
      { role: "tool", parts: [{ type: "tool_call_response", id: "call_2", response: [] }] },
    ]);
    assertEquals(parsed(span, TOOLS), [{
      type: "function",
      name: "look_up",
      parameters: { properties: { word: { enum: [] } } },
    }]);
    assertEquals(parsed(span, OUTPUT), [{ role: "assistant", parts: [], finish_reason: "stop" }]);
  });
}

Deno.test("redact that throws drops the attribute, and no other", async () => {
  const span = await requestSpan({
    redact(text) {
      if (text === "a result") throw new Error("mine");
      return text;
    },
  });
  assertEquals([SYSTEM, INPUT, TOOLS, OUTPUT].map((name) => name in span.attributes), [true, false, true, true]);
});

Deno.test("redact is asked nothing of a request that is not recorded", async () => {
  let asked = 0;
  const redact: Redact = (text) => (asked++, text);
  await using telemetry = await memoryTelemetry({
    captureContent: true,
    redact,
    sampler: costBasedSampler({ otherRatio: 0 }),
  });
  await using vendor = startVendor(chat());
  await getTracer("test").startActiveSpan("left out", async (span) => {
    await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("a question");
    span.end();
  });
  assertEquals([(await telemetry.spans()).length, asked], [0, 0]);
});

const longest = 64 * 1024;
for (const [name, text] of Object.entries({ letters: "x", quotes: '"', "emoji": "😀", "lone surrogates": "\ud83d" })) {
  Deno.test(`content of too many ${name} is cut, and is JSON all the same`, async () => {
    const long = text.repeat(200_000);
    let shownWhole = false;
    const span = await requestSpan({
      redact(given) {
        shownWhole ||= given === long;
        return given;
      },
    }, { messages: [{ role: "user", content: long }], text: long });
    for (const attribute of [INPUT, OUTPUT]) {
      const json = String(span.attributes[attribute]);
      assert(json.length <= longest && json.length > longest - 20, `${json.length} characters of ${attribute}`);
      const content = JSON.parse(json)[0].parts[0].content;
      assert(content.endsWith("…") && (name === "lone surrogates" || content.isWellFormed()));
    }
    assert(shownWhole, "redact came before the cut");
  });
}

for (const limit of [5_000, 300, 2, 1]) {
  Deno.test(`content under a limit of ${limit} characters keeps to it, and is JSON or not there`, async () => {
    const messages: readonly Message[] = [...conversation, { role: "user", content: "😀".repeat(5_000) }];
    const env = { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: String(limit) };
    const span = await requestSpan({}, { process: { env }, messages });
    for (const name of [SYSTEM, INPUT, TOOLS, OUTPUT]) {
      assertEquals(name in span.attributes, limit >= 2, name);
      if (limit < 2) continue;
      assert(String(span.attributes[name]).length <= limit);
      parsed(span, name);
    }
  });
}

const circular: Record<string, unknown> = {};
circular.self = circular;
const broken = {
  toJSON() {
    throw new Error("mine");
  },
};
for (const [name, value] of Object.entries({ "a circle": circular, "a bigint": 7n, "a toJSON that throws": broken })) {
  Deno.test(`inputContent() leaves out messages with ${name}, and throws nothing`, () => {
    const content = [{ type: "tool_call", id: "call_1", name: "look_up", arguments: value } as const];
    const capture = { input: true, output: true, redact: undefined, maxLength: longest };
    assertEquals(inputContent({ messages: [{ role: "assistant", content }] }, capture)[INPUT], undefined);
  });
}

const words = "The vendor's own words.";
/** What is said of content, and what the failure's message has beside this library's own sentence. */
const failures: Readonly<Record<string, readonly [telemetry: ClientTelemetry, words: string]>> = {
  "by default": [{}, ""],
  "with input alone": [{ captureContent: "input" }, ""],
  "with output": [{ captureContent: "output" }, ` ${words}`],
  "redacted": [{ captureContent: true, redact: (text) => text.replace("vendor", "***") }, ` The ***'s own words.`],
  "left out by redact": [{ captureContent: true, redact: () => undefined }, ""],
  "under a redact that throws": [{
    captureContent: true,
    redact: () => {
      throw new Error("mine");
    },
  }, ""],
};
for (const [name, [telemetry, expected]] of Object.entries(failures)) {
  Deno.test(`the status message of a failure says the vendor's words ${name}: "${expected}"`, async () => {
    await using memory = await memoryTelemetry();
    await using vendor = startVendor(refusal(400));
    await createClient("gpt-4o-mini", { baseUrl: vendor.url, telemetry }).run("a question").catch(() => {});
    const { status, statusMessage = "" } = spanNamed(await memory.spans(), "llm.request");
    const own =
      "The vendor refused the request (HTTP 400, a_type); the error's vendorMessage says what it does not accept.";
    assertEquals([status, statusMessage], ["ERROR", own + expected]);
  });
}

Deno.test("redact of a status message is told where it stands", async () => {
  const places: RedactPlace[] = [];
  await using _ = await memoryTelemetry({
    captureContent: "output",
    redact: (text, where) => (places.push(where), text),
  });
  await using vendor = startVendor(refusal(400));
  await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("a question").catch(() => {});
  assertEquals(places.map(({ attribute }) => attribute).slice(-1), ["exception.message"]);
});

Deno.test("the status message of a failure is no longer than a value of content", async () => {
  await using memory = await memoryTelemetry({
    captureContent: true,
    env: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "100" },
  });
  await using vendor = startVendor(body({ error: { message: "😀".repeat(900) } }, { status: 400 }));
  await createClient("gpt-4o-mini", { baseUrl: vendor.url }).run("a question").catch(() => {});
  const { statusMessage = "" } = spanNamed(await memory.spans(), "llm.request");
  assert(statusMessage.endsWith(`accept. ${"😀".repeat(50)}…`), statusMessage);
});
