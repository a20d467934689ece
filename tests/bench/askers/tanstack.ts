/**
 * TanStack AI with its OpenAI adapters; its types are not loaded, since it is no dependency of this repository.
 *
 * @module
 */
import { type Asker, KEY, question } from "./asker.ts";
import { startExport } from "./export.ts";
import { load } from "./packages.ts";

/** What is used of an event of its stream. */
interface Chunk {
  readonly type: string;
  readonly delta?: string;
}

/** What is used of it. */
interface TanStackAi {
  chat(options: object): AsyncIterable<Chunk>;
}

/** A way to make an adapter. */
type MakeAdapter = (model: string, key: string, options: object) => object;

/** With telemetry by its own middleware, which makes spans and metrics. */
export async function tanstack(url: string, on: boolean): Promise<Asker> {
  const { chat } = await load<TanStackAi>("@tanstack/ai");
  const { createOpenaiChat, createOpenaiChatCompletions } = await load<Record<string, MakeAdapter>>(
    "@tanstack/ai-openai",
  );
  const messages = [...question];
  const middleware: object[] = [];
  let settle: Pick<Asker, "settle"> = {};
  if (on) {
    const { otelMiddleware } = await load<{ otelMiddleware(options: object): object }>(
      "@tanstack/ai",
      "/middlewares/otel",
    );
    const { tracers, meters, flush } = await startExport(url);
    middleware.push(otelMiddleware({ tracer: tracers.getTracer("bench"), meter: meters.getMeter("bench") }));
    settle = { settle: flush };
  }
  return {
    async ask(dialect, model) {
      const make = dialect === "chat" ? createOpenaiChatCompletions : createOpenaiChat;
      const adapter = make?.(model, KEY, { baseURL: `${url}/v1` });
      let text = "";
      for await (const { type, delta } of chat({ adapter, messages, middleware })) {
        if (type === "RUN_ERROR") throw new Error("The run failed.");
        if (type === "TEXT_MESSAGE_CONTENT") text += delta ?? "";
      }
      return text.length;
    },
    ...settle,
  };
}
