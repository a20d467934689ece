/**
 * The chat endpoint as a worker of Cloudflare's. The trace goes on from the caller's, and is sent after the response, in
 * `ctx.waitUntil`.
 *
 * Needs this folder alone. Write your collector's address in wrangler.jsonc, which also switches telemetry on
 * (`OTEL_SDK_DISABLED=false`, `OTEL_EXPORTER_OTLP_ENDPOINT`) and asks for delta temporality. Then, in this folder:
 *
 *     npx jsr add @sik/llms
 *     npx wrangler deploy
 *     npx wrangler secret put OPENAI_API_KEY
 *
 * @module
 */
import { type Client, createClient, instrumentHandler } from "@sik/llms";
import { answer } from "./chat_endpoint.ts";

/** What the worker is bound to: secrets, and the variables of wrangler.jsonc. */
interface Env {
  readonly [name: string]: string | undefined;
  readonly OPENAI_API_KEY?: string;
  readonly OPENAI_BASE_URL?: string;
}

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let client: Client | undefined; // A worker sees its variables with the first request.

export default {
  fetch: instrumentHandler(
    (request: Request, { OPENAI_API_KEY, OPENAI_BASE_URL }: Env, _context: Context) => {
      client ??= createClient("gpt-4o-mini", { apiKey: OPENAI_API_KEY, baseUrl: OPENAI_BASE_URL });
      return answer(request, client);
    },
    { configure: (env) => ({ env }), spanName: ({ method }) => `${method} /chat` },
  ),
};
