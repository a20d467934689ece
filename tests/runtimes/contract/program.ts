/**
 * The contract: what a user of this library gets, on every runtime the same. A row of it is a function that runs in the
 * runtime; what the vendor and the back end must have seen of it stands in rows.ts.
 *
 * @module
 */
import { usedAtModuleScope } from "./module_scope.ts"; // First, and before the library.
import {
  AuthenticationError,
  type Client,
  createClient,
  createReasoningAgent,
  defineTool,
  extractContext,
  type FlushReport,
  flushTelemetry,
  getTracer,
  instrumentHandler,
  startTelemetry,
} from "@sik/llms";
import { mcpTools } from "@sik/llms/mcp";
import * as telemetry from "@sik/llms/telemetry";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { watchPending } from "./pending.ts";
import { CALLER, IDLE_MS, KEYS, ROW } from "./row.ts";

/** What the program is told. */
export interface Settings {
  /** Where all vendors are; no slash at its end. */
  readonly vendor: string;
  /** The runtime carries the user's span across awaits, or the user hands it on. */
  readonly parents: "by the runtime" | "by hand";
  /** Which rows, in this order. */
  readonly rows: readonly RowName[];
}

/** What the program tells. */
export interface Told {
  /** Each row; `trouble` says what went wrong. */
  readonly rows: readonly { readonly row: RowName; readonly trouble: string | undefined }[];
  /** What its flushes reported. */
  readonly flushes: readonly FlushReport[];
}

const atModuleScope = usedAtModuleScope();

const models = { chat: "gpt-4o-mini", responses: "gpt-4o-mini", anthropic: "claude-haiku-4-5" } as const;

const callerHeaders = { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` };

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

type Dialect = keyof typeof models;
type Play = (row: string, settings: Settings, flushes: FlushReport[]) => void | Promise<void>;

const rows = {
  import() {
    const functions = [createClient, createReasoningAgent, mcpTools, telemetry.startTelemetry];
    same(functions.map((each) => typeof each), functions.map(() => "function"));
    same(telemetry.flushTelemetry === flushTelemetry, true, "both entries are one module");
  },
  "nothing done at module scope": () => same(atModuleScope, []),
  "OpenAI chat, plain": plain("chat"),
  "OpenAI chat, streamed": streamed("chat"),
  "OpenAI Responses, plain": plain("responses"),
  "OpenAI Responses, streamed": streamed("responses"),
  "Anthropic, plain": plain("anthropic"),
  "Anthropic, streamed": streamed("anthropic"),
  async tools(row, settings) {
    const asked: unknown[] = [];
    const weather = defineTool<{ city: string }>({
      name: "weather",
      description: "Gives the weather of a city.",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      execute: ({ city }) => void asked.push(city),
    });
    const agent = createReasoningAgent(models.chat, {
      baseUrl: `${settings.vendor}/v1`,
      apiKey: KEYS.openai,
      tools: [weather],
    });
    const { response } = await agent.run("Do I need a coat?", { attributes: { [ROW]: row } });
    same([response, asked], ["Paris.", ["Paris"]]);
  },
  async abort(row, settings) {
    const controller = new AbortController();
    const reason = new Error("That is enough.");
    const { signal } = controller;
    const caught = await rejection(async () => {
      for await (const { type } of clientOf("chat", settings).stream("[stall:abort]", asking(row, { signal }))) {
        if (type === "text") controller.abort(reason);
      }
    });
    same(caught === reason, true, `it rejects with the signal's own reason, not ${caught}`);
  },
  async "early break"(row, settings) {
    let texts = 0;
    for await (const { type } of clientOf("chat", settings).stream("[stall:break]", asking(row))) {
      if (type !== "text") continue;
      texts++;
      break;
    }
    same(texts, 1);
  },
  async "typed error"(row, settings) {
    const caught = await rejection(() => clientOf("anthropic", settings).run("[refuse]", asking(row)));
    if (!(caught instanceof AuthenticationError)) throw new Error(`AuthenticationError, not ${caught}`);
    same([caught.name, caught.status, caught.traceContext?.traceId.length], ["AuthenticationError", 401, 32]);
  },
  async "parentage across awaits"(row, settings) {
    const { state } = await startTelemetry();
    same(state.rule, "zero-config");
    await getTracer("contract").startActiveSpan("outer", async (span) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const parent = settings.parents === "by hand" ? trace.setSpan(ROOT_CONTEXT, span) : undefined;
      await clientOf("chat", settings).run("Capital?", asking(row, { parent }));
      span.end();
    });
  },
  async "two at once, one after idling"(row, settings) {
    const ask = () => oneCall(row, settings);
    await Promise.all([ask(), ask()]);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS)); // What is tested is that time goes by.
    await ask();
  },
  "one call": oneCall,
  "traces arrive": () => {},
  "metrics arrive": () => {},
  "vendors see keys and nothing of traces": () => {},
  async "flush counts"(row, settings, flushes) {
    flushes.push(await flushTelemetry());
    await clientOf("chat", settings).run("Capital?", asking(row));
    const report = await flushTelemetry();
    flushes.push(report);
    same([report.spans, report.timedOut, report.errors], [{ exported: 3, failed: 0, dropped: 0 }, false, []]);
    same([report.metrics.exported > 0, report.metrics.failed, report.metrics.dropped], [true, 0, 0]);
    const nothing = await flushTelemetry();
    flushes.push(nothing);
    same(nothing.spans.exported, 0, "nothing is sent twice");
  },
  async "instrumented handler"(row, settings) {
    const waited: Promise<unknown>[] = [];
    same(await handled(row, settings, "waited", { waitUntil: (promise) => void waited.push(promise) }), [
      200,
      "Paris.",
    ]);
    same(waited.length, 1, "promises for waitUntil");
    await Promise.all(waited);
    // Whatever is counted from here on was not there when the first flush posted.
    const watch = watchPending();
    try {
      same(await handled(row, settings, "held"), [200, "Paris."]);
    } finally {
      watch.stop();
    }
    same(watch.requests(), [], "all was sent before the body ended");
    same((await flushTelemetry()).spans.exported, 0, "nothing was left to send");
    const parent = extractContext(callerHeaders);
    await clientOf("chat", settings).run("Capital?", { parent });
    await flushTelemetry();
  },
  async "nothing pending after waitUntil"(row, settings) {
    const watch = watchPending();
    try {
      const waited: Promise<unknown>[] = [];
      await handled(row, settings, "frozen", { waitUntil: (promise) => void waited.push(promise) });
      await Promise.all(waited);
      same([watch.timers(), watch.requests()], [[], []]);
      const { timers, requests } = watch.seen();
      same([timers > 0, requests >= 3], [true, true], "the watch sees timers, the vendor, traces and metrics");
    } finally {
      watch.stop();
    }
  },
} as const satisfies Readonly<Record<string, Play>>;

