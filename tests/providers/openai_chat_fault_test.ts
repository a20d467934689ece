/**
 * What a chat completion can do wrong, and how much of it is tolerated.
 */
import { assertEquals } from "@std/assert";
import { ResponseError, StreamTruncatedError, ToolArgumentsError } from "../../src/error.ts";
import type { ToolCall } from "../../src/message.ts";
import { usageOf } from "../../src/usage.ts";
import { sse } from "../support/chat_wire.ts";
import { assertOutcome, type Expected } from "../support/outcome.ts";
import { chatWire, clientFor } from "../support/wires.ts";

/** One choice's piece. */
const piece = (delta: unknown, finish_reason: string | null = null, more: object = {}) => ({
  id: "chatcmpl-1",
  choices: [{ index: 0, delta, finish_reason, ...more }],
});
const text = (content: string) => piece({ content });
const stop = piece({}, "stop");
const counted = (usage: unknown) => ({ id: "chatcmpl-1", choices: [], usage });

interface CallPiece {
  readonly index?: unknown;
  readonly id?: string;
  readonly name?: string;
  readonly arguments?: unknown;
}
const calls = (...pieces: readonly CallPiece[]) =>
  piece({
    tool_calls: pieces.map(({ index, id, name, arguments: written }) => ({
      index,
      id,
      type: "function",
      function: { name, arguments: written },
    })),
  });
const called = piece({}, "tool_calls");
const call = (id: string, name: string, args: unknown): ToolCall => ({ type: "tool_call", id, name, arguments: args });

type Row = readonly [name: string, events: readonly (object | string)[], expect: Expected];

const ENDINGS: readonly Row[] = [
  ["[DONE] missing, a finish reason seen", [text("Paris."), stop], {
    result: { response: "Paris.", finishReason: "stop" },
  }],
  ["a finish reason missing, [DONE] seen", [text("Paris."), "[DONE]"], "Paris."],
  ["neither seen", [text("Par")], { error: StreamTruncatedError, partialText: "Par" }],
  ["neither seen, usage reported", [text("Par"), counted({ prompt_tokens: 1, completion_tokens: 2 })], {
    error: StreamTruncatedError,
    partialText: "Par",
    usage: usageOf({ inputTokens: 1, outputTokens: 2 }),
  }],
  ["[DONE] and nothing else", ["[DONE]"], { error: ResponseError, reason: "empty" }],
  ["chunks without a choice, then [DONE]", [counted(null), "[DONE]"], { error: ResponseError, reason: "empty" }],
  ["a second finish reason", [text("a"), stop, piece({}, "length"), "[DONE]"], { result: { finishReason: "length" } }],
  ["text in the chunk of the finish reason", [piece({ content: "Paris." }, "stop"), "[DONE]"], "Paris."],
  ["text after the finish reason", [text("Par"), stop, text("is."), "[DONE]"], "Paris."],
  ["a finish reason that is no text", [piece({ content: "a" }, 7 as never), "[DONE]"], {
    result: { finishReason: "unknown" },
  }],
];

const TOLERATED: readonly Row[] = [
  [
    "empty choices first",
    [{ id: "chatcmpl-1", choices: [], prompt_filter_results: [{}] }, text("Paris."), stop],
    "Paris.",
  ],
  ["no choices at all in a chunk", [{ id: "chatcmpl-1" }, text("Paris."), stop], "Paris."],
  ["choices that are no list", [{ choices: "none" }, { choices: { 0: {} } }, text("Paris."), stop], "Paris."],
  ["choices that are no choice", [{ choices: [null] }, { choices: [7] }, text("Paris."), stop], "Paris."],
  ["a null delta", [piece(null), text("Paris."), piece(null, "stop")], "Paris."],
  ["no delta", [piece(undefined), text("Paris."), stop], "Paris."],
  ["null and missing content", [piece({ content: null }), piece({}), text("Paris."), stop], "Paris."],
  ["content that is no text", [piece({ content: 7 }), text("Paris."), stop], "Paris."],
  ["no role in any delta", [text("Par"), text("is."), stop], "Paris."],
  [
    "a role in every delta",
    ["Par", "is."].map((content) => piece({ role: "assistant", content })).concat(stop),
    "Paris.",
  ],
  [
    "no index in a choice",
    [{ choices: [{ delta: { content: "Paris." } }] }, { choices: [{ finish_reason: "stop" }] }],
    "Paris.",
  ],
  ["another choice beside the first", [
    { choices: [{ index: 1, delta: { content: "No" } }, { index: 0, delta: { content: "Paris." } }] },
    { choices: [{ index: 1, delta: { content: "." }, finish_reason: "length" }] },
    stop,
  ], { result: { response: "Paris.", finishReason: "stop" } }],
  ["content-filter chunks", [
    piece({ content: "Paris." }, null, { content_filter_results: { hate: { filtered: false } } }),
    { choices: [{ index: 0, finish_reason: null, content_filter_offsets: {}, content_filter_results: {} }] },
    stop,
  ], "Paris."],
  ["an error of null in every chunk", [{ ...text("Paris."), error: null }, { ...stop, error: null }], "Paris."],
];

