/**
 * Ours.
 *
 * @module
 */
import { type Client, createClient, flushTelemetry, startTelemetry, type Trouble } from "@sik/llms";
import type { Dialect } from "../works.ts";
import { type Asker, isPlain, KEY, question } from "./asker.ts";

/** Ours; the price is the user's own, so that cost is computed as for a model of the catalogue. */
export async function ours(url: string, on: boolean): Promise<Asker> {
  let lost = 0;
  const told = new Set<string>();
  const onError = (trouble: Trouble) => {
    if (trouble.signal === "traces") lost += trouble.lost;
    if (!told.has(trouble.message)) console.error(trouble.message); // Once: a full queue tells it of every span.
    told.add(trouble.message);
  };
  if (on) await startTelemetry({ enabled: true, endpoint: url, onError });
  const clients = new Map<string, Client>();
  const clientOf = (dialect: Dialect, model: string): Client => {
    const known = clients.get(dialect + model);
    if (known !== undefined) return known;
    const where = dialect === "anthropic"
      ? { provider: "anthropic", baseUrl: url }
      : { provider: "openai", api: dialect, baseUrl: `${url}/v1` };
    const price = { input: 1, output: 1 };
    const client = createClient(model, { ...where, apiKey: KEY, price, telemetry: on ? undefined : false });
    clients.set(dialect + model, client);
    return client;
  };
  return {
    async ask(dialect, model) {
      const client = clientOf(dialect, model);
      if (isPlain(model)) return (await client.run(question, { streaming: false })).response.length;
      let text = "";
      for await (const event of client.stream(question)) if (event.type === "text") text += event.delta;
      return text.length;
    },
    ...on ? { settle: () => flushTelemetry(), lost: () => lost } : {},
  };
}
