/**
 * OpenAI's official SDK: alone, and instrumented from outside as its users have it. The instrumentations know its
 * versions below 7, so that theirs is the one before.
 *
 * @module
 */
import type OpenAI from "openai";
import { type Asker, isPlain, KEY, question } from "./asker.ts";
import { load } from "./packages.ts";
import { startExport } from "./export.ts";

/** Alone. */
export async function openai(url: string): Promise<Asker> {
  const sdk = await import("openai");
  return askerOf(new sdk.default({ apiKey: KEY, baseURL: `${url}/v1` }));
}

/** What is used of the packages whose types are not loaded. */
interface OpenAi6 {
  readonly default: typeof OpenAI;
}

/** An instrumentation of OpenTelemetry's. */
interface Instrumentation {
  setTracerProvider(provider: unknown): void;
  setMeterProvider(provider: unknown): void;
  getModuleDefinitions(): readonly { patch?(exports: unknown, version: string): unknown }[];
}

/** With OpenTelemetry's own instrumentation, its patch applied by hand: loaders are not hooked into everywhere. */
export async function openaiOtel(url: string): Promise<Asker> {
  const { OpenAIInstrumentation } = await load<{ OpenAIInstrumentation: new () => Instrumentation }>(
    "@opentelemetry/instrumentation-openai",
  );
  const sdk = await load<OpenAi6>("openai-6");
  const { tracers, meters, flush } = await startExport(url);
  const instrumentation = new OpenAIInstrumentation();
  instrumentation.setTracerProvider(tracers);
  instrumentation.setMeterProvider(meters);
  for (const definition of instrumentation.getModuleDefinitions()) definition.patch?.({ OpenAI: sdk.default }, "6");
  return { ...askerOf(new sdk.default({ apiKey: KEY, baseURL: `${url}/v1` })), settle: flush };
}

/** What is used of Traceloop. */
interface Traceloop {
  initialize(options: object): unknown;
  forceFlush(): Promise<void>;
}

/** With Traceloop, which brings its SDK and its exporter. */
export async function openaiTraceloop(url: string): Promise<Asker> {
  const { initialize, forceFlush } = await load<Traceloop>("@traceloop/node-server-sdk");
  const sdk = await load<OpenAi6>("openai-6");
  initialize({
    baseUrl: url,
    apiKey: KEY,
    appName: "bench",
    traceloopSyncEnabled: false,
    traceContent: false,
    silenceInitializationMessage: true,
    instrumentModules: { openAI: sdk.default },
  });
  return { ...askerOf(new sdk.default({ apiKey: KEY, baseURL: `${url}/v1` })), settle: forceFlush };
}

function askerOf(client: OpenAI): Asker {
  const messages = [...question];
  return {
    async ask(dialect, model) {
      let text = "";
      if (dialect === "responses") {
        if (isPlain(model)) return (await client.responses.create({ model, input: messages })).output_text.length;
        for await (const event of await client.responses.create({ model, input: messages, stream: true })) {
          if (event.type === "response.output_text.delta") text += event.delta;
        }
        return text.length;
      }
      if (isPlain(model)) {
        const { choices } = await client.chat.completions.create({ model, messages });
        return choices[0]?.message.content?.length ?? 0;
      }
      const options = { model, messages, stream: true, stream_options: { include_usage: true } } as const;
      for await (const { choices } of await client.chat.completions.create(options)) {
        text += choices[0]?.delta?.content ?? "";
      }
      return text.length;
    },
  };
}
