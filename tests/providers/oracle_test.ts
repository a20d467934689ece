/**
 * OpenAI's own SDK reads the same bytes from the same server: what it makes of them is what we make of them.
 */
import { assertEquals, assertInstanceOf } from "@std/assert";
import OpenAI from "openai";
import { LlmError, StreamTruncatedError } from "../../src/error.ts";
import type { Result } from "../../src/event.ts";
import { body, type Handler, startVendor, unread } from "../support/vendor_server.ts";
import { chatWire, clientFor } from "../support/wires.ts";

const FOLDER = new URL("../fixtures/openai_chat/", import.meta.url);
const STREAMS = fixtures(".txt");
const BODIES = fixtures(".json");

/** Those whose every byte is cut once: text, text of many bytes, tool calls, a filter, no usage. */
const SWEPT = ["length", "unicode", "empty_arguments", "text_and_tool_call", "content_filter", "no_usage"];

/** What both sides must agree on. */
interface Reading {
  readonly text: string;
  readonly refusal: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly finishReason: string | undefined;
  readonly usage: readonly (number | undefined)[] | undefined;
}

function fixtures(ending: string): ReadonlyMap<string, string> {
  const names = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).filter((name) => name.endsWith(ending)).sort();
  return new Map(names.map((name) => [name.slice(0, -ending.length), Deno.readTextFileSync(new URL(name, FOLDER))]));
}

/** Ours, with usage put together again as OpenAI counts it. */
function ours({ response, refusal = "", toolCalls, finishReason, usage }: Result): Reading {
  return {
    text: response,
    refusal,
    toolCalls: toolCalls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    finishReason,
    usage: usage && [
      usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
      usage.outputTokens,
      usage.totalTokens,
      usage.cacheReadTokens,
      usage.reasoningTokens,
    ],
  };
}

function usageOfSdk(usage: OpenAI.CompletionUsage | null | undefined): Reading["usage"] {
  return usage === null || usage === undefined ? undefined : [
    usage.prompt_tokens,
    usage.completion_tokens,
    usage.total_tokens,
    usage.prompt_tokens_details?.cached_tokens,
    usage.completion_tokens_details?.reasoning_tokens,
  ];
}

const argumentsOf = (text: string): unknown => text === "" ? {} : JSON.parse(text);

function sdkFor(url: string): OpenAI {
  return new OpenAI({ apiKey: "test-key", baseURL: url, maxRetries: 0 });
}

const QUESTION = { model: "gpt-4o-mini", messages: [{ role: "user" as const, content: "Where?" }] };

async function sdkStream(url: string): Promise<Reading> {
  const chunks = await sdkFor(url).chat.completions.create({ ...QUESTION, stream: true });
  const calls: { id: string; name: string; text: string }[] = [];
  let text = "", refusal = "", finishReason: string | undefined, usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    const [choice] = chunk.choices;
    finishReason = choice?.finish_reason ?? finishReason;
    text += choice?.delta.content ?? "";
    refusal += choice?.delta.refusal ?? "";
    for (const { index, id, function: called } of choice?.delta.tool_calls ?? []) {
      const call = calls[index] ??= { id: "", name: "", text: "" };
      call.id += id ?? "";
      call.name += called?.name ?? "";
      call.text += called?.arguments ?? "";
    }
  }
  const toolCalls = calls.map(({ id, name, text }) => ({ id, name, arguments: argumentsOf(text) }));
  return { text, refusal, toolCalls, finishReason, usage: usageOfSdk(usage) };
}

async function sdkBody(url: string): Promise<Reading> {
  const { choices: [choice], usage } = await sdkFor(url).chat.completions.create(QUESTION);
  return {
    text: choice?.message.content ?? "",
    refusal: choice?.message.refusal ?? "",
    toolCalls: (choice?.message.tool_calls ?? []).flatMap((call) => {
      return call.type !== "function"
        ? []
        : [{ id: call.id, name: call.function.name, arguments: argumentsOf(call.function.arguments) }];
    }),
    finishReason: choice?.finish_reason,
    usage: usageOfSdk(usage),
  };
}

