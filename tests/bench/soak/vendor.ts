/**
 * The vendor of a soak, in a process of its own, on raw TCP, so that it can cut and reset and knows its sockets. Beside
 * it a back end that takes telemetry and tells the sums of the metrics it was sent. Prints the ports of both.
 *
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { decodeRequest } from "../../support/otlp_decode.ts";
import { chatBody, chatChunks, sse } from "../../support/chat_wire.ts";
import { countSpans } from "../span_count.ts";
import type { Counts } from "./counts.ts";
import type { Kind } from "./kinds.ts";

const usage = { prompt_tokens: 14, completion_tokens: 8, total_tokens: 22 };
const words = (count: number) => Array.from({ length: count }, (_, index) => ` word${index}`);
const whole = (count: number) => sse(...chatChunks({ text: words(count), usage }), "[DONE]");
const begun = sse(...chatChunks({ text: words(3), finishReason: undefined }));

const streams = { short: whole(20), long: whole(200) };
const plain = JSON.stringify(chatBody({ usage }));
const refusal = JSON.stringify({ error: { message: "Not now.", type: "a_type", code: null } });

const sockets = new Set<Socket>();
/** Questions that were refused once. */
const refused = new Set<string>();
let requests = 0;

/** An answer in one body. */
function body(socket: Socket, status: number, text: string, more = ""): void {
  const head = `HTTP/1.1 ${status} Scripted\r\ncontent-type: application/json\r\n${more}`;
  socket.write(`${head}content-length: ${text.length}\r\n\r\n${text}`);
}

/** An answer in pieces, of which `text` is the first and perhaps the only one. */
function pieces(socket: Socket, text: string, isLast: boolean): void {
  const head = "HTTP/1.1 200 Scripted\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  socket.write(`${head}${text.length.toString(16)}\r\n${text}\r\n${isLast ? "0\r\n\r\n" : ""}`);
}

/** Does what the model's name says. */
function answer(socket: Socket, kind: Kind, question: string): void {
  if (kind === "plain") return body(socket, 200, plain);
  if (kind === "short" || kind === "long") return pieces(socket, streams[kind], true);
  if (kind === "cut") return pieces(socket, begun, true);
  if (kind === "500") return body(socket, 500, refusal);
  if (kind === "429") {
    if (refused.delete(question)) return pieces(socket, streams.short, true);
    refused.add(question);
    return body(socket, 429, refusal, "retry-after-ms: 20\r\n");
  }
  // Of those that stall, break and abort the caller closes the connection.
  pieces(socket, begun, false);
  if (kind === "reset") setTimeout(() => socket.resetAndDestroy(), 5);
}

const server = createServer((socket) => {
  sockets.add(socket);
  let text = "";
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => {}); // Callers may go at any time: that is what this is for.
  socket.on("data", (bytes) => {
    text += bytes.toString();
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
    if (end < 0 || text.length < end + 4 + length) return;
    const { model, messages } = JSON.parse(text.slice(end + 4, end + 4 + length));
    text = text.slice(end + 4 + length);
    requests++;
    answer(socket, model, messages[0].content);
  });
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

let spans = 0;
/** The newest value of each series: metrics are cumulative unless somebody asks for another temporality. */
const series = new Map<string, { readonly name: string; readonly value: number }>();

function counts(): Counts {
  const metrics: Record<string, number> = {};
  for (const { name, value } of series.values()) metrics[name] = (metrics[name] ?? 0) + value;
  return { sockets: sockets.size, requests, spans, metrics };
}

async function takeMetrics(request: Request): Promise<void> {
  const bytes = await plainBytes(request);
  const format = request.headers.get("content-type") === "application/json" ? "json" : "protobuf";
  for (const { name, kind, value, attributes } of decodeRequest("metrics", format, bytes).metrics) {
    if (kind === "sum" && value !== undefined) series.set(name + JSON.stringify(attributes), { name, value });
  }
}

async function plainBytes(request: Request): Promise<Uint8Array> {
  if (request.headers.get("content-encoding") !== "gzip") return await request.bytes();
  return await new Response(request.body?.pipeThrough(new DecompressionStream("gzip"))).bytes();
}

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) =>
    console.log(JSON.stringify({ vendor: (server.address() as AddressInfo).port, backEnd: port })),
}, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/counts") return Response.json(counts());
  if (pathname === "/v1/traces") spans += await countSpans(request);
  else await takeMetrics(request);
  return Response.json({});
});
await Deno.stdin.readable.pipeTo(new WritableStream()); // Until whoever started it lets it end.
Deno.exit();