const REASONS: readonly Row[] = ["content_filter", "length", "refusal", "pause_turn", "function_call", "eos", "STOP"]
  .map((
    reason,
  ) => [`the finish reason ${reason}`, [text("Par"), piece({}, reason), "[DONE]"], {
    result: { response: "Par", finishReason: reason, parsed: undefined },
  }]);

const USAGE = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } };
const TEN_AND_FIVE = usageOf({ inputTokens: 6, cacheReadTokens: 4, outputTokens: 5 });
const usageIs = (usage: ReturnType<typeof usageOf> | undefined): Expected => ({
  result: { response: "Paris.", usage },
});
const answer = [text("Paris."), stop];

const USAGES: readonly Row[] = [
  ["usage missing", answer, usageIs(undefined)],
  ["usage null", [{ ...text("Paris."), usage: null }, stop, counted(null)], usageIs(undefined)],
  ["usage in a chunk of its own", [...answer, counted(USAGE), "[DONE]"], usageIs(TEN_AND_FIVE)],
  ["usage in the last chunk", [text("Paris."), { ...stop, usage: USAGE }], usageIs(TEN_AND_FIVE)],
  ["usage only at the start", [counted(USAGE), ...answer], usageIs(TEN_AND_FIVE)],
  [
    "usage twice",
    [counted({ prompt_tokens: 10, completion_tokens: 1 }), ...answer, counted(USAGE)],
    usageIs(TEN_AND_FIVE),
  ],
  ["usage that grows with every chunk", [
    { ...text("Par"), usage: { prompt_tokens: 10, completion_tokens: 1 } },
    { ...text("is."), usage: { prompt_tokens: 10, completion_tokens: 2 } },
    stop,
  ], usageIs(usageOf({ inputTokens: 10, outputTokens: 2 }))],
  [
    "usage that decreases",
    [counted({ ...USAGE, completion_tokens: 900 }), ...answer, counted(USAGE)],
    usageIs(TEN_AND_FIVE),
  ],
  [
    "usage in two halves",
    [counted({ prompt_tokens: 10 }), ...answer, counted({ completion_tokens: 5 })],
    usageIs(usageOf({ inputTokens: 10, outputTokens: 5 })),
  ],
  ["usage whose details come first", [
    counted({ prompt_tokens_details: { cached_tokens: 4 } }),
    ...answer,
    counted({ prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: null }),
  ], usageIs(TEN_AND_FIVE)],
  ["half a usage", [...answer, counted({ prompt_tokens: 10 })], usageIs(undefined)],
  ["usage of texts", [...answer, counted({ prompt_tokens: "10", completion_tokens: "5" })], usageIs(undefined)],
  ["negative usage", [...answer, counted({ prompt_tokens: -1, completion_tokens: 5 })], usageIs(undefined)],
  ["more read from the cache than there was input", [
    ...answer,
    counted({ prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 99 } }),
  ], usageIs(usageOf({ cacheReadTokens: 10, outputTokens: 5 }))],
  ["usage with a prototype", [
    ...answer,
    `{"choices":[],"usage":{"__proto__":{"prompt_tokens":1,"completion_tokens":1}}}`,
  ], usageIs(undefined)],
];

const callsAre = (...toolCalls: readonly ToolCall[]): Expected => ({ result: { toolCalls } });
const refusedIndex: Expected = { error: ResponseError, reason: "protocol" };
const broken: Expected = { error: ToolArgumentsError, tool: "f" };

