/**
 * The chat endpoint as an edge function of Vercel's. The trace goes on from the caller's, and is sent after the
 * response, in `waitUntil`.
 *
 *     npx jsr add @sik/llms
 *     npx vercel env add OPENAI_API_KEY
 *     npx vercel deploy
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { answer } from "../../support/chat_endpoint.ts";

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
