/**
 * All vendors on one free port of this machine, for the contract: OpenAI's chat completions and Responses, Anthropic's
 * messages. What is asked says what happens.
 *
 * @module
 */
import { type AgentWire, agentWires } from "../../support/agent_wires.ts";
import { type Wire, wires } from "../../support/wires.ts";

/** One request, as a vendor saw it. */
export interface AskedOfVendor {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** The vendors. */
export interface ContractVendor extends AsyncDisposable {
  /** For `baseUrl`, without its `/v1`. */
  readonly url: string;
  /** As in `--allow-net`. */
  readonly host: string;
  /** All that was asked. */
  requests(): readonly AskedOfVendor[];
  /** Resolves once the client has left the stalled answer of this name; rejects when it does not. */
  left(name: string): Promise<void>;
}

const DIALECTS: Readonly<Record<string, string>> = {
  "/v1/chat/completions": "chat",
  "/v1/responses": "responses",
  "/v1/messages": "anthropic",
};
const PATIENCE_MS = 5_000;

/** Starts them; `await using` closes them at the end of the block. */
export function startContractVendor(): ContractVendor {
  const seen: AskedOfVendor[] = [];
  const leaving = new Map<string, PromiseWithResolvers<void>>();
  const leave = (name: string) => {
    const known = leaving.get(name) ?? Promise.withResolvers<void>();
    leaving.set(name, known);
    return known;
  };
  const met = Promise.withResolvers<void>();
  let meeting = 0;
  const stop = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    const text = await request.text();
    seen.push({ url: request.url, headers: new Headers(request.headers), body: text });
    const wire = wires.find(({ name }) => name === DIALECTS[path]);
    const agent = agentWires.find(({ name }) => name === DIALECTS[path]);
    if (wire === undefined || agent === undefined) return new Response("No such vendor.", { status: 404 });
    if (text.includes("[refuse]")) return Response.json(wire.refusal("authentication_error"), { status: 401 });
    const stalled = /\[stall:(\w+)\]/.exec(text)?.[1];
    if (stalled !== undefined) return stalling(wire.opening, leave(stalled).resolve);
    if (text.includes("[meet]")) {
      if (++meeting === 2) met.resolve();
      await met.promise; // The first two are answered once both are there.
    }
    return answer(wire, agent, JSON.parse(text));
  });
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    url: `http://${host}`,
    host,
    requests: () => [...seen],
    left(name) {
      const { promise, reject } = Promise.withResolvers<never>();
      const late = () => reject(new Error(`The client did not leave "${name}" within ${PATIENCE_MS} ms.`));
      const timer = setTimeout(late, PATIENCE_MS);
      return Promise.race([leave(name).promise, promise]).finally(() => clearTimeout(timer));
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

function answer(wire: Wire, agent: AgentWire, body: { readonly stream?: boolean; readonly tools?: unknown }): Response {
  if (body.stream !== true) return Response.json(wire.body);
  const call = { id: "call_1", name: "weather", arguments: { city: "Paris" } };
  const wants = body.tools !== undefined && agent.results(body).length === 0;
  return events(wants ? agent.turn({ toolCalls: [call] }) : wire.stream(["Par", "is."]));
}

function events(body: BodyInit): Response {
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function stalling(opening: string, left: () => void): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(opening)),
    cancel: left,
  });
  return events(body);
}
