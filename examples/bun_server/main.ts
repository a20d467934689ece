/**
 * The chat endpoint as a server of Bun's, on `PORT` or 3000. The trace goes on from the caller's, and is sent before the
 * body ends.
 *
 * Needs this folder alone. In it, with your key and your collector's address:
 *
 *     bunx jsr add @sik/llms
 *     export OPENAI_API_KEY=sk-…
 *     export OTEL_SDK_DISABLED=false
 *     export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
 *     bun run start
 *     curl --data 'What is the capital of France?' http://localhost:3000/chat
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { answer } from "./chat_endpoint.ts";

/** What is used of Bun; `bun add --dev @types/bun` has all of it. */
declare const Bun: {
  serve(options: {
    readonly fetch: (request: Request, server: unknown) => Promise<Response>;
    readonly idleTimeout: number;
  }): { readonly url: URL };
};

const client = createClient("gpt-4o-mini");

const server = Bun.serve({
  idleTimeout: 255, // Seconds, the most there are: a model may be silent for longer than the 10 that Bun waits otherwise.
  fetch: instrumentHandler(
    (request: Request, _server: unknown) => answer(request, client),
    { spanName: ({ method }) => `${method} /chat` },
  ),
});
console.log(`Listening on ${server.url}`);
