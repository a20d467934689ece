/**
 * A vendor of whose every byte the test is the author: HTTP/1.1 over raw TCP, on a free port of this machine.
 *
 * @module
 */
import { type ChatAnswer, chatChunks, sse } from "./chat_wire.ts";

export { type ChatAnswer, chatChunks, type RawUsage, someUsage, sse } from "./chat_wire.ts";

/** One request, as a handler sees it. */
export interface VendorRequest {
  /** From 1, over all connections. */
  readonly number: number;
  /** From 1, in the order in which they were opened. */
  readonly connection: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  /** Parsed JSON; undefined when there was none, or when the handler is {@linkcode unread}. */
  readonly body: unknown;
}

/** What a handler answers with. Nothing is sent that it did not ask for. */
export interface Reply {
  /** Status and headers. The body is chunked, unless a content-length is given. */
  head(status?: number, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** A piece of the body, sent at once. */
  write(text: string): Promise<void>;
  /** Ends a chunked body; the connection may be used again. */
  end(): Promise<void>;
  /** Bytes as they are. */
  raw(text: string): Promise<void>;
  /** Says nothing more, until it is released, the client closes the connection or the server is closed. */
  stall(released?: Promise<unknown>): Promise<void>;
  /** Closes the connection. */
  close(): void;
}

/** Answers one request. */
export interface Handler {
  (reply: Reply, request: VendorRequest): void | Promise<void>;
  /** The request's body is left where it is. */
  readonly unread?: boolean;
}

/** The server. */
export interface VendorServer extends AsyncDisposable {
  /** For `baseUrl`, its `/v1` included. */
  readonly url: string;
  /** What has come, in order of arrival. */
  readonly requests: readonly VendorRequest[];
  /** How many connections were opened. */
  readonly connections: number;
  /** The request of that number, once it is here. */
  request(number: number): Promise<VendorRequest>;
  /** Resolves when the client has closed connection `number`; rejects when the server did. */
  connectionClosed(number: number): Promise<void>;
}

interface Connection {
  readonly socket: Deno.TcpConn;
  /** By the client, or by us. */
  readonly closed: Promise<"client" | "server">;
  close(by: "client" | "server"): void;
}

// Tests replace the global one.
const { setTimeout, clearTimeout } = globalThis;
const patienceMs = 5_000;

/**
 * Starts a server. `await using server = startVendor(handler)` closes it at the end of the block and throws what a
 * handler threw. Of several handlers each answers one request; the last answers all that follow.
 */
export function startVendor(...handlers: readonly [Handler, ...Handler[]]): VendorServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: VendorRequest[] = [];
  const connections: Connection[] = [];
  const failures: unknown[] = [];
  const work: Promise<void>[] = [];
  const news = new Set<() => void>();
  let closing = false;

  async function accept(): Promise<void> {
    for await (const socket of listener) {
      connections.push(connectionOf(socket));
      work.push(serve(connections.length));
      for (const look of news) look();
    }
  }

  async function serve(number: number): Promise<void> {
    const connection = connections[number - 1]!;
    while (true) {
      const head = await readHead(connection.socket);
      if (head === undefined) return connection.close("client");
      const handler = handlers[Math.min(requests.length, handlers.length - 1)]!;
      const length = Number(head.headers.get("content-length") ?? 0);
      const text = handler.unread || length === 0 ? undefined : await readText(connection.socket, length);
      const body = text === undefined ? undefined : JSON.parse(text);
      const request = { number: requests.length + 1, connection: number, ...head, body };
      requests.push(request);
      for (const look of news) look();
      work.push(answer(handler, connection, request));
      if (handler.unread) return;
    }
  }

  async function answer(handler: Handler, connection: Connection, request: VendorRequest): Promise<void> {
    let clientIsGone = false;
    void connection.closed.then((by) => clientIsGone = by === "client");
    try {
      await handler(replyOn(connection), request);
    } catch (error) {
      // Writing to a client that has gone fails, and so it should.
      if (!closing && !clientIsGone && !(error instanceof Deno.errors.BrokenPipe)) failures.push(error);
    }
  }

