/**
 * The Vercel AI SDK with its OpenAI provider; its types are not loaded, since it is no dependency of this repository.
 *
 * @module
 */
import { type Asker, isPlain, KEY, question } from "./asker.ts";
import { startExport } from "./export.ts";
import { load } from "./packages.ts";

/** What is used of it. */
interface Ai {
  generateText(options: object): Promise<{ readonly text: string }>;
  streamText(options: object): { readonly textStream: AsyncIterable<string> };
  registerTelemetry(integration: object): void;
}

/** What is used of its OpenAI provider. */
interface Provider {
  createOpenAI(options: object): { chat(model: string): unknown; responses(model: string): unknown };
}

/** With telemetry it sends spans by way of its own integration, without content, as ours. */
export async function ai(url: string, on: boolean): Promise<Asker> {
  const { generateText, streamText, registerTelemetry } = await load<Ai>("ai");
  const { createOpenAI } = await load<Provider>("@ai-sdk/openai");
  const openai = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` });
  const messages = [...question];
  let settle: Pick<Asker, "settle"> = {};
  if (on) {
    const { OpenTelemetry } = await load<{ OpenTelemetry: new (options: object) => object }>("@ai-sdk/otel");
    const { tracers, flush } = await startExport(url);
    registerTelemetry(new OpenTelemetry({ tracer: tracers.getTracer("bench") }));
    settle = { settle: flush };
  }
  const telemetry = { isEnabled: on, recordInputs: false, recordOutputs: false };
  return {
    async ask(dialect, model) {
      const options = { model: dialect === "chat" ? openai.chat(model) : openai.responses(model), messages, telemetry };
      if (isPlain(model)) return (await generateText(options)).text.length;
      let text = "";
      for await (const piece of streamText(options).textStream) text += piece;
      return text.length;
    },
    ...settle,
  };
}
