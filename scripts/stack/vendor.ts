/**
 * A vendor on this machine that speaks OpenAI's chat completions and does what the question says: answer, refuse, fail,
 * or ask for tools.
 *
 * @module
 */

/** What the vendor was asked and did. */
export interface Tally {
  /** Answers that were given, of every kind. */
  answers: number;
  /** Those of models without a price. */
  unpriced: number;
  /** Refusals that are worth another try. */
  refusals: number;
  /** Refusals that are final. */
  failures: number;
}

/** The vendor. */
export interface Vendor extends AsyncDisposable {
  /** For `baseUrl`. */
  readonly url: string;
  readonly tally: Tally;
}

/** 30 tokens at full price, 60 from the cache, 10 written to it, 25 out, 5 of them thoughts. */
export const usage = {
  prompt_tokens: 100,
  completion_tokens: 25,
  total_tokens: 125,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

/** The model that nobody knows the price of. */
export const unpricedModel = "acme-large";

interface Body {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly unknown[];
}

interface Answer {
  readonly text: string;
  /** Arguments by the name of a tool. */
  readonly calls: readonly (readonly [name: string, args: object])[];
}

/** Starts a vendor on a free port. */
export function startVendor(): Vendor {
  const tally: Tally = { answers: 0, unpriced: 0, refusals: 0, failures: 0 };
  const stop = new AbortController();
  let refused = false;
  const handle = async (request: Request): Promise<Response> => {
    const body: Body = await request.json();
    const question = String(body.messages.findLast(({ role }) => role === "user")?.content ?? "");
    if (question.includes("fail")) {
      tally.failures++;
      return refusal(400, "This model does not like the question.");
    }
    if (question.includes("again")) {
      refused = !refused;
      if (refused) {
        tally.refusals++;
        return refusal(429, "Too many requests.", { "retry-after-ms": "20" });
      }
    }
    tally.answers++;
    if (body.model === unpricedModel) tally.unpriced++;
    const answer = answerTo(question, body);
    return body.stream === true ? streamed(body.model, answer) : Response.json(whole(body.model, answer));
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, handle);
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    tally,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

function answerTo(question: string, { messages, tools = [] }: Body): Answer {
  const turns = messages.filter(({ role }) => role === "tool").length;
  if (tools.length > 0 && (question.includes("for ever") || turns === 0)) {
    return { text: "", calls: [["search_flights", { to: "Lisbon" }], ["search_hotels", { city: "Lisbon" }]] };
  }
  return { text: "There is a flight at nine and a room with a view.", calls: [] };
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error: { message, type: "invalid_request_error", param: null, code: null } }, {
    status,
    headers,
  });
}

function common(model: string, object: string) {
  return { id: `chatcmpl-${crypto.randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function toolCalls({ calls }: Answer) {
  return calls.map(([name, args], index) => ({
    index,
    id: `call_${crypto.randomUUID()}`,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
}

function whole(model: string, answer: Answer): object {
  const called = answer.calls.length > 0;
  const message = {
    role: "assistant",
    content: answer.text,
    refusal: null,
    ...called ? { tool_calls: toolCalls(answer) } : {},
  };
  const finish_reason = called ? "tool_calls" : "stop";
  return { ...common(model, "chat.completion"), choices: [{ index: 0, message, finish_reason }], usage };
}

function streamed(model: string, answer: Answer): Response {
  const head = common(model, "chat.completion.chunk");
  const called = answer.calls.length > 0;
  const chunk = (delta: object, finish_reason: string | null = null) => {
    return { ...head, choices: [{ index: 0, delta, finish_reason }] };
  };
  const chunks = [
    chunk({ role: "assistant", content: "" }),
    ...answer.text.split(/(?= )/).filter(Boolean).map((content) => chunk({ content })),
    ...called ? [chunk({ tool_calls: toolCalls(answer) })] : [],
    chunk({}, called ? "tool_calls" : "stop"),
    { ...head, choices: [], usage },
  ];
  const text = [...chunks.map((each) => JSON.stringify(each)), "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}
