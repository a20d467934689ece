/**
 * Replays recorded wire streams through the dialects and tells how each ended: `deno task recordings [folder]`.
 *
 * The recordings stand outside the repository; without them there is nothing to do, and the task says so.
 *
 * @module
 */
import { ApiError, LlmError, ResponseError } from "../src/error.ts";
import type { DecodedResult, Provider } from "../src/provider.ts";
import { anthropic } from "../src/providers/anthropic.ts";
import { openaiChat } from "../src/providers/openai_chat.ts";
import { openaiResponses } from "../src/providers/openai_responses.ts";
import { sse } from "../src/sse.ts";

/** How the lines of a folder were sent. */
interface Wire {
  readonly provider: Provider;
  /** Whether each event has a name, its type. */
  readonly named: boolean;
  /** Whether `[DONE]` ends the stream. */
  readonly done: boolean;
}

const WIRES: Readonly<Record<string, Wire>> = {
  anthropic: { provider: anthropic, named: true, done: false },
  openai_chat: { provider: openaiChat, named: false, done: true },
  openai_responses: { provider: openaiResponses, named: true, done: false },
};

/** Recordings that end in an error, and in which. */
const FAULTY: readonly (readonly [name: RegExp, outcome: string])[] = [
  [/^spliced-message-start/, "ResponseError protocol"],
  [/^openai-error/, "RateLimitError 429 insufficient_quota"],
  [/^parallel-tool-call-wrapper/, "ResponseError json"], // Its first line was cut when it was recorded.
];

/** Bytes in a chunk: no divisor of anything, so that events are cut in bad places. */
const CHUNK_BYTES = 1_021;

/** The stream as it went over the wire. */
export function wireText(wire: Wire, lines: readonly string[]): string {
  const events = lines.map((line) => {
    const type = wire.named ? typeOf(line) : undefined;
    return `${type === undefined ? "" : `event: ${type}\n`}data: ${line}\n\n`;
  });
  return events.join("") + (wire.done ? "data: [DONE]\n\n" : "");
}

function typeOf(line: string): string | undefined {
  try {
    return JSON.parse(line).type;
  } catch {
    return undefined;
  }
}

/** How a recording ends: with a result, or with an error. */
export async function replay(wire: Wire, lines: readonly string[]): Promise<DecodedResult | Error> {
  const bytes = new TextEncoder().encode(wireText(wire, lines));
  let at = 0;
  const read = (): Promise<Uint8Array | undefined> => {
    const chunk = bytes.subarray(at, at += CHUNK_BYTES);
    return Promise.resolve(chunk.length === 0 ? undefined : chunk);
  };
  try {
    for await (const event of wire.provider.decode(sse(read, { maxEventBytes: 2 ** 27 }), { messages: [] })) {
      if (event.type === "finish") return event.result;
    }
    return new Error("no finish event");
  } catch (error) {
    return error as Error;
  }
}

/** One line on how a recording ended. */
export function describe(outcome: DecodedResult | Error): string {
  if (outcome instanceof Error) {
    if (outcome instanceof ApiError) return `${outcome.name} ${outcome.status} ${outcome.code ?? ""}`.trim();
    return outcome instanceof ResponseError ? `${outcome.name} ${outcome.reason}` : outcome.name;
  }
  const { finishReason, response, thinking = "", toolCalls, messages, usage } = outcome;
  const parts: readonly unknown[] = messages.flatMap(({ content }) => content as readonly unknown[]);
  const vendor = parts.filter((part) => (part as { readonly type?: unknown }).type === "vendor").length;
  return [
    finishReason,
    `${response.length} characters`,
    ...thinking === "" ? [] : [`${thinking.length} of thoughts`],
    ...toolCalls.map(({ name }) => `calls ${name}`),
    ...vendor === 0 ? [] : [`${vendor} vendor blocks`],
    usage === undefined ? "no usage" : `${usage.totalTokens} tokens`,
  ].join(", ");
}

/** Replays every recording below a folder; counts them, and those that did not end as they should. */
async function replayAll(folder: URL): Promise<{ readonly all: number; readonly wrong: number }> {
  let all = 0, wrong = 0;
  for (const [name, wire] of Object.entries(WIRES)) {
    const files = await Array.fromAsync(Deno.readDir(new URL(`${name}/`, folder))).catch(() => []);
    for (const file of files.map((entry) => entry.name).filter((name) => name.endsWith(".txt")).sort()) {
      const text = await Deno.readTextFile(new URL(`${name}/${file}`, folder));
      const outcome = await replay(wire, text.split("\n").filter((line) => line.trim() !== ""));
      const told = describe(outcome);
      const expected = FAULTY.find(([faulty]) => faulty.test(file))?.[1];
      const right = expected === undefined ? !(outcome instanceof Error) : told === expected;
      all++;
      if (!right) wrong++;
      console.log(`${right ? "ok   " : "WRONG"} ${name}/${file}: ${told}`);
      if (!right && outcome instanceof LlmError) console.log(`      ${outcome.message}`);
    }
  }
  return { all, wrong };
}

if (import.meta.main) {
  const given = Deno.args[0] ?? "../shared/recordings";
  const folder = new URL(`${given.replace(/\/+$/, "")}/`, `file://${Deno.cwd()}/`);
  const isThere = await Deno.stat(folder).then(() => true, () => false);
  if (!isThere) console.log(`recordings: there is no folder ${given}, so nothing was replayed`);
  else {
    const { all, wrong } = await replayAll(folder);
    console.log(`recordings: ${all} replayed, ${wrong} did not end as they should`);
    if (wrong > 0) Deno.exitCode = 1;
  }
}
