import { type Client, configureTelemetry, createClient, flushTelemetry } from "@sik/llms";

/** What the worker is bound to; see smoke_test.ts. */
type Env = Readonly<Record<"OPENAI_API_KEY" | "OPENAI_BASE_URL", string>>;

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let client: Client | undefined;

function clientFor(env: Env): Client {
  configureTelemetry({ env });
  return createClient("gpt-4o-mini", { apiKey: env.OPENAI_API_KEY, baseUrl: env.OPENAI_BASE_URL });
}

export default {
  async fetch(_request: Request, env: Env, context: Context): Promise<Response> {
    client ??= clientFor(env);
    try {
      const result = await client.run("What is the capital of France?");
      return new Response(result.response);
    } finally {
      context.waitUntil(flushTelemetry());
    }
  },
};
