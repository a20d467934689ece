/**
 * The chat endpoint on Deno Deploy, and anywhere else where `deno serve` runs. The trace goes on from the caller's, and
 * is sent before the body ends.
 *
 *     deno serve --allow-net --allow-env='OPENAI_*,OTEL_*' examples/deno_deploy/main.ts
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { answer } from "../support/chat_endpoint.ts";

const client = createClient("gpt-4o-mini");

export default {
  fetch: instrumentHandler(
    (request: Request, _info: Deno.ServeHandlerInfo) => answer(request, client),
    { spanName: ({ method }) => `${method} /chat` },
  ),
} satisfies Deno.ServeDefaultExport;
