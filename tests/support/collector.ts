/**
 * A collector that can misbehave in each of the ways that collectors have: a receiver of OTLP behind a door of raw TCP, at
 * the same address whether it is up or down.
 *
 * @module
 */
import { type OtlpReceiver, type OtlpRequest, startReceiver } from "./otlp_receiver.ts";

/** What is wrong with the connection: every one of them, from now on. */
export type WireFault =
  /** Nobody listens. */
  | "down"
  /** The connection is closed when the request is there. */
  | "disconnects"
  /** It dies in the middle of its answer. */
  | "cut"
  /** What it answers is no HTTP. */
  | "garbage";

/** What is wrong with the answer; undefined is success. */
export type AnswerFault = (request: OtlpRequest) => Response | undefined | Promise<Response | undefined>;

/** What is wrong. */
export type Fault = WireFault | AnswerFault;

/** The collector. */
export interface Collector extends AsyncDisposable {
  /** For `endpoint`; the same for as long as the collector lives. */
  readonly url: string;
  /** What arrived. */
  readonly receiver: OtlpReceiver;
  /** How many requests have come, answered or not. */
  readonly asked: number;
  /** From now on it does this, undefined: nothing wrong. Connections that are open are closed: it dies and returns. */
  misbehave(fault: Fault | undefined): Promise<void>;
  /** Resolves once so many requests have come. */
  arrived(count: number): Promise<void>;
}

const { setTimeout, clearTimeout } = globalThis; // Tests replace the global ones.
const patienceMs = 10_000;

/** Starts a collector. `await using collector = await startCollector()` closes it at the end of the block. */
export async function startCollector(fault?: Fault): Promise<Collector> {
  let wrong: Fault | undefined;
  let asked = 0;
  const waiting = new Set<() => void>();
  const open = new Set<Deno.TcpConn>();
  const came = () => {
    asked++;
    for (const look of waiting) look();
  };
  const receiver = startReceiver({
    respond(request) {
      came();
      return typeof wrong === "function" ? wrong(request) : undefined;
    },
  });
  const behind = Number(new URL(receiver.url).port);
  const address = { hostname: "127.0.0.1", port: 0 };
  let door: Deno.TcpListener | undefined;
  let serving = Promise.resolve();

  async function serve(listener: Deno.TcpListener): Promise<void> {
    const work: Promise<void>[] = [];
    for await (const client of listener) work.push(pass(client));
    await Promise.all(work);
  }

  async function pass(client: Deno.TcpConn): Promise<void> {
    open.add(client);
    try {
      if (typeof wrong === "string") await spoil(client, wrong);
      else await forward(client);
    } catch {
      // Either side may go at any time: that is what this is for.
    } finally {
      close(client);
    }
  }

  async function spoil(client: Deno.TcpConn, how: WireFault): Promise<void> {
    await readRequest(client);
    came();
    if (how === "garbage") await client.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.6\r\n"));
    if (how === "cut") await client.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-le"));
  }

  async function forward(client: Deno.TcpConn): Promise<void> {
    const server = await Deno.connect({ hostname: address.hostname, port: behind });
    open.add(server);
    try {
      const ways = [client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)];
      await Promise.race(ways); // When one side has gone there is nothing left to say to the other.
      [client, server].forEach(close);
      await Promise.allSettled(ways);
    } finally {
      close(server);
    }
  }

  function close(connection: Deno.TcpConn): void {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // Its streams have closed it.
    }
  }

  async function misbehave(fault: Fault | undefined): Promise<void> {
    wrong = fault;
    for (const connection of [...open]) close(connection);
    if (fault === "down" && door !== undefined) await shut();
    if (fault !== "down" && door === undefined) listen();
  }

  function listen(): void {
    door = Deno.listen(address);
    address.port = door.addr.port;
    serving = serve(door);
  }

  async function shut(): Promise<void> {
    door?.close();
    door = undefined;
    for (const connection of [...open]) close(connection);
    await serving;
  }

  listen();
  await misbehave(fault);
  return {
    url: `http://${address.hostname}:${address.port}`,
    receiver,
    get asked() {
      return asked;
    },
    misbehave,
    arrived(count) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = () => {
        if (asked >= count) resolve();
      };
      const timer = setTimeout(() => reject(new Error(`${asked} requests came, not ${count}.`)), patienceMs);
      waiting.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
      });
    },
    async [Symbol.asyncDispose]() {
      await shut();
      await receiver.close();
    },
  };
}

/** Reads one whole request: a connection that is closed with bytes unread is reset, which is another fault. */
async function readRequest(client: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let head = "";
  let body = 0;
  let length = Infinity;
  while (body < length) {
    const read = await client.read(buffer);
    if (read === null) return;
    if (length !== Infinity) {
      body += read;
      continue;
    }
    head += String.fromCharCode(...buffer.subarray(0, read));
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) continue;
    length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    body = head.length - end - 4;
  }
}

/** Never answers. */
export const hangs: AnswerFault = () => new Promise(() => {});

/** Answers with a status alone. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): AnswerFault {
  return () => new Response(null, { status: code, headers });
}

/** Does `fault` the first `times` times, on each path. */
export function first(times: number, fault: AnswerFault): AnswerFault {
  return (request) => request.attempt <= times ? fault(request) : undefined;
}

/** Takes the request and says that it rejected some of its spans or data points. */
export function partial(rejected: number, message = "some were too old"): AnswerFault {
  return ({ format, signal }) => {
    if (format === "json") {
      const count = signal === "traces" ? "rejectedSpans" : "rejectedDataPoints";
      return Response.json({ partialSuccess: { [count]: String(rejected), errorMessage: message } });
    }
    // partial_success = 1 { rejected = 1, error_message = 2 }
    const text = new TextEncoder().encode(message);
    const inner = [...rejected === 0 ? [] : [8, ...varint(rejected)], 18, ...varint(text.length), ...text];
    const body = new Uint8Array([10, ...varint(inner.length), ...inner]);
    return new Response(body, { headers: { "content-type": "application/x-protobuf" } });
  };
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** A page for people, as a proxy or a login gives it. */
export const webPage: AnswerFault = () =>
  new Response("<!doctype html><title>Sign in</title>", { headers: { "content-type": "text/html; charset=utf-8" } });

/** A body that never ends, as fast as it is read. */
export function endless(code = 200): AnswerFault {
  const chunk = new Uint8Array(16 * 1024).fill(32);
  return () => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    return new Response(body, { status: code, headers: { "content-type": "application/json" } });
  };
}

/** A head, and then nothing more. */
export function silentAfterHead(code = 200): AnswerFault {
  return () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([32])) });
    return new Response(body, { status: code, headers: { "content-type": "application/json" } });
  };
}

/** Sends elsewhere. */
export function redirect(to: string): AnswerFault {
  return () => new Response(null, { status: 307, headers: { location: to } });
}

/** Answers only once it is released. */
export interface Gate {
  /** The fault. */
  readonly fault: AnswerFault;
  /** Answers whoever waits, and whoever comes. */
  open(): void;
}

/** Makes an answer that waits. */
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { fault: () => promise, open: () => resolve(undefined) };
}
