/**
 * The chat endpoint as an edge function of Vercel's. The trace goes on from the caller's, and is sent after the
 * response, in `waitUntil`.
 *
 * Needs this folder alone. In it (each `env add` asks for its value: your key, `false`, your collector's address, and
 * `delta`, since isolates come and go, and what each counted is added up where it arrives):
 *
 *     npx jsr add @sik/llms
 *     npx vercel link
 *     npx vercel env add OPENAI_API_KEY production
 *     npx vercel env add OTEL_SDK_DISABLED production
 *     npx vercel env add OTEL_EXPORTER_OTLP_ENDPOINT production
 *     npx vercel env add OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE production
 *     npx vercel deploy --prod
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { answer } from "../chat_endpoint.ts";

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

/** Where Vercel runs it. */
export const config = { runtime: "edge" };

const client = createClient("gpt-4o-mini");

export default instrumentHandler(
  (request: Request, _context: Context) => answer(request, client),
  { spanName: ({ method }) => `${method} /chat` },
);
