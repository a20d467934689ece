/**
 * Streams of every dialect, cut at every byte, through a whole client. What comes of it is the whole
 * answer or a typed error; never a short answer, and never a tool call of an answer that did not end.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LlmError, StreamTruncatedError } from "../src/error.ts";
import type { Result, StreamEvent } from "../src/event.ts";
import { type Contract, contracts, CONVERSATION, type Said } from "./support/contract.ts";
import { CITY, WEATHER } from "./support/contract_parts.ts";
import { clientFor } from "./support/wires.ts";

const STREAMS: Readonly<Record<string, Said>> = {
  "text of many bytes": { text: ["Zoë ", "likes 🥐", " & €5"] },
  "thoughts, text and two tool calls": CONVERSATION[0] ?? {},
  "a tool call without arguments": { calls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
  "an answer in a schema": { text: ['{"city":', '"Pa', 'ris"}'] },
  "a refusal": { refusal: "I cannot tell." },
  "an answer cut by its length": { text: ["Par"], isCut: true },
};

const ENDINGS = ["is closed", "is reset"] as const;

/** The first bytes of a stream, and then the end. */
function cut(bytes: Uint8Array<ArrayBuffer>, at: number, ending: typeof ENDINGS[number]): typeof fetch {
  let sent = at === 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (!sent) controller.enqueue(bytes.slice(0, at));
      else if (ending === "is reset") controller.error(new TypeError("connection reset"));
      else controller.close();
      sent = true;
    },
  }, { highWaterMark: 0 });
  const headers = { "content-type": "text/event-stream" };
  return () => Promise.resolve(new Response(body, { headers }));
}

/** How a call ended, and what came before. */
async function outcome({ wire }: Contract, said: Said, fetch: typeof globalThis.fetch) {
  const client = clientFor(wire, { url: "http://127.0.0.1:9/v1" }, { fetch, maxRetries: 0 });
  const schema = said.text?.[0]?.startsWith("{") ? CITY : undefined;
  const events: StreamEvent[] = [];
  try {
    for await (const event of client.stream("Where?", { tools: [WEATHER], schema })) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

/** What of an answer must never be cut short. Usage may come after all that is said. */
function saidBy(events: readonly StreamEvent[]): unknown {
  const last = events.at(-1);
  assert(last?.type === "finish", "a stream that ends well ends with finish");
  const { response, thinking, toolCalls, refusal, parsed, finishReason, messages }: Result = last.result;
  return { response, thinking, toolCalls, refusal, parsed, finishReason, messages };
}

for (const contract of contracts) {
  for (const [name, said] of Object.entries(STREAMS)) {
    for (const ending of ENDINGS) {
      Deno.test(`${contract.wire.name}: ${name}, that ${ending} at any byte, is whole or a typed error`, async () => {
        const bytes = new TextEncoder().encode(contract.stream(said));
        const whole = saidBy((await outcome(contract, said, cut(bytes, bytes.length, "is closed"))).events);
        const { response } = whole as Result;
        let errors = 0;
        for (let at = 0; at < bytes.length; at++) {
          const { events, error } = await outcome(contract, said, cut(bytes, at, ending));
          if (error === undefined) {
            assertEquals(saidBy(events), whole, `cut at ${at}`);
            continue;
          }
          errors++;
          assertInstanceOf(error, LlmError, `cut at ${at}`);
          const calls = events.filter(({ type }) => type === "tool_call" || type === "finish");
          assertEquals(calls, [], `cut at ${at}: a tool call of an answer that did not end`);
          if (!(error instanceof StreamTruncatedError)) continue;
          assert(response.startsWith(error.partialText), `cut at ${at}: ${error.partialText}`);
          const text = events.map((event) => event.type === "text" ? event.delta : "").join("");
          assertEquals(error.partialText, text, `cut at ${at}`);
        }
        assert(errors > bytes.length / 2, "hardly any cut was noticed");
      });
    }
  }
}
