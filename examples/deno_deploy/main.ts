/**
 * The chat endpoint on Deno Deploy, and anywhere else where `deno serve` runs. The trace goes on from the caller's, and
 * is sent before the body ends.
 *
 * Needs this folder alone; deno.json names the library. In it, with your key and your collector's address:
 *
 *     export OPENAI_API_KEY=sk-…
 *     export OTEL_SDK_DISABLED=false
 *     export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
 *     deno task start
 *     curl --data 'What is the capital of France?' http://localhost:8000/chat
 *
 * On Deno Deploy: `deno deploy create`, the same three variables in the app's settings, with the address of a collector
 * that is reached from there, and `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta`: isolates come and go, and
 * what each counted is added up where it arrives. Then `deno deploy --prod`.
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { answer } from "./chat_endpoint.ts";

const client = createClient("gpt-4o-mini");

export default {
  fetch: instrumentHandler(
    (request: Request, _info: Deno.ServeHandlerInfo) => answer(request, client),
    { spanName: ({ method }) => `${method} /chat` },
  ),
} satisfies Deno.ServeDefaultExport;