Deno.test("there are streams and bodies to compare", () => {
  assertEquals([STREAMS.size >= 12, BODIES.size >= 6], [true, true]);
  assertEquals(SWEPT.filter((name) => !STREAMS.has(name)), []);
});

for (const [name, text] of STREAMS) {
  Deno.test(`OpenAI's SDK and ours read the stream ${name} alike`, async () => {
    await using server = startVendor(body(text, { headers: { "content-type": "text/event-stream" } }));
    const expected = await sdkStream(server.url);
    assertEquals(ours(await clientFor(chatWire, server).run("Where?")), expected);
  });
}

for (const [name, text] of BODIES) {
  Deno.test(`OpenAI's SDK and ours read the body ${name} alike`, async () => {
    await using server = startVendor(body(text));
    const expected = await sdkBody(server.url);
    assertEquals(ours(await clientFor(chatWire, server).run("Where?", { streaming: false })), expected);
  });
}

/** Complete, or a typed error that kept the right beginning; never a short answer. */
function assertWholeOrError(outcome: unknown, whole: Result, where: string): void {
  if (outcome instanceof Error) {
    assertInstanceOf(outcome, LlmError, where);
    if (outcome instanceof StreamTruncatedError) {
      assertEquals(whole.response.startsWith(outcome.partialText), true, where);
    }
    return;
  }
  const { response, refusal, toolCalls, finishReason } = outcome as Result;
  const { response: text, refusal: no, toolCalls: calls, finishReason: reason } = whole;
  assertEquals([response, refusal, toolCalls, finishReason], [text, no, calls, reason], where);
}

for (const name of SWEPT) {
  const bytes = new TextEncoder().encode(STREAMS.get(name));

  for (const end of ["is closed cleanly", "is reset"]) {
    Deno.test(`the stream ${name} that ${end} at any byte is whole or a typed error`, async () => {
      /** The stream up to there. */
      const answer = (at: number) => {
        let sent = false;
        const cut = new ReadableStream<Uint8Array<ArrayBuffer>>({
          pull(controller) {
            if (!sent && at > 0) controller.enqueue(bytes.slice(0, at));
            else if (end === "is reset") controller.error(new TypeError("connection reset"));
            else controller.close();
            sent = true;
          },
        }, { highWaterMark: 0 });
        const headers = { "content-type": "text/event-stream" };
        const fetch = () => Promise.resolve(new Response(cut, { headers }));
        return clientFor(chatWire, { url: "http://127.0.0.1:9/v1" }, { fetch, maxRetries: 0 }).run("Where?");
      };
      const whole = await answer(bytes.length);
      let errors = 0;
      for (let at = 0; at < bytes.length; at++) {
        const outcome = await answer(at).catch((error) => error);
        assertWholeOrError(outcome, whole, `cut at ${at}`);
        if (outcome instanceof Error) errors++;
      }
      assertEquals(errors > bytes.length / 2, true, "hardly any cut was noticed");
    });
  }

  Deno.test(`the stream ${name} that is cut on a real connection is whole or a typed error`, async () => {
    const text = STREAMS.get(name)!;
    const endings: readonly ((at: number) => Handler)[] = [
      (at) => async (reply) => {
        await reply.head();
        await reply.write(text.slice(0, at));
        await reply.end();
      },
      (at) => async (reply) => {
        await reply.head();
        await reply.write(text.slice(0, at));
        reply.close();
      },
      (at) =>
        unread(async (reply) => {
          await reply.head();
          await reply.write(text.slice(0, at));
          reply.close();
        }),
    ];
    await using uncut = startVendor(endings[0]!(text.length));
    const whole = await clientFor(chatWire, uncut).run("Where?");
    for (const part of [0.1, 0.5, 0.9]) {
      for (const [which, ending] of endings.entries()) {
        await using server = startVendor(ending(Math.floor(part * text.length)));
        const outcome = await clientFor(chatWire, server, { maxRetries: 0 }).run("Where?").catch((error) => error);
        assertWholeOrError(outcome, whole, `ending ${which} at ${part}`);
      }
    }
  });
}