/** The name of a row that the program plays. */
export type RowName = keyof typeof rows;

/** Plays rows of the contract. Never rejects. */
export async function play(settings: Settings): Promise<Told> {
  const flushes: FlushReport[] = [];
  const told: { readonly row: RowName; readonly trouble: string | undefined }[] = [];
  for (const row of settings.rows) {
    const trouble = await rejection(() => (rows[row] as Play)(row, settings, flushes));
    told.push({ row, trouble: trouble === undefined ? undefined : String(trouble) });
  }
  return { rows: told, flushes };
}

/** Asks an instrumented handler, as whoever called; gives status and text. */
async function handled(row: string, settings: Settings, path: string, context?: Context): Promise<unknown> {
  const handler = instrumentHandler(async (request: Request, _env: object, _context: Context | undefined) => {
    const question = await request.text();
    const parent = settings.parents === "by hand" ? extractContext(request.headers) : undefined;
    return new Response((await clientOf("chat", settings).run(question, asking(row, { parent }))).response);
  }, { spanName: ({ method, url }) => `${method} ${new URL(url).pathname}` });
  const init = { method: "POST", body: "Capital?", headers: callerHeaders };
  const response = await handler(new Request(`http://localhost/${path}`, init), {}, context);
  return [response.status, await response.text()];
}

function plain(dialect: Dialect): Play {
  return async (row, settings) => {
    const result = await clientOf(dialect, settings).run("Capital?", asking(row, { streaming: false }));
    same([result.response, result.usage?.outputTokens], ["Paris.", 25]);
  };
}

function streamed(dialect: Dialect): Play {
  return async (row, settings) => {
    const texts: string[] = [];
    let last: string | undefined;
    for await (const event of clientOf(dialect, settings).stream("Capital?", asking(row))) {
      last = event.type;
      if (event.type === "text") texts.push(event.delta);
      if (event.type === "finish") same([event.result.response, event.result.usage?.outputTokens], ["Paris.", 25]);
    }
    same([texts, last], [["Par", "is."], "finish"]);
  };
}

async function oneCall(row: string, settings: Settings): Promise<void> {
  same((await clientOf("chat", settings).run("[meet]", asking(row))).response, "Paris.");
}

function clientOf(dialect: Dialect, { vendor }: Settings): Client {
  const api = dialect === "responses" ? "responses" : undefined;
  const baseUrl = dialect === "anthropic" ? vendor : `${vendor}/v1`;
  return createClient(models[dialect], {
    baseUrl,
    apiKey: dialect === "anthropic" ? KEYS.anthropic : KEYS.openai,
    api,
  });
}

function asking<Options extends object>(row: string, options?: Options) {
  return { ...options, attributes: { [ROW]: row } };
}

async function rejection(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function same(actual: unknown, expected: unknown, what = ""): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what} expected ${other}, got ${one}`.trim());
}
