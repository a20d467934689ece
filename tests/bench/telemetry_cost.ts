/**
 * What telemetry costs a call: `deno task bench:cost`. Switched off it is the question whether it is on, asked of a model
 * that does nothing. Switched on it is what calls take more than the same calls without it, in turns, in one process and
 * without a network: CPU of all threads, with the export to a receiver that takes everything.
 *
 * @module
 */
import process from "node:process";
import {
  type Client,
  createClient,
  flushTelemetry,
  instrument,
  type LanguageModel,
  startTelemetry,
  type StreamEvent,
} from "@sik/llms";
import { median } from "./statistics.ts";

/** What a call may cost, in microseconds of CPU. */
const LIMITS = { off: 1, on: 60, event: 0.5 } as const;
const CALLS = 2_000;
const IDLE_CALLS = 200_000;
const ROUNDS = 15;
/** Rounds that nobody looks at: compilers and caches settle in them. */
const WARMING = 5;
const FEW = 10;
const MANY = 1_010;

const encoder = new TextEncoder();
const chunk = (content: string) => ({
  id: "c",
  model: "m",
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});
const line = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const ending = line({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
  line({ id: "c", choices: [], usage: { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 } }) +
  "data: [DONE]\n\n";

/** A vendor within the process: a stream of so many events, twenty in each piece. */
function vendor(events: number): typeof fetch {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < events; at += 20) {
    const texts = Array.from({ length: Math.min(20, events - at) }, (_, n) => line(chunk(`word ${at + n}`)));
    pieces.push(encoder.encode(texts.join("")));
  }
  pieces.push(encoder.encode(ending));
  return () => {
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces[at++];
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
}

function clientOf(events: number, telemetry?: false): Client {
  const price = { input: 1, output: 1 };
  return createClient("m", { baseUrl: "http://vendor.test/v1", fetch: vendor(events), price, telemetry });
}

/** Microseconds of CPU for a call, in a round of so many. */
async function cpuOf(client: Client, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) {
    for await (const event of client.stream("What is the capital of France?")) if (event.type === "finish") break;
    if (call % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 0)); // Others have a turn, too: the export.
  }
  await flushTelemetry();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** A model that does nothing, so that what is around it shows. */
const idle: LanguageModel = { provider: "test", model: "idle", stream: () => nothing };
const nothing: AsyncIterable<StreamEvent> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };

/** Microseconds of CPU for a call of a model that nobody reads. */
function askingOf(model: LanguageModel): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < IDLE_CALLS; call++) model.stream({ messages: [] });
  const { user, system } = process.cpuUsage(before);
  return Promise.resolve((user + system) / IDLE_CALLS);
}

/** The median of what `other` takes more than `one`, each pair of rounds side by side. */
async function difference(one: () => Promise<number>, other: () => Promise<number>): Promise<number> {
  const differences: number[] = [];
  for (let round = -WARMING; round < ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [await one(), await other()] : await swapped(one, other);
    if (round >= 0) differences.push(second - first);
  }
  return median(differences);
}

/** Whoever goes second meets the garbage of the first. */
async function swapped(one: () => Promise<number>, other: () => Promise<number>): Promise<[number, number]> {
  const second = await other();
  return [await one(), second];
}

const bare = { few: clientOf(FEW, false), many: clientOf(MANY, false) };
const watched = { few: clientOf(FEW), many: clientOf(MANY) };
const few = (client: { readonly few: Client }) => () => cpuOf(client.few, CALLS);
const many = (client: { readonly many: Client }) => () => cpuOf(client.many, CALLS / 20);

const off = await difference(() => askingOf(idle), () => askingOf(instrument(idle)));

const receiver = Deno.serve({ port: 0, onListen() {} }, async (request) => {
  await request.arrayBuffer();
  return new Response();
});
await using _telemetry = await startTelemetry({ enabled: true, endpoint: `http://127.0.0.1:${receiver.addr.port}` });
const on = await difference(few(bare), few(watched));
const onMany = await difference(many(bare), many(watched));
const event = (onMany - on) / (MANY - FEW);

const rows = [
  ["off, a call", off, LIMITS.off],
  [`on, a call of ${FEW} events`, on, LIMITS.on],
  ["on, each event more", event, LIMITS.event],
] as const;
console.log("| telemetry | CPU µs | at most |\n| --- | ---: | ---: |");
for (const [name, micros, limit] of rows) console.log(`| ${name} | ${micros.toFixed(2)} | ${limit} |`);
await _telemetry.shutdown();
await receiver.shutdown();
if (rows.some(([, micros, limit]) => micros > limit)) Deno.exit(1);