  /** Resolves once `find` finds something. */
  function soon<T>(what: string, find: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      const found = find();
      if (found !== undefined) resolve(found);
    };
    const late = () => reject(new Error(`${what} within ${patienceMs} ms; ${requests.length} requests have come.`));
    const timer = setTimeout(late, patienceMs);
    news.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      news.delete(look);
    });
  }

  const accepting = accept();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/v1`,
    requests,
    get connections() {
      return connections.length;
    },
    request: (number) => soon(`No request ${number}`, () => requests[number - 1]),
    async connectionClosed(number) {
      const { closed } = await soon(`No connection ${number}`, () => connections[number - 1]);
      let by: "client" | "server" | undefined;
      void closed.then((who) => {
        by = who;
        for (const look of news) look();
      });
      const who = await soon(`The client did not close connection ${number}`, () => by);
      if (who === "server") throw new Error(`The server closed connection ${number} itself.`);
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      listener.close();
      await accepting;
      for (const connection of connections) connection.close("server");
      for (const each of work) await each; // Grows while it is walked: a connection adds its answers.
      if (failures.length > 0) throw failures[0];
    },
  };
}

function connectionOf(socket: Deno.TcpConn): Connection {
  const { promise, resolve } = Promise.withResolvers<"client" | "server">();
  let open = true;
  const close = (by: "client" | "server") => {
    if (open) socket.close();
    open = false;
    resolve(by);
  };
  return { socket, closed: promise, close };
}

function replyOn({ socket, closed, close }: Connection): Reply {
  let chunked = false;
  const raw = async (text: string) => {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
  };
  return {
    async head(status = 200, headers = { "content-type": "text/event-stream" }) {
      chunked = !("content-length" in headers);
      const all = { ...headers, ...chunked ? { "transfer-encoding": "chunked" } : {} };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      await raw(`HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n`);
    },
    write: (text) => raw(chunked ? `${new TextEncoder().encode(text).length.toString(16)}\r\n${text}\r\n` : text),
    end: () => raw("0\r\n\r\n"),
    raw,
    stall: async (released = closed) => void await Promise.race([released, closed]),
    close: () => close("server"),
  };
}

type Head = Pick<VendorRequest, "method" | "path" | "headers">;

/** One byte at a time, so that whatever follows the head stays where it is. Undefined when the client is gone. */
async function readHead(socket: Deno.TcpConn): Promise<Head | undefined> {
  const byte = new Uint8Array(1);
  let text = "";
  while (!text.endsWith("\r\n\r\n")) {
    if (!await readInto(socket, byte)) return undefined;
    text += String.fromCharCode(byte[0]!);
  }
  const [line = "", ...fields] = text.trimEnd().split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const pairs = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  });
  return { method, path, headers: new Headers(pairs) };
}

async function readText(socket: Deno.TcpConn, length: number): Promise<string | undefined> {
  const bytes = new Uint8Array(length);
  return await readInto(socket, bytes) ? new TextDecoder().decode(bytes) : undefined;
}

/** Fills `bytes`; false when the connection ended first, whoever ended it. */
async function readInto(socket: Deno.TcpConn, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    try {
      const read = await socket.read(bytes.subarray(at));
      if (read === null) return false;
      at += read;
    } catch {
      return false;
    }
  }
  return true;
}

/**
 * The same handler, which leaves the request's body unread. Closing the connection then loses what the client sent: the
 * end of the connection is followed by a reset (see resetting_server.ts for one that comes alone).
 */
export function unread(handler: Handler): Handler {
  return Object.assign((reply: Reply, request: VendorRequest) => handler(reply, request), { unread: true });
}

/** A whole streamed answer. */
export function chat(answer: ChatAnswer = {}, headers: Readonly<Record<string, string>> = {}): Handler {
  return async (reply) => {
    await reply.head(200, { "content-type": "text/event-stream", ...headers });
    await reply.write(sse(...chatChunks(answer), "[DONE]"));
    await reply.end();
  };
}

/** A streamed answer that stops after its first piece of text, and stays open. */
export function chatThenStall(text = "Par"): Handler {
  return async (reply) => {
    await reply.head();
    await reply.write(sse(...chatChunks({ text, finishReason: undefined })));
    await reply.stall();
  };
}

/** A whole body. */
export function body(
  content: unknown,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } =
    {},
): Handler {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return async (reply) => {
    const length = String(new TextEncoder().encode(text).length);
    await reply.head(status, { "content-type": "application/json", ...headers, "content-length": length });
    await reply.raw(text);
  };
}

/** A refusal in OpenAI's words. */
export function refusal(status: number, headers: Readonly<Record<string, string>> = {}, code?: string): Handler {
  return body({ error: { message: "The vendor's own words.", type: "a_type", code: code ?? null } }, {
    status,
    headers,
  });
}

/** A port of this machine on which nobody listens. */
export function refusedUrl(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}/v1`;
}