const TOOLS: readonly Row[] = [
  ["arguments in pieces", [
    calls({ index: 0, id: "a", name: "f", arguments: "" }),
    calls({ index: 0, arguments: '{"x"' }),
    calls({ index: 0, arguments: ":1}" }),
    called,
  ], callsAre(call("a", "f", { x: 1 }))],
  ["two calls interleaved by index", [
    calls({ index: 0, id: "a", name: "f", arguments: '{"x"' }),
    calls({ index: 1, id: "b", name: "g", arguments: '{"y"' }),
    calls({ index: 0, arguments: ":1}" }, { index: 1, arguments: ":2}" }),
    called,
  ], callsAre(call("a", "f", { x: 1 }), call("b", "g", { y: 2 }))],
  ["calls in the wrong order", [
    calls({ index: 1, id: "b", name: "g", arguments: "{}" }),
    calls({ index: 0, id: "a", name: "f", arguments: "{}" }),
    called,
  ], callsAre(call("a", "f", {}), call("b", "g", {}))],
  ["a gap between indices", [
    calls({ index: 0, id: "a", name: "f", arguments: "{}" }, { index: 7, id: "b", name: "g", arguments: "{}" }),
    called,
  ], callsAre(call("a", "f", {}), call("b", "g", {}))],
  ["id and name repeated in every piece", [
    calls({ index: 0, id: "a", name: "f", arguments: '{"x"' }),
    calls({ index: 0, id: "a", name: "f", arguments: ":1}" }),
    called,
  ], callsAre(call("a", "f", { x: 1 }))],
  ["no index: a new id begins a new call", [
    calls({ id: "a", name: "f", arguments: '{"x"' }),
    calls({ arguments: ":1}" }),
    calls({ id: "b", name: "g", arguments: "{}" }),
    called,
  ], callsAre(call("a", "f", { x: 1 }), call("b", "g", {}))],
  ["the same index for every call", [
    calls({ index: 0, id: "a", name: "f", arguments: "{}" }),
    calls({ index: 0, id: "b", name: "g", arguments: '{"y"' }),
    calls({ index: 0, arguments: ":2}" }),
    called,
  ], callsAre(call("a", "f", {}), call("b", "g", { y: 2 }))],
  ["no id", [calls({ index: 0, name: "f", arguments: "{}" }), called], callsAre(call("call_0_chatcmpl1", "f", {}))],
  ["arguments that are parsed already", [
    calls({ index: 0, id: "a", name: "f", arguments: { x: 1 } }),
    called,
  ], callsAre(call("a", "f", { x: 1 }))],
  [
    "empty arguments of a call that closed",
    [calls({ index: 0, id: "a", name: "f", arguments: "" }), called],
    callsAre(call("a", "f", {})),
  ],
  ["no arguments at all", [calls({ index: 0, id: "a", name: "f" }), called], callsAre(call("a", "f", {}))],
  ["empty arguments of a call that was cut off", [
    calls({ index: 0, id: "a", name: "f", arguments: "" }),
    piece({}, "length"),
  ], broken],
  ["arguments cut off by the length", [
    calls({ index: 0, id: "a", name: "f", arguments: '{"needle":' }),
    piece({}, "length"),
  ], broken],
  ["arguments cut off although the call closed", [
    calls({ index: 0, id: "a", name: "f", arguments: '{"needle":' }),
    called,
  ], broken],
  ["arguments that are no JSON", [calls({ index: 0, id: "a", name: "f", arguments: "needle" }), called], broken],
  ["arguments twice in one", [calls({ index: 0, id: "a", name: "f", arguments: "{}{}" }), called], broken],
  ["whole arguments before the length", [
    calls({ index: 0, id: "a", name: "f", arguments: '{"x":1}' }),
    piece({}, "length"),
  ], callsAre(call("a", "f", { x: 1 }))],
  ["tool calls that are none", [
    piece({ tool_calls: [null, 7, "f"] }),
    piece({ tool_calls: "f" }),
    text("Paris."),
    stop,
  ], { result: { response: "Paris.", toolCalls: [] } }],
  ["a stream cut before the call closed", [calls({ index: 0, id: "a", name: "f", arguments: "{}" })], {
    error: StreamTruncatedError,
  }],
  ...[-1, 1e9, 1.5, "0", "__proto__", true, {}].map((index): Row => [
    `the index ${JSON.stringify(index)}`,
    [calls({ index, id: "a", name: "f", arguments: "{}" }), called],
    refusedIndex,
  ]),
];

for (const [name, events, expect] of [...ENDINGS, ...TOLERATED, ...REASONS, ...USAGES, ...TOOLS]) {
  Deno.test(`a chat completion with ${name}`, async () => {
    const fetch = () =>
      Promise.resolve(new Response(sse(...events), { headers: { "content-type": "text/event-stream" } }));
    const run = clientFor(chatWire, { url: "http://127.0.0.1:9/v1" }, { fetch }).run("Where?");
    await assertOutcome(run, expect);
    if (typeof expect === "object" && "error" in expect) {
      const failure = await run.catch((error) => error);
      assertEquals(Deno.inspect(failure, { depth: 9 }).includes("needle"), false);
    }
    assertEquals(({} as Record<string, unknown>)["id"], undefined, "a prototype was written");
  });
}

for (
  const [name, body, expect] of [
    ["an empty list of choices", { choices: [] }, { error: ResponseError, reason: "empty" }],
    ["a choice without a message", { choices: [{ index: 0, finish_reason: "stop" }] }, {
      result: { response: "", finishReason: "stop" },
    }],
    ["no finish reason", { choices: [{ message: { content: "Paris." } }] }, "Paris."],
    ["null for everything", {
      choices: [{ message: { content: null, tool_calls: null, refusal: null }, logprobs: null }],
    }, {
      result: { response: "", toolCalls: [], refusal: undefined },
    }],
    ["tool calls without index", {
      choices: [{
        message: {
          tool_calls: [
            { id: "a", function: { name: "f", arguments: '{"x":1}' } },
            { id: "b", function: { name: "g", arguments: "{}" } },
          ],
        },
        finish_reason: "tool_calls",
      }],
    }, callsAre(call("a", "f", { x: 1 }), call("b", "g", {}))],
    ["arguments that were cut off", {
      choices: [{
        message: { tool_calls: [{ id: "a", function: { name: "f", arguments: "{" } }] },
        finish_reason: "length",
      }],
    }, broken],
  ] as readonly (readonly [string, object, Expected])[]
) {
  Deno.test(`a chat completion in one body with ${name}`, async () => {
    const fetch = () => Promise.resolve(Response.json(body));
    const client = clientFor(chatWire, { url: "http://127.0.0.1:9/v1" }, { fetch });
    await assertOutcome(client.run("Where?", { streaming: false }), expect);
  });
}
